package conformance

import (
	"bytes"
	"slices"
	"testing"
)

// pieces collects what comes in one CopyData each.
type pieces [][]byte

func (p *pieces) Write(b []byte) (int, error) {
	*p = append(*p, bytes.Clone(b))
	return len(b), nil
}

// TestCopyPieces wants each row of COPY TO in a message of its own and the binary format's head in that of the first, as PostgreSQL sends them:
// drivers read it by messages.
func TestCopyPieces(t *testing.T) {
	c := dial(t, against(t), "postgres")
	head, end := "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\xff\xff"
	one, two := "\x00\x01\x00\x00\x00\x04\x00\x00\x00\x01", "\x00\x01\x00\x00\x00\x04\x00\x00\x00\x02"
	for sql, want := range map[string][]string{
		"COPY (VALUES (1), (2)) TO STDOUT (FORMAT binary)":                {head + one, two, end},
		"COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT binary)":           {head + end},
		"COPY (SELECT a FROM (VALUES (1), (2)) v(a)) TO STDOUT (HEADER)":  {"a\n", "1\n", "2\n"},
		"COPY (SELECT 1 AS a WHERE false) TO STDOUT (FORMAT csv, HEADER)": {"a\n"},
		"COPY (SELECT 1 WHERE false) TO STDOUT":                           nil,
	} {
		var got pieces
		if _, err := c.PgConn().CopyTo(t.Context(), &got, sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		if !slices.EqualFunc(got, want, func(g []byte, w string) bool { return string(g) == w }) {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

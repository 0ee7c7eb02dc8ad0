package parse_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/planner/parse"
)

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ sql, key, lits string }{
		{"SELECT a FROM t WHERE id = 5", "SELECT a FROM t WHERE id = $1", "5:1"},
		{"select * from t where b = 'x''y' and c > 1.50 limit 10;", "select * from t where b = $1 and c > $2 limit $3;", "x'y:0 1.50:3 10:1"},
		{"UPDATE t SET a = a + 1, b = 'z' WHERE id=9999999999", "UPDATE t SET a = a + $1, b = $2 WHERE id=$3", "1:1 z:0 9999999999:2"},
		{"INSERT INTO t (a, b) VALUES (1, 'x'), (-2, NULL)", "INSERT INTO t (a, b) VALUES ($1, $2), (-$3, NULL)", "1:1 x:0 2:1"},
		{"DELETE FROM t WHERE a IN (1, 2) AND b BETWEEN 3 AND 4", "DELETE FROM t WHERE a IN ($1, $2) AND b BETWEEN $3 AND $4", "1:1 2:1 3:1 4:1"},
		{"SELECT a FROM t WHERE a = 1 ORDER BY 2, b LIMIT 3", "SELECT a FROM t WHERE a = $1 ORDER BY 2, b LIMIT $2", "1:1 3:1"},
		{"SELECT a::numeric(10,2), b::varchar(5) FROM t WHERE a = 1", "SELECT a::numeric(10,2), b::varchar(5) FROM t WHERE a = $1", "1:1"},
		{"SELECT date '2020-01-01', '2020-01-01'::date", "SELECT date '2020-01-01', $1::date", "2020-01-01:0"},
		{"SELECT 't'::regclass, a1, \"b 2\" FROM t2", "SELECT 't'::regclass, a1, \"b 2\" FROM t2", ""},
		{"SELECT a FROM t WHERE e AT TIME ZONE 'UTC' > '2020'", "SELECT a FROM t WHERE e AT TIME ZONE 'UTC' > $1", "2020:0"},
		{"SELECT (SELECT a FROM t ORDER BY 1 LIMIT 1) + 5", "SELECT (SELECT a FROM t ORDER BY 1 LIMIT $1) + $2", "1:1 5:1"},
	} {
		key, lits, ok := parse.Normalize(c.sql, nil)
		var got []string
		for _, l := range lits {
			got = append(got, fmt.Sprintf("%s:%d", l.Text, l.Kind))
		}
		if !ok || key != c.key || strings.Join(got, " ") != c.lits {
			t.Errorf("%s\n got %v %q %v\nwant %q %v", c.sql, ok, key, got, c.key, c.lits)
		}
	}
	for _, sql := range []string{
		"", ";", "BEGIN", "SELECT 1; SELECT 2", "SELECT $1", "SELECT E'a'", "SELECT B'1'", "SELECT 'a\\b'", "SELECT a -- 5", "SELECT /* 1 */ 2",
		"SELECT 1e5", "SELECT 0x1f", "SELECT $$a$$", "SELECT 'a", "SELECT 'a' 'b'", "SELECT a FROM t GROUP BY 1", "WITH x AS (SELECT 1) SELECT 2",
		"SELECT CAST(a AS varchar(5)) FROM t", "SELECT interval '1' day", "SELECT * FROM t AS OF SCN 5", "SELECT arr[1] FROM t", "SELECT a) FROM (t",
	} {
		if key, _, ok := parse.Normalize(sql, nil); ok {
			t.Errorf("%q became %q", sql, key)
		}
	}
}

// TestNormalizeKeepsMeaning puts the literals back: the result must parse to the same statement.
func TestNormalizeKeepsMeaning(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"a", "'x'", "5", "1.5", "(", ")", ",", "=", "AND", "ORDER BY", "LIMIT", "::int", "::numeric(5,2)", "||", "-", "date", "IN", "t.b", ".", "WHERE", "FROM t", "99999999999",
	})
	rapid.Check(t, func(r *rapid.T) {
		sql := "SELECT " + strings.Join(rapid.SliceOfN(piece, 1, 12).Draw(r, "pieces"), " ")
		want, err := parse.Parse(sql)
		if err != nil {
			return
		}
		key, lits, ok := parse.Normalize(sql, nil)
		if !ok {
			return
		}
		for i := len(lits); i > 0; i-- {
			text := lits[i-1].Text
			if lits[i-1].Kind == parse.Unknown {
				text = "'" + strings.ReplaceAll(text, "'", "''") + "'"
			}
			key = strings.ReplaceAll(key, fmt.Sprintf("$%d", i), text)
		}
		if key != sql {
			r.Fatalf("%q came back as %q", sql, key)
		}
		if len(want) != 1 {
			r.Fatalf("%q is %d statements", sql, len(want))
		}
		withParams, _, _ := parse.Normalize(sql, nil)
		if _, err := parse.Parse(withParams); err != nil {
			r.Fatalf("%q became %q: %v", sql, withParams, err)
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	var buf []parse.Literal
	b.ReportAllocs()
	for b.Loop() {
		_, buf, _ = parse.Normalize("SELECT abalance FROM pgbench_accounts WHERE aid = 12345;", buf[:0])
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := parse.Parse("SELECT abalance FROM pgbench_accounts WHERE aid = 12345;"); err != nil {
			b.Fatal(err)
		}
	}
}

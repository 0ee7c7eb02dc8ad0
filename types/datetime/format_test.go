package datetime

import (
	"os"
	"strings"
	"testing"

	"github.com/rowandb/rowan/pgerr"
)

// TestFormatOracle runs the cases of testdata/format.tsv for to_char, to_timestamp and to_date.
func TestFormatOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/format.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		f := strings.Split(line, "\t")
		got, err := evalFormat(f[0], f[1], f[2])
		if err != nil {
			got = showError(err)
			if h := pgerr.From(err).Hint; h != "" {
				got += " HINT " + h
			}
		}
		if got != f[3] {
			t.Errorf("line %d: %s %s %s\n got %q\nwant %q", i+1, f[0], f[1], f[2], got, f[3])
		}
	}
}

func evalFormat(op, a, format string) (string, error) {
	ny, _ := LoadZone("America/New_York")
	set := Settings{Loc: ny}
	switch op {
	case "ts":
		ts, _ := ParseTimestamp(a, set)
		s, _, err := TimestampToChar(ts, format)
		return s, err
	case "tz":
		ts, _ := ParseTimestamptz(a, set)
		s, _, err := TimestamptzToChar(ts, format, ny)
		return s, err
	case "iv":
		v, _ := ParseInterval(a, 0, RangeFull)
		s, _, err := IntervalToChar(v, format)
		return s, err
	case "todate":
		d, err := ToDate(a, format)
		return string(AppendDate(nil, d, set)), err
	}
	ts, err := ToTimestamp(a, format, ny)
	return string(AppendTimestamptz(nil, ts, set)), err
}

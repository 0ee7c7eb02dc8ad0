package datetime

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/numeric"
)

// TestFunctionsOracle runs the cases of testdata/functions.tsv: function, operands, and what PostgreSQL 15 answered with
// TimeZone America/New_York.
func TestFunctionsOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/functions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	ny, ok := LoadZone("America/New_York")
	if !ok {
		t.Fatal("no time zone America/New_York")
	}
	c := cases{set: Settings{Loc: ny, Now: time.Unix(0, 0)}}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		f := strings.Split(line, "\t")
		got, err := c.eval(f[0], f[1], f[2])
		if err != nil {
			got = showError(err)
		}
		if got != f[3] {
			t.Errorf("line %d: %s %s %s\n got %s\nwant %s", i+1, f[0], f[1], f[2], got, f[3])
		}
	}
}

func showError(err error) string {
	e := pgerr.From(err)
	text := "ERR " + e.Code + " " + e.Message
	if e.Detail != "" {
		text += " DETAIL " + e.Detail
	}
	return text
}

type cases struct{ set Settings }

func (c cases) eval(op, a, b string) (string, error) {
	op, unit, _ := strings.Cut(op, ":")
	if op == "extt" || op == "exttz" {
		us, west, err := ParseTimetz(a, c.set)
		if err != nil {
			return "", err
		}
		if op == "extt" {
			return showPart(ExtractTime(unit, us))
		}
		return showPart(ExtractTimetz(unit, us, west))
	}
	if ts, err := ParseTimestamp(a, c.set); err == nil && !strings.HasPrefix(op, "i") && !strings.HasPrefix(op, "just") && op != "exti" && op != "trunci" {
		return c.timestamp(op, unit, ts, b)
	}
	v, err := ParseInterval(a, 0, RangeFull)
	if err != nil {
		return "", err
	}
	return c.interval(op, unit, v, b)
}

func showTimestamp(ts int64, err error) (string, error) {
	return string(AppendTimestamp(nil, ts, Settings{})), err
}

func showInterval(v Interval, err error) (string, error) {
	return string(AppendInterval(nil, v, 0)), err
}

func showPart(p Part, err error) (string, error) {
	if p.Null {
		return "NULL", err
	}
	return numeric.String(p.Numeric()), err
}

func (c cases) timestamp(op, unit string, ts int64, b string) (string, error) {
	other, _ := ParseTimestamp(b, c.set)
	v, _ := ParseInterval(b, 0, RangeFull)
	utc, err := FromLocal(ts, c.set.Loc)
	if err != nil {
		return "", err
	}
	switch op {
	case "addi":
		return showTimestamp(AddInterval(ts, v))
	case "addiz":
		return showTimestamp(AddIntervalIn(utc, v, c.set.Loc))
	case "local":
		return showTimestamp(utc, nil)
	case "sub":
		return showInterval(SubTimestamps(ts, other))
	case "age":
		return showInterval(Age(ts, other))
	case "bin":
		return showTimestamp(Bin(v, ts, 366*Day))
	case "ext":
		return showPart(ExtractTimestamp(unit, ts))
	case "extz":
		return showPart(ExtractTimestamptz(unit, utc, c.set.Loc))
	case "extd":
		return showPart(ExtractDate(unit, TimestampToDate(ts)))
	case "part":
		p, err := ExtractTimestamp(unit, ts)
		if p.Null {
			return "NULL", err
		}
		if p.Inf != 0 {
			return numeric.String(p.Numeric()), err
		}
		return strconv.FormatFloat(p.Float(), 'f', -1, 64), err
	case "trunc":
		return showTimestamp(TruncTimestamp(unit, ts))
	}
	return showTimestamp(TruncTimestamptz(unit, utc, c.set.Loc))
}

func (c cases) interval(op, unit string, v Interval, b string) (string, error) {
	w, _ := ParseInterval(b, 0, RangeFull)
	f, _ := strconv.ParseFloat(b, 64)
	switch op {
	case "iadd":
		return showInterval(AddIntervals(v, w))
	case "isub":
		return showInterval(SubIntervals(v, w))
	case "icmp":
		return strconv.Itoa(v.Compare(w)), nil
	case "imul":
		return showInterval(MulInterval(v, f))
	case "idiv":
		return showInterval(DivInterval(v, f))
	case "justhours":
		return showInterval(JustifyHours(v))
	case "justdays":
		return showInterval(JustifyDays(v))
	case "justinterval":
		return showInterval(JustifyInterval(v))
	case "exti":
		return showPart(ExtractInterval(unit, v))
	}
	return showInterval(TruncInterval(unit, v))
}

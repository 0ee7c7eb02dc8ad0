package types

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/datetime"
)

// TestTextOracle runs the cases of testdata/text.tsv: type, modifier, settings, text, and what PostgreSQL 15 showed after
// reading the text and casting to the modifier.
func TestTextOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/text.tsv")
	if err != nil {
		t.Fatal(err)
	}
	unescape := strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n")
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		c := strings.Split(line, "\t")
		typ, f := caseType(t, c[0], c[1]), caseFormat(t, c[2])
		text := unescape.Replace(c[3])
		got, want := roundTrip(t, typ, text, f), unescape.Replace(c[4])
		if got != want {
			t.Errorf("line %d: %s %s %s %q\n got %s\nwant %s", i+1, c[0], c[1], c[2], text, got, want)
		}
	}
}

func caseType(t *testing.T, name, mod string) Type {
	m, _ := strconv.Atoi(mod)
	name = strings.Trim(name, `"`)
	if elem, ok := strings.CutSuffix(name, "[]"); ok {
		name = "_" + elem
	}
	d := BuiltinByName(name)
	if d == nil {
		t.Fatalf("no type %s", name)
	}
	return Type{d, int32(m)}
}

func caseFormat(t *testing.T, settings string) *Format {
	f := DefaultFormat()
	f.Now = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for kv := range strings.SplitSeq(settings, ";") {
		k, v, _ := strings.Cut(kv, "=")
		switch k {
		case "timezone":
			l, err := datetime.SessionZone(v)
			if err != nil {
				t.Fatal(err)
			}
			f.Location = l
		case "datestyle":
			style, order, _ := strings.Cut(v, ",")
			f.DateStyle = map[string]DateStyle{"iso": DateISO, "sql": DateSQL, "postgres": DatePostgres, "german": DateGerman}[style]
			f.DateOrder = map[string]DateOrder{"mdy": OrderMDY, "dmy": OrderDMY, "ymd": OrderYMD}[order]
			if style == "german" {
				f.DateOrder = OrderDMY
			}
		case "intervalstyle":
			f.Interval = map[string]IntervalStyle{"postgres": IntervalPostgres, "postgres_verbose": IntervalPostgresVerbose,
				"sql_standard": IntervalSQL, "iso_8601": IntervalISO}[v]
		case "extra_float_digits":
			f.ExtraDigits, _ = strconv.Atoi(v)
		case "bytea_output":
			f.ByteaEscape = v == "escape"
		}
	}
	return f
}

func roundTrip(t *testing.T, typ Type, text string, f *Format) string {
	in := typ.WithMod(-1)
	if typ.OID == OIDInterval {
		in = typ // interval is the one type whose constants are read with their modifier
	}
	d, err := ParseText(in, text, f)
	if err == nil {
		d, err = ApplyMod(typ, d, true)
	}
	if err != nil {
		return showError(err)
	}
	b, err := ParseBinary(typ.WithMod(-1), AppendBinary(nil, typ, d))
	if err != nil {
		t.Errorf("%s %q: binary: %v", typ.Name, text, err)
	} else if Compare(typ, d, b) != 0 || Hash(typ, d) != Hash(typ, b) {
		t.Errorf("%s %q: another value after binary", typ.Name, text)
	}
	out := Text(typ, d, f)
	if typ.OID == OIDBool { // the cast to text writes the words out
		out = map[string]string{"t": "true", "f": "false"}[out]
	}
	if typ.OID == OIDBpchar {
		out = TrimBlank(out)
	}
	return out
}

func showError(err error) string {
	e := pgerr.From(err)
	text := "ERR " + e.Code + " " + e.Message
	if e.Detail != "" {
		text += " DETAIL " + e.Detail
	}
	if e.Hint != "" {
		text += " HINT " + e.Hint
	}
	return text
}

package types

import (
	"math"
	"testing"

	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/numeric"
	"pgregory.net/rapid"
)

// generators makes values of a type, in forms that exercise its borders.
var generators = map[OID]*rapid.Generator[Datum]{
	OIDBool:        rapid.Map(rapid.Bool(), Bool),
	OIDInt2:        rapid.Map(rapid.Int16(), func(i int16) Datum { return Int(int64(i)) }),
	OIDInt4:        rapid.Map(rapid.Int32(), func(i int32) Datum { return Int(int64(i)) }),
	OIDInt8:        rapid.Map(rapid.Int64(), Int),
	OIDOid:         rapid.Map(rapid.Uint32(), func(i uint32) Datum { return Int(int64(i)) }),
	OIDFloat4:      rapid.Map(rapid.Float32(), func(f float32) Datum { return Float(float64(f)) }),
	OIDFloat8:      rapid.Map(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1)})), Float),
	OIDText:        rapid.Map(rapid.StringMatching(`[^\x00]{0,8}`), String),
	OIDBytea:       rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 9), func(b []byte) Datum { return String(string(b)) }),
	OIDUUID:        rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) Datum { return String(string(b)) }),
	OIDNumeric:     rapid.Map(rapid.StringMatching(`-?[0-9]{1,30}(\.[0-9]{1,25})?|NaN|-?Infinity`), mustNumeric),
	OIDDate:        rapid.Map(rapid.Int64Range(datetime.MinDate, datetime.EndDate-1), Int),
	OIDTime:        rapid.Map(rapid.Int64Range(0, datetime.Day), Int),
	OIDTimestamp:   rapid.Map(rapid.Int64Range(datetime.MinTimestamp, datetime.EndTimestamp-1), Int),
	OIDTimestamptz: rapid.Map(rapid.Int64Range(datetime.MinTimestamp, datetime.EndTimestamp-1), Int),
	OIDInterval:    rapid.Custom(genInterval),
	OIDJSONB:       rapid.Map(rapid.StringMatching(`\{"[a-c]{1,2}": (-?[1-9][0-9]{0,3}|"[^"\\\x00-\x1f]{0,3}"|\[true, null\])\}`), String),
}

func mustNumeric(s string) Datum {
	n, err := numeric.Parse(s)
	if err != nil {
		panic(err)
	}
	return String(n)
}

func genInterval(t *rapid.T) Datum {
	v := datetime.Interval{
		Months: rapid.Int32Range(-1e9, 1e9).Draw(t, "months"),
		Days:   rapid.Int32().Draw(t, "days"),
		Micros: rapid.Int64Range(-1<<62, 1<<62).Draw(t, "micros"),
	}
	return String(v.Pack())
}

// arrayOf makes arrays of one or two dimensions with NULLs.
func arrayOf(elem OID) *rapid.Generator[Datum] {
	return rapid.Custom(func(t *rapid.T) Datum {
		rows, cols := rapid.IntRange(0, 3).Draw(t, "rows"), rapid.IntRange(1, 3).Draw(t, "cols")
		a := Array{Dims: []Dim{{int32(rows), rapid.Int32Range(-3, 3).Draw(t, "lower")}, {int32(cols), 1}}}
		for range rows * cols {
			if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
				a.Elems = append(a.Elems, Null)
				continue
			}
			a.Elems = append(a.Elems, generators[elem].Draw(t, "elem"))
		}
		return String(a.Pack(Builtin(elem)))
	})
}

// TestRoundTrips reads back what is written, as text and as binary, and checks Compare and Hash on the way.
func TestRoundTrips(t *testing.T) {
	f := DefaultFormat()
	for id, g := range generators {
		def := Builtin(id)
		t.Run(def.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { checkRoundTrip(t, Of(def), g.Draw(t, "value"), f) })
		})
		t.Run(def.Name+"[]", func(t *testing.T) {
			arrays := arrayOf(id)
			rapid.Check(t, func(t *rapid.T) { checkRoundTrip(t, Of(Builtin(def.Array)), arrays.Draw(t, "value"), f) })
		})
	}
}

func checkRoundTrip(t *rapid.T, typ Type, d Datum, f *Format) {
	text := Text(typ, d, f)
	back, err := ParseText(typ, text, f)
	if err != nil {
		t.Fatalf("%s: reading %q: %v", typ.Name, text, err)
	}
	if Compare(typ, d, back) != 0 || Hash(typ, d) != Hash(typ, back) || Text(typ, back, f) != text {
		t.Fatalf("%s: %q came back as %q", typ.Name, text, Text(typ, back, f))
	}
	bin := AppendBinary(nil, typ, d)
	back, err = ParseBinary(typ, bin)
	if err != nil || Compare(typ, d, back) != 0 || string(AppendBinary(nil, typ, back)) != string(bin) {
		t.Fatalf("%s: %q came back from binary as %q, %v", typ.Name, text, Text(typ, back, f), err)
	}
}

// TestCompareLaws checks that Compare is an order and that equal values hash the same.
func TestCompareLaws(t *testing.T) {
	for id, g := range generators {
		typ := Of(Builtin(id))
		t.Run(typ.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a, b, c := g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c")
				ab, ba, bc, ac := Compare(typ, a, b), Compare(typ, b, a), Compare(typ, b, c), Compare(typ, a, c)
				if (ab < 0) != (ba > 0) || (ab == 0) != (ba == 0) {
					t.Fatalf("not antisymmetric: %d %d", ab, ba)
				}
				if ab <= 0 && bc <= 0 && ac > 0 {
					t.Fatalf("not transitive")
				}
				if Equal(typ, a, b) && Hash(typ, a) != Hash(typ, b) {
					t.Fatalf("equal values hash differently")
				}
			})
		})
	}
}

// TestEqualHash lists equal values that look different.
func TestEqualHash(t *testing.T) {
	f := DefaultFormat()
	for _, c := range [][3]string{
		{"numeric", "1.0", "1.00"}, {"numeric", "0", "0.000"}, {"numeric", "-0", "0"}, {"numeric", "1e20", "100000000000000000000.0"},
		{"float8", "-0", "0"}, {"bpchar", "a", "a   "}, {"interval", "1 mon", "30 days"}, {"interval", "1 day", "24:00"},
		{"jsonb", `{"a":1.0}`, `{"a":1}`}, {"_numeric", "{1.0,NULL}", "{1.00,NULL}"}, {"float4", "NaN", "nan"},
	} {
		typ := Of(BuiltinByName(c[0]))
		a, err1 := ParseText(typ, c[1], f)
		b, err2 := ParseText(typ, c[2], f)
		if err1 != nil || err2 != nil || !Equal(typ, a, b) || Hash(typ, a) != Hash(typ, b) {
			t.Errorf("%s: %s and %s: equal %v, %v, %v", c[0], c[1], c[2], Equal(typ, a, b), err1, err2)
		}
	}
}

// TestAssignment checks the errors of values that do not fit their column.
func TestAssignment(t *testing.T) {
	f := DefaultFormat()
	for _, c := range []struct {
		name string
		mod  int32
		text string
		want string
	}{
		{"varchar", 7, "abcd", "ERR 22001 value too long for type character varying(3)"},
		{"varchar", 7, "abc   ", "abc"},
		{"bpchar", 7, "abcd", "ERR 22001 value too long for type character(3)"},
		{"bpchar", 7, "é", "é  "},
		{"bit", 3, "1010", "ERR 22026 bit string length 4 does not match type bit(3)"},
		{"varbit", 3, "1010", "ERR 22001 bit string too long for type bit varying(3)"},
		{"numeric", numeric.PackMod(3, 1), "100", "ERR 22003 numeric field overflow DETAIL A field with precision 3, scale 1 must round to an absolute value less than 10^2."},
		{"numeric", numeric.PackMod(3, 1), "99.94", "99.9"},
		{"_varchar", 6, "{ab,abc}", "ERR 22001 value too long for type character varying(2)"},
	} {
		typ := Type{BuiltinByName(c.name), c.mod}
		d, err := ParseText(typ, c.text, f)
		got := ""
		if err != nil {
			got = showError(err)
		} else {
			got = Text(typ, d, f)
		}
		if got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.name, c.text, got, c.want)
		}
	}
}

// TestTypeNames compares with what format_type shows.
func TestTypeNames(t *testing.T) {
	for _, c := range []struct {
		name string
		mod  int32
		want string
	}{
		{"varchar", 259, "character varying(255)"}, {"_numeric", numeric.PackMod(10, 2), "numeric(10,2)[]"},
		{"timestamptz", 3, "timestamp(3) with time zone"}, {"timetz", 2, "time(2) with time zone"}, {"char", -1, `"char"`},
		{"interval", 6<<16 | 0xffff, "interval year to month"}, {"interval", 4096<<16 | 3, "interval second(3)"},
		{"interval", 0x7fff<<16 | 3, "interval(3)"}, {"int2vector", -1, "int2vector"}, {"_record", -1, "record[]"},
		{"bpchar", -1, "character"}, {"numeric", numeric.PackMod(3, -2), "numeric(3,-2)"}, {"bit", 5, "bit(5)"},
	} {
		if got := TypeName(Type{BuiltinByName(c.name), c.mod}, nil); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	mood := &Def{OID: 20000, Name: "My Mood", Schema: "app", Kind: KindEnum}
	if got := TypeName(Of(mood), nil); got != `"My Mood"` {
		t.Errorf("got %s", got)
	}
}

// TestEnumsAndRecords checks the types that users make.
func TestEnumsAndRecords(t *testing.T) {
	f := DefaultFormat()
	mood := Of(&Def{OID: 20000, Name: "mood", Schema: "public", Kind: KindEnum, Class: ClassInt, Category: 'E',
		Labels: []Label{{Key: 10, Name: "sad"}, {Key: 15, Name: "ok"}, {Key: 20, Name: "happy"}}})
	d, err := ParseText(mood, "ok", f)
	if err != nil || Text(mood, d, f) != "ok" {
		t.Errorf("ok: %v %v", d, err)
	}
	if _, err := ParseText(mood, "x", f); err == nil || showError(err) != `ERR 22P02 invalid input value for enum mood: "x"` {
		t.Errorf("x: %v", err)
	}
	row := Of(&Def{OID: 20002, Name: "pair", Schema: "public", Kind: KindComposite, Category: 'C',
		Fields: []Field{{"a", Of(Builtin(OIDInt4))}, {"b", Of(Builtin(OIDText))}, {"m", mood}}})
	for _, c := range [][2]string{
		{`(1,x,happy)`, `(1,x,happy)`}, {`(,"",)`, `(,"",)`}, {`( 1,"a ""b"" \\c",ok)`, `(1,"a ""b"" \\c",ok)`},
		{`(1,2)`, `ERR 22P02 malformed record literal: "(1,2)" DETAIL Too few columns.`},
		{`(1,2,ok,4)`, `ERR 22P02 malformed record literal: "(1,2,ok,4)" DETAIL Too many columns.`},
		{`1,2`, `ERR 22P02 malformed record literal: "1,2" DETAIL Missing left parenthesis.`},
		{`(1,2`, `ERR 22P02 malformed record literal: "(1,2" DETAIL Unexpected end of input.`},
		{`(1,2,ok)x`, `ERR 22P02 malformed record literal: "(1,2,ok)x" DETAIL Junk after right parenthesis.`},
	} {
		got := ""
		d, err := ParseText(row, c[0], f)
		if err != nil {
			got = showError(err)
		} else {
			got = Text(row, d, f)
			if b, err := ParseBinary(row, AppendBinary(nil, row, d)); err != nil || Compare(row, b, d) != 0 {
				t.Errorf("%s: binary: %v", c[0], err)
			}
		}
		if got != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], got, c[1])
		}
	}
}

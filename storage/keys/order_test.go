package keys

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
)

// values draws values of the types that keys are ordered by.
var values = map[string]func(t *rapid.T) types.Datum{
	"bool":   func(t *rapid.T) types.Datum { return types.Bool(rapid.Bool().Draw(t, "v")) },
	"int2":   ints(math.MinInt16, math.MaxInt16),
	"int4":   ints(math.MinInt32, math.MaxInt32),
	"int8":   ints(math.MinInt64, math.MaxInt64),
	"oid":    ints(0, math.MaxUint32),
	"date":   ints(math.MinInt32, math.MaxInt32),
	"time":   ints(0, 86400e6),
	"float8": func(t *rapid.T) types.Datum { return types.Float(floats.Draw(t, "v")) },
	"float4": func(t *rapid.T) types.Datum { return types.Float(float64(float32(floats.Draw(t, "v")))) },
	"text":   strs(`[ab\x00\x01\xff ]{0,4}`),
	"bytea":  strs(`[ab\x00\x01\xff ]{0,4}`),
	"bpchar": strs(`[ab ]{0,4}`),
	"uuid": func(t *rapid.T) types.Datum {
		return types.String(string(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v")))
	},
	"numeric": func(t *rapid.T) types.Datum {
		s := rapid.SampledFrom([]string{"NaN", "Infinity", "-Infinity", "0", "0.00", "1.5", "1.50", "-0.001", "1e100", "-1e100", "99999999999999999999.9", ""}).Draw(t, "s")
		if s == "" {
			s = fmt.Sprintf("%de%d", rapid.Int64Range(-1000, 1000).Draw(t, "digits"), rapid.IntRange(-6, 6).Draw(t, "exp"))
		}
		v, err := numeric.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return types.String(v)
	},
	"interval": parsed("interval", func(t *rapid.T) string {
		n := rapid.IntRange(-70, 70)
		return fmt.Sprintf("%d months %d days %d hours %d us", n.Draw(t, "m"), n.Draw(t, "d"), n.Draw(t, "h"), n.Draw(t, "u"))
	}),
	"timetz": parsed("timetz", func(t *rapid.T) string {
		return fmt.Sprintf("%02d:00:00%+03d", rapid.IntRange(0, 23).Draw(t, "h"), rapid.IntRange(-12, 12).Draw(t, "z"))
	}),
	"varbit": parsed("varbit", func(t *rapid.T) string { return rapid.StringMatching(`[01]{0,12}`).Draw(t, "v") }),
	"inet": parsed("inet", func(t *rapid.T) string {
		addr := rapid.SampledFrom([]string{"10.0.0.0", "10.128.0.0", "10.0.0.1", "9.255.0.3", "255.255.255.255", "0.0.0.0"}).Draw(t, "v4")
		bits := rapid.SampledFrom([]int{0, 1, 7, 8, 9, 24, 31, 32}).Draw(t, "bits")
		if rapid.Bool().Draw(t, "v6") {
			addr = rapid.SampledFrom([]string{"::", "::1", "fe80::", "8000::", "fe80::1:0"}).Draw(t, "v6 address")
			bits = rapid.SampledFrom([]int{0, 1, 10, 63, 64, 65, 127, 128}).Draw(t, "bits")
		}
		return fmt.Sprintf("%s/%d", addr, bits)
	}),
	"jsonb": parsed("jsonb", func(t *rapid.T) string { return drawJSON(t, 2) }),
	"_int4": parsed("_int4", func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "-3", "NULL"}), 0, 4).Draw(t, "e")
		return "{" + strings.Join(parts, ",") + "}"
	}),
	"_text": parsed("_text", func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ab", `""`, "NULL", "b"}), 0, 4).Draw(t, "e")
		return "{" + strings.Join(parts, ",") + "}"
	}),
}

// drawJSON draws a JSON text with equal numbers of different form, and short containers.
func drawJSON(t *rapid.T, depth int) string {
	scalars := []string{"null", "true", "false", "0", "1", "1.0", "-2.50", "10", "9", `""`, `"a"`, `"ab"`, `"b"`}
	kind := rapid.IntRange(0, 3).Draw(t, "kind")
	if depth == 0 || kind < 2 {
		return rapid.SampledFrom(scalars).Draw(t, "scalar")
	}
	var parts []string
	for range rapid.IntRange(0, 2).Draw(t, "members") {
		part := drawJSON(t, depth-1)
		if kind == 3 {
			part = rapid.SampledFrom([]string{`"a": `, `"b": `, `"aa": `}).Draw(t, "key") + part
		}
		parts = append(parts, part)
	}
	if kind == 3 {
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

var floats = rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1, -1}))

// TestOrderOfRecords is TestOrder for a composite type, whose fields have orders of their own.
func TestOrderOfRecords(t *testing.T) {
	def := &types.Def{OID: 20000, Name: "pair", Kind: types.KindComposite, Class: types.ClassString, Fields: []types.Field{
		{Name: "n", Type: types.Of(types.BuiltinByName("numeric"))}, {Name: "s", Type: types.Of(types.BuiltinByName("text"))}}}
	typ := types.Of(def)
	rapid.Check(t, func(t *rapid.T) {
		c := NewColumn(typ, rapid.Bool().Draw(t, "desc"), false, true)
		draw := func() types.Datum {
			n, s := values["numeric"](t), strs(`[ab]{0,2}`)(t)
			if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
				s = types.Null
			}
			return types.String(types.PackRecord([]types.RecordField{{Type: def.Fields[0].Type, Value: n}, {Type: def.Fields[1].Type, Value: s}}))
		}
		a, b := draw(), draw()
		if got, want := bytes.Compare(c.Append(nil, a), c.Append(nil, b)), sign(compare(&c, typ, a, b)); got != want {
			t.Fatalf("%q, %q: order %d, want %d", a.S, b.S, got, want)
		}
	})
}

func ints(lo, hi int64) func(t *rapid.T) types.Datum {
	g := rapid.OneOf(rapid.Int64Range(lo, hi), rapid.Int64Range(max(lo, -3), 3))
	return func(t *rapid.T) types.Datum { return types.Int(g.Draw(t, "v")) }
}

func strs(re string) func(t *rapid.T) types.Datum {
	g := rapid.StringMatching(re)
	return func(t *rapid.T) types.Datum { return types.String(g.Draw(t, "v")) }
}

func parsed(typ string, gen func(t *rapid.T) string) func(t *rapid.T) types.Datum {
	return func(t *rapid.T) types.Datum {
		d, err := types.ParseText(types.Of(types.BuiltinByName(typ)), gen(t), types.DefaultFormat())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}

// compare orders as an index column does.
func compare(c *Column, t types.Type, a, b types.Datum) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null || b.Null:
		if a.Null == (c.nulls == flagNullFirst) {
			return -1
		}
		return 1
	}
	r := types.Compare(t, a, b)
	if c.desc {
		r = -r
	}
	return r
}

func sign(i int) int { return min(1, max(-1, i)) }

// TestOrder compares the order of encodings with that of the values, for every type, direction and place of NULLs, and
// checks that no encoding is another's prefix and that decoding gives the value back.
func TestOrder(t *testing.T) {
	for name, gen := range values {
		typ := types.Of(types.BuiltinByName(name))
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := NewColumn(typ, rapid.Bool().Draw(t, "desc"), rapid.Bool().Draw(t, "nulls first"), true)
				draw := func() types.Datum {
					if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
						return types.Null
					}
					return gen(t)
				}
				a, b := draw(), draw()
				x, y := c.Append(nil, a), c.Append(nil, b)
				if got, want := bytes.Compare(x, y), sign(compare(&c, typ, a, b)); got != want {
					t.Fatalf("%v → %x, %v → %x: order %d, want %d", a, x, b, y, got, want)
				}
				if !bytes.Equal(x, y) && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
					t.Fatalf("%x and %x: one is the other's prefix", x, y)
				}
				if bytes.Compare(AppendAfter(nil, x), append(bytes.Clone(x), 0xff, 0xff)) <= 0 {
					t.Fatalf("AppendAfter of %x", x)
				}
				if !c.Decodable() {
					return
				}
				d, rest, _, ok := c.Decode(append(bytes.Clone(x), "rest"...), nil)
				if !ok || string(rest) != "rest" || d != a {
					t.Fatalf("%v decodes to %v, rest %q, %v", a, d, rest, ok)
				}
			})
		})
	}
}

// TestKeys checks encode, decode, print and order of the kinds of keys.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num := rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64())
		a := Space{num.Draw(t, "layer"), num.Draw(t, "space")}
		b := Space{num.Draw(t, "layer"), num.Draw(t, "space")}
		key := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "key")
		end := num.Draw(t, "end")
		if s, k, ok := DecodeHead(a.AppendHead(nil, key)); !ok || s != a || !bytes.Equal(k, key) {
			t.Fatal(s, k, ok)
		}
		if s, k, e, ok := DecodeHistory(AppendEnd(a.AppendHistory(nil, key), end)); !ok || s != a || !bytes.Equal(k, key) || e != end {
			t.Fatal(s, k, e, ok)
		}
		if got := bytes.Compare(a.AppendHead(nil, nil), b.AppendHead(nil, nil)); got != less(a, b) {
			t.Fatal(a, b, got)
		}
		if len(a.AppendHead(nil, nil)) != a.HeadLen() {
			t.Fatal("length")
		}
		l := Log{a.Layer, end, uint32(b.Layer)}
		if got, ok := DecodeLog(l.Append(nil)); !ok || got != l {
			t.Fatal(got, ok)
		}
		c := Chunk{a.Layer, uint32(end)}
		if got, ok := DecodeChunk(c.Append(nil)); !ok || got != c {
			t.Fatal(got, ok)
		}
		Print(key) // any bytes may be printed
	})
	for want, key := range map[string][]byte{
		"head/2/300/0102":       Space{2, 300}.AppendHead(nil, []byte{1, 2}),
		"history/2/3/01/17":     AppendEnd(Space{2, 3}.AppendHistory(nil, []byte{1}), 17),
		"history/2/3/01/txn:17": AppendEnd(Space{2, 3}.AppendHistory(nil, []byte{1}), 17|Marker),
		"log/2/3/0":             Log{2, 3, 0}.Append(nil),
		"commit/9":              AppendCommit(nil, 9),
		"chunk/4/5":             Chunk{4, 5}.Append(nil),
		"meta/k/1/2":            MetaSpace.Append(nil, 1, 2),
		`meta/z/"a name"`:       MetaExtra.AppendName(nil, "a name"),
		"?00":                   {0},
	} {
		if got := Print(key); got != want {
			t.Errorf("%x is printed as %s, want %s", key, got, want)
		}
	}
}

func less(a, b Space) int {
	switch {
	case a == b:
		return 0
	case a.Layer < b.Layer || a.Layer == b.Layer && a.Keyspace < b.Keyspace:
		return -1
	}
	return 1
}

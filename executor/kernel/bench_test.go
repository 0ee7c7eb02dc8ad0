package kernel

import (
	"fmt"
	"testing"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
	"github.com/rowandb/rowan/types/vector"
)

// columns makes two full columns of a type, with values that no kernel refuses.
func columns(id types.OID) []*vector.Vector {
	t := types.Of(types.Builtin(id))
	cols := []*vector.Vector{{}, {}}
	for k, c := range cols {
		c.Reset(t)
		for i := range vector.Size {
			n := int64((i*7919+k*104729)%1000 + 1)
			switch {
			case t.Class == types.ClassInt:
				c.Append(types.Int(n))
			case t.Class == types.ClassFloat:
				c.Append(types.Float(float64(n) / 8))
			case id == types.OIDNumeric:
				c.Append(types.String(numeric.FromScaled(n, 2)))
			default:
				c.Append(types.String(fmt.Sprintf("customer %04d", n)))
			}
		}
	}
	return cols
}

var hot = []struct {
	source string
	arg    types.OID
	result types.OID
}{
	{"int4pl", types.OIDInt4, types.OIDInt4}, {"int8mul", types.OIDInt8, types.OIDInt8}, {"int4div", types.OIDInt4, types.OIDInt4},
	{"int4lt", types.OIDInt4, types.OIDBool}, {"float8pl", types.OIDFloat8, types.OIDFloat8},
	{"float8mul", types.OIDFloat8, types.OIDFloat8}, {"float8lt", types.OIDFloat8, types.OIDBool},
	{"texteq", types.OIDText, types.OIDBool}, {"text_lt", types.OIDText, types.OIDBool}, {"textcat", types.OIDText, types.OIDText},
	{"numeric_add", types.OIDNumeric, types.OIDNumeric}, {"numeric_mul", types.OIDNumeric, types.OIDNumeric},
	{"numeric_lt", types.OIDNumeric, types.OIDBool}, {"timestamp_lt", types.OIDTimestamp, types.OIDBool},
}

func BenchmarkVec(b *testing.B) {
	for _, h := range hot {
		b.Run(h.source, func(b *testing.B) {
			k, _ := Lookup(h.source)
			args, out := columns(h.arg), &vector.Vector{}
			t := types.Of(types.Builtin(h.result))
			b.ReportAllocs()
			for b.Loop() {
				out.Resize(t, vector.Size)
				if err := k.Vec(nil, args, vector.Size, nil, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*vector.Size), "ns/value")
		})
	}
}

func BenchmarkSelect(b *testing.B) {
	for _, h := range hot {
		k, _ := Lookup(h.source)
		if k.Select == nil {
			continue
		}
		b.Run(h.source, func(b *testing.B) {
			args, out := columns(h.arg), make([]uint16, 0, vector.Size)
			b.ReportAllocs()
			for b.Loop() {
				out = k.Select(args, vector.Size, nil, out[:0])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*vector.Size), "ns/value")
		})
	}
}

func BenchmarkLike(b *testing.B) {
	for _, pattern := range []string{"customer%", "%00%", "c%er _5%"} {
		b.Run(pattern, func(b *testing.B) {
			k, _ := Lookup("textlike")
			args, out := columns(types.OIDText), &vector.Vector{}
			args[1].SetConst(args[1].Type, types.String(pattern))
			for b.Loop() {
				out.Resize(boolType, vector.Size)
				if err := k.Vec(nil, args, vector.Size, nil, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*vector.Size), "ns/value")
		})
	}
}

func BenchmarkAggregate(b *testing.B) {
	for _, a := range []struct {
		name string
		arg  types.OID
	}{{"count", types.OIDInt4}, {"sum", types.OIDInt4}, {"sum", types.OIDInt8}, {"sum", types.OIDFloat8}, {"sum", types.OIDNumeric},
		{"avg", types.OIDNumeric}, {"min", types.OIDInt4}, {"max", types.OIDText}} {
		for _, groups := range []uint32{1, 100} {
			b.Run(fmt.Sprintf("%s/type=%s/groups=%d", a.name, types.Builtin(a.arg).Name, groups), func(b *testing.B) {
				make0, _ := LookupAggregate(a.name)
				args := columns(a.arg)[:1]
				agg, err := make0(nil, []types.Type{args[0].Type}, types.Type{})
				if err != nil {
					b.Fatal(err)
				}
				of := make([]uint32, vector.Size)
				for i := range of {
					of[i] = uint32(i) % groups
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := agg.Add(of, args, vector.Size, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*vector.Size), "ns/value")
			})
		}
	}
}

package rowcodec

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var columnTypes = []types.OID{types.OIDInt8, types.OIDText, types.OIDFloat8, types.OIDBool, types.OIDInt4}

func column(i int) types.Type { return types.Of(types.Builtin(columnTypes[i%len(columnTypes)])) }

func drawValue(t *rapid.T, typ types.Type) types.Datum {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return types.Null
	}
	switch typ.Class {
	case types.ClassInt:
		return types.Int(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-300, 300)).Draw(t, "int"))
	case types.ClassFloat:
		return types.Float(rapid.Float64().Draw(t, "float"))
	default:
		n := rapid.SampledFrom([]int{0, 1, 5, 200, 300, 70000}).Draw(t, "len")
		return types.String(strings.Repeat("x", n))
	}
}

// TestRoundTrip writes rows of some columns and reads others: those that were not written have what is missing.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.Uint32Range(1, 40), 0, 12, rapid.ID).Draw(t, "written")
		hidden := rapid.IntRange(-1, len(ids)-1).Draw(t, "hidden")
		cols := make([]*vector.Vector, len(ids))
		want := map[uint32]types.Datum{}
		enc := append([]uint32(nil), ids...)
		for i, id := range ids {
			cols[i] = &vector.Vector{}
			cols[i].Reset(column(int(id)))
			cols[i].Append(types.Null) // row 0 is another one
			d := drawValue(t, column(int(id)))
			cols[i].Append(d)
			if i == hidden {
				enc[i] = 0
				continue
			}
			want[id] = d
		}
		e := NewEncoder(enc)
		row0, row1 := e.Append(nil, cols, 0), e.Append(nil, cols, 1)

		read := rapid.SliceOfNDistinct(rapid.Uint32Range(1, 40), 0, 12, rapid.ID).Draw(t, "read")
		var fields []Field
		var out []*vector.Vector
		for _, id := range read {
			f := Field{ID: id, Type: column(int(id)), Missing: drawValue(t, column(int(id)))}
			v := &vector.Vector{}
			v.Reset(f.Type)
			fields, out = append(fields, f), append(out, v)
		}
		d := NewDecoder(fields)
		for _, b := range [][]byte{row1, row0, row1} {
			if err := d.Append(b, out); err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range read {
			w, written := want[id]
			if !written {
				w = fields[i].Missing
			}
			for _, k := range []int{0, 2} {
				if got := out[i].Datum(k); got != w {
					t.Fatalf("column %d is %v, want %v", id, got, w)
				}
			}
		}
	})
}

// TestCorrupt feeds the decoder changed and cut rows: it may refuse them and must not panic.
func TestCorrupt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")
		f := []Field{{ID: 1, Type: column(0)}, {ID: 2, Type: column(1)}, {ID: 7, Type: column(2)}}
		out := make([]*vector.Vector, len(f))
		for i := range out {
			out[i] = &vector.Vector{}
			out[i].Reset(f[i].Type)
		}
		_ = NewDecoder(f).Append(b, out)
	})
}

func BenchmarkDecode(b *testing.B) {
	ids := []uint32{10, 11, 12, 13}
	cols := make([]*vector.Vector, 4)
	var fields []Field
	out := make([]*vector.Vector, 4)
	for i := range cols {
		cols[i], out[i] = &vector.Vector{}, &vector.Vector{}
		typ := column([]int{0, 0, 0, 1}[i])
		cols[i].Reset(typ)
		d := types.Int(int64(i) * 70000)
		d.S = "some text of a row"
		cols[i].Append(d)
		fields = append(fields, Field{ID: ids[i], Type: typ})
	}
	row := NewEncoder(ids).Append(nil, cols, 0)
	d := NewDecoder(fields)
	b.ReportAllocs()
	for i := range b.N {
		if i%vector.Size == 0 {
			for k := range out {
				out[k].Reset(fields[k].Type)
			}
		}
		if err := d.Append(row, out); err != nil {
			b.Fatal(err)
		}
	}
}

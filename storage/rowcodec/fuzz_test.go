package rowcodec

import (
	"bytes"
	"testing"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// FuzzDecode feeds the decoder with whatever bytes. It may refuse them; what it accepts it holds within the row's own
// length, reads alike with and without a header in mind, and its encoding is read as the same values.
func FuzzDecode(f *testing.F) {
	for _, b := range exampleRows() {
		f.Add(b)
	}
	fields := []Field{
		{ID: 1, Type: column(0)}, {ID: 2, Type: column(1)}, {ID: 3, Type: column(2)}, {ID: 7, Type: column(3)},
		{ID: 8, Type: column(4), Missing: types.Int(5)}, {ID: 300, Type: column(1), Missing: types.String("none")},
	}
	ids := []uint32{1, 2, 3, 7, 8, 300}
	known := NewDecoder(fields)
	f.Fuzz(func(t *testing.T, b []byte) {
		out := decodeTwice(t, NewDecoder(fields), known, fields, b)
		if out == nil {
			return
		}
		for i, v := range out {
			if d := v.Datum(0); len(d.S) > len(b) && d != fields[i].Missing {
				t.Fatalf("field %d of %d bytes has %d", i, len(b), len(d.S))
			}
		}
		row := NewEncoder(ids).Append(nil, out, 0)
		again := decodeTwice(t, NewDecoder(fields), known, fields, row)
		if again == nil {
			t.Fatalf("%x becomes %x, which is not read", b, row)
		}
		if back := NewEncoder(ids).Append(nil, again, 0); !bytes.Equal(back, row) {
			t.Fatalf("%x becomes %x, and that %x", b, row, back)
		}
	})
}

// decodeTwice decodes with a new decoder and with one that has read other rows; nil: refused.
func decodeTwice(t *testing.T, fresh, known *Decoder, fields []Field, b []byte) []*vector.Vector {
	t.Helper()
	var outs [2][]*vector.Vector
	var errs [2]error
	for k, d := range []*Decoder{fresh, known} {
		for i := range fields {
			v := &vector.Vector{}
			v.Reset(fields[i].Type)
			outs[k] = append(outs[k], v)
		}
		errs[k] = d.Append(b, outs[k])
	}
	if (errs[0] == nil) != (errs[1] == nil) {
		t.Fatalf("%x: %v with a new decoder, %v with a used one", b, errs[0], errs[1])
	}
	if errs[0] != nil {
		return nil
	}
	for i := range fields {
		if x, y := outs[0][i].Datum(0), outs[1][i].Datum(0); x != y {
			t.Fatalf("%x: field %d is %v with a new decoder, %v with a used one", b, i, x, y)
		}
	}
	return outs[0]
}

// exampleRows are rows with and without NULLs, gaps and each size of offsets.
func exampleRows() (rows [][]byte) {
	for _, ids := range [][]uint32{{}, {1, 2, 3}, {1, 2, 3, 7, 8}, {300, 1, 7}} {
		for _, n := range []int{0, 3, 300, 70000} {
			var cols []*vector.Vector
			for i, id := range ids {
				v := &vector.Vector{}
				v.Reset(exampleType(id))
				switch d := (types.Datum{I: int64(i*n) - 200}); {
				case v.Type.Class == types.ClassFloat:
					v.Append(types.Float(float64(d.I) / 8))
				case i%3 == 2 && n == 3:
					v.AppendNull()
				case v.Type.Class == types.ClassInt:
					v.Append(d)
				default:
					v.AppendBytes(bytes.Repeat([]byte{'x'}, n))
				}
				cols = append(cols, v)
			}
			rows = append(rows, NewEncoder(ids).Append(nil, cols, 0))
		}
	}
	return rows
}

func exampleType(id uint32) types.Type {
	return column(map[uint32]int{1: 0, 2: 1, 3: 2, 7: 3, 8: 4, 300: 1}[id])
}

// TestRefused wants rows that no encoder writes to be refused, where reading on would give a value that was never there.
func TestRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":                     {},
		"an offset of eight bytes":    {3, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 5},
		"an integer of nine bytes":    {0, 1, 1, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		"a float of nine bytes":       {0, 1, 3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		"a value that ends too late":  {0, 1, 1, 2, 1},
		"a value that ends too early": {0, 2, 1, 2, 1, 5, 5},
		"more columns than bytes":     {0, 200, 1, 1},
		"no ids":                      {8, 2, 1},
	} {
		f := []Field{{ID: 1, Type: column(0)}, {ID: 2, Type: column(1)}, {ID: 3, Type: column(2)}}
		if decodeTwice(t, NewDecoder(f), NewDecoder(f), f, b) != nil {
			t.Errorf("%s: %x is read", name, b)
		}
	}
}

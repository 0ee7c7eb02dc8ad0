package vector

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/types"
)

func randomVector(t *rapid.T, oid types.OID, n int) *Vector {
	v := &Vector{}
	v.Reset(types.Of(types.Builtin(oid)))
	for range n {
		switch {
		case rapid.IntRange(0, 4).Draw(t, "null") == 0:
			v.AppendNull()
		case v.Type.Class == types.ClassInt:
			v.Int = append(v.Int, rapid.Int64().Draw(t, "int"))
		case v.Type.Class == types.ClassFloat:
			v.Float = append(v.Float, rapid.Float64().Draw(t, "float"))
		default:
			v.AppendString(rapid.StringN(0, 5, 20).Draw(t, "string"))
		}
	}
	return v
}

func same(a, b types.Datum) bool { return a.Null == b.Null && (a.Null || a == b) }

func TestAppendFromAndGather(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		oid := rapid.SampledFrom([]types.OID{types.OIDInt8, types.OIDFloat8, types.OIDText}).Draw(t, "type")
		n := rapid.IntRange(1, 200).Draw(t, "n")
		src := randomVector(t, oid, n)
		sel := []uint16{}
		for i := range n {
			if rapid.Bool().Draw(t, "keep") {
				sel = append(sel, uint16(i))
			}
		}
		v := &Vector{}
		v.Reset(src.Type)
		v.AppendFrom(src, nil, n)
		v.AppendFrom(src, sel, n)
		c := &Vector{}
		c.SetConst(src.Type, src.Datum(0))
		v.AppendFrom(c, nil, 3)
		g := &Vector{}
		g.Gather(src, sel)
		if v.Len() != n+len(sel)+3 || g.Len() != len(sel) {
			t.Fatalf("lengths %d and %d", v.Len(), g.Len())
		}
		for i := range n {
			if !same(v.Datum(i), src.Datum(i)) {
				t.Fatalf("row %d", i)
			}
		}
		for k, i := range sel {
			if !same(v.Datum(n+k), src.Datum(int(i))) || !same(g.Datum(k), src.Datum(int(i))) {
				t.Fatalf("selected row %d", k)
			}
		}
		for k := range 3 {
			if !same(v.Datum(n+len(sel)+k), src.Datum(0)) {
				t.Fatal("constant")
			}
		}
	})
}

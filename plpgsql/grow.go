package plpgsql

import (
	"unsafe"

	"github.com/rowandb/rowan/types"
)

// growth is what a Frame keeps of a Growth.
type growth struct {
	kind   GrowthKind
	pieces computed
}

// newGrowth is a Growth whose parameter is the variable v that its value is assigned to; nil: it is none.
func newGrowth(p *prepared, e SimpleExpression, v int) *growth {
	g := e.Growth()
	if g == nil || p.params[g.Param] != (param{v, -1}) {
		return nil
	}
	return &growth{g.Kind, newComputed(g.Pieces)}
}

// grow adds to a variable's value in its place. It reports false, having done nothing, where that cannot be done so.
func (x *run) grow(v int, p *prepared) (bool, error) {
	g := p.growth
	if g.kind == GrowText {
		pieces, err := x.values(p, &g.pieces)
		if err != nil {
			return true, err
		}
		return true, x.growText(v, pieces)
	}
	a := x.open[v]
	if a == nil {
		if x.vals[v].Null {
			if g.kind == GrowArray {
				return false, nil
			}
		} else if types.ArrayDims(x.vals[v].S) > 1 {
			return false, nil
		}
	} else if len(a.Dims) > 1 {
		return false, nil
	}
	pieces, err := x.values(p, &g.pieces)
	if err != nil {
		return true, err
	}
	a = x.openArray(v)
	if g.kind == GrowElement {
		return true, a.add(pieces[0].Clone())
	}
	if pieces[0].Null {
		return true, nil
	}
	more := types.ReadArray(pieces[0].S)
	if more.Len() == 0 {
		return true, nil
	}
	if len(more.Dims) != 1 || len(a.Dims) == 0 {
		return false, nil
	}
	own := types.UnpackArray(pieces[0].Clone().S)
	if err := a.room(len(own.Elems)); err != nil {
		return true, err
	}
	a.Elems = append(a.Elems, own.Elems...)
	a.Dims[0].Len, a.newer = int32(len(a.Elems)), true
	return true, nil
}

// growText adds texts to a text variable.
func (x *run) growText(v int, pieces []types.Datum) error {
	d := x.vals[v]
	for _, p := range pieces {
		if p.Null {
			d = types.Null
		}
	}
	if d.Null {
		return x.store(target{v: v}, d)
	}
	if x.texts == nil {
		x.texts = map[int][]byte{}
	}
	// What was written is never written again, so values that share the room stay as they are. Only the variable whose value
	// ends where the room does adds to it.
	b := x.texts[v]
	if len(b) != len(d.S) || unsafe.SliceData(b) != unsafe.StringData(d.S) {
		b = append(make([]byte, 0, 2*len(d.S)+64), d.S...)
	}
	for _, p := range pieces {
		b = append(b, p.S...)
	}
	x.texts[v] = b
	x.vals[v] = types.String(unsafe.String(unsafe.SliceData(b), len(b)))
	return nil
}

package plpgsql

import (
	"github.com/rowandb/rowan/types"
)

// openArray is the array of a variable whose elements are assigned to one after the other, or are added to it. It belongs to the
// variable alone: whatever else has the array has it packed.
type openArray struct {
	types.Array
	elem  *types.Def
	newer bool // than the variable's value
}

// openArray opens the array that a variable holds.
func (x *run) openArray(v int) *openArray {
	a := x.open[v]
	if a == nil {
		a = &openArray{elem: x.f.vars[v].t.Elem}
		if !x.vals[v].Null {
			a.Array = types.UnpackArray(x.vals[v].S)
		}
		x.open[v] = a
		x.anyOpen = true
	}
	return a
}

// shut forgets an open array, since the variable gets another value.
func (x *run) shut(v int) { x.open[v] = nil }

// put puts an element into the array.
func (a *openArray) put(places []place, d types.Datum) error {
	if err := putElement(&a.Array, places, d); err != nil {
		return err
	}
	a.newer = true
	return nil
}

// add adds an element at the end of an array of one dimension, or none.
func (a *openArray) add(d types.Datum) error {
	if err := a.room(1); err != nil {
		return err
	}
	if len(a.Dims) == 0 {
		a.Dims = []types.Dim{{Lower: 1}}
	}
	a.Elems = append(a.Elems, d)
	a.Dims[0].Len, a.newer = int32(len(a.Elems)), true
	return nil
}

// room checks that n elements can be added at the end.
func (a *openArray) room(n int) error {
	d := types.Dim{Lower: 1}
	if len(a.Dims) > 0 {
		d = a.Dims[0]
	}
	d.Len += int32(n)
	_, err := types.CheckDims([]types.Dim{d})
	return err
}

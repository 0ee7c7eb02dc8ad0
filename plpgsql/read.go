package plpgsql

import (
	"math"

	"github.com/rowandb/rowan/types"
)

// computed is what a Frame keeps of a Computed: the variables that it reads, and room for what they are.
type computed struct {
	Computed
	reads []Read
	args  []types.Datum
}

func newComputed(c Computed) computed {
	reads := c.Reads()
	return computed{Computed: c, reads: reads, args: make([]types.Datum, 0, len(reads))}
}

// values computes expressions whose parameters p has.
func (x *run) values(p *prepared, c *computed) ([]types.Datum, error) {
	if c.reads == nil {
		return c.Values(x.ctx, x.arguments(p))
	}
	c.args = c.args[:0]
	for i := range c.reads {
		d, ok := x.read(p, &c.reads[i])
		if !ok {
			plain, err := c.Plain()
			if err != nil {
				return nil, err
			}
			*c = newComputed(plain)
			return c.Values(x.ctx, x.arguments(p))
		}
		c.args = append(c.args, d)
	}
	return c.Values(x.ctx, c.args)
}

// read is a part of a variable. It reports false where a subscript is out of the range of integers: whether that is an error
// depends on whether the expression comes to compute it.
func (x *run) read(p *prepared, r *Read) (types.Datum, bool) {
	k := p.params[r.Param]
	if r.Part == PartWhole {
		return x.get(k), true
	}
	var room [4]int64
	at := room[:0]
	for _, ix := range r.Index {
		n, null, ok := x.index(p, ix)
		if null || !ok {
			return types.Null, ok
		}
		at = append(at, n)
	}
	if k.field < 0 {
		if a := x.open[k.v]; a != nil {
			return a.part(r.Part, at), true
		}
	}
	d := x.get(k)
	if d.Null {
		return d, true
	}
	switch r.Part {
	case PartElement:
		return types.ArrayAt(d.S, at...), true
	case PartCount:
		return types.Int(int64(types.ArrayLen(d.S))), true
	}
	dim, ok := types.ArrayDim(d.S, int(at[0])-1)
	if !ok {
		return types.Null, true
	}
	return size(r.Part, dim), true
}

func size(p Part, d types.Dim) types.Datum {
	switch p {
	case PartLower:
		return types.Int(int64(d.Lower))
	case PartUpper:
		return types.Int(int64(d.Lower) + int64(d.Len) - 1)
	}
	return types.Int(int64(d.Len))
}

// part is an element of the array, or a size.
func (a *openArray) part(p Part, at []int64) types.Datum {
	switch {
	case p == PartElement:
		return a.at(at)
	case p == PartCount:
		return types.Int(int64(len(a.Elems)))
	case at[0] < 1 || at[0] > int64(len(a.Dims)):
		return types.Null
	}
	return size(p, a.Dims[at[0]-1])
}

// at is an element, NULL where there is none.
func (a *openArray) at(index []int64) types.Datum {
	if len(index) != len(a.Dims) {
		return types.Null
	}
	k := int64(0)
	for i, d := range a.Dims {
		n := index[i] - int64(d.Lower)
		if n < 0 || n >= int64(d.Len) {
			return types.Null
		}
		k = k*int64(d.Len) + n
	}
	return a.Elems[k]
}

// index computes a subscript.
func (x *run) index(p *prepared, i *Index) (n int64, null, ok bool) {
	switch i.Op {
	case 'c':
		return i.Const.I, i.Const.Null, true
	case 'p', 'n':
		d := x.get(p.params[i.Param])
		return d.I, d.Null, d.I == int64(int32(d.I))
	}
	l, null, ok := x.index(p, i.Left)
	if null || !ok {
		return 0, null, ok
	}
	r, null, ok := x.index(p, i.Right)
	if null || !ok {
		return 0, null, ok
	}
	switch i.Op {
	case '+':
		n = l + r
	case '-':
		n = l - r
	default:
		n = l * r
	}
	return n, false, n >= math.MinInt32 && n <= math.MaxInt32
}

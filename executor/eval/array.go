package eval

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// ArrayElems returns the elements of an array; they borrow from it.
func ArrayElems(_ types.Type, d types.Datum) ([]types.Datum, error) {
	return types.UnpackArray(d.S).Elems, nil
}

func (c *compiler) array(e *expr.Array) (ref, error) {
	args, err := c.list(e.Elems)
	if err != nil {
		return 0, err
	}
	t := e.T
	if e.Multi {
		return c.rowStep(t, args, func(_ *Program, a []types.Datum) (types.Datum, error) { return stack(t, a) }), nil
	}
	return c.rowStep(t, args, func(_ *Program, a []types.Datum) (types.Datum, error) {
		return types.String(types.Vector1(a).Pack(t.Elem)), nil
	}), nil
}

// stack makes arrays the elements of one with a dimension more.
func stack(t types.Type, parts []types.Datum) (types.Datum, error) {
	var out types.Array
	empty := false
	for _, d := range parts {
		a := types.Array{}
		if !d.Null {
			a = types.UnpackArray(d.S)
		}
		switch {
		case len(a.Dims) == 0:
			empty = true
			continue
		case len(out.Dims) == 0:
			if len(a.Dims) == types.MaxDims {
				return types.Null, errTooManyDims(types.MaxDims + 1)
			}
			out.Dims = append([]types.Dim{{Len: int32(len(parts)), Lower: 1}}, a.Dims...)
		case !sameDims(out.Dims[1:], a.Dims):
			return types.Null, errUnlikeDims()
		}
		out.Elems = append(out.Elems, a.Elems...)
	}
	if empty && len(out.Dims) > 0 {
		return types.Null, errUnlikeDims()
	}
	return types.String(out.Pack(t.Elem)), nil
}

func sameDims(a, b []types.Dim) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func errUnlikeDims() error {
	return pgerr.New(pgerrcode.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")
}

func errTooManyDims(n int) error {
	return pgerr.New(pgerrcode.ProgramLimitExceeded,
		"number of array dimensions (%d) exceeds the maximum allowed (%d)", n, types.MaxDims)
}

// makeSubqueryArray is the value of ARRAY(subquery); a subquery of arrays gives an array of one dimension more.
func makeSubqueryArray(t, elem types.Type, elems []types.Datum) (types.Datum, error) {
	if elem.IsArray() && elem.Same(t) {
		return stack(t, elems)
	}
	return types.String(types.Vector1(elems).Pack(t.Elem)), nil
}

// mapArray converts an array's elements to those of another array type.
func mapArray(to types.Type, d types.Datum, f func(types.Datum) (types.Datum, error)) (types.Datum, error) {
	a := types.UnpackArray(d.S)
	for i, e := range a.Elems {
		v, err := f(e)
		if err != nil {
			return types.Null, err
		}
		a.Elems[i] = v.Clone()
	}
	return types.String(a.Pack(to.Elem)), nil
}

func (c *compiler) subscript(e *expr.Subscript) (ref, error) {
	t := e.Arg.Type()
	if t.Elem == nil {
		return 0, pgerr.Unsupported("subscripting of type %s", types.TypeName(t, nil))
	}
	args := []ref{0}
	var err error
	if args[0], err = c.expr(e.Arg); err != nil {
		return 0, err
	}
	if e.Slice {
		return c.slice(e, args)
	}
	for _, b := range e.Index {
		x := b.Upper
		if x == nil {
			x = b.Lower
		}
		r, err := c.expr(x)
		if err != nil {
			return 0, err
		}
		args = append(args, r)
	}
	index := make([]int64, len(e.Index))
	return c.rowStep(e.T, args, func(_ *Program, a []types.Datum) (types.Datum, error) {
		for i, d := range a {
			if d.Null {
				return types.Null, nil
			}
			if i > 0 {
				index[i-1] = d.I
			}
		}
		return types.ArrayAt(a[0].S, index...), nil
	}), nil
}

// slice compiles array[l:u]…: the bounds that are there follow the array among the arguments.
func (c *compiler) slice(e *expr.Subscript, args []ref) (ref, error) {
	type place struct{ lower, upper int } // among the arguments, 0: not given
	places := make([]place, len(e.Index))
	add := func(x expr.Expr) (int, error) {
		if x == nil {
			return 0, nil
		}
		r, err := c.expr(x)
		args = append(args, r)
		return len(args) - 1, err
	}
	for i, b := range e.Index {
		var err error
		if places[i].lower, err = add(b.Lower); err != nil {
			return 0, err
		}
		if places[i].upper, err = add(b.Upper); err != nil {
			return 0, err
		}
	}
	t := e.T
	return c.rowStep(t, args, func(_ *Program, a []types.Datum) (types.Datum, error) {
		for _, d := range a {
			if d.Null {
				return types.Null, nil
			}
		}
		src := types.UnpackArray(a[0].S)
		if len(places) > len(src.Dims) {
			return types.String(""), nil
		}
		lo, hi := make([]int64, len(src.Dims)), make([]int64, len(src.Dims))
		for i, d := range src.Dims {
			lo[i], hi[i] = int64(d.Lower), int64(d.Lower)+int64(d.Len)-1
			if i >= len(places) {
				continue
			}
			if p := places[i].lower; p > 0 {
				lo[i] = max(lo[i], a[p].I)
			}
			if p := places[i].upper; p > 0 {
				hi[i] = min(hi[i], a[p].I)
			}
			if lo[i] > hi[i] {
				return types.String(""), nil
			}
		}
		return types.String(cut(src, lo, hi).Pack(t.Elem)), nil
	}), nil
}

// cut copies the elements between bounds, which lie within the array.
func cut(src types.Array, lo, hi []int64) types.Array {
	out := types.Array{Dims: make([]types.Dim, len(lo))}
	for i := range lo {
		out.Dims[i] = types.Dim{Len: int32(hi[i] - lo[i] + 1), Lower: 1}
	}
	at := append([]int64(nil), lo...)
	for {
		pos := int64(0)
		for i, d := range src.Dims {
			pos = pos*int64(d.Len) + at[i] - int64(d.Lower)
		}
		out.Elems = append(out.Elems, src.Elems[pos])
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] <= hi[i] {
				break
			}
			at[i] = lo[i]
		}
		if i < 0 {
			return out
		}
	}
}

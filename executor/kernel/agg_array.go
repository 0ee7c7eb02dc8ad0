package kernel

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

func newArrayAgg(_ *Env, args []types.Type, result types.Type) (Aggregate, error) {
	if args[0].IsArray() || args[0].ID() == types.OIDAnyArray {
		return &arrayConcat{elem: args[0].Elem}, nil
	}
	return &arrayAgg{elem: args[0].Def}, nil
}

// arrayAgg is array_agg of values that are no arrays. NULLs are kept.
type arrayAgg struct {
	elem *types.Def
	lists
}

func (s *arrayAgg) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.extend(maxGroup(groups))
	a, idx := args[0], rows(len(groups), sel)
	for k, g := range groups {
		s.add(g, a.Datum(int(idx[k])))
	}
	return nil
}

func (s *arrayAgg) Result(n int, out *vector.Vector) error {
	s.extend(n)
	for _, list := range s.group[:n] {
		if list == nil {
			out.AppendNull()
			continue
		}
		out.AppendString(types.Vector1(list).Pack(s.elem))
	}
	return nil
}

func (s *arrayAgg) Bytes() int64 { return s.bytes() }

// arrayConcat is array_agg of arrays of one shape: the result has one dimension more.
type arrayConcat struct {
	elem *types.Def
	dims [][]types.Dim
	n    []int32
	lists
}

func (s *arrayConcat) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	n := maxGroup(groups)
	s.extend(n)
	s.dims, s.n = extend(s.dims, n), extend(s.n, n)
	a, idx := args[0], rows(len(groups), sel)
	for k, g := range groups {
		d := a.Datum(int(idx[k]))
		if d.Null {
			return pgerr.New(pgerrcode.NullValueNotAllowedDataException, "cannot accumulate null arrays")
		}
		x := types.UnpackArray(d.S)
		switch {
		case len(x.Dims) == 0:
			return pgerr.New(pgerrcode.ArraySubscriptError, "cannot accumulate empty arrays")
		case s.n[g] == 0:
			s.dims[g] = x.Dims
		case !sameDims(s.dims[g], x.Dims):
			return pgerr.New(pgerrcode.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
		}
		s.n[g]++
		for _, e := range x.Elems {
			s.add(g, e)
		}
	}
	return nil
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

func (s *arrayConcat) Result(n int, out *vector.Vector) error {
	s.extend(n)
	s.dims, s.n = extend(s.dims, n), extend(s.n, n)
	for i, list := range s.group[:n] {
		if s.n[i] == 0 {
			out.AppendNull()
			continue
		}
		r := types.Array{Dims: append([]types.Dim{{Len: s.n[i], Lower: 1}}, s.dims[i]...), Elems: list}
		if len(r.Dims) > types.MaxDims {
			return pgerr.New(pgerrcode.ProgramLimitExceeded,
				"number of array dimensions (%d) exceeds the maximum allowed (%d)", len(r.Dims), types.MaxDims)
		}
		out.AppendString(r.Pack(s.elem))
	}
	return nil
}

func (s *arrayConcat) Bytes() int64 { return s.bytes() }

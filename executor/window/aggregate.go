package window

import (
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// aggregate computes an aggregate over each row's frame.
//
// Frames that begin with the partition grow: their rows are added once. Frames that end with it grow from the end, which
// will do for aggregates that do not depend on the order of rows. All others are computed row by row, each row of the
// output being a group of its own, so that the kernel still sees full batches.
func aggregate(w *Window, f *function, out *vector.Vector) error {
	x := &aggregation{w: w, f: f}
	for _, a := range f.Args {
		x.types = append(x.types, a.Type())
	}
	fr := w.frame
	switch {
	case fr.Exclude != 0:
		return x.each(out)
	case fr.Start.Kind == 'U':
		return x.growing(out)
	case fr.End.Kind == 'u' && x.commutes():
		return x.shrinking(out)
	default:
		return x.each(out)
	}
}

// aggregation is the work on one function and partition.
type aggregation struct {
	w      *Window
	f      *function
	types  []types.Type
	agg    kernel.Aggregate
	groups []uint32
	sel    []uint16
	batch  vector.Batch
	chunk  int // in batch; -1 none
	args   []*vector.Vector
	one    vector.Vector
	vecs   []vector.Vector
	ids    []uint32
}

// commutes reports whether the value does not depend on the order of the rows.
func (x *aggregation) commutes() bool {
	switch x.f.Proc.Name {
	case "count", "min", "max", "bool_and", "bool_or", "every":
		return true
	case "sum", "avg":
		return x.types[0].Class == types.ClassInt || x.types[0].ID() == types.OIDNumeric
	}
	return false
}

func (x *aggregation) reset() error {
	if x.agg != nil {
		return nil
	}
	make, ok := kernel.LookupAggregate(x.f.Proc.Name)
	if !ok {
		return pgerr.Unsupported("aggregate function %s", x.f.Proc.Name)
	}
	var err error
	x.chunk = -1
	x.agg, err = make(x.w.env.Kernel, x.types, x.f.T)
	return err
}

// load makes the chunk with a row the one in hand.
func (x *aggregation) load(chunk int) error {
	if x.chunk == chunk {
		return nil
	}
	if err := x.w.rows.Chunk(chunk, &x.batch); err != nil {
		return err
	}
	x.chunk = chunk
	x.args = x.args[:0]
	for _, a := range x.f.args {
		x.args = append(x.args, x.batch.Cols[a])
	}
	return nil
}

// add adds the rows from lo to hi to group 0.
func (x *aggregation) add(lo, hi int) error {
	for lo < hi {
		if err := x.load(lo / vector.Size); err != nil {
			return err
		}
		base := lo / vector.Size * vector.Size
		to := min(hi, base+vector.Size)
		x.sel, x.groups = x.sel[:0], x.groups[:0]
		for i := lo; i < to; i++ {
			if x.keeps(i - base) {
				x.sel, x.groups = append(x.sel, uint16(i-base)), append(x.groups, 0)
			}
		}
		if len(x.sel) > 0 {
			if err := x.agg.Add(x.groups, x.args, x.batch.N, x.sel); err != nil {
				return err
			}
		}
		lo = to
	}
	return nil
}

// keeps reports whether FILTER is true in a row of the chunk in hand.
func (x *aggregation) keeps(i int) bool {
	if x.f.filter < 0 {
		return true
	}
	v := x.batch.Cols[x.f.filter]
	return !v.IsNull(i) && v.Datum(i).I != 0
}

// value is the value of group 0 so far.
func (x *aggregation) value() (types.Datum, error) {
	x.one.Reset(x.f.T)
	err := x.agg.Result(1, &x.one)
	if err != nil {
		return types.Null, err
	}
	return x.one.Datum(0), nil
}

func (x *aggregation) growing(out *vector.Vector) error {
	if err := x.reset(); err != nil {
		return err
	}
	done := -1
	var d types.Datum
	for i := range x.w.part.n {
		if end := int(x.w.frame.end[i]); end != done {
			if err := x.add(max(done, 0), end); err != nil {
				return err
			}
			done = end
			var err error
			if d, err = x.value(); err != nil {
				return err
			}
		}
		out.Append(d)
	}
	return nil
}

// shrinking computes frames that end with the partition, from the last row to the first.
func (x *aggregation) shrinking(out *vector.Vector) error {
	if err := x.reset(); err != nil {
		return err
	}
	n := x.w.part.n
	out.Resize(x.f.T, n)
	done := n + 1
	var d types.Datum
	for i := n - 1; i >= 0; i-- {
		if start := int(x.w.frame.start[i]); start < done {
			if err := x.add(start, min(done, n)); err != nil {
				return err
			}
			done = start
			var err error
			if d, err = x.value(); err != nil {
				return err
			}
		}
		out.Set(i, d)
	}
	return nil
}

// each computes every row's frame anew, a block of rows at a time.
func (x *aggregation) each(out *vector.Vector) error {
	n := x.w.part.n
	for from := 0; from < n; from += vector.Size {
		to := min(n, from+vector.Size)
		x.agg = nil
		if err := x.reset(); err != nil {
			return err
		}
		for i := from; i < to; i++ {
			for j := int(x.w.frame.start[i]); j < int(x.w.frame.end[i]); j++ {
				if x.w.frame.Exclude != 0 && x.w.frame.excluded(x.w, i, j) {
					continue
				}
				x.ids, x.groups = append(x.ids, uint32(j)), append(x.groups, uint32(i-from))
				if len(x.ids) == vector.Size {
					if err := x.flush(); err != nil {
						return err
					}
				}
			}
		}
		if err := x.flush(); err != nil {
			return err
		}
		if err := x.agg.Result(to-from, out); err != nil {
			return err
		}
	}
	return nil
}

// flush adds the pairs gathered of a row and the group that it belongs to.
func (x *aggregation) flush() error {
	if len(x.ids) == 0 {
		return nil
	}
	defer func() { x.ids, x.groups = x.ids[:0], x.groups[:0] }()
	var sel []uint16
	if x.f.filter >= 0 {
		var keep vector.Vector
		if err := x.w.rows.Gather(&keep, x.f.filter, x.ids); err != nil {
			return err
		}
		sel = x.sel[:0]
		k := 0
		for i := range x.ids {
			if !keep.IsNull(i) && keep.Int[i] != 0 {
				sel = append(sel, uint16(i))
				x.groups[k] = x.groups[i]
				k++
			}
		}
		x.sel, x.groups = sel, x.groups[:k]
		if k == 0 {
			return nil
		}
	}
	if x.vecs == nil {
		x.vecs = make([]vector.Vector, len(x.f.args))
	}
	x.args = x.args[:0]
	for i, a := range x.f.args {
		if err := x.w.rows.Gather(&x.vecs[i], a, x.ids); err != nil {
			return err
		}
		x.args = append(x.args, &x.vecs[i])
	}
	x.chunk = -1
	return x.agg.Add(x.groups, x.args, len(x.ids), sel)
}

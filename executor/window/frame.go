package window

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

// frame says which rows of the partition a row's frame has: those from start to end, less what is excluded.
type frame struct {
	physical.Frame
	lo, hi     types.Datum // the offsets
	start, end []int32     // by row
	bounds     *rangeBounds
}

func newFrame(w *Window) (*frame, error) {
	f := &frame{Frame: w.node.Frame}
	var err error
	if f.lo, err = f.offset(w, &f.Start, "starting"); err != nil {
		return nil, err
	}
	if f.hi, err = f.offset(w, &f.End, "ending"); err != nil {
		return nil, err
	}
	if f.Mode == 'v' && (f.Start.Offset != nil || f.End.Offset != nil) {
		f.bounds, err = newRangeBounds(w, f)
	}
	return f, err
}

// offset computes one bound's offset.
func (f *frame) offset(w *Window, b *physical.FrameBound, which string) (types.Datum, error) {
	if b.Offset == nil {
		return types.Null, nil
	}
	d, err := eval.Value(b.Offset, w.env)
	if err != nil {
		return d, err
	}
	if d.Null {
		return d, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "frame %s offset must not be null", which)
	}
	if f.Mode != 'v' && d.I < 0 {
		return d, pgerr.New(pgerrcode.InvalidPrecedingOrFollowingSize, "frame %s offset must not be negative", which)
	}
	return d.Clone(), nil
}

// load computes the bounds for all rows of the partition.
func (f *frame) load(w *Window) error {
	n := w.part.n
	f.start, f.end = sized(f.start, n), sized(f.end, n)
	if f.bounds != nil {
		if err := f.bounds.load(w); err != nil {
			return err
		}
	}
	for i := range n {
		f.start[i] = int32(f.bound(w, i, f.Start.Kind, f.lo, true))
		f.end[i] = int32(f.bound(w, i, f.End.Kind, f.hi, false))
		if f.end[i] < f.start[i] {
			f.end[i] = f.start[i]
		}
	}
	return nil
}

func sized(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	return s[:n]
}

// bound gives the first row of the frame, or with start false the row after the last one.
func (f *frame) bound(w *Window, i int, kind byte, offset types.Datum, start bool) int {
	switch kind {
	case 'U':
		return 0
	case 'u':
		return w.part.n
	}
	switch f.Mode {
	case 'r':
		return f.rowBound(w, i, kind, offset.I, start)
	case 'g':
		return f.groupBound(w, i, kind, offset.I, start)
	}
	if kind == 'c' {
		from, to := w.part.peers(i)
		if start {
			return from
		}
		return to
	}
	return f.bounds.find(w, i, kind, start)
}

func (f *frame) rowBound(w *Window, i int, kind byte, offset int64, start bool) int {
	at := int64(i)
	switch kind {
	case 'p':
		at -= min(offset, int64(w.part.n)+1)
	case 'f':
		at += min(offset, int64(w.part.n)+1)
	}
	if !start {
		at++
	}
	return int(max(0, min(at, int64(w.part.n))))
}

func (f *frame) groupBound(w *Window, i int, kind byte, offset int64, start bool) int {
	p := &w.part
	groups := int64(len(p.starts) - 1)
	g := int64(p.group[i])
	switch kind {
	case 'p':
		g -= min(offset, groups+1)
	case 'f':
		g += min(offset, groups+1)
	}
	if !start {
		g++
	}
	return int(p.starts[max(0, min(g, groups))])
}

// excluded reports whether row j is left out of row i's frame.
func (f *frame) excluded(w *Window, i, j int) bool {
	switch f.Exclude {
	case 'r':
		return i == j
	case 'g':
		return w.part.group[i] == w.part.group[j]
	case 't':
		return i != j && w.part.group[i] == w.part.group[j]
	}
	return false
}

// nth returns the k-th row, from 0, of row i's frame, or -1.
func (f *frame) nth(w *Window, i, k int) int {
	lo, hi := int(f.start[i]), int(f.end[i])
	if f.Exclude == 0 {
		if lo+k < hi {
			return lo + k
		}
		return -1
	}
	for j := lo; j < hi; j++ {
		if f.excluded(w, i, j) {
			continue
		}
		if k == 0 {
			return j
		}
		k--
	}
	return -1
}

// last returns the last row of row i's frame, or -1.
func (f *frame) last(w *Window, i int) int {
	for j := int(f.end[i]) - 1; j >= int(f.start[i]); j-- {
		if f.Exclude == 0 || !f.excluded(w, i, j) {
			return j
		}
	}
	return -1
}

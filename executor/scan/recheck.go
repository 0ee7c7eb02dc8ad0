package scan

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/keyrange"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// recheck keeps of the newest version of a row what the scan's ranges would have found: it is read by its key, not by the
// ranges.
type recheck struct {
	width   int
	columns []catalog.ColumnID // the scan's, then what the ranges need
	keys    []keyrange.Column
	at      []int // position of each key column
	ranges  []storage.Range
	sel     []uint16
	out     vector.Batch
}

func newRecheck(n *physical.TableScan, ranges []storage.Range) *recheck {
	r := &recheck{width: len(n.Columns), columns: slices.Clone(n.Columns), ranges: ranges}
	if len(ranges) == 0 {
		return r
	}
	r.keys = keyrange.Order(n.Table, n.Index)
	for _, k := range r.keys {
		at := slices.Index(r.columns, k.ID)
		if at < 0 {
			at = len(r.columns)
			r.columns = append(r.columns, k.ID)
		}
		r.at = append(r.at, at)
	}
	return r
}

func (r *recheck) narrow(b *vector.Batch) *vector.Batch {
	r.sel = r.sel[:0]
	if r.sel == nil {
		r.sel = []uint16{}
	}
	for k := range b.Live() {
		if i := b.Row(k); r.inRange(b, i) {
			r.sel = append(r.sel, uint16(i))
		}
	}
	r.out = vector.Batch{Cols: b.Cols[:r.width], N: b.N, Sel: r.sel}
	return &r.out
}

func (r *recheck) inRange(b *vector.Batch, i int) bool {
	if len(r.ranges) == 0 {
		return true
	}
	row := make([]types.Datum, len(r.at))
	for k, at := range r.at {
		row[k] = b.Cols[at].Datum(i)
	}
	return slices.ContainsFunc(r.ranges, func(x storage.Range) bool { return keyrange.Contains(r.keys, x, row) })
}

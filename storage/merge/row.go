package merge

import (
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// row is one side's row; at is -1 where it is absent.
type row struct {
	rows *diff.Rows
	at   int
	cols []int
	// Of a target that gets columns back which it had dropped: where what is stored of those stands.
	holds []int
	// Of a base that is itself a merge: the cells, or the whole row, that its parts have differently.
	odd     []bool
	unclear bool
}

var absent = row{at: -1}

func (r row) there() bool { return r.at >= 0 }

// strange reports whether the i-th cell differs from whatever it is compared with.
func (r row) strange(i int) bool { return r.odd != nil && r.odd[i] }

// cell returns the value of the i-th stored column, and whether the side has the column.
func (r row) cell(i int) (types.Datum, bool) {
	if r.at < 0 || r.cols[i] < 0 {
		return types.Null, false
	}
	return r.rows.Cols[r.cols[i]].Datum(r.at), true
}

// stored is cell with what is still there of columns that were dropped.
func (r row) stored(i int) types.Datum {
	cols := r.cols
	if r.holds != nil {
		cols = r.holds
	}
	if r.at < 0 || cols[i] < 0 {
		return types.Null
	}
	return r.rows.Cols[cols[i]].Datum(r.at)
}

// targetRow is a row that was read of the target.
func (t *tableMerge) targetRow(rows *diff.Rows, at int) row {
	return row{rows: rows, at: at, cols: t.fromTarget, holds: t.holds}
}

func (t *tableMerge) targetRows(rows *diff.Rows) []row {
	out := make([]row, len(rows.At))
	for k, at := range rows.At {
		out[k] = t.targetRow(rows, at)
	}
	return out
}

// value is cell, with what rows have that are older than the column.
func (t *tableMerge) value(r row, i int) types.Datum {
	if d, ok := r.cell(i); ok {
		return d
	}
	return t.missing[i]
}

// sameRow reports whether two rows, both there, agree in all columns. Generated ones follow from the others.
func (t *tableMerge) sameRow(a, b row) bool {
	if a.odd != nil || b.odd != nil {
		return false
	}
	for i, c := range t.stored {
		if c.Generated == "" && !diff.Same(t.value(a, i), t.value(b, i)) {
			return false
		}
	}
	return true
}

// agree reports whether two rows, both there, agree in the columns that both sides have.
func (t *tableMerge) agree(source, target row) bool {
	for i := range t.stored {
		if !t.agreeAt(source, target, i) {
			return false
		}
	}
	return true
}

func (t *tableMerge) agreeAt(source, target row, i int) bool {
	x, ok1 := source.cell(i)
	y, ok2 := target.cell(i)
	return !ok1 || !ok2 || t.gained[i] || t.stored[i].Generated != "" || diff.Same(x, y)
}

// cellsOf returns a row of the source as the target will have it: columns that the source lacks keep the target's value.
func (t *tableMerge) cellsOf(source, old row) []types.Datum {
	for i := range t.stored {
		d, ok := source.cell(i)
		if !ok {
			d = t.value(old, i)
		}
		t.cellBuf[i] = d
	}
	return t.cellBuf
}

// copyOf returns the cells of a row to keep, nil where it is absent.
func (t *tableMerge) copyOf(r row) []types.Datum {
	if !r.there() {
		return nil
	}
	out := make([]types.Datum, len(t.stored))
	for i := range out {
		if out[i] = types.Null; !r.strange(i) {
			out[i] = t.value(r, i).Clone()
		}
	}
	return out
}

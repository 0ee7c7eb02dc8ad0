package merge

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// virtual merges a row of two states that are both bases of a merge.
func (t *tableMerge) virtual(ctx context.Context, into *diff.Rows, cols []int, b, l, r row) (row, error) {
	switch {
	case b.unclear || l.unclear || r.unclear:
		return row{at: -1, unclear: true}, nil
	case !l.there() && !r.there():
		return absent, nil
	case !l.there() || !r.there():
		left := l
		if !left.there() {
			left = r
		}
		if b.there() && (b.odd != nil || left.odd != nil || !t.sameRow(b, left)) {
			return row{at: -1, unclear: true}, nil
		}
		if b.there() {
			return absent, nil
		}
		return left, nil
	}
	out := row{rows: into, at: into.N, cols: cols}
	for i := range t.stored {
		d, clear, err := t.virtualCell(ctx, b, l, r, i)
		if err != nil {
			return absent, err
		}
		into.Cols[i].Append(d)
		if !clear {
			if out.odd == nil {
				out.odd = make([]bool, len(t.stored))
			}
			out.odd[i] = true
		}
	}
	into.N++
	return out, nil
}

// virtualCell merges a cell of two states that are both bases of a merge, by the policy of its column where that has one answer.
func (t *tableMerge) virtualCell(ctx context.Context, b, l, r row, i int) (d types.Datum, clear bool, err error) {
	c, x, y := t.stored[i], t.value(l, i), t.value(r, i)
	agree, v := diff.Same(x, y), types.Null
	if b.there() {
		v = t.value(b, i)
	}
	switch {
	case l.strange(i) || r.strange(i):
		return x, false, nil
	case agree && (!b.there() || !t.decides(c, false)):
		return x, true, nil
	case b.strange(i) && !t.decides(c, true):
		return x, false, nil
	case b.there() && !b.strange(i) && diff.Same(v, x):
		return y, true, nil
	case b.there() && !b.strange(i) && diff.Same(v, y):
		return x, true, nil
	}
	return t.eitherWay(ctx, c, v, x, y)
}

// eitherWay is what a policy makes of two values, where it makes no difference which of them is the source's. A union has its
// elements in another order then, which is nothing to what grows from it.
func (t *tableMerge) eitherWay(ctx context.Context, c *catalog.Column, b, x, y types.Datum) (types.Datum, bool, error) {
	d, ok, err := t.policy(ctx, c, b, x, y)
	if !ok || err != nil || c.Merge == catalog.MergeUnion {
		return d, ok, err
	}
	other, ok, err := t.policy(ctx, c, b, y, x)
	return d, ok && diff.Same(d, other), err
}

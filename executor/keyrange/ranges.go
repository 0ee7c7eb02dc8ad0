// Package keyrange computes the intervals of index keys that scans and lookup joins read: from expressions, in the order of
// the index, without overlaps.
//
// It evaluates with eval and reads nothing: storage takes the intervals as they are. executor/scan and executor/join call it.
package keyrange

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// Compute computes ranges of keys of the table's index ix (nil: of its own keyspace), ascending and disjoint. any is false
// when none can hold a row; no ranges and any true is everything.
func Compute(rs []physical.Range, t *catalog.Table, ix *catalog.Index, env *op.Env) (out []storage.Range, any bool, err error) {
	if len(rs) == 0 {
		return nil, true, nil
	}
	for i := range rs {
		if out, err = appendRange(out, &rs[i], env); err != nil {
			return nil, false, err
		}
	}
	if len(out) > 1 {
		out = Arrange(out, Order(t, ix))
	}
	return out, len(out) > 0, nil
}

func appendRange(out []storage.Range, r *physical.Range, env *op.Env) ([]storage.Range, error) {
	lo, ok, err := bound(r.Lo, env)
	if err != nil || !ok {
		return out, err
	}
	if r.In != nil {
		return appendIn(out, lo, r.In, env)
	}
	hi := lo
	if !sameBound(r) {
		if hi, ok, err = bound(r.Hi, env); err != nil || !ok {
			return out, err
		}
	}
	return append(out, storage.Range{Lo: lo, Hi: hi, LoExcl: r.LoExcl, HiExcl: r.HiExcl}), nil
}

// sameBound reports whether Lo and Hi are the same expressions, which are then computed once.
func sameBound(r *physical.Range) bool {
	if len(r.Lo) != len(r.Hi) {
		return false
	}
	for i := range r.Lo {
		if r.Lo[i] != r.Hi[i] {
			return false
		}
	}
	return true
}

// bound computes the values of one bound; a NULL makes the range empty. A constant NULL stands for IS NULL.
func bound(es []expr.Expr, env *op.Env) ([]types.Datum, bool, error) {
	if len(es) == 0 {
		return nil, true, nil
	}
	out := make([]types.Datum, len(es))
	for i, e := range es {
		d, err := eval.Value(e, env)
		if err != nil {
			return nil, false, err
		}
		if _, isNull := e.(*expr.Const); d.Null && !isNull {
			return nil, false, nil
		}
		out[i] = d
	}
	return out, true, nil
}

// appendIn makes a range of each element of an array.
func appendIn(out []storage.Range, prefix []types.Datum, in expr.Expr, env *op.Env) ([]storage.Range, error) {
	d, err := eval.Value(in, env)
	if err != nil || d.Null {
		return out, err
	}
	elems, err := eval.ArrayElems(in.Type(), d)
	if err != nil {
		return out, err
	}
	for _, e := range elems {
		if e.Null {
			continue
		}
		key := append(prefix[:len(prefix):len(prefix)], e)
		out = append(out, storage.Range{Lo: key, Hi: key})
	}
	return out, nil
}

// Column says how one key column of an index is ordered.
type Column struct {
	ID               catalog.ColumnID
	Type             types.Type
	desc, nullsFirst bool
}

// Order lists the key columns of an index, nil being the primary key's.
func Order(t *catalog.Table, ix *catalog.Index) []Column {
	if ix == nil {
		ix = t.PrimaryIndex()
	}
	if ix == nil {
		return nil
	}
	out := make([]Column, 0, len(ix.Columns))
	for _, c := range ix.Columns {
		col := t.ColumnByID(c.Column)
		if col == nil {
			return out
		}
		out = append(out, Column{c.Column, col.Type, c.Desc, c.NullsFirst})
	}
	return out
}

// compare orders two values of a key column.
func (k *Column) compare(a, b types.Datum) int {
	if a.Null || b.Null {
		switch {
		case a.Null && b.Null:
			return 0
		case a.Null == k.nullsFirst:
			return -1
		default:
			return 1
		}
	}
	c := types.Compare(k.Type, a, b)
	if k.desc {
		return -c
	}
	return c
}

// comparePrefix orders values by as many columns as both have.
func comparePrefix(keys []Column, a, b []types.Datum) int {
	for i := range min(len(keys), len(a), len(b)) {
		if c := keys[i].compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// Arrange sorts ranges by their lower bounds and joins those that overlap.
func Arrange(rs []storage.Range, keys []Column) []storage.Range {
	slices.SortStableFunc(rs, func(a, b storage.Range) int { return compareLow(keys, a, b) })
	out := rs[:1]
	for _, r := range rs[1:] {
		last := &out[len(out)-1]
		if !overlaps(keys, *last, r) {
			out = append(out, r)
			continue
		}
		if compareHigh(keys, *last, r) < 0 {
			last.Hi, last.HiExcl = r.Hi, r.HiExcl
		}
	}
	return out
}

func compareLow(keys []Column, a, b storage.Range) int {
	if c := comparePrefix(keys, a.Lo, b.Lo); c != 0 {
		return c
	}
	return lowRank(a, b)
}

// lowRank orders equal lower bounds: an exclusive prefix bound begins after all keys with the prefix.
func lowRank(a, b storage.Range) int {
	switch {
	case a.LoExcl != b.LoExcl && a.LoExcl:
		return 1
	case a.LoExcl != b.LoExcl:
		return -1
	case len(a.Lo) == len(b.Lo):
		return 0
	case (len(a.Lo) < len(b.Lo)) != a.LoExcl:
		return -1
	default:
		return 1
	}
}

func compareHigh(keys []Column, a, b storage.Range) int {
	if len(a.Hi) == 0 || len(b.Hi) == 0 {
		return (1 - min(len(a.Hi), 1)) - (1 - min(len(b.Hi), 1))
	}
	if c := comparePrefix(keys, a.Hi, b.Hi); c != 0 {
		return c
	}
	switch {
	case a.HiExcl != b.HiExcl && a.HiExcl:
		return -1
	case a.HiExcl != b.HiExcl:
		return 1
	case len(a.Hi) == len(b.Hi):
		return 0
	case (len(a.Hi) < len(b.Hi)) != a.HiExcl:
		return 1
	default:
		return -1
	}
}

// overlaps reports whether b, which does not begin before a, begins before a ends.
func overlaps(keys []Column, a, b storage.Range) bool {
	if len(a.Hi) == 0 || len(b.Lo) == 0 {
		return true
	}
	c := comparePrefix(keys, a.Hi, b.Lo)
	return c > 0 || c == 0 && !a.HiExcl && !b.LoExcl
}

// Contains reports whether a row's key lies in a range.
func Contains(keys []Column, r storage.Range, row []types.Datum) bool {
	if c := comparePrefix(keys, row, r.Lo); len(r.Lo) > 0 && (c < 0 || c == 0 && r.LoExcl) {
		return false
	}
	c := comparePrefix(keys, row, r.Hi)
	return len(r.Hi) == 0 || c < 0 || c == 0 && !r.HiExcl
}

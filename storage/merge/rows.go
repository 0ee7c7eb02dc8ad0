package merge

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// row merges the row of one key. One that stays as it is gets rid of what it holds in columns that come back.
func (t *tableMerge) row(ctx context.Context, key string, base, source, target row) error {
	if t.misfit(&base, source, target) {
		return nil
	}
	n := t.group.len()
	t.held = false
	err := t.threeWay(ctx, key, base, source, target)
	if err != nil || t.holds == nil || !target.there() || t.held || t.group.len() > n {
		return err
	}
	for i := range t.stored {
		t.cellBuf[i] = t.value(target, i)
	}
	t.update(key, target, t.cellBuf)
	return nil
}

// holding reports whether a row of the target with columns that come back is in the store as it is to be. What is generated there is not
// known before it is computed.
func (t *tableMerge) holding(old row, cells []types.Datum) bool {
	for i, c := range t.stored {
		if c.Generated != "" && t.fromTarget[i] != t.holds[i] || c.Generated == "" && !diff.Same(cells[i], old.stored(i)) {
			return false
		}
	}
	return true
}

// threeWay applies the table in the package comment to one key.
func (t *tableMerge) threeWay(ctx context.Context, key string, base, source, target row) error {
	switch {
	case base.unclear:
		return t.unclear(ctx, key, source, target)
	case base.there() && source.there() && t.sameRow(base, source):
		if t.gaining && target.there() {
			t.gain(key, source, target)
		}
	case !base.there() && !source.there():
	case !base.there():
		return t.inserted(ctx, key, source, target)
	case !source.there():
		return t.removed(ctx, key, base, target)
	case !target.there():
		return t.settle(ctx, storage.UpdateDelete, key, base, source, absent)
	default:
		return t.cells(ctx, key, base, source, target)
	}
	return nil
}

// unclear merges a row that the bases have differently.
func (t *tableMerge) unclear(ctx context.Context, key string, source, target row) error {
	switch {
	case !source.there() && !target.there():
		return nil
	case !source.there():
		return t.settle(ctx, storage.DeleteUpdate, key, absent, source, target)
	case !target.there():
		return t.settle(ctx, storage.UpdateDelete, key, absent, source, target)
	case t.agree(source, target):
		t.gain(key, source, target)
		return nil
	}
	return t.combined(ctx, key, source, target, true)
}

// gain gives a row that both sides have the source's values of the columns that come with it.
func (t *tableMerge) gain(key string, source, target row) {
	more := false
	for i, c := range t.stored {
		v := t.value(target, i)
		t.cellBuf[i] = v
		if s, ok := source.cell(i); ok && t.gained[i] && c.Generated == "" && !diff.Same(s, v) {
			t.cellBuf[i], more = s, true
		}
	}
	if more {
		t.update(key, target, t.cellBuf)
	}
}

func (t *tableMerge) inserted(ctx context.Context, key string, source, target row) error {
	switch {
	case !target.there():
		t.ins.add(key, absent, t.cellsOf(source, absent))
		return nil
	case t.agree(source, target):
		t.gain(key, source, target)
		return nil
	}
	return t.combined(ctx, key, source, target, false)
}

// combined merges two rows that have no common past by the policies of their columns, or as is decided; unclear: they may have one.
func (t *tableMerge) combined(ctx context.Context, key string, source, target row, unclear bool) error {
	if t.policies {
		merged, ok, err := t.combine(ctx, source, target, unclear)
		if ok {
			t.become(key, target, merged)
		}
		if ok || err != nil {
			return err
		}
	}
	return t.settle(ctx, storage.InsertInsert, key, absent, source, target)
}

// combine merges two rows by the policies of the columns in which they differ; ok is false when one has none that has an answer.
func (t *tableMerge) combine(ctx context.Context, source, target row, unclear bool) ([]types.Datum, bool, error) {
	merged := t.cellBuf
	for i, c := range t.stored {
		merged[i] = t.value(target, i)
		if t.agreeAt(source, target, i) {
			if d, ok := source.cell(i); ok && t.gained[i] {
				merged[i] = d
			}
			continue
		}
		if !t.decides(c, unclear) {
			return nil, false, nil
		}
		d, ok, err := t.policy(ctx, c, types.Null, t.value(source, i), merged[i])
		if !ok || err != nil {
			return nil, false, err
		}
		merged[i] = d
	}
	return merged, true, nil
}

func (t *tableMerge) removed(ctx context.Context, key string, base, target row) error {
	switch {
	case !target.there():
	case t.sameRow(base, target):
		t.del.add(key, target, nil)
	default:
		return t.settle(ctx, storage.DeleteUpdate, key, base, absent, target)
	}
	return nil
}

// cells merges a row that is there on all sides.
func (t *tableMerge) cells(ctx context.Context, key string, base, source, target row) error {
	merged := t.cellBuf
	changed, conflicts := false, 0
	for i, c := range t.stored {
		s, inSource := source.cell(i)
		v := t.value(target, i)
		merged[i] = v
		if t.gained[i] && inSource { // the target has at most what it had before it dropped the column
			merged[i], changed = s, changed || c.Generated == "" && !diff.Same(s, v)
			continue
		}
		if !inSource || c.Generated != "" || c.Merge == "" && diff.Same(s, v) {
			continue
		}
		b, odd := t.value(base, i), base.strange(i)
		switch {
		case !odd && diff.Same(s, b):
			continue
		case !odd && diff.Same(b, v):
			merged[i], changed = s, true
			continue
		}
		d, ok, err := t.cell(ctx, key, i, base, source, target)
		if err != nil {
			return err
		}
		if !ok {
			conflicts++
		} else if !diff.Same(d, v) {
			merged[i], changed = d, true
		}
	}
	if changed && conflicts == 0 {
		t.update(key, target, merged)
	}
	return nil
}

// cell merges a cell that both sides have changed: by the column's policy, as one where they agree, or as is decided.
func (t *tableMerge) cell(ctx context.Context, key string, i int, base, source, target row) (types.Datum, bool, error) {
	c, s, v := t.stored[i], t.value(source, i), t.value(target, i)
	if t.decides(c, base.strange(i)) {
		if d, ok, err := t.policy(ctx, c, t.value(base, i), s, v); ok || err != nil {
			return d, ok, err
		}
	} else if diff.Same(s, v) {
		return v, true, nil
	}
	d, err := t.decide(ctx, func() storage.Conflict { return t.conflict(key, storage.UpdateUpdate, c, base, source, target) })
	switch {
	case err != nil || d.Side == storage.Undecided:
		return v, false, err
	case d.Side == storage.SourceSide:
		return s, true, nil
	case d.Side == storage.BaseSide && base.strange(i):
		return v, false, pgerr.New(pgerrcode.InvalidParameterValue, "a conflict about column \"%s\" cannot go to the base: the bases have different values", c.Name)
	case d.Side == storage.BaseSide:
		return t.value(base, i), true, nil
	case d.Side == storage.ValueSide:
		return d.Cell, true, nil
	}
	return v, true, nil
}

// decides reports whether a column's policy is asked. Where nobody can say what the base was, one that does not need it still is.
func (t *tableMerge) decides(c *catalog.Column, unclear bool) bool {
	return c.Merge != "" && t.req.Cell != nil && !(unclear && catalog.NeedsBase(c.Merge))
}

func (t *tableMerge) policy(ctx context.Context, c *catalog.Column, b, s, v types.Datum) (types.Datum, bool, error) {
	if !t.decides(c, false) {
		return v, false, nil
	}
	return t.req.Cell(ctx, t.into, c, b, s, v)
}

// settle decides a conflict about a whole row.
func (t *tableMerge) settle(ctx context.Context, kind storage.ConflictType, key string, base, source, target row) error {
	d, err := t.decide(ctx, func() storage.Conflict { return t.conflict(key, kind, nil, base, source, target) })
	if err != nil {
		return err
	}
	switch d.Side {
	case storage.SourceSide:
		t.becomeRow(key, target, source)
	case storage.BaseSide:
		t.becomeRow(key, target, base)
	case storage.ValueSide:
		t.become(key, target, d.Row)
	case storage.TargetSide, storage.Undecided:
	}
	return nil
}

func (t *tableMerge) becomeRow(key string, target, r row) {
	if !r.there() {
		t.become(key, target, nil)
		return
	}
	t.become(key, target, t.cellsOf(r, target))
}

// become makes the target's row what the cells say; nil: no row.
func (t *tableMerge) become(key string, target row, cells []types.Datum) {
	switch {
	case cells == nil && target.there():
		t.del.add(key, target, nil)
	case cells == nil:
	case !target.there():
		t.ins.add(key, absent, cells)
	default:
		for i := range cells {
			if !diff.Same(cells[i], t.value(target, i)) {
				t.update(key, target, cells)
				return
			}
		}
	}
}

// update notes a change of a row; one that moves unique values is written as a removal and an insert, so that rows may
// pass such values around, and so is one that has no entries in new indexes yet.
func (t *tableMerge) update(key string, old row, cells []types.Datum) {
	if t.holds != nil && t.holding(old, cells) {
		t.held = true
		return
	}
	if t.filled || t.gather && t.movesUnique(old, cells) {
		t.mov.add(key, old, cells)
		return
	}
	t.upd.add(key, old, cells)
}

func (t *tableMerge) movesUnique(old row, cells []types.Datum) bool {
	for _, ix := range t.into.Indexes {
		if !ix.Unique || ix.Primary {
			continue
		}
		if ix.Predicate != 0 {
			return true
		}
		for _, k := range ix.Columns {
			i := slices.IndexFunc(t.stored, func(c *catalog.Column) bool { return c.ID == k.Column })
			if i < 0 || t.stored[i].Generated != "" || !diff.Same(t.value(old, i), cells[i]) {
				return true
			}
		}
	}
	return false
}

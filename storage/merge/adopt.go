package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// replaced finds whether the target takes all rows of the source: because it had no such table, or had its rows elsewhere.
func (t *tableMerge) replaced() {
	t.former, _ = t.was.Object(t.into.OID).(*catalog.Table)
	t.fresh = t.former == nil
	t.adopted = !t.fresh && t.former.Rows != t.into.Rows
}

// clear takes away what the target still has where the source's rows go: the target may have had the table there once, and
// dropped, emptied or rewritten it.
func (t *tableMerge) clear(ctx context.Context) error {
	if !t.fresh && !t.adopted {
		return nil
	}
	return t.tx.Clear(ctx, t.merger.target, t.into)
}

// touched finds the keys of the rows to look at: those that the source changed, or, of a table that the target does not have,
// all.
func (t *tableMerge) touched(ctx context.Context) (diff.Keys, error) {
	if t.fresh {
		return diff.CandidatesOf(ctx, t.tx, t.merger.target, t.merger.source, nil, t.own)
	}
	keys, err := t.candidates(ctx, t.merger.base, t.merger.source, t.into.OID)
	if err != nil || !t.revives(t.into.OID) {
		return keys, err
	}
	keys, err = t.also(ctx, keys, nil, t.own)
	if err != nil || t.holds == nil {
		return keys, err
	}
	return t.also(ctx, keys, t.into, nil)
}

// also joins keys with those of all rows of a table as the target or as the source has it.
func (t *tableMerge) also(ctx context.Context, keys diff.Keys, target, source *catalog.Table) (diff.Keys, error) {
	all, err := diff.CandidatesOf(ctx, t.tx, t.merger.target, t.merger.source, target, source)
	if err != nil {
		_ = keys.Close()
		return nil, err
	}
	return &bothKeys{a: keyHead{in: keys}, b: keyHead{in: all}}, nil
}

// revives reports whether the merge brings a column of a table back that was dropped, be it that the target has it again already:
// rows have values in it without having been written since, and rows of the target that have been written have lost theirs.
func (m *merger) revives(id catalog.OID) bool {
	s := m.ids.table(m.source, id)
	into, ok := m.target.Catalog().Object(id).(*catalog.Table)
	if s == nil || !ok {
		return false
	}
	was, _ := m.was.Object(id).(*catalog.Table)
	dropped := func(t *catalog.Table, id catalog.ColumnID) bool {
		if t == nil {
			return false
		}
		c := t.ColumnByID(id)
		return c != nil && c.Dropped
	}
	b := m.base.table(id)
	return slices.ContainsFunc(into.Columns, func(c catalog.Column) bool {
		return !c.Dropped && live(s, c.ID) && (dropped(b, c.ID) || dropped(was, c.ID))
	})
}

// adopt gives the target rows where the source has them: by cells, as in any merge, where a row has the same key in both places,
// else the source's as they are. It counts what that changes.
func (t *tableMerge) adopt(ctx context.Context) error {
	t.readers.base = map[storage.View]*diff.Reader{}
	defer t.readers.close()
	if t.rekeys() {
		return t.adoptRekeyed(ctx)
	}
	keys, err := diff.CandidatesOf(ctx, t.tx, t.merger.target, t.merger.source, t.former, t.own)
	if err != nil {
		return err
	}
	return eachChunk(ctx, keys, func(list []string) (bool, error) { return false, t.adoptRows(ctx, list, list, !t.wholly()) })
}

// rekeys reports whether the table whose rows are adopted has a wider key than the target's had.
func (t *tableMerge) rekeys() bool {
	return t.base != nil && sameKey(t.base, t.former) && widerKey(t.former, t.into)
}

// wholly reports whether the target's rows give way to the source's as they are, because they have no keys in common.
func (t *tableMerge) wholly() bool {
	return t.adopted && !t.rekeys() && (t.base == nil || !sameKey(t.former, t.into) || !sameKey(t.base, t.into))
}

// adoptRows brings rows of the source, which the target and the base have under the keys was.
func (t *tableMerge) adoptRows(ctx context.Context, keys, was []string, byCell bool) error {
	source, err := diff.Fetch(ctx, t.tx, t.merger.source, t.own, ids(t.own), keys)
	if err != nil {
		return err
	}
	before, err := diff.Fetch(ctx, t.tx, t.merger.target, t.former, ids(t.former), was)
	if err != nil {
		return err
	}
	t.recoded(source, t.own)
	t.recoded(before, t.former)
	if err := t.follow(ctx, t.merger.source, t.source, source, keys); err != nil {
		return err
	}
	t.group = t.newGroup()
	sources, targets := rowsOf(source, t.fromSource), rowsOf(before, t.formerly())
	bases := targets // what is as it was is the source's to change
	if byCell {
		if bases, err = t.baseRows(ctx, t.merger.base, was, t.merger.source); err != nil {
			return err
		}
	}
	defer clear(t.misfits)
	for k, key := range keys {
		cells, err := t.outcome(ctx, key, bases[k], sources[k], targets[k])
		if err != nil {
			return err
		}
		t.adoptRow(key, cells, targets[k])
	}
	t.groups = append(t.groups, t.group)
	return t.write(ctx, t.steps()...)
}

// outcome is what a row of an adopted table becomes, nil: none. It holds until the next call.
func (t *tableMerge) outcome(ctx context.Context, key string, base, source, target row) ([]types.Datum, error) {
	if t.misfit(&base, source, target) {
		return nil, nil
	}
	if !base.unclear && base.there() == target.there() && (!target.there() || t.sameRow(base, target)) {
		if !source.there() {
			return nil, nil
		}
		return t.cellsOf(source, absent), nil
	}
	g := t.group
	defer func() { t.group = g }()
	t.group = t.newGroup()
	if err := t.row(ctx, key, base, source, target); err != nil {
		return nil, err
	}
	for _, r := range []*rowSet{&t.group.ins, &t.group.upd, &t.group.mov} {
		if len(r.keys) > 0 {
			return t.storedOf(r.new), nil
		}
	}
	if len(t.group.del.keys) > 0 || !target.there() {
		return nil, nil
	}
	for i := range t.stored {
		t.cellBuf[i] = t.value(target, i)
	}
	return t.cellBuf, nil
}

// storedOf are the cells of the stored columns in the one row of a batch.
func (t *tableMerge) storedOf(b *vector.Batch) []types.Datum {
	n := 0
	for i, c := range t.columns {
		if c.Hidden == "" {
			t.cellBuf[n] = b.Cols[i].Datum(0)
			n++
		}
	}
	return t.cellBuf
}

// adoptRow writes a row where the target has none yet, and counts what that is to whom had one elsewhere.
func (t *tableMerge) adoptRow(key string, cells []types.Datum, target row) {
	switch {
	case cells == nil && !target.there():
		return
	case cells == nil:
		t.res.Deletes++
		t.changed = true
		return
	case target.there():
		t.kept++
		for i, c := range t.stored {
			if c.Generated == "" && !diff.Same(cells[i], t.value(target, i)) {
				t.res.Updates++
				t.changed = true
				break
			}
		}
	}
	t.ins.add(key, absent, cells)
}

// formerly finds the merged table's columns in the former one; a number is the same in a wider type.
func (t *tableMerge) formerly() []int {
	wholly := t.wholly()
	out := make([]int, len(t.stored))
	for i, c := range t.stored {
		out[i] = slices.IndexFunc(t.former.Live(), func(y *catalog.Column) bool {
			return y.ID == c.ID && (fits(y.TypeOID, c.TypeOID) || fits(c.TypeOID, y.TypeOID) || !wholly && t.conversion(y.Type, c.Type) != nil)
		})
	}
	return out
}

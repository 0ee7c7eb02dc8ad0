package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/diff"
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
	all, err := diff.CandidatesOf(ctx, t.tx, t.merger.target, t.merger.source, nil, t.own)
	if err != nil {
		_ = keys.Close()
		return nil, err
	}
	return &bothKeys{a: keyHead{in: keys}, b: keyHead{in: all}}, nil
}

// revives reports whether the merge brings a column of a table back that was dropped: rows have values in it without having
// been written since, and rows of the target that have been written have lost theirs.
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

// adopt takes the source's rows as they are, and counts what that changes.
func (t *tableMerge) adopt(ctx context.Context) error {
	keys, err := diff.CandidatesOf(ctx, t.tx, t.merger.target, t.merger.source, t.former, t.own)
	if err != nil {
		return err
	}
	return eachChunk(ctx, keys, func(list []string) (bool, error) { return false, t.adoptRows(ctx, list) })
}

func (t *tableMerge) adoptRows(ctx context.Context, keys []string) error {
	source, err := diff.Fetch(ctx, t.tx, t.merger.source, t.own, ids(t.own), keys)
	if err != nil {
		return err
	}
	before, err := diff.Fetch(ctx, t.tx, t.merger.target, t.former, ids(t.former), keys)
	if err != nil {
		return err
	}
	t.recode.apply(source, t.own)
	t.follow(t.numbersOf(t.merger.source), t.source, source, keys)
	t.group = t.newGroup()
	was := rowsOf(before, t.formerly())
	for k, s := range rowsOf(source, t.fromSource) {
		switch {
		case !s.there():
			t.res.Deletes++
			t.changed = true
			continue
		case was[k].there():
			t.kept++
			if !t.sameRow(was[k], s) {
				t.res.Updates++
				t.changed = true
			}
		}
		t.ins.add(keys[k], absent, t.cellsOf(s, absent))
	}
	t.groups = append(t.groups, t.group)
	return t.write(ctx, t.steps()...)
}

// formerly finds the merged table's columns in the former one; a number is the same in a wider type.
func (t *tableMerge) formerly() []int {
	out := make([]int, len(t.stored))
	for i, c := range t.stored {
		out[i] = slices.IndexFunc(t.former.Live(), func(y *catalog.Column) bool {
			return y.ID == c.ID && (fits(y.TypeOID, c.TypeOID) || fits(c.TypeOID, y.TypeOID))
		})
	}
	return out
}

package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
)

// mergeRewritten merges a table whose rows the source has rewritten. They are to be where the target has them, if those fit what its
// columns become, else where the source has. nil: they fit in neither place.
func mergeRewritten(b, s, t *catalog.Table, p *picker) *catalog.Table {
	out := mergeTable(b, placedAs(s, b), t, p)
	switch {
	case sameKey(out, t) && sameTypes(out, t):
		return out
	case t.Rows == b.Rows && sameKey(out, s) && sameTypes(out, s) && (sameKey(b, s) || widerKey(b, s)) && p.converts(t, out):
		return placedAs(out, s)
	}
	return nil
}

// placedAs is a table with its rows, and the entries of its indexes, where another version of it has them.
func placedAs(t, as *catalog.Table) *catalog.Table {
	t = t.Clone()
	t.Rows = as.Rows
	for _, ix := range t.Indexes {
		if other := as.Index(ix.OID); other != nil {
			ix.Keyspace = other.Keyspace
		}
	}
	return t
}

// sameElsewhere reports whether two versions of a table differ in nothing but where their rows are.
func sameElsewhere(a, b catalog.Object) bool {
	x, ok1 := a.(*catalog.Table)
	y, ok2 := b.(*catalog.Table)
	if !ok1 || !ok2 || len(x.Indexes) != len(y.Indexes) {
		return false
	}
	return same(placedAs(x, y), y)
}

// sameTypes reports whether columns that two versions of a table have are of the same types.
func sameTypes(a, b *catalog.Table) bool {
	for _, c := range a.Live() {
		if x := b.ColumnByID(c.ID); x != nil && !x.Dropped && (x.TypeOID != c.TypeOID || x.Mod != c.Mod) {
			return false
		}
	}
	return true
}

// converts reports whether values of one version of a table can be brought to another, so that rows of both are merged by cells.
func (m *merger) converts(from, to *catalog.Table) bool {
	for _, c := range from.Live() {
		x := to.ColumnByID(c.ID)
		if x != nil && !x.Dropped && !fits(c.TypeOID, x.TypeOID) && m.conversion(c.Type, x.Type) == nil {
			return false
		}
	}
	return true
}

// wouldLose reports whether taking the source's table, whose rows were given a new keyspace, would lose changes that the
// target made to the rows in the old one.
func (m *merger) wouldLose(ctx context.Context, b, s catalog.Object) (bool, error) {
	bt, ok1 := b.(*catalog.Table)
	st, ok2 := s.(*catalog.Table)
	if !ok1 || !ok2 || bt.Rows == st.Rows || (sameKey(bt, st) || widerKey(bt, st)) && m.converts(bt, st) {
		return false, nil
	}
	return m.rowsDiffer(ctx, m.base, m.target, bt)
}

// incompatible reports whether the target gave the table's rows new keys or types, so that rows of the source cannot be
// brought there one by one.
func (t *tableMerge) incompatible() bool {
	if t.adopted || t.fresh || t.base == nil || t.base.Rows == t.into.Rows && t.source.Rows == t.into.Rows {
		return false
	}
	t.rekeyed = t.merger.base.view != nil && !t.hasNumbers(t.into.OID) && sameKey(t.base, t.source) && widerKey(t.base, t.into)
	if !t.rekeyed && (!sameKey(t.base, t.into) || !sameKey(t.source, t.into)) {
		return true
	}
	for i, c := range t.stored {
		if x := t.source.ColumnByID(c.ID); x != nil && !x.Dropped && t.fromSource[i] < 0 {
			return true
		}
	}
	return false
}

// sameKey reports whether two versions of a table have rows with the same keys: no key at all means row ids, which a
// rewrite does not keep.
func sameKey(a, b *catalog.Table) bool {
	x, y := a.PrimaryIndex(), b.PrimaryIndex()
	if x == nil || y == nil || !slices.Equal(x.Columns, y.Columns) {
		return false
	}
	for _, c := range x.Columns {
		if a.ColumnByID(c.Column).TypeOID != b.ColumnByID(c.Column).TypeOID {
			return false
		}
	}
	return true
}

// rewritten is the merge of an incompatible table: nothing to do, a contradiction, or, when the target wins, what it has.
func (t *tableMerge) rewritten(ctx context.Context) error {
	if t.own.OID == t.into.OID && t.own.Rows == t.into.Rows { // both have them: then what they hold counts
		sc, err := diff.Open(ctx, t.tx, t.merger.source, t.merger.target, t.into.OID)
		if err != nil {
			return err
		}
		rows, err := sc.Next(ctx)
		_ = sc.Close()
		if rows == nil || err != nil {
			return err
		}
	}
	changed, err := t.rowsDiffer(ctx, t.merger.base, t.merger.source, t.source)
	if err != nil || !changed {
		return err
	}
	const what = "its rows were rewritten on the target, and changed on the source"
	d, err := t.decide(ctx, func() storage.Conflict { return t.describe(t.into, what) })
	if d.Side == storage.SourceSide { // that cannot be done
		t.schemaConflict(t.into, what)
	}
	return err
}

package dml

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// alike reports whether equal values of two types are the same datum, so that keys can be looked up as they are. Other
// pairs, such as integer and numeric, are compared by SQL.
func alike(a, b types.Type) bool {
	a, b = underDomain(a), underDomain(b)
	if a.Same(b) {
		return true
	}
	return integer(a) && integer(b) || text(a) && text(b)
}

func underDomain(t types.Type) types.Type {
	for t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	return t
}

func integer(t types.Type) bool {
	return t.OID == types.OIDInt2 || t.OID == types.OIDInt4 || t.OID == types.OIDInt8
}

func text(t types.Type) bool { return t.OID == types.OIDText || t.OID == types.OIDVarchar }

func (l *link) alike() bool {
	for i, id := range l.key.Columns {
		if !alike(l.child.ColumnByID(id).Type, l.parent.ColumnByID(l.key.RefColumns[i]).Type) {
			return false
		}
	}
	return true
}

// requireParents checks that every key is in the referenced table, and locks the rows found against deletion. late is a
// deferred check: a row that is gone by now refers to nothing.
func (l *link) requireParents(ctx context.Context, keys [][]types.Datum, late bool) error {
	missing, err := l.absentParents(ctx, keys)
	if err != nil || len(missing) == 0 {
		return err
	}
	if !late {
		return l.missing(missing[0])
	}
	found, err := l.children(ctx, missing)
	if err != nil || found == nil {
		return err
	}
	return l.missing(found)
}

// absentParents returns the keys for which the referenced table has no row.
func (l *link) absentParents(ctx context.Context, keys [][]types.Datum) ([][]types.Datum, error) {
	ix := l.parent.Index(l.key.Index)
	if ix == nil || !l.alike() {
		return l.absentBySQL(ctx, keys)
	}
	if err := l.lockParent(ctx); err != nil {
		return nil, err
	}
	const tries = 10
	for range tries {
		rows, err := l.findParents(ctx, ix, keys)
		if err != nil {
			return nil, err
		}
		again, err := l.lockParents(ctx, rows)
		if err != nil {
			return nil, err
		}
		if !again {
			return rows.absent(), nil
		}
	}
	return l.absentBySQL(ctx, keys)
}

// lockParent keeps the referenced table as it is, as SELECT … FOR KEY SHARE would.
func (l *link) lockParent(ctx context.Context) error {
	v, err := l.env.View(ctx, l.ref)
	if err != nil {
		return err
	}
	return l.env.Txn.LockTable(ctx, v, l.parent.OID, catalog.RowShare, catalog.Wait)
}

// parents are the rows found for a set of keys.
type parents struct {
	set   *keySet
	keys  []string
	seen  []storage.SCN
	found []bool
}

func (p *parents) absent() [][]types.Datum {
	var out [][]types.Datum
	for i, ok := range p.found {
		if !ok {
			out = append(out, p.set.keys[i])
		}
	}
	return out
}

// findParents looks keys up in the referenced index, among the newest rows.
func (l *link) findParents(ctx context.Context, ix *catalog.Index, keys [][]types.Datum) (*parents, error) {
	ts := columnTypes(l.parent, l.key.RefColumns)
	p := &parents{set: setOf(ts, keys), found: make([]bool, len(keys))}
	at := make([]int, len(l.key.RefColumns))
	for i := range at {
		at[i] = i
	}
	cols := append(slices.Clone(l.key.RefColumns), catalog.ColRowKey, catalog.ColVersion)
	err := l.scan(ctx, l.parent, ix, cols, ranges(ix, l.key.RefColumns, keys, ts), func(b *vector.Batch) error {
		for k := range b.Live() {
			row := b.Row(k)
			i := p.set.find(b, row, at)
			if i < 0 {
				continue
			}
			p.found[i] = true
			p.keys = append(p.keys, b.Cols[len(at)].Datum(row).Clone().S)
			p.seen = append(p.seen, storage.SCN(b.Cols[len(at)+1].Datum(row).I))
		}
		return nil
	})
	return p, err
}

// ranges makes a point of each key, in the order of the index.
func ranges(ix *catalog.Index, columns []catalog.ColumnID, keys [][]types.Datum, ts []types.Type) []storage.Range {
	perm := make([]int, len(columns))
	desc := make([]bool, len(columns))
	for i := range columns {
		perm[i], desc[i] = slices.Index(columns, ix.Columns[i].Column), ix.Columns[i].Desc
	}
	keys = slices.Clone(keys)
	sortKeys(keys, ts, perm, desc)
	out := make([]storage.Range, len(keys))
	for n, key := range keys {
		bound := make([]types.Datum, len(perm))
		for i, p := range perm {
			bound[i] = key[p]
		}
		out[n] = storage.Range{Lo: bound, Hi: bound}
	}
	return out
}

// scan reads the newest rows of a table through an index.
func (l *link) scan(ctx context.Context, t *catalog.Table, ix *catalog.Index, cols []catalog.ColumnID, ranges []storage.Range, f func(*vector.Batch) error) error {
	v, err := l.env.View(ctx, l.ref)
	if err != nil {
		return err
	}
	if ix != nil && ix.Primary {
		ix = nil
	}
	sc, err := l.env.Txn.Scan(ctx, storage.ScanRequest{View: v, Table: t, Index: ix, Columns: cols, Ranges: ranges, Latest: true})
	if err != nil {
		return err
	}
	for {
		b, err := sc.Next(ctx)
		if err == nil && b != nil {
			err = f(b)
		}
		if err != nil {
			_ = sc.Close()
			return err
		}
		if b == nil {
			return sc.Close()
		}
	}
}

// lockParents locks the rows found. again: one of them has changed meanwhile and must be looked up anew.
func (l *link) lockParents(ctx context.Context, p *parents) (again bool, err error) {
	if len(p.keys) == 0 {
		return false, nil
	}
	v, err := l.env.View(ctx, l.ref)
	if err != nil {
		return false, err
	}
	res, err := l.env.Txn.LockRows(ctx, storage.LockRequest{
		View: v, Table: l.parent, Keys: p.keys, Seen: p.seen, Strength: catalog.ForKeyShare, Wait: catalog.Wait, Doing: "locking",
	})
	if err != nil {
		return false, duringQuery(ctx, err, l.parentQuery)
	}
	return slices.ContainsFunc(res, func(r storage.LockResult) bool { return r != storage.LockUnchanged }), nil
}

// child is a row of the referring table that has a key.
type child struct {
	key     []types.Datum
	rowKey  string
	version storage.SCN
}

// heldChildren is children after a wait for those who are about to take rows away that have a key: they may have done so, or
// not.
func (l *link) heldChildren(ctx context.Context, keys [][]types.Datum) ([]types.Datum, error) {
	if !l.alike() {
		return l.childrenBySQL(ctx, keys)
	}
	v, err := l.env.View(ctx, l.ref)
	if err != nil {
		return nil, err
	}
	if err := l.env.Txn.LockTable(ctx, v, l.child.OID, catalog.RowShare, catalog.Wait); err != nil {
		return nil, err
	}
	const tries = 10
	for range tries {
		c, err := l.firstChild(ctx, keys)
		if err != nil || c == nil {
			return nil, err
		}
		found, err := l.env.Txn.LockRows(ctx, storage.LockRequest{
			View: v, Table: l.child, Keys: []string{c.rowKey}, Seen: []storage.SCN{c.version}, Strength: catalog.ForKeyShare, Wait: catalog.Wait, Doing: "locking",
		})
		if err != nil {
			return nil, duringQuery(ctx, err, l.childQuery)
		}
		if r := found[0]; r == storage.LockUnchanged || r == storage.LockSelf {
			return c.key, nil
		}
	}
	return l.childrenBySQL(ctx, keys)
}

// children returns the first of the keys that a row of the referring table has; nil when none has.
func (l *link) children(ctx context.Context, keys [][]types.Datum) ([]types.Datum, error) {
	if !l.alike() {
		return l.childrenBySQL(ctx, keys)
	}
	c, err := l.firstChild(ctx, keys)
	if err != nil || c == nil {
		return nil, err
	}
	return c.key, nil
}

// firstChild finds a row that has the first of the keys that any row has.
func (l *link) firstChild(ctx context.Context, keys [][]types.Datum) (*child, error) {
	ts := columnTypes(l.child, l.key.Columns)
	ix := prefixIndex(l.child, l.key.Columns)
	set := setOf(ts, keys)
	var points []storage.Range
	if ix != nil {
		points = ranges(ix, l.key.Columns, keys, ts)
	}
	at := make([]int, len(l.key.Columns))
	for i := range at {
		at[i] = i
	}
	first := -1
	var found child
	cols := append(slices.Clone(l.key.Columns), catalog.ColRowKey, catalog.ColVersion)
	err := l.scan(ctx, l.child, ix, cols, points, func(b *vector.Batch) error {
		for k := 0; k < b.Live() && first != 0; k++ {
			row := b.Row(k)
			if i := set.find(b, row, at); i >= 0 && (first < 0 || i < first) {
				first = i
				found = child{keys[i], b.Cols[len(at)].Datum(row).Clone().S, storage.SCN(b.Cols[len(at)+1].Datum(row).I)}
			}
		}
		return nil
	})
	if err != nil || first < 0 {
		return nil, err
	}
	return &found, nil
}

// prefixIndex finds an index, not partial, whose first columns are these in any order.
func prefixIndex(t *catalog.Table, columns []catalog.ColumnID) *catalog.Index {
	for _, ix := range t.Indexes {
		if ix.Predicate != 0 || len(ix.Columns) < len(columns) {
			continue
		}
		all := true
		for i := range columns {
			all = all && slices.Contains(columns, ix.Columns[i].Column)
		}
		if all {
			return ix
		}
	}
	return nil
}

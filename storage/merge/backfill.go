package merge

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// newIndex is an index that the merge brings to a table whose rows are already there.
type newIndex struct {
	table catalog.OID
	index catalog.OID
}

// clearIndexes takes away what new indexes have on the target from a time when it had them.
func (m *merger) clearIndexes(ctx context.Context) error {
	for _, n := range m.indexes {
		t, ok := m.target.Catalog().Object(n.table).(*catalog.Table)
		if !ok || t.Index(n.index) == nil {
			continue
		}
		if err := m.tx.ClearIndex(ctx, m.target, t, t.Index(n.index)); err != nil {
			return err
		}
	}
	return nil
}

// note remembers rows that have been written: they have entries in new indexes and satisfy new constraints.
func (t *tableMerge) note(keys []string) {
	if len(t.before) == 0 {
		return
	}
	set := t.done[t.into.OID]
	if set == nil {
		set = map[string]struct{}{}
		t.done[t.into.OID] = set
	}
	for _, k := range keys {
		set[k] = struct{}{}
	}
}

// backfill fills the indexes that came with the schema for the rows that the target had already.
func (m *merger) backfill(ctx context.Context) error {
	for _, n := range m.indexes {
		t, ok := m.target.Catalog().Object(n.table).(*catalog.Table)
		if !ok || t.Index(n.index) == nil {
			continue
		}
		if err := m.backfillIndex(ctx, t, t.Index(n.index)); err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) backfillIndex(ctx context.Context, t *catalog.Table, ix *catalog.Index) error {
	var all []catalog.ColumnID
	stored := ids(t)
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			all = append(all, c.ID)
		}
	}
	// The scan reads at the merge's statement: rows that it wrote show as they were, and are left out.
	sc, err := m.tx.Scan(ctx, storage.ScanRequest{View: m.target, Table: t, Columns: append(stored[:len(stored):len(stored)], catalog.ColRowKey)})
	if err != nil {
		return err
	}
	defer sc.Close()
	tm := &tableMerge{merger: m, into: t}
	for {
		b, err := sc.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		if b = m.remaining(t, b, len(stored)); b.Live() == 0 {
			continue
		}
		rows := withHidden(t, b, len(stored))
		if err := tm.complete(ctx, rows, false); err != nil {
			return err
		}
		keys := make([]string, b.Live())
		for k := range keys {
			keys[k] = b.Cols[len(stored)].Str[b.Row(k)]
		}
		err = m.tx.Backfill(ctx, storage.BackfillRequest{View: m.target, Table: t, Index: ix, Columns: all, Rows: rows, Keys: keys})
		if v := storage.ViolationOf(t, err); err != nil && v.Kind != "" && m.req.Violated != nil { // nothing of it will be committed
			tm.list(v, nil)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// remaining copies the rows of a batch that the merge has not written.
func (m *merger) remaining(t *catalog.Table, b *vector.Batch, key int) *vector.Batch {
	done := m.done[t.OID]
	var sel []uint16
	for k := range b.Live() {
		i := b.Row(k)
		if _, ok := done[b.Cols[key].Str[i]]; !ok {
			sel = append(sel, uint16(i))
		}
	}
	out := &vector.Batch{N: len(sel)}
	for _, c := range b.Cols {
		v := &vector.Vector{}
		v.Reset(c.Type)
		for _, i := range sel {
			v.Append(c.Datum(int(i)))
		}
		out.Cols = append(out.Cols, v)
	}
	return out
}

// withHidden makes a batch of all columns of t, hidden ones empty, of one with the stored ones.
func withHidden(t *catalog.Table, b *vector.Batch, stored int) *vector.Batch {
	out := &vector.Batch{N: b.N, Sel: b.Sel}
	n := 0
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Dropped:
		case c.Hidden == "" && n < stored:
			out.Cols = append(out.Cols, b.Cols[n])
			n++
		default:
			v := &vector.Vector{}
			v.Resize(c.Type, b.N)
			for r := range b.N {
				v.Set(r, types.Null)
			}
			out.Cols = append(out.Cols, v)
		}
	}
	return out
}

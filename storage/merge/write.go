package merge

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// write brings a batch of merged rows to the target: deletions first, so that unique values they held are free.
func (t *tableMerge) write(ctx context.Context) error {
	if err := t.writeDeletes(ctx); err != nil {
		return err
	}
	if err := t.writeUpdates(ctx); err != nil {
		return err
	}
	return t.writeInserts(ctx)
}

func (t *tableMerge) complete(ctx context.Context, rows *vector.Batch, fresh bool) error {
	if t.req.Complete == nil {
		return nil
	}
	return t.req.Complete(ctx, t.into, rows, fresh)
}

func (t *tableMerge) written(ctx context.Context, old, new *vector.Batch) error {
	if t.req.Written == nil {
		return nil
	}
	return t.req.Written(ctx, t.into, old, new)
}

// lock takes the row locks; a row that was changed since the merge's snapshot makes the merge start over (40001), which
// storage reports.
func (t *tableMerge) lock(ctx context.Context, keys []string) error {
	_, err := t.tx.LockRows(ctx, storage.LockRequest{View: t.merger.target, Table: t.into, Keys: keys, Seen: make([]storage.SCN, len(keys)),
		Strength: catalog.ForUpdate, Wait: catalog.Wait})
	return err
}

func (t *tableMerge) writeDeletes(ctx context.Context) error {
	if len(t.del.keys) == 0 {
		return nil
	}
	if err := t.lock(ctx, t.del.keys); err != nil {
		return err
	}
	if err := t.complete(ctx, t.del.old, false); err != nil {
		return err
	}
	err := t.tx.Delete(ctx, storage.DeleteRequest{View: t.merger.target, Table: t.into, Columns: t.del.columns, Old: t.del.old, Keys: t.del.keys})
	if err != nil {
		return err
	}
	t.res.Deletes += int64(len(t.del.keys))
	return t.written(ctx, t.del.old, nil)
}

func (t *tableMerge) writeUpdates(ctx context.Context) error {
	if len(t.upd.keys) == 0 {
		return nil
	}
	if err := t.lock(ctx, t.upd.keys); err != nil {
		return err
	}
	if err := t.complete(ctx, t.upd.old, false); err != nil {
		return err
	}
	if err := t.complete(ctx, t.upd.new, true); err != nil {
		return err
	}
	err := t.tx.Update(ctx, storage.UpdateRequest{View: t.merger.target, Table: t.into, Columns: t.upd.columns, Old: t.upd.old, New: t.upd.new, Keys: t.upd.keys})
	if err != nil {
		return err
	}
	t.res.Updates += int64(len(t.upd.keys))
	return t.written(ctx, t.upd.old, t.upd.new)
}

func (t *tableMerge) writeInserts(ctx context.Context) error {
	if len(t.ins.keys) == 0 {
		return nil
	}
	if err := t.complete(ctx, t.ins.new, true); err != nil {
		return err
	}
	req := storage.InsertRequest{View: t.merger.target, Table: t.into, Columns: t.ins.columns, Rows: t.ins.new}
	if t.into.PrimaryIndex() == nil {
		req.RowKeys = t.ins.keys
	}
	if _, err := t.tx.Insert(ctx, req); err != nil {
		return err
	}
	t.res.Inserts += int64(len(t.ins.keys))
	return t.written(ctx, nil, t.ins.new)
}

// backfill fills the indexes that came with the schema for the rows that the target had already.
func (m *merger) backfill(ctx context.Context) error {
	if len(m.indexes) > 0 {
		m.tx.Statement() // the merged rows have their entries; the scan sees all rows
	}
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
	var stored, all []catalog.ColumnID
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			all = append(all, c.ID)
			if c.Hidden == "" {
				stored = append(stored, c.ID)
			}
		}
	}
	sc, err := m.tx.Scan(ctx, storage.ScanRequest{View: m.target, Table: t, Columns: append(stored, catalog.ColRowKey)})
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
		rows := withHidden(t, b, len(stored))
		if err := tm.complete(ctx, rows, false); err != nil {
			return err
		}
		keys := make([]string, b.Live())
		for k := range keys {
			keys[k] = b.Cols[len(stored)].Str[b.Row(k)]
		}
		if err := m.tx.Backfill(ctx, storage.BackfillRequest{View: m.target, Table: t, Index: ix, Columns: all, Rows: rows, Keys: keys}); err != nil {
			return err
		}
	}
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

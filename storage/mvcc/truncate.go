package mvcc

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// Truncate implements storage.Txn.
func (t *Txn) Truncate(ctx context.Context, sv storage.View, table *catalog.Table) error {
	v, err := t.writable(sv)
	if err != nil {
		return err
	}
	c, err := t.s.emptied(ctx, table)
	if err != nil {
		return err
	}
	if err := t.noteEmptied(ctx, v, table); err != nil {
		return storeError(err)
	}
	return storeError(v.Put(ctx, c))
}

// emptying says how many rows a transaction took from a table at once. They stay where they are, for points of the past and for who takes
// it back: its keyspace is none.
type emptying struct {
	layer *layer
	tableCount
}

// noteEmptied counts the rows of a table that is about to lose them all.
func (t *Txn) noteEmptied(ctx context.Context, v *view, table *catalog.Table) error {
	if table.Virtual || table.OID < catalog.FirstUserOID {
		return nil
	}
	n, err := t.rowsOf(ctx, v, table)
	if err == nil && n > 0 {
		t.emptied = append(t.emptied, emptying{v.layer, tableCount{table: table.OID, rowCounts: rowCounts{deletes: n}}})
	}
	return err
}

// rowsOf counts the rows of a table: without reading them where that is known.
func (t *Txn) rowsOf(ctx context.Context, v *view, table *catalog.Table) (n int64, err error) {
	n, ok := t.ownRows(v, table.Rows)
	for _, l := range v.chain {
		if !ok {
			break
		}
		var k int64
		if k, ok, err = t.s.countLayer(ctx, l.layer, table.Rows, l.bound); err != nil {
			return 0, err
		}
		n += k
	}
	if ok {
		return n, nil
	}
	sc, err := t.Scan(ctx, storage.ScanRequest{View: v, Table: table})
	if err != nil {
		return 0, err
	}
	defer sc.Close()
	for n = 0; ; {
		b, err := sc.Next(ctx)
		if b == nil || err != nil {
			return n, err
		}
		n += int64(b.Live())
	}
}

// Backfill implements storage.Txn.
func (t *Txn) Backfill(ctx context.Context, r storage.BackfillRequest) error {
	v, err := t.writable(r.View)
	if err != nil {
		return err
	}
	info := newTableInfo(r.Table)
	w := &tableWriter{info: info, columns: r.Columns}
	iw, err := w.index(info.index(r.Index))
	if err != nil {
		return err
	}
	w.indexes = []indexWriter{iw}
	target := t.writesTo(v, r.Index.Keyspace)
	target.table = r.Table.OID
	target.fresh = target.fresh || !v.known(r.Index.Keyspace)
	target.remember()
	for k, key := range r.Keys {
		if err := t.backfillRow(ctx, v, target, w, stringBytes(key), &r, r.Rows.Row(k)); err != nil {
			return storeError(err)
		}
	}
	return t.spill(ctx)
}

func (t *Txn) backfillRow(ctx context.Context, v *view, target *writes, w *tableWriter, key []byte, r *storage.BackfillRequest, i int) error {
	iw := &w.indexes[0]
	var null, out bool
	if w.entry, null, out = iw.entryKey(w.entry[:0], r.Rows.Cols, i); out {
		return nil
	}
	if iw.unique(null) {
		other := target.live(w.entry) != nil
		if !other && target.mayBeAhead(w.entry) {
			c, err := t.entryBelow(ctx, v, target, iw.Keyspace, w.entry)
			if err != nil {
				return err
			}
			other = c.live
		}
		if other {
			return errBuild(v.Catalog(), r, i)
		}
	}
	return t.putEntry(ctx, v, target, w, 0, key, r.Rows.Cols, i, nil, false)
}

func errBuild(s *catalog.Snapshot, r *storage.BackfillRequest, i int) error {
	d := duplicate(r.Table, r.Index, r.Columns, r.Rows.Cols, i)
	return pgerr.New(pgerrcode.UniqueViolation, "could not create unique index \"%s\"", r.Index.Name).
		WithDetail("Key %s is duplicated.", d.Text(types.DefaultFormat())).WithTable(s.SchemaName(r.Table.Schema), r.Table.Name, "", r.Index.Name).Because(d)
}

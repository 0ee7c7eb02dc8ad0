package mvcc

import (
	"bytes"
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/lock"
	"github.com/rowandb/rowan/types/vector"
)

// updater is one call of Update.
type updater struct {
	t    *Txn
	v    *view
	r    *storage.UpdateRequest
	w    *tableWriter
	rows *writes
	idx  []*writes
	old2 []byte // key of an index entry of the old row
}

// Update implements storage.Txn.
func (t *Txn) Update(ctx context.Context, r storage.UpdateRequest) error {
	v, err := t.writable(r.View)
	if err != nil {
		return err
	}
	w, err := t.s.table(r.Table).writer(r.Columns)
	if err != nil {
		return err
	}
	defer w.release()
	u := &updater{t: t, v: v, r: &r, w: w}
	u.rows, u.idx = t.targets(v, w.info)
	for k, key := range r.Keys {
		if err := u.row(ctx, key, r.Old.Row(k), r.New.Row(k)); err != nil {
			return storeError(err)
		}
	}
	return t.spill(ctx)
}

// targets returns the writes to a table's rows and to its indexes.
func (t *Txn) targets(v *view, info *tableInfo) (rows *writes, idx []*writes) {
	rows = t.writesTo(v, info.table.Rows)
	rows.rows, rows.table = true, info.table.OID
	for _, x := range info.indexes {
		w := t.writesTo(v, x.Keyspace)
		w.table = info.table.OID
		w.remember()
		idx = append(idx, w)
	}
	return rows, idx
}

func (u *updater) row(ctx context.Context, key string, old, i int) error {
	w, cols := u.w, u.r.New.Cols
	for _, n := range w.notNull {
		if n.pos < 0 || cols[n.pos].IsNull(i) {
			return errNull(u.v.Catalog(), w.info.table, n.col, w.columns, u.r.New, i)
		}
	}
	rowKey := stringBytes(key)
	if w.pk != nil {
		var err error
		if w.key, err = w.rowKey(w.key[:0], cols, i); err != nil {
			return err
		}
		if string(w.key) != key {
			return u.moveRow(ctx, rowKey, old, i)
		}
	}
	if err := u.writeRow(ctx, key, i); err != nil {
		return err
	}
	for x := range w.indexes {
		if err := u.entry(ctx, x, rowKey, rowKey, old, i); err != nil {
			return err
		}
	}
	return nil
}

// writeRow replaces a row whose key stays.
func (u *updater) writeRow(ctx context.Context, key string, i int) error {
	w := u.w
	w.payload = w.enc.Append(w.payload[:0], u.r.New.Cols, i)
	var c committedRow
	if x, err := u.t.newest(u.rows, stringBytes(key)); err != nil {
		return err
	} else if x == nil {
		if c, err = u.t.current(ctx, u.v, w.info.table, key); err != nil {
			return err
		}
	}
	u.t.put(u.rows, stringBytes(key), w.payload, false, c.below, c.base)
	return nil
}

// moveRow replaces a row by one with another primary key, w.key.
func (u *updater) moveRow(ctx context.Context, oldKey []byte, old, i int) error {
	w := u.w
	newKey := bytes.Clone(w.key)
	if err := u.t.remove(ctx, u.v, w.info.table, u.rows, bytesString(oldKey)); err != nil {
		return err
	}
	c, other, err := u.t.claim(ctx, u.v, u.rows, w.info.table.Rows, newKey, false, claimant{w.info.pk.Name, newKey})
	if err != nil {
		return err
	}
	if other != nil { // as in PostgreSQL, also where a later row of the statement would leave the key
		return errDuplicate(u.v.Catalog(), w.info.table, w.info.pk.Index, w.columns, u.r.New.Cols, i)
	}
	u.t.noteMove(u.rows.Space, oldKey, newKey)
	base := bytes.Clone(c.base)
	w.payload = w.enc.Append(w.payload[:0], u.r.New.Cols, i)
	u.t.put(u.rows, newKey, w.payload, false, c.below, base)
	for x := range w.indexes {
		if err := u.entry(ctx, x, oldKey, newKey, old, i); err != nil {
			return err
		}
	}
	return nil
}

// entry brings the row's entry in the x-th index up to date.
func (u *updater) entry(ctx context.Context, x int, oldRow, newRow []byte, old, i int) error {
	w, t := u.w, u.t
	iw := &w.indexes[x]
	var oldNull, oldOut, null, out bool
	u.old2, oldNull, oldOut = iw.entryKey(u.old2[:0], u.r.Old.Cols, old)
	w.entry, null, out = iw.entryKey(w.entry[:0], u.r.New.Cols, i)
	sameRow := bytes.Equal(oldRow, newRow)
	same := sameRow && oldOut == out && bytes.Equal(u.old2, w.entry)
	if same && (out || !u.includeChanged(iw, old, i)) {
		return nil
	}
	if !oldOut && !same {
		if !iw.unique(oldNull) {
			u.old2 = append(u.old2, oldRow...)
		}
		if err := t.removeEntry(ctx, u.v, u.idx[x], iw, u.old2, iw.unique(oldNull)); err != nil {
			return err
		}
	}
	if !out && iw.unique(null) && !same {
		_, other, err := t.claim(ctx, u.v, u.idx[x], iw.Keyspace, w.entry, false, claimant{iw.Name, newRow})
		if err != nil {
			return err
		}
		if other != nil {
			return errDuplicate(u.v.Catalog(), w.info.table, iw.Index, w.columns, u.r.New.Cols, i)
		}
	}
	if !same {
		return t.putEntry(ctx, u.v, u.idx[x], w, x, newRow, u.r.New.Cols, i, nil, false)
	}
	return u.replaceEntry(ctx, x, newRow, i)
}

// replaceEntry writes an entry of which the included columns alone have changed: the one that is there, under the same key,
// goes to history.
func (u *updater) replaceEntry(ctx context.Context, x int, rowKey []byte, i int) error {
	w, t := u.w, u.t
	iw := &w.indexes[x]
	var null bool
	w.entry, null, _ = iw.entryKey(w.entry[:0], u.r.New.Cols, i)
	inKey := !iw.unique(null)
	if inKey {
		w.entry = append(w.entry, rowKey...)
	}
	w.value = iw.entryValue(w.value[:0], rowKey, inKey, u.r.New.Cols, i)
	c, err := t.entryBelow(ctx, u.v, u.idx[x], iw.Keyspace, w.entry)
	if err != nil {
		return err
	}
	t.put(u.idx[x], w.entry, w.value, false, c.below, c.base)
	return nil
}

func (u *updater) includeChanged(iw *indexWriter, old, i int) bool {
	for _, p := range iw.include {
		a, b := u.r.Old.Cols[p].Datum(old), u.r.New.Cols[p].Datum(i)
		if a.Null != b.Null || a.I != b.I || a.S != b.S {
			return true
		}
	}
	return false
}

// removeEntry deletes an index entry; that of a unique key is locked, so that whoever wants the key waits for the end of
// this transaction.
func (t *Txn) removeEntry(ctx context.Context, v *view, target *writes, iw *indexWriter, key []byte, unique bool) error {
	x, err := t.newest(target, key)
	if err != nil {
		return err
	}
	var c committedRow
	switch {
	case unique:
		c, _, err = t.lockSettled(ctx, v, iw.Keyspace, rowLockKey(v, iw.Keyspace, key), lock.Mode(catalog.ForUpdate), t.waitOption(catalog.Wait))
		err = t.s.lockError(err, nil, true)
	case x == nil:
		c, err = t.entryBelow(ctx, v, target, iw.Keyspace, key)
	}
	if err != nil {
		return err
	}
	t.put(target, key, nil, true, c.below, c.base)
	return nil
}

// remove deletes a row.
func (t *Txn) remove(ctx context.Context, v *view, table *catalog.Table, rows *writes, key string) error {
	kb := stringBytes(key)
	x, err := t.newest(rows, kb)
	if err != nil {
		return err
	}
	if x != nil {
		t.put(rows, kb, nil, true, 0, nil)
		return nil
	}
	c, err := t.current(ctx, v, table, key)
	if err != nil {
		return err
	}
	t.put(rows, kb, nil, true, c.below, c.base)
	return nil
}

// Delete implements storage.Txn.
func (t *Txn) Delete(ctx context.Context, r storage.DeleteRequest) error {
	v, err := t.writable(r.View)
	if err != nil {
		return err
	}
	w, err := t.s.table(r.Table).writer(r.Columns)
	if err != nil {
		return err
	}
	defer w.release()
	rows, idx := t.targets(v, w.info)
	for k, key := range r.Keys {
		if err := t.remove(ctx, v, r.Table, rows, key); err != nil {
			return storeError(err)
		}
		if err := t.removeEntries(ctx, v, w, idx, stringBytes(key), r.Old.Cols, r.Old.Row(k)); err != nil {
			return storeError(err)
		}
	}
	return t.spill(ctx)
}

func (t *Txn) removeEntries(ctx context.Context, v *view, w *tableWriter, idx []*writes, rowKey []byte, cols []*vector.Vector, i int) error {
	for x := range w.indexes {
		iw := &w.indexes[x]
		var null, out bool
		if w.entry, null, out = iw.entryKey(w.entry[:0], cols, i); out {
			continue
		}
		if !iw.unique(null) {
			w.entry = append(w.entry, rowKey...)
		}
		if err := t.removeEntry(ctx, v, idx[x], iw, w.entry, iw.unique(null)); err != nil {
			return err
		}
	}
	return nil
}

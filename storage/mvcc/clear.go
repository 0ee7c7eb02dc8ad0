package mvcc

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// Clear takes away all that a view has in the keyspaces of a table. Where the table is new to the view, or gets back a
// keyspace that it once had, what has stayed there from before would be its rows again.
func (t *Txn) Clear(ctx context.Context, sv storage.View, table *catalog.Table) error {
	v, err := t.writable(sv)
	if err != nil {
		return err
	}
	info := newTableInfo(table)
	rows, idx := t.targets(v, info)
	for _, w := range append(idx, rows) {
		if err := t.clear(ctx, v, w); err != nil {
			return storeError(err)
		}
	}
	return t.spill(ctx)
}

// ClearIndex is Clear for one index of a table.
func (t *Txn) ClearIndex(ctx context.Context, sv storage.View, table *catalog.Table, ix *catalog.Index) error {
	v, err := t.writable(sv)
	if err != nil {
		return err
	}
	w := t.writesTo(v, ix.Keyspace)
	w.table = table.OID
	w.remember()
	if err := t.clear(ctx, v, w); err != nil {
		return storeError(err)
	}
	return t.spill(ctx)
}

func (t *Txn) clear(ctx context.Context, v *view, w *writes) error {
	if !v.known(w.Keyspace) && !w.any() {
		return nil
	}
	in := t.r.fork().scan(ctx, v.chain, w.Keyspace, w, span{})
	defer in.close()
	for {
		ok, err := in.next()
		if err != nil || !ok {
			return err
		}
		key := in.row().key
		c, err := t.entryBelow(ctx, v, w, w.Keyspace, key)
		if err != nil {
			return err
		}
		t.put(w, key, nil, true, c.below, c.base)
	}
}

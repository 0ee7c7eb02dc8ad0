package mvcc

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/lock"
)

// vacancies finds out whether the whole batch falls into a range of primary keys without a single row, as it does where
// rows come in the order of the key: one seek instead of a look-up for each row. The keys are locked first, so that what
// it finds stays true.
func (in *inserter) vacancies(ctx context.Context) (err error) {
	ks := in.w.info.table.Rows
	if in.fresh = in.isFresh(); in.fresh {
		return nil
	}
	if in.w.pk == nil || in.r.Rows.Live() < 16 || !in.v.known(ks) {
		return nil
	}
	mark := in.t.owner.Mark()
	lo, hi, ok, err := in.lockRange(ks)
	for i := range in.v.chain {
		sp := in.v.chain[i].space(ks)
		if !ok || err != nil {
			break
		}
		if sp != nil {
			ok, err = in.emptyRange(ctx, sp, lo, hi)
		}
	}
	if in.vacant = ok && err == nil; !in.vacant {
		in.t.owner.ReleaseTo(mark)
	}
	return err
}

// isFresh reports whether the table's keyspaces were made by this transaction, so that nobody else can write to them.
func (in *inserter) isFresh() bool {
	v, t := in.v, in.w.info.table
	if in.rows.fresh {
		return true
	}
	if v.cat == v.base && v.base != nil {
		return false
	}
	v.Catalog()
	old, _ := v.base.Object(t.OID).(*catalog.Table)
	in.rows.fresh = (old == nil || old.Rows != t.Rows) && !v.known(t.Rows)
	return in.rows.fresh
}

// lockRange locks the batch's primary keys, unless one is locked by another, and returns the range that they span.
func (in *inserter) lockRange(ks catalog.Keyspace) (lo, hi []byte, ok bool, err error) {
	w, b := in.w, in.r.Rows
	for k := range b.Live() {
		if w.key, err = w.rowKey(w.key[:0], b.Cols, b.Row(k)); err != nil {
			return nil, nil, false, err
		}
		_, err := in.t.owner.Lock(context.Background(), rowLockKey(in.v, ks, w.key), lock.Mode(catalog.ForUpdate), lock.Wait{No: true})
		if err != nil {
			return nil, nil, false, nil
		}
		if k == 0 || string(w.key) < string(lo) {
			lo = append(lo[:0], w.key...)
		}
		if k == 0 || string(w.key) > string(hi) {
			hi = append(hi[:0], w.key...)
		}
	}
	return lo, append(hi, 0), true, nil
}

func (in *inserter) emptyRange(ctx context.Context, sp *space, lo, hi []byte) (bool, error) {
	it := in.t.s.kv.Scan(ctx, kv.Range{Lo: sp.AppendHead(nil, lo), Hi: sp.AppendHead(nil, hi), KeysOnly: true})
	defer it.Close()
	return !it.Next(), it.Err()
}

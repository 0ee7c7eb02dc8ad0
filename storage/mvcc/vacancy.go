package mvcc

import (
	"bytes"
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/lock"
)

// batchKeys are the primary keys of a batch.
type batchKeys struct {
	buf  []byte
	ends []uint32
}

func (b *batchKeys) key(k int) []byte {
	from := uint32(0)
	if k > 0 {
		from = b.ends[k-1]
	}
	return b.buf[from:b.ends[k]:b.ends[k]]
}

// fewest is how many rows make it worth while to look at a batch as a whole.
const fewest = 16

// vacancies finds out whether the whole batch falls into a range of primary keys without a single row, as it does where
// rows come in the order of the key: one seek instead of a look-up, and one claim instead of a lock, for each row.
func (in *inserter) vacancies(ctx context.Context) error {
	if in.w.pk == nil || in.r.Rows.Live() < fewest {
		return nil
	}
	ok, err := in.ascending()
	if err != nil || !ok {
		return err
	}
	lo, hi := in.keys.key(0), in.keys.key(in.r.Rows.Live()-1)
	if !in.rows.endBefore(lo) {
		return nil
	}
	if in.fresh {
		in.vacant = true
		return nil
	}
	if !in.t.claimKeys(in.v, in.w.info.table.Rows, in.keys, lock.Mode(catalog.ForUpdate)) {
		return nil
	}
	in.vacant, err = in.emptyRange(ctx, lo, hi)
	if !in.vacant {
		in.t.unclaimLast()
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

// ascending makes the keys, and reports whether each is greater than the one before.
func (in *inserter) ascending() (ok bool, err error) {
	w, b := in.w, in.r.Rows
	n := b.Live()
	in.keys.ends = make([]uint32, 0, n)
	for k := range n {
		from := len(in.keys.buf)
		if in.keys.buf, err = w.rowKey(in.keys.buf, b.Cols, b.Row(k)); err != nil {
			return false, err
		}
		if k == 0 { // all are about as long as the first
			in.keys.buf = slices.Grow(in.keys.buf, n*(len(in.keys.buf)+2))
		}
		in.keys.ends = append(in.keys.ends, uint32(len(in.keys.buf)))
		if k > 0 && bytes.Compare(in.keys.key(k-1), in.keys.buf[from:]) >= 0 {
			return false, nil
		}
	}
	return true, nil
}

// endBefore reports whether the transaction has written no key from lo on.
func (w *writes) endBefore(lo []byte) bool {
	if w.flushed && bytes.Compare(w.top, lo) >= 0 {
		return false
	}
	last, ok := w.tree.Max()
	return !ok || bytes.Compare(last.key, lo) < 0
}

// claimKeys claims keys that ascend, unless another transaction has locked or claimed one.
func (t *Txn) claimKeys(v *view, ks catalog.Keyspace, b batchKeys, mode lock.Mode) bool {
	t.claimed++
	l := &claimList{Space: keys.Space{Layer: v.layer.id, Keyspace: ks}, by: t.identity(), n: t.claimed, mode: mode, seq: t.seq, buf: b.buf, ends: b.ends}
	_, _ = t.token.Lock(context.Background(), l.lockKey(), lock.Exclusive, lock.Wait{No: true}) // nobody else can have it yet
	free := t.s.claims.add(l)
	t.claims = append(t.claims, l)
	for k := range l.ends {
		lk := rowLockKey(v, ks, nil)
		if lk.S = bytesString(l.key(k)); !free || t.owner.Strongest(lk) != 0 {
			t.unclaimLast()
			return false
		}
	}
	return true
}

// unclaimLast gives up the last claim.
func (t *Txn) unclaimLast() {
	n := len(t.claims) - 1
	t.unclaim(t.claims[n:])
	t.claims = t.claims[:n]
}

// emptyRange reports whether no layer has a row with a key from lo to hi. Where keys without a head may have history that
// shows here, it does not look on.
func (in *inserter) emptyRange(ctx context.Context, lo, hi []byte) (bool, error) {
	for _, k := range within(nil, in.v.chain[0], in.w.info.table.Rows) {
		if k.Layer != in.v.layer.id && k.bound < k.cleaned.Load() {
			return false, nil
		}
		empty, err := in.t.s.emptyRange(ctx, kv.Range{Lo: k.AppendHead(nil, lo), Hi: append(k.AppendHead(nil, hi), 0), KeysOnly: true})
		if err != nil || !empty {
			return false, err
		}
	}
	return true, nil
}

func (s *Store) emptyRange(ctx context.Context, r kv.Range) (bool, error) {
	it := s.kv.Scan(ctx, r)
	defer it.Close()
	return !it.Next(), it.Err()
}

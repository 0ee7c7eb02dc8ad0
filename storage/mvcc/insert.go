package mvcc

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/lock"
)

// inserter is one call of Insert.
type inserter struct {
	t    *Txn
	v    *view
	r    *storage.InsertRequest
	w    *tableWriter
	rows *writes
	idx  []*writes

	order   []int     // unique indexes, arbiters first; -1 is the primary key
	keys    batchKeys // primary keys, when they were looked at before
	vacant  bool      // nobody has a row with a primary key in the batch's range, or can make one
	fresh   bool      // nobody else knows the table
	locks   int       // mark before the row's locks
	skipped []storage.Collision
	claimed []claimedEntry // by index
}

// claimedEntry is what the claim of a row's key in a unique index has found below it.
type claimedEntry struct {
	c    committedRow
	base []byte
}

// Insert implements storage.Txn.
func (t *Txn) Insert(ctx context.Context, r storage.InsertRequest) ([]storage.Collision, error) {
	v, err := t.writable(r.View)
	if err != nil {
		return nil, err
	}
	w, err := t.s.table(r.Table).writer(r.Columns)
	if err != nil {
		return nil, err
	}
	defer w.release()
	in := &inserter{t: t, v: v, r: &r, w: w}
	in.prepare()
	if r.Keys != nil {
		*r.Keys = (*r.Keys)[:0]
	}
	if err := in.vacancies(ctx); err != nil {
		return nil, storeError(err)
	}
	var firstID uint64
	if w.pk == nil && r.RowKeys == nil {
		if firstID, err = t.s.take(ctx, counterRow, uint64(r.Rows.Live())); err != nil {
			return nil, storeError(err)
		}
	}
	for k := range r.Rows.Live() {
		if err := in.row(ctx, k, firstID+uint64(k)); err != nil {
			if r.Failed != nil {
				*r.Failed = k
			}
			return nil, storeError(err)
		}
	}
	return in.skipped, t.spill(ctx)
}

func (in *inserter) prepare() {
	t, v, info := in.t, in.v, in.w.info
	in.rows = t.writesTo(v, info.table.Rows)
	in.rows.rows, in.rows.table = true, info.table.OID
	in.fresh = in.isFresh()
	for _, x := range info.indexes {
		w := t.writesTo(v, x.Keyspace)
		w.table = info.table.OID
		w.fresh = in.fresh
		w.remember()
		in.idx = append(in.idx, w)
	}
	in.claimed = make([]claimedEntry, len(in.idx))
	if info.pk != nil {
		in.rows.remember()
		in.order = append(in.order, -1)
	}
	for i, x := range info.indexes {
		if x.Unique {
			in.order = append(in.order, i)
		}
	}
	if len(in.r.Arbiters) > 0 {
		slices.SortStableFunc(in.order, func(a, b int) int {
			return boolInt(in.arbiter(b)) - boolInt(in.arbiter(a))
		})
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (in *inserter) index(i int) *indexInfo {
	if i < 0 {
		return in.w.info.pk
	}
	return in.w.info.indexes[i]
}

func (in *inserter) arbiter(i int) bool {
	return in.r.Any || slices.Contains(in.r.Arbiters, in.index(i).OID)
}

// row inserts the k-th live row.
func (in *inserter) row(ctx context.Context, k int, id uint64) error {
	w, cols, i := in.w, in.r.Rows.Cols, in.r.Rows.Row(k)
	for _, n := range w.notNull {
		if n.pos < 0 || cols[n.pos].IsNull(i) {
			return errNull(in.v.Catalog(), w.info.table, n.col, w.columns, in.r.Rows, i)
		}
	}
	key, err := in.rowKey(k, i, id)
	if err != nil {
		return err
	}
	in.locks = in.t.owner.Mark()
	state := committedRow{below: belowNothing}
	if w.pk == nil && in.r.RowKeys != nil {
		if state, err = in.t.committed(ctx, in.v, w.info.table.Rows, key); err != nil {
			return err
		}
		state.base = append(w.old[:0], state.base...)
		w.old = state.base
	}
	for _, u := range in.order {
		c, skip, err := in.claimIndex(ctx, u, key, k, i)
		if err != nil || skip {
			return err
		}
		if u >= 0 {
			in.claimed[u].keep(c)
			continue
		}
		state = c
		state.base = append(w.old[:0], c.base...)
		w.old = state.base
	}
	w.payload = w.enc.Append(w.payload[:0], cols, i)
	in.t.put(in.rows, key, w.payload, false, state.below, state.base)
	newRow := in.vacant || w.pk == nil && in.r.RowKeys == nil
	for x := range w.indexes {
		if err := in.t.putEntry(ctx, in.v, in.idx[x], w, x, key, cols, i, &in.claimed[x].c, newRow); err != nil {
			return err
		}
	}
	if in.r.Keys != nil {
		*in.r.Keys = append(*in.r.Keys, string(key))
	}
	return nil
}

// rowKey returns the key of a row.
func (in *inserter) rowKey(k, i int, id uint64) (key []byte, err error) {
	w := in.w
	switch {
	case in.vacant:
		return in.keys.key(k), nil
	case w.pk == nil && in.r.RowKeys != nil:
		w.key = append(w.key[:0], in.r.RowKeys[k]...)
	case w.pk == nil:
		w.key = binary.BigEndian.AppendUint64(w.key[:0], id)
	default:
		w.key, err = w.rowKey(w.key[:0], in.r.Rows.Cols, i)
	}
	return w.key, err
}

// keep keeps what was found; its bytes are borrowed.
func (k *claimedEntry) keep(c committedRow) {
	k.base = append(k.base[:0], c.base...)
	k.c = c
	k.c.base, k.c.payload = k.base, nil
}

// claimIndex makes sure that nothing else has, or is about to have, the row's key in a unique index. skip: the index
// arbitrates and the row is left out.
func (in *inserter) claimIndex(ctx context.Context, u int, rowKey []byte, k, i int) (c committedRow, skip bool, err error) {
	w, cols := in.w, in.r.Rows.Cols
	key, ks, target := rowKey, w.info.table.Rows, in.rows
	if u >= 0 {
		iw := &w.indexes[u]
		var null, out bool
		w.entry, null, out = iw.entryKey(w.entry[:0], cols, i)
		if out || !iw.unique(null) {
			return c, false, nil
		}
		key, ks, target = w.entry, iw.Keyspace, in.idx[u]
	}
	x := in.index(u)
	if err := checkKey(key, x.Index); err != nil {
		return c, false, err
	}
	if u < 0 && in.vacant {
		return committedRow{below: belowNothing}, false, nil
	}
	by := claimant{x.Name, rowKey}
	if in.arbiter(u) {
		by.relation = w.info.table.Name
	}
	c, other, err := in.t.claim(ctx, in.v, target, ks, key, in.fresh, by)
	if err != nil || other == nil {
		return c, false, err
	}
	if in.t.ssi != nil {
		if err := in.t.ssi.CheckWrite(ssiSpace(in.v, ks), string(key)); err != nil {
			return c, false, err
		}
	}
	if !in.r.Any && in.r.Arbiters == nil || !in.arbiter(u) {
		return c, false, errDuplicate(in.v.Catalog(), w.info.table, x.Index, w.columns, cols, i)
	}
	if in.t.o.Isolation != storage.ReadCommitted && c.ver > in.v.chain[0].bound {
		return c, false, errSerialize("update")
	}
	in.t.owner.ReleaseTo(in.locks)
	met := string(key)
	if u >= 0 {
		met = string(rowRef(other, nil))
	}
	in.skipped = append(in.skipped, storage.Collision{Row: k, Key: met})
	if in.r.Keys != nil {
		*in.r.Keys = append(*in.r.Keys, "")
	}
	return c, true, nil
}

// live returns the payload of the newest write of key, nil when there is none or it is a deletion.
func (w *writes) live(key []byte) []byte {
	if x := w.get(key, anyCmd); x != nil && !x.deleted {
		return x.payload
	}
	return nil
}

// claimant is the row for which a key is claimed, and the relation of which an error says that it was waited for.
type claimant struct {
	relation string
	row      []byte
}

// waited makes what a client gets of the error of a wait for a key.
func (t *Txn) waited(err error, by claimant) error {
	return whileWaiting(t.s.lockError(err, nil, true), err, "inserting index", by.relation, bytesString(by.row))
}

// claim locks a key that must be unique and says what is there: other is the payload of the live version, if any. fresh:
// nobody else can have it.
func (t *Txn) claim(ctx context.Context, v *view, w *writes, ks catalog.Keyspace, key []byte, fresh bool, by claimant) (c committedRow, other []byte, err error) {
	if !fresh {
		c, known, err := t.lockClaim(ctx, v, ks, key, by)
		if err != nil || known {
			return c, c.payload, err
		}
	}
	if x := w.get(key, anyCmd); x != nil {
		if !x.deleted {
			return c, x.payload, nil
		}
		if x, err = t.newest(w, key); err != nil || x != nil {
			return c, nil, err
		}
	}
	if fresh && !w.mayBeAhead(key) {
		return committedRow{below: belowNothing}, nil, nil
	}
	for {
		if c, err = t.committed(ctx, v, ks, key); err != nil {
			return c, nil, err
		}
		if c.writer == nil {
			break
		}
		c, known, err := t.claimAgain(ctx, v, ks, key, c.writer, by)
		if err != nil || known {
			return c, c.payload, err
		}
	}
	if c.live {
		return c, c.payload, nil
	}
	return c, nil, nil
}

// lockClaim locks a key that is to be claimed. known: another holds it, and c is the live version that will stay whatever
// that one does.
func (t *Txn) lockClaim(ctx context.Context, v *view, ks catalog.Keyspace, key []byte, by claimant) (c committedRow, known bool, err error) {
	lk := rowLockKey(v, ks, key)
	for {
		mark := t.owner.Mark()
		_, err = t.owner.Lock(ctx, lk, lock.Mode(catalog.ForUpdate), lock.Wait{No: true})
		if errors.Is(err, lock.ErrBusy) {
			// Whoever holds it more weakly leaves the key as it is: if it is there now it stays.
			if t.owner.Strongest(lk) < lock.Mode(catalog.ForUpdate) {
				if c, err = t.committed(ctx, v, ks, key); err != nil || c.live && c.writer == nil {
					return c, true, err
				}
			}
			_, err = t.owner.Lock(ctx, lk, lock.Mode(catalog.ForUpdate), t.waitOption(catalog.Wait))
		}
		if err != nil {
			return c, false, t.waited(err, by)
		}
		l := t.s.claims.find(keys.Space{Layer: v.layer.id, Keyspace: ks}, key, lock.Mode(catalog.ForUpdate), t.self)
		if l == nil {
			return c, false, nil
		}
		t.owner.ReleaseTo(mark)
		if err := t.await(ctx, l.lockKey(), t.waitOption(catalog.Wait)); err != nil {
			return c, false, t.waited(err, by)
		}
	}
}

// claimAgain waits for the transaction that has written a key ahead, without the key's lock, and locks it again.
func (t *Txn) claimAgain(ctx context.Context, v *view, ks catalog.Keyspace, key []byte, writer *largeTxn, by claimant) (c committedRow, known bool, err error) {
	t.owner.Unlock(rowLockKey(v, ks, key), lock.Mode(catalog.ForUpdate))
	if err := t.awaitEnd(ctx, writer, t.waitOption(catalog.Wait)); err != nil {
		return c, false, t.waited(err, by)
	}
	return t.lockClaim(ctx, v, ks, key, by)
}

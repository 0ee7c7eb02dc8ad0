package mvcc

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/lock"
)

// batchHeads are the heads of a batch of rows that are locked, read in one pass over the keyspace.
type batchHeads struct {
	buf     []byte
	ends    []int  // of the values in buf
	has     []bool // whether there is a head
	claimed bool   // the rows are claimed, not locked
	read    bool   // of those without one the caller has read what layers below show
}

func (h *batchHeads) value(i int) (val []byte, ok bool) {
	from := 0
	if i > 0 {
		from = h.ends[i-1]
	}
	return h.buf[from:h.ends[i]:h.ends[i]], h.has[i]
}

// fewestHeads is from how many rows on a pass costs less than looking each of them up.
const fewestHeads = 64

// lockBatch locks rows whose keys ascend, if nobody is in the way, and reads their heads. nil: they are to be locked one by
// one.
func (t *Txn) lockBatch(ctx context.Context, v *view, r *storage.LockRequest) (*batchHeads, error) {
	if len(r.Keys) < fewestHeads {
		return nil, nil
	}
	for i, k := range r.Keys[1:] {
		if k <= r.Keys[i] {
			return nil, nil
		}
	}
	if r.Bulk && t.claimRows(v, r) {
		h, err := t.claimedHeads(ctx, v, r)
		if err == nil && t.othersWrite(h) { // who may want to write their rows again
			t.unclaimLast()
			h = nil
		}
		return h, err
	}
	sp := v.layer.space(r.Table.Rows)
	if sp == nil {
		return nil, nil
	}
	mark := t.owner.Mark()
	for _, k := range r.Keys {
		_, err := t.owner.Lock(ctx, rowLockKeyOf(v, r.Table.Rows, k), lock.Mode(r.Strength), lock.Wait{No: true})
		if err != nil {
			t.owner.ReleaseTo(mark)
			return nil, nil
		}
	}
	if t.s.claims.meets(sp.Space, stringBytes(r.Keys[0]), stringBytes(r.Keys[len(r.Keys)-1]), t.self) {
		t.owner.ReleaseTo(mark)
		return nil, nil
	}
	return t.s.heads(ctx, sp, r.Keys)
}

// claimRows claims the rows of a batch that are all written next, in the place of a lock for each. It reports false where
// somebody has one of them: then they are to be locked.
func (t *Txn) claimRows(v *view, r *storage.LockRequest) bool {
	n := 0
	for _, k := range r.Keys {
		n += len(k)
	}
	b := batchKeys{buf: make([]byte, 0, n), ends: make([]uint32, 0, len(r.Keys))}
	for _, k := range r.Keys {
		b.buf = append(b.buf, k...)
		b.ends = append(b.ends, uint32(len(b.buf)))
	}
	if !t.claimKeys(v, r.Table.Rows, b, lock.Mode(r.Strength)) {
		return false
	}
	if r.Strength == catalog.ForUpdate {
		t.self.strengthen(r.Table.Rows)
	}
	return true
}

// claimedHeads reads the heads of rows that are claimed. A row without one is where the caller has read it: a layer below shows
// it, as it always will. Had it been in this layer and gone since, its tombstone would stand as long as the snapshot does.
func (t *Txn) claimedHeads(ctx context.Context, v *view, r *storage.LockRequest) (*batchHeads, error) {
	h := &batchHeads{ends: make([]int, len(r.Keys)), has: make([]bool, len(r.Keys))}
	if sp := v.layer.space(r.Table.Rows); sp != nil {
		var err error
		if h, err = t.s.heads(ctx, sp, r.Keys); err != nil {
			return nil, err
		}
	}
	h.read, h.claimed = len(v.chain) > 1, true
	return h, nil
}

// othersWrite reports whether a running transaction has written one of the rows ahead.
func (t *Txn) othersWrite(h *batchHeads) bool {
	for i := range h.has {
		val, ok := h.value(i)
		if !ok {
			continue
		}
		head, err := parseVersion(val) // an error is told by who reads the row
		if err == nil && head.flags&marked != 0 && head.ver != t.r.own && t.s.large.scn(head.ver) > latest {
			return true
		}
	}
	return false
}

func rowLockKeyOf(v *view, ks uint64, key string) lock.Key {
	return lock.Key{Kind: lock.Row, A: v.layer.id, B: ks, S: key}
}

// heads reads the heads of keys that ascend.
func (s *Store) heads(ctx context.Context, sp *space, keys []string) (*batchHeads, error) {
	h := &batchHeads{ends: make([]int, len(keys)), has: make([]bool, len(keys))}
	hi := append(sp.AppendHead(nil, stringBytes(keys[len(keys)-1])), 0)
	p := pass{it: s.kv.Scan(ctx, kv.Range{Lo: sp.AppendHead(nil, stringBytes(keys[0])), Hi: hi})}
	defer p.close()
	p.more = p.it.Next()
	var want []byte
	for i, k := range keys {
		want = append(append(want[:0], sp.prefix...), k...)
		here, err := p.to(want)
		if err != nil {
			return nil, err
		}
		if h.has[i] = here; here {
			h.buf = append(h.buf, p.it.Value()...)
		}
		h.ends[i] = len(h.buf)
	}
	return h, p.it.Err()
}

// settledHead is lockSettled for a row of a batch that is locked already.
func (t *Txn) settledHead(ctx context.Context, v *view, r *storage.LockRequest, h *batchHeads, i int) (c committedRow, err error) {
	key := stringBytes(r.Keys[i])
	val, ok := h.value(i)
	switch {
	case ok:
		t.r.vbuf = append(t.r.vbuf[:0], val...)
		c, err = t.committedHead(ctx, v, v.layer.space(r.Table.Rows), key)
	case h.read:
		c = committedRow{below: belowParent, live: true}
		if i < len(r.Seen) {
			c.ver = r.Seen[i]
		}
		return c, nil
	default:
		c, err = t.committedBeneath(ctx, v, r.Table.Rows, key)
	}
	if err != nil || c.writer == nil {
		return c, err
	}
	k := rowLockKeyOf(v, r.Table.Rows, r.Keys[i])
	t.owner.Unlock(k, lock.Mode(r.Strength)) // who wrote it may want it again
	c, _, err = t.lockSettled(ctx, v, r.Table.Rows, k, lock.Mode(r.Strength), t.waitOption(r.Wait))
	return c, err
}

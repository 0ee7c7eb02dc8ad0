package mvcc

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// loadLarge reads the table of large transactions.
func (s *Store) loadLarge(ctx context.Context) error {
	return s.each(ctx, keys.MetaLarge.Append(nil), func(rest, val []byte) error {
		id, _, ok := keys.ID(rest)
		scn, n := binary.Uvarint(val)
		if !ok || n <= 0 {
			return errCorrupt(val)
		}
		l := newLargeTxn(id)
		l.at.Store(scn)
		s.large.add(l)
		return nil
	})
}

// recover rolls back the large transactions that a crash left without a commit record.
func (s *Store) recover(ctx context.Context) error {
	var open []*largeTxn
	for _, l := range s.large.m {
		if l.at.Load() == 0 {
			open = append(open, l)
		}
	}
	for _, l := range open {
		if err := s.undoLarge(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// undoLarge takes back all that a large transaction has written, chunk by chunk; it may be repeated after a crash.
func (s *Store) undoLarge(ctx context.Context, l *largeTxn) error {
	ctx = context.WithoutCancel(ctx)
	id := l.marker &^ keys.Marker
	prefix := keys.AppendChunkPrefix(nil, id)
	for {
		key, list, err := s.lastChunk(ctx, prefix)
		if err != nil {
			return err
		}
		if key == nil {
			break
		}
		if err := s.undoList(ctx, l, list, key); err != nil {
			return err
		}
	}
	b := kv.Batch{Async: true, Urgent: true}
	b.Delete(keys.MetaLarge.Append(nil, id))
	if err := s.kv.Apply(ctx, &b); err != nil {
		return err
	}
	s.large.remove(l)
	return nil
}

func (s *Store) lastChunk(ctx context.Context, prefix []byte) (key, list []byte, err error) {
	it := s.kv.Scan(ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix), Reverse: true})
	defer it.Close()
	if !it.Next() {
		return nil, nil, it.Err()
	}
	return bytes.Clone(it.Key()), bytes.Clone(it.Value()), it.Err()
}

// undoList puts back what the keys of a chunk had before, and then removes the chunk.
func (s *Store) undoList(ctx context.Context, l *largeTxn, list, chunkKey []byte) error {
	u := &undoer{s: s, ctx: ctx, l: l, limits: s.kv.Limits(), quiet: s.txns.len() == 0}
	u.reset()
	err := eachKey(list, func(sp keys.Space, key []byte, _ bool) bool {
		u.err = u.key(sp, key)
		return u.err == nil
	})
	if err == nil {
		err = u.err
	}
	if err != nil {
		return err
	}
	u.gone.Delete(chunkKey)
	return u.flush()
}

type undoer struct {
	s      *Store
	ctx    context.Context
	l      *largeTxn
	batch  kv.Batch // heads put back
	gone   kv.Batch // what is not needed once these are
	limits kv.Limits
	quiet  bool      // no transaction runs
	dead   []deadKey // tombstones put back, or in the place of heads
	err    error
	buf    []byte
	old    []byte
}

func (u *undoer) key(id keys.Space, key []byte) (err error) {
	head := id.AppendHead(nil, key)
	var ok bool
	if u.buf, ok, err = u.s.kv.Get(u.ctx, head, u.buf[:0]); err != nil {
		return err
	}
	if !ok {
		return u.orphan(id, key)
	}
	v, err := parseVersion(u.buf)
	if err != nil {
		return err
	}
	if v.ver != u.l.marker {
		return u.orphan(id, key)
	}
	if sp := u.s.openSpace(id); sp != nil {
		sp.size.forget()
	}
	hist := keys.AppendEnd(id.AppendHistory(nil, key), u.l.marker)
	if u.old, ok, err = u.s.kv.Get(u.ctx, hist, u.old[:0]); err != nil {
		return err
	}
	if !u.batch.Fits(u.limits, 4, 2*len(head)+len(u.old)+64) {
		if err := u.flush(); err != nil {
			return err
		}
	}
	if ok {
		u.batch.Put(head, u.old)
		u.gone.Delete(hist)
		return u.queue(id, key)
	}
	return u.vacate(id, key, head, v)
}

// queue tells the cleaner of a tombstone that is back: while it was away it may have been looked for, and forgotten.
func (u *undoer) queue(id keys.Space, key []byte) error {
	old, err := parseVersion(u.old)
	if err != nil {
		return err
	}
	if sp := u.s.openSpace(id); sp != nil && old.deleted() {
		r := &reader{s: u.s}
		if scn := r.scn(&old); scn <= latest {
			u.dead = append(u.dead, deadKey{sp, bytes.Clone(key), scn})
		}
	}
	return nil
}

// vacate takes away a head that has replaced nothing that history would have. Where it may have stood on a tombstone, one
// stays there until nobody reads at an older SCN: a scan that runs would not learn from nothing that there is a past.
func (u *undoer) vacate(id keys.Space, key, head []byte, v version) error {
	l := u.s.layerOf(id.Layer)
	if v.flags&first != 0 || l == nil {
		u.batch.Delete(head)
		return nil
	}
	last, _ := l.lastCommit()
	if last == 0 || u.quiet {
		u.batch.Delete(head)
		u.lost(id)
		return nil
	}
	f := deleted | root
	if l.parent != nil {
		r := &reader{s: u.s}
		below, ok, err := r.getBeneath(u.ctx, l, id.Keyspace, key)
		if err != nil {
			return err
		}
		if ok && !below.deleted {
			u.batch.Delete(head) // it stood on the parent's
			return nil
		}
		f = deleted
	}
	u.batch.Put(head, appendVersion(nil, f, last, 0, nil))
	if sp := l.space(id.Keyspace); sp != nil {
		u.dead = append(u.dead, deadKey{sp, bytes.Clone(key), last})
	}
	return nil
}

// orphan removes the history row of a head that was not written any more: a chunk may be in the store in part.
func (u *undoer) orphan(id keys.Space, key []byte) (err error) {
	hist := keys.AppendEnd(id.AppendHistory(nil, key), u.l.marker)
	var ok bool
	if u.old, ok, err = u.s.kv.Get(u.ctx, hist, u.old[:0]); err != nil || !ok {
		return err
	}
	if !u.gone.Fits(u.limits, 1, len(hist)) {
		if err := u.flush(); err != nil {
			return err
		}
	}
	u.gone.Delete(hist)
	return nil
}

// lost notes that a head went which may have stood on a tombstone: readers older than now have to look into history.
func (u *undoer) lost(id keys.Space) {
	u.s.mu.RLock()
	l := u.s.layers[id.Layer]
	u.s.mu.RUnlock()
	if l == nil {
		return
	}
	if sp := l.space(id.Keyspace); sp != nil {
		if now := u.s.seq.published.Load(); sp.cleaned.Load() < now {
			sp.cleaned.Store(now)
			u.batch.Put(keys.MetaSpace.Append(nil, id.Layer, id.Keyspace), binary.AppendUvarint(nil, now))
		}
	}
}

// flush puts heads back, and when they are there removes what has stood for them: the writes of one batch become visible
// in any order, and a reader that finds neither the history row nor another head would take the row for one that never was.
func (u *undoer) flush() error {
	u.l.writes.Lock()
	defer u.l.writes.Unlock()
	err := u.s.kv.Apply(u.ctx, &u.batch)
	if err == nil {
		err = u.s.kv.Apply(u.ctx, &u.gone)
	}
	u.s.cleaner.add(u.dead)
	u.dead = nil
	u.reset()
	return err
}

func (u *undoer) reset() {
	for _, b := range []*kv.Batch{&u.batch, &u.gone} {
		b.Reset()
		b.Async, b.Urgent = true, true
	}
}

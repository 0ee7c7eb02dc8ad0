package mvcc

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"sort"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// chunk is a batch of writes that went into the store before the commit. All of it was written between the same two
// savepoints.
type chunk struct {
	n      uint32
	first  uint64 // the least number of its writes
	counts []chunkCount
}

type chunkCount struct {
	w                         *writes
	inserts, updates, deletes int64
}

// spill writes ahead when the transaction holds too much.
func (t *Txn) spill(ctx context.Context) error {
	if t.bytes < t.s.o.SpillBytes {
		return nil
	}
	return storeError(t.spillAll(ctx, false))
}

// spillAll writes ahead all rows and index entries that may go: what the running statement or a savepoint may yet need
// in two versions stays in memory, unless the transaction is about to commit.
func (t *Txn) spillAll(ctx context.Context, final bool) error {
	if err := t.becomeLarge(ctx); err != nil {
		return err
	}
	f := &spiller{t: t, c: &committer{s: t.s, t: t, ver: t.large.marker}, limits: t.s.kv.Limits()}
	levels := t.spillable(final)
	for _, level := range slices.Sorted(maps.Keys(levels)) {
		for _, it := range levels[level] {
			if err := f.add(ctx, it); err != nil {
				return err
			}
		}
		if err := f.flush(ctx); err != nil {
			return err
		}
	}
	t.bytes = 0
	for _, w := range t.order {
		t.bytes += int64(w.tree.Len()) * (writeOverhead + 64)
	}
	return nil
}

// becomeLarge writes the open record, without which a crash would leave nothing to roll back by.
func (t *Txn) becomeLarge(ctx context.Context) error {
	if t.large != nil {
		return nil
	}
	l := &largeTxn{marker: t.id | keys.Marker}
	b := kv.Batch{Async: true}
	b.Put(keys.MetaLarge.Append(nil, t.id), binary.AppendUvarint(nil, 0))
	if err := t.s.kv.Apply(ctx, &b); err != nil {
		return err
	}
	t.s.large.add(l)
	t.large, t.r.own = l, l.marker
	return nil
}

// spillable returns what may go, by how many savepoints came before it, and within that in the order of keys.
func (t *Txn) spillable(final bool) map[int][]spilled {
	levels := map[int][]spilled{}
	for _, w := range t.order {
		if w.Keyspace == catalogSpace {
			continue
		}
		w.tree.Scan(func(x *write) bool {
			if final || x.prev == nil && x.below != belowOwn {
				n := sort.Search(len(t.savepoints), func(i int) bool { return t.savepoints[i].seq >= x.seq })
				levels[n] = append(levels[n], spilled{w, x})
			}
			return true
		})
	}
	return levels
}

// spiller writes entries ahead, in chunks.
type spiller struct {
	t      *Txn
	c      *committer
	limits kv.Limits

	list   keyList
	first  uint64
	items  []spilled
	counts []chunkCount
}

type spilled struct {
	w *writes
	x *write
}

func (f *spiller) add(ctx context.Context, it spilled) error {
	w, x := it.w, it.x
	size := 2*len(x.key) + len(x.payload) + len(x.base) + len(f.list.buf) + 1<<10
	if !f.c.batch.Fits(f.limits, 4, size) || len(f.list.buf) > 1<<18 {
		if err := f.flush(ctx); err != nil {
			return err
		}
	}
	before := *w
	f.items = append(f.items, it)
	if f.first == 0 || x.seq < f.first {
		f.first = x.seq
	}
	sp, _ := w.layer.open(w.Keyspace)
	if !f.c.write(w, sp, x) {
		return nil
	}
	f.c.persist(sp)
	f.list.add(w.Space, x.key, x.deleted)
	w.flushed = true
	n := len(f.counts)
	if n == 0 || f.counts[n-1].w != w {
		f.counts = append(f.counts, chunkCount{w: w})
		n++
	}
	d := &f.counts[n-1]
	d.inserts += w.inserts - before.inserts
	d.updates += w.updates - before.updates
	d.deletes += w.deletes - before.deletes
	return nil
}

// flush applies what was gathered as one chunk, and takes it out of memory.
func (f *spiller) flush(ctx context.Context) error {
	t, l := f.t, f.t.large
	if len(f.items) == 0 {
		return nil
	}
	if f.list.n > 0 {
		f.c.batch.Async = true
		f.c.batch.Put(keys.Chunk{Txn: t.id, N: l.chunks}.Append(nil), f.list.buf)
		t.s.topology.RLock() // the cleaner must not remove a tombstone that this is about to replace
		l.writes.Lock()
		err := t.s.kv.Apply(ctx, &f.c.batch)
		l.writes.Unlock()
		t.s.topology.RUnlock()
		if err != nil {
			return err
		}
		for _, sp := range f.c.spaces {
			sp.persisted.Store(true)
		}
		t.chunks = append(t.chunks, chunk{l.chunks, f.first, slices.Clone(f.counts)})
		l.chunks++
	}
	for _, it := range f.items {
		it.w.tree.Delete(it.x)
	}
	f.c.batch.Reset()
	f.c.spaces, f.c.dead = nil, nil
	f.list.reset()
	f.items, f.counts, f.first = f.items[:0], f.counts[:0], 0
	return nil
}

// undoChunks takes back the chunks written after a savepoint.
func (t *Txn) undoChunks(since uint64) error {
	ctx := context.Background()
	for i := len(t.chunks) - 1; i >= 0 && t.chunks[i].first > since; i-- {
		ch := t.chunks[i]
		key := keys.Chunk{Txn: t.id, N: ch.n}.Append(nil)
		list, ok, err := t.s.kv.Get(ctx, key, nil)
		if err != nil {
			return err
		}
		if ok {
			if err := t.s.undoList(ctx, t.large, list, key); err != nil {
				return err
			}
		}
		for _, c := range ch.counts {
			c.w.inserts -= c.inserts
			c.w.updates -= c.updates
			c.w.deletes -= c.deletes
		}
		t.chunks = t.chunks[:i]
	}
	return nil
}

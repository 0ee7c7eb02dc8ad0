package mvcc

import (
	"context"
	"encoding/binary"
	"slices"
	"sync/atomic"

	"github.com/tidwall/btree"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// chunk is a list of writes that went into the store before the commit. All of it was written between the same two
// savepoints.
type chunk struct {
	n      uint32
	first  uint64 // the least number of its writes
	counts []chunkCount
}

type chunkCount struct {
	w *writes
	rowCounts
}

// spill writes ahead when the transaction holds too much: in the background where all of it may go.
func (t *Txn) spill(ctx context.Context) error {
	if t.err != nil {
		return t.err
	}
	if t.bytes < t.s.o.SpillBytes {
		return nil
	}
	for _, w := range t.order {
		if w.kept > 0 && w.Keyspace != catalogSpace {
			return storeError(t.spillAll(ctx, false))
		}
	}
	return storeError(t.launch(ctx))
}

// spillAll writes ahead all rows and index entries that may go: what the running statement or a savepoint may yet need
// in two versions stays in memory, unless the transaction is about to commit.
func (t *Txn) spillAll(ctx context.Context, final bool) error {
	if err := t.settleFlights(); err != nil {
		return err
	}
	if err := t.becomeLarge(ctx); err != nil {
		return err
	}
	parts := t.spillable(final)
	f := newSpiller(t)
	for _, level := range f.levels(parts) {
		if err := f.addAll(ctx, parts, level); err != nil {
			return err
		}
	}
	t.addChunks(f.chunks)
	t.bytes = 0
	if !final {
		t.unlock(parts)
	}
	clear := true
	for _, p := range parts {
		p.leave()
	}
	for _, w := range t.order {
		t.bytes += int64(w.tree.Len()) * (writeOverhead + 64)
		clear = clear && w.tree.Len() == 0
	}
	if clear {
		t.releaseClaims(0)
	}
	t.undo = slices.DeleteFunc(t.undo, func(u undoEntry) bool {
		_, ok := u.w.tree.Get(u.x)
		return !ok
	})
	return nil
}

// becomeLarge writes the open record, without which a crash would leave nothing to roll back by.
func (t *Txn) becomeLarge(ctx context.Context) error {
	if t.large != nil {
		return nil
	}
	l := t.identity()
	b := kv.Batch{Async: true}
	b.Put(keys.MetaLarge.Append(nil, t.id), binary.AppendUvarint(nil, 0))
	if err := t.s.kv.Apply(ctx, &b); err != nil {
		return err
	}
	t.s.large.add(l)
	t.large, t.r.own = l, l.marker
	return nil
}

// spillable returns a tree for each keyspace of what may go.
func (t *Txn) spillable(final bool) (parts []flightPart) {
	// Without savepoints, what earlier statements wrote is needed in its newest version alone.
	done := len(t.savepoints) == 0 && t.open == 0
	for _, w := range t.order {
		if w.Keyspace == catalogSpace || w.tree.Len() == 0 {
			continue
		}
		p := flightPart{w: w, tree: w.tree, since: w.since}
		if w.kept > 0 && !final {
			p.tree = newTree()
			w.tree.Scan(func(x *write) bool {
				if x.prev == nil && x.below != belowOwn || done && x.cmd < t.cmd {
					p.tree.Load(x)
				}
				return true
			})
		}
		if p.tree.Len() > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// leave takes what was written ahead out of memory.
func (p *flightPart) leave() {
	w := p.w
	w.leaving(p.tree)
	if p.tree == w.tree {
		w.tree, w.hint, w.kept = newTree(), btree.PathHint{}, 0
		return
	}
	p.tree.Scan(func(x *write) bool {
		if x.prev != nil || x.below == belowOwn {
			w.kept--
		}
		w.tree.Delete(x)
		return true
	})
}

func (t *Txn) addChunks(chunks []chunk) {
	for _, ch := range chunks {
		for _, c := range ch.counts {
			c.w.add(c.rowCounts)
		}
	}
	t.chunks = append(t.chunks, chunks...)
}

// spiller writes entries ahead, in chunks: first the list of their keys, by which they can be taken back, then the
// entries. It uses nothing that the transaction changes meanwhile.
type spiller struct {
	id         uint64
	l          *largeTxn
	c          *committer
	limits     kv.Limits
	quit       *atomic.Bool // nil: it goes on to its end
	savepoints []uint64     // numbers of the writes before each

	list   keyList
	first  uint64
	counts []chunkCount
	chunks []chunk
	sent   kv.Batch // the list, and then c.batch
}

// chunkOps is how many entries a chunk has at most: those who make or drop branches, or remove tombstones, wait for one chunk.
// With its list it is no more than the engine writes at a time.
const chunkOps = 1000

func newSpiller(t *Txn) *spiller {
	f := &spiller{id: t.id, l: t.large, c: &committer{s: t.s, ver: t.large.marker}, limits: t.s.kv.Limits()}
	f.limits.Ops = min(f.limits.Ops, chunkOps)
	for _, sp := range t.savepoints {
		f.savepoints = append(f.savepoints, sp.seq)
	}
	return f
}

// level is the writes between two savepoints: those with numbers in (after, upTo].
type level struct{ after, upTo uint64 }

// levels returns the levels that the parts have writes in, oldest first.
func (f *spiller) levels(parts []flightPart) (out []level) {
	since := ^uint64(0)
	for _, p := range parts {
		since = min(since, p.since)
	}
	l := level{0, ^uint64(0)}
	for _, seq := range f.savepoints {
		if seq < since || seq == l.after {
			l.after = seq
			continue
		}
		out = append(out, level{l.after, seq})
		l.after = seq
	}
	return append(out, l)
}

// addAll adds the writes of one level, and ends with a chunk's end.
func (f *spiller) addAll(ctx context.Context, parts []flightPart, l level) (err error) {
	for _, p := range parts {
		sp, _ := p.w.layer.open(p.w.Keyspace)
		p.tree.Scan(func(x *write) bool {
			if x.seq > l.after && x.seq <= l.upTo {
				err = f.add(ctx, p.w, sp, x)
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return f.flush(ctx)
}

func (f *spiller) add(ctx context.Context, w *writes, sp *space, x *write) error {
	size := 2*len(x.key) + len(x.payload) + len(x.base) + len(f.list.buf) + 1<<10
	if !f.c.batch.Fits(f.limits, 4, size) || len(f.list.buf) > 1<<18 {
		if err := f.flush(ctx); err != nil {
			return err
		}
	}
	var n rowCounts
	if !f.c.write(w, sp, x, &n) {
		return nil
	}
	f.c.persist(sp)
	f.list.add(w.Space, x.key, x.deleted)
	if f.first == 0 || x.seq < f.first {
		f.first = x.seq
	}
	if k := len(f.counts); k == 0 || f.counts[k-1].w != w {
		f.counts = append(f.counts, chunkCount{w: w})
	}
	f.counts[len(f.counts)-1].add(n)
	return nil
}

// flush applies what was gathered as one chunk.
func (f *spiller) flush(ctx context.Context) error {
	l := f.l
	if f.list.n == 0 {
		return nil
	}
	if f.quit != nil && f.quit.Load() {
		return context.Canceled
	}
	f.sent.Reset()
	f.sent.Async, f.sent.Loose = true, true
	f.sent.Put(keys.Chunk{Txn: f.id, N: l.chunks}.Append(nil), f.list.buf)
	f.sent.Append(&f.c.batch)
	if err := f.apply(ctx); err != nil {
		return err
	}
	for _, sp := range f.c.spaces {
		sp.persisted.Store(true)
	}
	f.chunks = append(f.chunks, chunk{l.chunks, f.first, slices.Clone(f.counts)})
	l.chunks++
	f.c.batch.Reset()
	f.c.spaces, f.c.dead = nil, nil
	f.list.reset()
	f.counts, f.first = f.counts[:0], 0
	return nil
}

// apply writes the entries, without a claim to atomicity: the list has all of them, and history comes before heads.
func (f *spiller) apply(ctx context.Context) error {
	s, l := f.c.s, f.l
	if p, ok := s.kv.(kv.Pacer); ok {
		if err := p.Pace(ctx); err != nil {
			return err
		}
	}
	s.topology.RLock() // the cleaner must not remove a tombstone that this is about to replace
	l.writes.Lock()
	err := s.kv.Apply(ctx, &f.sent)
	l.writes.Unlock()
	s.topology.RUnlock()
	return err
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

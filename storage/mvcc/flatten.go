package mvcc

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// Tests make the first two smaller.
var (
	flatDepth       = 2         // layers beneath one that a reader may have to look through; where it is more, they are made flat
	flatSmall int64 = 1 << 20   // bytes of the lowest of them that are always copied too
	flatMost  int64 = 256 << 20 // bytes that are copied at most
)

// flattener copies what long chains of forks show. The copy is a layer of its own that belongs to the one that looks
// through it: for each key the newest version that the chain shows at the fork, under the SCN that it had. That never
// changes, so that nobody has to wait: readers take the copy once it is whole, and the layers copied stay as they are for
// diffs and for the past. The lowest layer, which has most of the rows, is copied only when it is small beside what was
// changed above it. A copy counts from the moment that its record is written, with the last of it; what a crash leaves
// before that is overwritten by the next attempt.
type flattener struct {
	mu    sync.Mutex
	queue []flatWant
	run   sync.Mutex
}

type flatWant struct {
	l  *layer
	ks uint64
}

// flatRecord says what stands in a flat copy's place: the copy, then the rest.
type flatRecord struct {
	Layer uint64
	Rest  []flatRest `json:",omitempty"`
}

type flatRest struct{ Layer, Bound uint64 }

// want is called when somebody reads through a long chain.
func (f *flattener) want(l *layer, ks uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, flatWant{l, ks})
}

// Flatten makes the copies that reads have asked for, and returns how many. It runs in the background; tests call it.
func (s *Store) Flatten(ctx context.Context) (made int, err error) {
	f := &s.flattener
	f.run.Lock()
	defer f.run.Unlock()
	f.mu.Lock()
	queue := f.queue
	f.queue = nil
	f.mu.Unlock()
	for _, w := range queue {
		ok, err := s.flatten(ctx, w.l, w.ks)
		if err != nil {
			return made, err
		}
		if ok {
			made++
		}
	}
	return made, nil
}

// flatten copies what a layer shows of its ancestors in a keyspace, unless that is too much.
func (s *Store) flatten(ctx context.Context, l *layer, ks uint64) (bool, error) {
	list := l.beneath(ks)
	if len(list) <= flatDepth || !s.pin(l) {
		return false, nil
	}
	defer l.users.Add(-1)
	if f := l.flat.Load(); f != nil && list[0].Layer == f.id {
		return false, nil // it is flat
	}
	n, err := s.worth(ctx, list)
	if n < 2 || err != nil {
		return false, err
	}
	flat, err := s.flatLayer(ctx, l)
	if err != nil {
		return false, err
	}
	sp := keys.Space{Layer: flat.id, Keyspace: ks}
	t, err := s.beginFixed(ctx, s.databaseOf(l.id), list)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.Rollback() }() // it only reads
	size, err := s.copyFlat(ctx, list[:n], sp, n < len(list))
	if err != nil {
		return false, err
	}
	r := flatRecord{Layer: flat.id}
	for _, k := range list[n:] {
		r.Rest = append(r.Rest, flatRest{k.Layer, k.bound})
	}
	val, err := json.Marshal(r)
	if err != nil {
		return false, err
	}
	var b kv.Batch
	b.Put(keys.MetaFlat.Append(nil, l.id, ks), val)
	if err := s.kv.Apply(ctx, &b); err != nil {
		return false, err
	}
	x, _ := flat.open(ks)
	x.persisted.Store(true)
	x.size.n.Store(size)
	x.size.changed.Store(true)
	l.setBeneath(ks, append([]reach{{x, l.fork}}, list[n:]...), true)
	return true, nil
}

// beginFixed begins a transaction that reads a list's parts, and nothing else: the cleaner waits for it.
func (s *Store) beginFixed(ctx context.Context, db catalog.OID, list []reach) (*Txn, error) {
	t, err := s.begin(ctx, storage.TxnOptions{ReadOnly: true, Database: db, Info: storage.TxnInfo{Summary: "flat copy"}})
	if err != nil {
		return nil, err
	}
	for _, k := range list {
		t.floor = min(t.floor, k.bound)
	}
	t.oldest.Store(t.floor)
	t.moving.Store(latest)
	t.reads.Store(latest)
	return t, nil
}

// pin keeps a layer from being collected; false: it is gone already.
func (s *Store) pin(l *layer) bool {
	l.users.Add(1)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.layers[l.id] == l {
		return true
	}
	l.users.Add(-1)
	return false
}

// worth returns how many of a list's parts are to be copied into one; 0: none, it would take too much.
func (s *Store) worth(ctx context.Context, list []reach) (int, error) {
	var sizes []int64
	var above int64
	for _, k := range list {
		if err := s.measure(ctx, &k.size, k.prefix, k.AppendHistory(nil, nil)); err != nil {
			return 0, err
		}
		sizes = append(sizes, k.size.n.Load())
		above += k.size.n.Load()
	}
	n := len(list) - 1
	lowest := sizes[n]
	above -= lowest
	switch {
	case above > flatMost:
		return 0, nil
	case lowest <= max(flatSmall, above/2):
		return len(list), nil
	}
	return n, nil
}

// flatLayer returns the layer of a layer's copies.
func (s *Store) flatLayer(ctx context.Context, l *layer) (*layer, error) {
	if f := l.flat.Load(); f != nil {
		return f, nil
	}
	id, err := s.take(ctx, counterLayer, 1)
	if err != nil {
		return nil, err
	}
	f := newLayer(id, nil, l.fork)
	f.branch, f.owner = l.branch, l
	b := kv.Batch{Async: true}
	if err := s.putLayer(&b, f); err != nil {
		return nil, err
	}
	if err := s.kv.Apply(ctx, &b); err != nil {
		return nil, err
	}
	l.flat.Store(f) // before anybody can find it to be nobody's
	s.mu.Lock()
	s.layers[id] = f
	s.mu.Unlock()
	return f, nil
}

// copyFlat writes what a list shows; with rest also the tombstones, which hide what is below it.
func (s *Store) copyFlat(ctx context.Context, list []reach, sp keys.Space, rest bool) (size int64, err error) {
	c := &collector{s: s, ctx: ctx, o: storage.GCOptions{Slowly: true}}
	c.batch.Async = true
	if err := c.removeRange(sp.AppendHead(nil, nil), kv.PrefixEnd(sp.AppendHead(nil, nil))); err != nil {
		return 0, err
	}
	c.batch.Put(keys.MetaSpace.Append(nil, sp.Layer, sp.Keyspace), binary.AppendUvarint(nil, 0))
	if err := c.flush(); err != nil {
		return 0, err
	}
	r := &reader{s: s}
	in := make([]source, len(list))
	for i, k := range list {
		in[i] = r.fork().scanLayer(ctx, k.space, k.bound, span{})
	}
	m := newMerge(in, false).(*mergeScan)
	m.dead = rest
	defer m.close()
	for {
		ok, err := m.next()
		if err != nil {
			return 0, err
		}
		if !ok {
			return size, c.flush()
		}
		x := m.row()
		f := first
		if x.deleted {
			f |= deleted
		}
		key, val := sp.AppendHead(nil, x.key), appendVersion(nil, f, x.ver, 0, x.payload)
		size += int64(len(key) + len(val))
		if !c.batch.Fits(s.kv.Limits(), 1, len(key)+len(val)) {
			if err := c.flush(); err != nil {
				return 0, err
			}
		}
		c.batch.Put(key, val)
		if c.batch.Len() < gcBatch {
			continue
		}
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
}

// loadFlats reads what stands in the place of long chains.
func (s *Store) loadFlats(ctx context.Context) error {
	for _, l := range s.layers {
		l.want = s.flattener.want
	}
	return s.each(ctx, keys.MetaFlat.Append(nil), func(rest, val []byte) error {
		id, rest, _ := keys.ID(rest)
		ks, _, _ := keys.ID(rest)
		var r flatRecord
		if err := json.Unmarshal(val, &r); err != nil {
			return fmt.Errorf("flat copy of layer %d: %w", id, err)
		}
		l, f := s.layers[id], s.layers[r.Layer]
		if l == nil || f == nil || f.space(ks) == nil {
			return nil // on its way out
		}
		list := []reach{{f.space(ks), l.fork}}
		for _, k := range r.Rest {
			p := s.layers[k.Layer]
			if p == nil || p.space(ks) == nil {
				return fmt.Errorf("flat copy of layer %d: layer %d is missing", id, k.Layer)
			}
			list = append(list, reach{p.space(ks), k.Bound})
		}
		l.flat.Store(f)
		l.setBeneath(ks, list, true)
		return nil
	})
}

package mvcc

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// cleaner removes tombstones that no running snapshot needs and under which no parent layer shows a row. Until then a
// scan has to step over them; after that, readers older than the deletion find the row through history.
type cleaner struct {
	mu     sync.Mutex
	queue  []deadKey
	large  []largeDead
	listed atomic.Int64 // large transactions whose tombstones are not in the queue
	loaded atomic.Bool
	run    sync.Mutex
	gate   sync.RWMutex // held for writing while tombstones are being removed
}

// largeDead is a committed large transaction whose tombstones are yet to be looked at.
type largeDead struct {
	txn uint64
	scn uint64
}

func (c *cleaner) add(dead []deadKey) {
	if len(dead) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range dead {
		d.key = append([]byte(nil), d.key...) // not to keep the transaction's memory
		d.sp.tombs.add(d.key)
		c.queue = append(c.queue, d)
	}
}

func (c *cleaner) addLarge(marker, scn uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.large = append(c.large, largeDead{marker &^ keys.Marker, scn})
	c.listed.Add(1)
}

// vague reports whether there may be tombstones that are not in the queue.
func (c *cleaner) vague() bool { return !c.loaded.Load() || c.listed.Load() > 0 }

// cleanBatch is how many tombstones are removed while commits wait.
const cleanBatch = 128

// Clean removes what can be removed now and returns how many tombstones went. It runs in the background; tests call it.
func (s *Store) Clean(ctx context.Context) (removed int, err error) {
	c := &s.cleaner
	c.run.Lock()
	defer c.run.Unlock()
	if err := s.loadDead(ctx); err != nil {
		return 0, err
	}
	horizon := s.txns.advance(s.seq.published.Load())
	s.moves.forget(horizon)
	todo, large := c.take(horizon)
	for i, l := range large {
		err := s.eachChunk(ctx, l.txn, func(sp keys.Space, key []byte, del bool) bool {
			if x := s.openSpace(sp); del && x != nil {
				todo = append(todo, deadKey{x, append([]byte(nil), key...), l.scn})
			}
			return true
		})
		if err != nil {
			c.giveBack(todo, large[i:])
			c.listed.Add(int64(-i))
			return removed, err
		}
	}
	defer c.listed.Add(int64(-len(large)))
	for len(todo) > 0 {
		n := min(cleanBatch, len(todo))
		k, err := s.removeDead(ctx, todo[:n])
		if err != nil {
			c.giveBack(todo, nil)
			return removed, err
		}
		removed += k
		todo = todo[n:]
	}
	return removed, nil
}

// take takes out of the queue what nobody older than the horizon can need.
func (c *cleaner) take(horizon uint64) (todo []deadKey, large []largeDead) {
	c.mu.Lock()
	defer c.mu.Unlock()
	queue, all := c.queue, c.large
	c.queue, c.large = nil, nil
	for _, d := range queue {
		if d.scn <= horizon {
			todo = append(todo, d)
		} else {
			c.queue = append(c.queue, d)
		}
	}
	for _, l := range all {
		if l.scn <= horizon {
			large = append(large, l)
		} else {
			c.large = append(c.large, l)
		}
	}
	return todo, large
}

// giveBack queues again what could not be looked at.
func (c *cleaner) giveBack(todo []deadKey, large []largeDead) {
	c.add(todo)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.large = append(c.large, large...)
}

func (s *Store) openSpace(id keys.Space) *space {
	s.mu.RLock()
	l := s.layers[id.Layer]
	s.mu.RUnlock()
	if l == nil {
		return nil
	}
	return l.space(id.Keyspace)
}

// removeDead removes those of the keys whose heads are still the tombstones meant. Commits wait meanwhile, so that none
// of them puts a new head there between the look and the removal.
func (s *Store) removeDead(ctx context.Context, dead []deadKey) (removed int, err error) {
	s.topology.Lock()
	defer s.topology.Unlock()
	s.cleaner.gate.Lock()
	defer s.cleaner.gate.Unlock()
	r := &reader{s: s}
	b := kv.Batch{Async: true, Urgent: true}
	cleaned := map[*space]uint64{}
	going := map[string]bool{}                        // in the batch already: a key may have been queued twice
	horizon := s.txns.advance(s.seq.published.Load()) // a reader of an older point may have come since
	for _, d := range dead {
		if d.scn > horizon {
			s.cleaner.add([]deadKey{d})
			continue
		}
		key := append(append([]byte(nil), d.sp.prefix...), d.key...)
		val, ok, err := s.kv.Get(ctx, key, nil)
		if err != nil {
			return removed, err
		}
		if !ok {
			d.sp.tombs.remove(d.key)
		}
		if !ok || going[string(key)] {
			continue
		}
		v, err := parseVersion(val)
		if err != nil {
			return removed, err
		}
		if !v.deleted() {
			d.sp.tombs.remove(d.key)
		}
		if !v.deleted() || r.scn(&v) != d.scn {
			continue
		}
		d.sp.tombs.remove(d.key)
		if v.flags&root == 0 {
			l := s.layerOf(d.sp.Layer)
			if l == nil {
				continue // the layer is being removed
			}
			below, ok, err := r.getBeneath(ctx, l, d.sp.Keyspace, d.key)
			if err != nil {
				return removed, err
			}
			if ok && !below.deleted {
				continue // it hides a row for ever
			}
		}
		b.Delete(key)
		going[string(key)] = true
		d.sp.size.add(-len(key) - len(val))
		cleaned[d.sp] = max(cleaned[d.sp], d.scn)
		removed++
	}
	for sp, scn := range cleaned {
		if scn > sp.cleaned.Load() {
			sp.cleaned.Store(scn)
			b.Put(keys.MetaSpace.Append(nil, sp.Layer, sp.Keyspace), binary.AppendUvarint(nil, scn))
		}
	}
	if removed == 0 {
		return 0, nil
	}
	return removed, s.kv.Apply(ctx, &b)
}

func (s *Store) layerOf(id uint64) *layer {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.layers[id]
}

// loadDead fills the queue at start-up from the log of what was committed after the last time that all was clean.
func (s *Store) loadDead(ctx context.Context) error {
	c := &s.cleaner
	if c.loaded.Load() {
		return nil
	}
	val, _, err := s.kv.Get(ctx, keys.MetaClean.Append(nil), nil)
	if err != nil {
		return err
	}
	from, _ := binary.Uvarint(val)
	s.mu.RLock()
	var layers []*layer
	for _, l := range s.layers {
		if last, _ := l.lastCommit(); last > from {
			layers = append(layers, l)
		}
	}
	s.mu.RUnlock()
	for _, l := range layers {
		if err := s.loadDeadOf(ctx, l, from); err != nil {
			return err
		}
	}
	c.loaded.Store(true)
	return nil
}

// loadDeadOf queues the tombstones of one layer. The log does not tell the SCN of a key; the head does.
func (s *Store) loadDeadOf(ctx context.Context, l *layer, from uint64) error {
	r := &reader{s: s}
	var dead []deadKey
	var inner error
	err := s.eachChange(ctx, l, from, s.seq.published.Load(), func(id keys.Space, key []byte, del bool) bool {
		sp := l.space(id.Keyspace)
		if !del || sp == nil {
			return true
		}
		var val []byte
		var ok bool
		if val, ok, inner = s.kv.Get(ctx, sp.AppendHead(nil, key), nil); inner != nil {
			return false
		}
		if v, err := parseVersion(val); ok && err == nil && v.deleted() {
			dead = append(dead, deadKey{sp, append([]byte(nil), key...), r.scn(&v)})
		}
		return true
	})
	s.cleaner.add(dead)
	if err == nil {
		err = inner
	}
	return err
}

// saveClean notes, if it is so, that nothing is left to clean.
func (s *Store) saveClean(ctx context.Context) error {
	c := &s.cleaner
	upTo := s.seq.published.Load() // before the look: who is published by now has queued what it deleted
	c.mu.Lock()
	clean := c.loaded.Load() && len(c.queue) == 0 && len(c.large) == 0
	c.mu.Unlock()
	if !clean {
		return nil
	}
	b := kv.Batch{Urgent: true}
	b.Put(keys.MetaClean.Append(nil), binary.AppendUvarint(nil, upTo))
	return s.kv.Apply(ctx, &b)
}

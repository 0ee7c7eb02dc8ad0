package mvcc

import (
	"cmp"
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// cleaner removes tombstones that no snapshot needs and under which no parent layer shows a row. Until then a scan has to
// step over them; after that, readers older than the deletion find the row through history.
//
// Those who read at fixed points (forks, the past) may be older for ever, so they are not waited for but told: first
// space.cleaned says that tombstones may be gone, and when those have ended who may have begun to look before that, they go.
type cleaner struct {
	mu     sync.Mutex
	queue  []deadKey
	large  []largeDead
	doomed doomed
	listed atomic.Int64 // large transactions whose tombstones are not in the queue
	loaded atomic.Bool
	run    sync.Mutex
}

// doomed are tombstones of which it is told that they may be gone.
type doomed struct {
	dead    []deadKey
	large   []largeDead
	readers []*Txn // who may have begun to look before it was told
}

func (d *doomed) empty() bool { return len(d.dead) == 0 && len(d.large) == 0 }

// largeDead is a committed large transaction whose tombstones are yet to be looked at.
type largeDead struct {
	txn uint64
	scn uint64
	db  catalog.OID // 0: any
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

func (c *cleaner) addLarge(marker, scn uint64, db catalog.OID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.large = append(c.large, largeDead{marker &^ keys.Marker, scn, db})
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
	for _, step := range []func(context.Context) (int, error){s.removeDoomed, s.doom, s.removeDoomed} {
		n, err := step(ctx)
		if removed += n; err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// doom tells of the tombstones that no snapshot needs, if those told of before are gone.
func (s *Store) doom(ctx context.Context) (int, error) {
	c := &s.cleaner
	if !c.doomed.empty() {
		return 0, nil
	}
	horizon := s.txns.horizon(s.seq.published.Load())
	s.moves.forget(horizon.all)
	d := s.takeDead(horizon)
	newest := map[catalog.OID]uint64{} // tombstone of each database
	tell := func(sp *space, scn uint64) {
		for old := sp.cleaned.Load(); old < scn && !sp.cleaned.CompareAndSwap(old, scn); old = sp.cleaned.Load() {
		}
		db := s.databaseOf(sp.Layer)
		newest[db] = max(newest[db], scn)
	}
	for _, x := range d.dead {
		tell(x.sp, x.scn)
	}
	for _, l := range d.large {
		err := s.eachChunk(ctx, l.txn, func(id keys.Space, _ []byte, del bool) bool {
			if sp := s.openSpace(id); del && sp != nil {
				tell(sp, l.scn)
			}
			return true
		})
		if err != nil {
			c.giveBack(d)
			return 0, err
		}
	}
	d.readers = s.txns.who(func(t *Txn) bool {
		for db, scn := range newest {
			if t.oldest.Load() < scn && (db == t.o.Database || db == 0 || t.o.Database == 0) {
				return true
			}
		}
		return false
	})
	c.doomed = d
	return 0, nil
}

// takeDead takes out of the queue what nobody older than the horizon can need, fixed points apart.
func (s *Store) takeDead(horizon since) (d doomed) {
	c := &s.cleaner
	c.mu.Lock()
	defer c.mu.Unlock()
	queue, all := c.queue, c.large
	c.queue, c.large = nil, nil
	from := map[uint64]uint64{} // by layer
	for _, x := range queue {
		at, ok := from[x.sp.Layer]
		if !ok {
			at = horizon.from(s.databaseOf(x.sp.Layer))
			from[x.sp.Layer] = at
		}
		if x.scn <= at {
			d.dead = append(d.dead, x)
		} else {
			c.queue = append(c.queue, x)
		}
	}
	for _, l := range all {
		if l.scn <= horizon.from(l.db) {
			d.large = append(d.large, l)
		} else {
			c.large = append(c.large, l)
		}
	}
	return d
}

// databaseOf returns the database of a layer's branch; 0: it is not known.
func (s *Store) databaseOf(layer uint64) catalog.OID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if l := s.layers[layer]; l != nil {
		if b := s.branches[l.branch]; b != nil {
			return b.Database
		}
	}
	return 0
}

// giveBack queues again what could not be removed.
func (c *cleaner) giveBack(d doomed) {
	c.add(d.dead)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.large = append(c.large, d.large...)
}

// removeDoomed removes tombstones when everybody knows that they may be gone.
func (s *Store) removeDoomed(ctx context.Context) (removed int, err error) {
	c := &s.cleaner
	if c.doomed.empty() || s.txns.running(c.doomed.readers) {
		return 0, nil
	}
	d := c.doomed
	c.doomed = doomed{}
	if removed, d.dead, err = s.removeAll(ctx, d.dead); err != nil {
		c.giveBack(d)
		return removed, err
	}
	for i, l := range d.large {
		n, err := s.removeLargeDead(ctx, l)
		if removed += n; err != nil {
			c.giveBack(doomed{large: d.large[i:]})
			return removed, err
		}
		c.listed.Add(-1)
	}
	return removed, nil
}

// removeAll removes tombstones, some at a time; left are those that it did not come to.
func (s *Store) removeAll(ctx context.Context, dead []deadKey) (removed int, left []deadKey, err error) {
	for len(dead) > 0 {
		n := min(cleanBatch, len(dead))
		k, err := s.removeDead(ctx, dead[:n])
		if err != nil {
			return removed, dead, err
		}
		removed += k
		dead = dead[n:]
	}
	return removed, nil, nil
}

// removeLargeDead removes the tombstones of a large transaction, which its lists of keys tell.
func (s *Store) removeLargeDead(ctx context.Context, l largeDead) (removed int, err error) {
	var todo []deadKey
	flush := func() bool {
		var n int
		n, _, err = s.removeAll(ctx, todo)
		removed, todo = removed+n, todo[:0]
		return err == nil
	}
	walk := s.eachChunk(ctx, l.txn, func(id keys.Space, key []byte, del bool) bool {
		if sp := s.openSpace(id); del && sp != nil {
			todo = append(todo, deadKey{sp, append([]byte(nil), key...), l.scn})
		}
		return len(todo) < cleanBatch || flush()
	})
	if walk == nil && err == nil {
		flush()
	}
	return removed, cmp.Or(walk, err)
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
	r := &reader{s: s}
	b := kv.Batch{Async: true, Urgent: true}
	cleaned := map[*space]bool{}
	going := map[string]bool{} // in the batch already: a key may have been queued twice
	for _, d := range dead {
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
		cleaned[d.sp] = true
		removed++
	}
	for sp := range cleaned {
		b.Put(keys.MetaSpace.Append(nil, sp.Layer, sp.Keyspace), binary.AppendUvarint(nil, sp.cleaned.Load()))
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
	c.run.Lock()
	defer c.run.Unlock()
	upTo := s.seq.published.Load() // before the look: who is published by now has queued what it deleted
	c.mu.Lock()
	clean := c.loaded.Load() && len(c.queue) == 0 && len(c.large) == 0 && c.doomed.empty()
	c.mu.Unlock()
	if !clean {
		return nil
	}
	b := kv.Batch{Urgent: true}
	b.Put(keys.MetaClean.Append(nil), binary.AppendUvarint(nil, upTo))
	return s.kv.Apply(ctx, &b)
}

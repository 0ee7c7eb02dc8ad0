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
	doomed map[catalog.OID]*doomed // by database; 0: it is not known which. Only Clean has it
	listed atomic.Int64            // large transactions whose tombstones are not in the queue
	loaded atomic.Bool
	run    sync.Mutex
}

// doomed are tombstones of a database of which it is told that they may be gone.
type doomed struct {
	dead    []deadKey
	large   []largeDead
	readers []*Txn // who may have begun to look before it was told
}

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

// doom tells of the tombstones that no snapshot needs, in databases where those told of before are gone.
func (s *Store) doom(ctx context.Context) (int, error) {
	c := &s.cleaner
	moving := s.txns.moving(s.seq.published.Load())
	s.moves.forget(moving.all)
	taken := s.takeDead(moving)
	for db, d := range taken {
		if err := s.tell(ctx, db, d); err != nil {
			for db, d := range taken {
				delete(c.doomed, db)
				c.giveBack(d)
			}
			return 0, err
		}
		c.doomed[db] = d
	}
	return 0, nil
}

// tell says that tombstones of a database may be gone, and notes who may have begun to look before.
func (s *Store) tell(ctx context.Context, db catalog.OID, d *doomed) error {
	newest := uint64(0)
	gone := func(sp *space, scn uint64) {
		for old := sp.cleaned.Load(); old < scn && !sp.cleaned.CompareAndSwap(old, scn); old = sp.cleaned.Load() {
		}
		newest = max(newest, scn)
	}
	for _, x := range d.dead {
		gone(x.sp, x.scn)
	}
	for _, l := range d.large {
		if err := s.eachLargeDead(ctx, l, func(x deadKey) error { gone(x.sp, x.scn); return nil }); err != nil {
			return err
		}
	}
	d.readers = s.txns.who(func(t *Txn) bool {
		return t.oldest.Load() < newest && (t.o.Database == db || t.o.Database == 0 || db == 0)
	})
	return nil
}

// takeDead takes out of the queue, by database, what nobody needs who reads from there on, fixed points apart.
func (s *Store) takeDead(moving horizons) map[catalog.OID]*doomed {
	c := &s.cleaner
	c.mu.Lock()
	defer c.mu.Unlock()
	queue, large := c.queue, c.large
	c.queue, c.large = nil, nil
	out := map[catalog.OID]*doomed{}
	take := func(db catalog.OID, scn uint64) *doomed {
		if c.doomed[db] != nil || scn > moving.from(db) {
			return nil
		}
		if out[db] == nil {
			out[db] = &doomed{}
		}
		return out[db]
	}
	databases := map[uint64]catalog.OID{} // of layers
	for _, x := range queue {
		db, ok := databases[x.sp.Layer]
		if !ok {
			db = s.databaseOf(x.sp.Layer)
			databases[x.sp.Layer] = db
		}
		if d := take(db, x.scn); d != nil {
			d.dead = append(d.dead, x)
		} else {
			c.queue = append(c.queue, x)
		}
	}
	for _, l := range large {
		if d := take(l.db, l.scn); d != nil {
			d.large = append(d.large, l)
		} else {
			c.large = append(c.large, l)
		}
	}
	return out
}

// databaseOf returns the database of a layer's branch; 0: it is not known.
func (s *Store) databaseOf(layer uint64) catalog.OID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if l := s.layers[layer]; l != nil {
		return s.databaseLocked(l)
	}
	return 0
}

func (s *Store) databaseLocked(l *layer) catalog.OID {
	if b := s.branches[l.branch]; b != nil {
		return b.Database
	}
	return 0
}

// giveBack queues again what could not be removed.
func (c *cleaner) giveBack(d *doomed) {
	c.add(d.dead)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.large = append(c.large, d.large...)
}

// removeDoomed removes the tombstones of databases where everybody knows that they may be gone.
func (s *Store) removeDoomed(ctx context.Context) (removed int, err error) {
	c := &s.cleaner
	for db, d := range c.doomed {
		if s.txns.running(d.readers) {
			continue
		}
		delete(c.doomed, db)
		n, err := s.removeTombstones(ctx, d)
		if removed += n; err != nil {
			c.giveBack(d)
			return removed, err
		}
	}
	return removed, nil
}

// removeTombstones removes tombstones, some at a time, and takes them out of d.
func (s *Store) removeTombstones(ctx context.Context, d *doomed) (removed int, err error) {
	for len(d.dead) > 0 {
		n := min(cleanBatch, len(d.dead))
		k, err := s.removeDead(ctx, d.dead[:n])
		if err != nil {
			return removed, err
		}
		removed, d.dead = removed+k, d.dead[n:]
	}
	for len(d.large) > 0 {
		part := &doomed{}
		err := s.eachLargeDead(ctx, d.large[0], func(x deadKey) error {
			x.key = append([]byte(nil), x.key...)
			if part.dead = append(part.dead, x); len(part.dead) < cleanBatch {
				return nil
			}
			k, err := s.removeTombstones(ctx, part)
			removed += k
			return err
		})
		if err != nil {
			return removed, err
		}
		k, err := s.removeTombstones(ctx, part)
		if removed += k; err != nil {
			return removed, err
		}
		d.large = d.large[1:]
		s.cleaner.listed.Add(-1)
	}
	return removed, nil
}

// eachLargeDead calls f for the tombstones of a large transaction, which its lists of keys tell. Their keys hold until f returns.
func (s *Store) eachLargeDead(ctx context.Context, l largeDead, f func(deadKey) error) error {
	var failed error
	err := s.eachChunk(ctx, l.txn, func(id keys.Space, key []byte, del bool) bool {
		if sp := s.openSpace(id); del && sp != nil {
			failed = f(deadKey{sp, key, l.scn})
		}
		return failed == nil
	})
	return cmp.Or(err, failed)
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
	clean := c.loaded.Load() && len(c.queue) == 0 && len(c.large) == 0 && len(c.doomed) == 0
	c.mu.Unlock()
	if !clean {
		return nil
	}
	b := kv.Batch{Urgent: true}
	b.Put(keys.MetaClean.Append(nil), binary.AppendUvarint(nil, upTo))
	return s.kv.Apply(ctx, &b)
}

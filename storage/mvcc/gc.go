package mvcc

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// Garbage collection removes what nobody can see: no branch within the past that it keeps, no fork, no snapshot, tag or
// commit, no state that the next merge starts from, no running transaction. In this order, so that it may be killed
// anywhere and begun again:
//
//  1. Dropped branches whose time is over lose their records; the low points of branches rise. From here on nobody who
//     comes sees what will be removed.
//  2. What can still be seen is gathered, layer by layer: that of readers who were there before, too.
//  3. Layers of which nothing can be seen go, their own records last.
//  4. Of the others go versions that meet nothing that can be seen, log entries before all that can be seen, and keyspaces
//     that no descriptor that can be seen names.
type collector struct {
	s     *Store
	ctx   context.Context
	o     storage.GCOptions
	res   storage.GCResult
	batch kv.Batch
	sees  sights
	since time.Time // of the last rest
	known uint64    // up to here all that start-up reads from log entries was saved

	removed int64 // bytes of keys and values that do not count yet
}

// gcState is what the store remembers of garbage collection.
type gcState struct {
	run  sync.Mutex
	last time.Time // that it began in the background; at first when the store was opened
}

// GC implements storage.Keeper.
func (b branches) GC(ctx context.Context, o storage.GCOptions) (storage.GCResult, error) {
	s := b.s
	s.gc.run.Lock()
	defer s.gc.run.Unlock()
	c := &collector{s: s, ctx: ctx, o: o}
	err := c.collect()
	return c.res, storeError(err)
}

// collectNow and then collects in the background.
func (s *Store) collectNowAndThen(ctx context.Context) error {
	if time.Since(s.gc.last) < s.o.GCEvery {
		return nil
	}
	s.gc.last = time.Now()
	_, err := branches{s: s}.GC(ctx, storage.GCOptions{Slowly: true})
	return err
}

func (c *collector) collect() error {
	c.batch.Async, c.batch.Urgent = true, true
	if err := c.settle(); err != nil {
		return err
	}
	for _, step := range []func() error{c.branches, c.raise, c.look, c.layers, c.versions, c.logs, c.keyspaces, c.commits} {
		if err := c.ctx.Err(); err != nil {
			return context.Cause(c.ctx)
		}
		if err := step(); err != nil {
			return err
		}
		if err := c.flush(); err != nil {
			return err
		}
	}
	if e, ok := c.s.kv.(kv.Compactor); ok && c.o.Compact {
		return e.Compact(c.ctx)
	}
	return nil
}

// settle saves what start-up would otherwise read from log entries that are about to go.
func (c *collector) settle() error {
	c.known = c.s.seq.published.Load()
	if _, err := c.s.Clean(c.ctx); err != nil {
		return err
	}
	if err := c.s.saveClean(c.ctx); err != nil {
		return err
	}
	return c.s.rowSaver.save(c.ctx, c.s, true)
}

// branches forgets dropped branches that cannot be brought back any more.
func (c *collector) branches() error {
	s := c.s
	s.topology.Lock()
	defer s.topology.Unlock()
	now := s.o.Clock()
	s.mu.RLock()
	var gone []*branch
	for _, b := range s.branches {
		if !b.Deleted.IsZero() && (c.o.Purge || s.defaults[b.Database] == nil || now.Sub(b.Deleted) > s.undeleteFor(b)) {
			gone = append(gone, b)
		}
	}
	s.mu.RUnlock()
	for _, b := range gone {
		c.batch.Delete(keys.MetaBranch.Append(nil, b.ID))
		for n, r := range s.snapshotsOf(b.ID) {
			_ = r
			c.batch.Delete(keys.MetaSnapshot.Append(nil, n))
		}
	}
	if err := c.apply(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range gone {
		delete(s.branches, b.ID)
		maps.DeleteFunc(s.snaps, func(_ uint64, r *snapshotRecord) bool { return r.BranchID == b.ID })
		c.res.Branches++
	}
	return nil
}

func (s *Store) snapshotsOf(branch uint64) map[uint64]*snapshotRecord {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[uint64]*snapshotRecord{}
	for n, r := range s.snaps {
		if r.BranchID == branch {
			out[n] = r
		}
	}
	return out
}

// undeleteFor is how long a dropped branch can be brought back.
func (s *Store) undeleteFor(b *branch) time.Duration {
	if w := s.windowLocked(b); w > 0 {
		return w
	}
	return s.o.KeepDropped
}

// raise moves the low points of databases and branches with a window.
func (c *collector) raise() error {
	s := c.s
	s.topology.Lock()
	defer s.topology.Unlock()
	now := s.o.Clock()
	s.mu.RLock()
	keeps := maps.Clone(s.keeps)
	var own []*branch
	for _, b := range s.branches {
		if b.Window != nil && *b.Window > 0 {
			own = append(own, b)
		}
	}
	s.mu.RUnlock()
	maps.DeleteFunc(keeps, func(_ catalog.OID, k keepRecord) bool { return k.Window == 0 })
	for db, k := range keeps {
		scn, err := s.scnAt(c.ctx, now.Add(-k.Window))
		if err != nil {
			return err
		}
		k.Low = max(k.Low, scn)
		keeps[db] = k
		if err := putKeep(&c.batch, db, k); err != nil {
			return err
		}
	}
	var raised []*branch
	for _, b := range own {
		scn, err := s.scnAt(c.ctx, now.Add(-*b.Window))
		if err != nil {
			return err
		}
		if scn <= b.Low {
			continue
		}
		x := *b
		x.Low = scn
		raised = append(raised, &x)
		if err := s.putBranch(&c.batch, &x); err != nil {
			return err
		}
	}
	if err := c.apply(); err != nil {
		return err
	}
	for _, b := range raised {
		s.install(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.keeps, keeps)
	return nil
}

// look finds what can be seen.
func (c *collector) look() (err error) {
	c.sees, err = c.s.sights(c.ctx, func(*branch) bool { return false })
	return err
}

// layers removes those of which nothing can be seen, from the youngest on: none of them is another's parent then.
func (c *collector) layers() error {
	dead, err := c.deadLayers()
	if err != nil {
		return err
	}
	slices.SortFunc(dead, func(a, b *layer) int { return int(int64(b.id) - int64(a.id)) })
	for _, l := range dead {
		if err := c.removeLayer(l); err != nil {
			return err
		}
		c.res.Layers++
	}
	return nil
}

// deadLayers takes what cannot be seen out of memory and out of the timelines of branches. A layer that somebody has begun to
// use or to fork from since is left alone.
func (c *collector) deadLayers() (dead []*layer, err error) {
	s := c.s
	s.topology.Lock()
	defer s.topology.Unlock()
	sees, err := s.sights(c.ctx, func(*branch) bool { return false })
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	gone := map[*layer]bool{}
	for _, l := range s.layers {
		if c.sees[l] == nil && sees[l] == nil {
			gone[l] = true
		}
	}
	unseen := maps.Clone(gone)
	grafted := c.graft(gone)
	var shorter []*branch
	for _, b := range s.branches {
		if slices.ContainsFunc(b.layers, func(l *layer) bool { return gone[l] }) {
			shorter = append(shorter, b.without(gone))
		}
	}
	s.mu.RUnlock()
	for _, b := range shorter {
		if err := s.putBranch(&c.batch, b); err != nil {
			return nil, err
		}
	}
	if err := c.apply(); err != nil {
		return nil, err
	}
	s.taken.replace(grafted)
	for _, b := range shorter {
		s.install(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := map[*layer]bool{}
	for l := range gone { // with all that they build on
		for used := l.users.Load() > 0; used && l != nil; l = l.parent {
			kept[l] = true
			kept[l.flat.Load()] = true
		}
	}
	for l := range gone {
		if !kept[l] {
			delete(s.layers, l.id)
			l.trimmed.Store(latest) // what columns were kept of it cannot be told from other states any more
			dead = append(dead, l)
		}
	}
	for l := range unseen {
		if s.layers[l.id] == l { // it stays as it is, with what it shows of others
			c.sees.add(l, 0, latest)
		}
	}
	for target, list := range grafted {
		c.seeMerged(target, list)
	}
	c.sees.close()
	return dead, nil
}

// seeMerged adds the states that records of merges name, which nobody may have seen before: the next merge starts from there.
func (c *collector) seeMerged(target uint64, list []mergeRecord) {
	for _, r := range list {
		if b := c.s.branches[r.source]; b != nil && r.source != target {
			c.sees.add(b.at(r.at), r.at, r.at)
		}
	}
}

// without returns a copy of the branch without some layers. They belong to a past that is not kept; a point of it must not
// be looked up in the era before.
func (b *branch) without(gone map[*layer]bool) *branch {
	x := *b
	x.Timeline, x.layers, x.Gone = nil, nil, slices.Clone(b.Gone)
	for i, l := range b.layers {
		if !gone[l] {
			x.Timeline, x.layers = append(x.Timeline, b.Timeline[i]), append(x.layers, l)
			continue
		}
		from, to := b.era(i)
		x.Gone = append(x.Gone, gap{from, to})
	}
	x.Gone = joined(x.Gone)
	return &x
}

// joined puts gaps in order, and makes one of those that touch.
func joined(list []gap) (out []gap) {
	slices.SortFunc(list, func(a, b gap) int { return cmp.Compare(a.From, b.From) })
	for _, s := range list {
		if n := len(out); n > 0 && s.From <= out[n-1].To+1 {
			out[n-1].To = max(out[n-1].To, s.To)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// removeLayer removes all that a layer holds, then the layer.
func (c *collector) removeLayer(l *layer) error {
	for ks := range *l.spaces.Load() {
		if err := c.removeSpace(l, ks); err != nil {
			return err
		}
	}
	log := keys.AppendLogPrefix(nil, l.id)
	if err := c.removeRange(log, kv.PrefixEnd(log)); err != nil {
		return err
	}
	flat := keys.MetaFlat.Append(nil, l.id)
	if err := c.removeRange(flat, kv.PrefixEnd(flat)); err != nil {
		return err
	}
	for _, m := range []keys.Meta{keys.MetaCatalog, keys.MetaRows} {
		prefix := m.Append(nil, l.id)
		if err := c.removeRange(prefix, kv.PrefixEnd(prefix)); err != nil {
			return err
		}
	}
	if err := c.flush(); err != nil {
		return err
	}
	c.remove(keys.MetaLayer.Append(nil, l.id), 0)
	return c.flush()
}

// removeSpace removes all that a layer has of a keyspace.
func (c *collector) removeSpace(l *layer, ks uint64) error {
	id := keys.Space{Layer: l.id, Keyspace: ks}
	for _, prefix := range [][]byte{id.AppendHead(nil, nil), id.AppendHistory(nil, nil)} {
		if err := c.removeRange(prefix, kv.PrefixEnd(prefix)); err != nil {
			return err
		}
	}
	if l.owner != nil {
		c.remove(keys.MetaFlat.Append(nil, l.owner.id, ks), 0)
	}
	c.remove(keys.MetaRows.Append(nil, l.id, ks), 0)
	c.remove(keys.MetaSpace.Append(nil, l.id, ks), 0)
	return c.flush()
}

// removeRange removes keys that nobody reads or writes.
func (c *collector) removeRange(lo, hi []byte) error {
	return c.walk(lo, hi, func(key, val []byte) error {
		c.remove(key, len(val))
		return nil
	})
}

// walk calls f for the entries of a range, a piece at a time: between two of them what f has removed goes, others get their
// turn, and no iterator is open, which would keep the engine from giving back anything that was there when it was made.
func (c *collector) walk(lo, hi []byte, f func(key, val []byte) error) error {
	back := yield{lo: lo, hi: hi}
	for lo != nil {
		next, err := c.walkPiece(lo, hi, f)
		if err != nil {
			return err
		}
		if err := c.count(&back); err != nil {
			return err
		}
		if err := c.flush(); err != nil {
			return err
		}
		lo = next
	}
	return nil
}

// walkPiece returns where to go on; nil: that was all.
func (c *collector) walkPiece(lo, hi []byte, f func(key, val []byte) error) (next []byte, err error) {
	it := c.s.kv.Scan(c.ctx, kv.Range{Lo: lo, Hi: hi})
	defer it.Close()
	for range gcPiece {
		if !it.Next() {
			return nil, it.Err()
		}
		if err := f(it.Key(), it.Value()); err != nil {
			return nil, err
		}
		if c.batch.Len() >= gcBatch {
			break
		}
	}
	return append(bytes.Clone(it.Key()), 0), nil
}

func (c *collector) remove(key []byte, val int) {
	c.removed += int64(len(key) + val)
	c.batch.Delete(key)
}

// yield is what the disk gets back for a byte that is removed from a range, as the range was before.
type yield struct {
	lo, hi  []byte
	density float64
}

// count adds what was removed to what the disk gets back.
func (c *collector) count(y *yield) (err error) {
	if c.removed > 0 && y.density == 0 {
		y.density, err = c.s.kv.Density(c.ctx, y.lo, y.hi)
	}
	c.res.Bytes += int64(float64(c.removed) * y.density)
	c.removed = 0
	return err
}

// gcBatch is how many keys are removed, and gcPiece how many are looked at, at a time.
const (
	gcBatch = 512
	gcPiece = 8 * gcBatch
)

func (c *collector) flush() error {
	if err := c.apply(); err != nil {
		return err
	}
	return c.rest()
}

// rest lets others have their turn: as long as they need it, and when it is to go slowly twice as long as the work took and a
// little more.
func (c *collector) rest() error {
	if p, ok := c.s.kv.(kv.Pacer); ok {
		if err := p.Pace(c.ctx); err != nil {
			return err
		}
	}
	defer func() { c.since = time.Now() }()
	if !c.o.Slowly || c.since.IsZero() {
		return context.Cause(c.ctx)
	}
	select {
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	case <-c.s.stop:
		return kv.ErrClosed
	case <-time.After(2*time.Since(c.since) + time.Millisecond):
		return nil
	}
}

func (c *collector) apply() error {
	if c.batch.Len() == 0 {
		return nil
	}
	err := c.s.kv.Apply(c.ctx, &c.batch)
	c.batch.Reset()
	c.batch.Async, c.batch.Urgent = true, true
	return err
}

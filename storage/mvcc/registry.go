package mvcc

import (
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/lock"
)

// registry knows the running transactions and the oldest SCN that any of them reads at. The cleaner removes only
// tombstones that none of them can need.
type registry struct {
	mu      sync.Mutex
	txns    map[*Txn]struct{}
	horizon atomic.Uint64 // tombstones up to here may have been removed
	newest  atomic.Uint64 // number of the transaction that began last
	sight   atomic.Uint64 // whoever takes a snapshot from now on reads at this SCN or later
}

func (g *registry) init() { g.txns = map[*Txn]struct{}{} }

func (g *registry) add(t *Txn) {
	g.mu.Lock()
	g.txns[t] = struct{}{}
	g.mu.Unlock()
}

func (g *registry) remove(t *Txn) {
	g.mu.Lock()
	delete(g.txns, t)
	g.mu.Unlock()
}

// owners calls f for the lock owners of all running transactions.
func (g *registry) owners(f func(*lock.Owner) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range g.txns {
		if !f(t.owner) {
			return
		}
	}
}

// snapshot returns the newest published SCN, registered as read by t beside what t reads at fixed points.
func (g *registry) snapshot(t *Txn) uint64 {
	for {
		p := t.s.seq.published.Load()
		t.oldest.Store(min(p, t.floor))
		t.reads.Store(min(p, t.point))
		if g.horizon.Load() <= p && g.sight.Load() <= p {
			return p
		}
	}
}

// advance moves the horizon up to the oldest SCN read by anyone, and returns it.
func (g *registry) advance(published uint64) uint64 {
	g.horizon.Store(g.min(published))
	// One who registered in between has either seen the horizon or is seen here.
	return g.min(g.horizon.Load())
}

func (g *registry) min(h uint64) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range g.txns {
		h = min(h, t.oldest.Load())
	}
	return h
}

// sighted returns from which SCN on transactions read branches, be it now or in one that begins later. What forks show of their
// parents does not count.
func (g *registry) sighted(published uint64) sighted {
	g.sight.Store(published)
	g.mu.Lock()
	defer g.mu.Unlock()
	x := sighted{all: published, later: published, in: map[catalog.OID]uint64{}}
	for t := range g.txns {
		scn := t.reads.Load()
		x.all = min(x.all, scn)
		x.in[t.o.Database] = min(scn, x.from(t.o.Database))
	}
	return x
}

// sighted says since when branches are being read. A transaction sees those of its own database, at its snapshot each of them, whether
// it has looked at it before or not.
type sighted struct {
	in    map[catalog.OID]uint64
	all   uint64 // the oldest of them
	later uint64 // who begins from now on reads here or after
}

func (x sighted) from(db catalog.OID) uint64 {
	if scn, ok := x.in[db]; ok {
		return scn
	}
	return x.later
}

func (g *registry) len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.txns)
}

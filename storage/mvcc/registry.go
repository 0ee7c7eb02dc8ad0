package mvcc

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/lock"
)

// registry knows the running transactions and the oldest SCN that any of them reads at.
type registry struct {
	mu     sync.Mutex
	txns   map[*Txn]struct{}
	newest atomic.Uint64 // number of the transaction that began last
	looked atomic.Uint64 // whoever takes a snapshot from now on reads at this SCN or later
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
		t.moving.Store(p)
		t.oldest.Store(min(p, t.floor))
		t.reads.Store(min(p, t.point))
		if g.looked.Load() <= p {
			return p
		}
	}
}

// moving returns from which SCN on transactions read what does not stand still, be it now or in one that begins later: tombstones up to
// there are needed only by those who read at fixed points. published is the newest SCN.
func (g *registry) moving(published uint64) horizons {
	return g.gather(published, func(t *Txn) uint64 { return t.moving.Load() })
}

// sighted returns from which SCN on transactions read branches, at fixed points too. What forks show of their parents does not count.
func (g *registry) sighted(published uint64) horizons {
	return g.gather(published, func(t *Txn) uint64 { return t.reads.Load() })
}

// gather takes an SCN of each transaction. One who registers meanwhile has either seen that somebody looks or is seen here.
func (g *registry) gather(published uint64, of func(*Txn) uint64) horizons {
	for old := g.looked.Load(); old < published && !g.looked.CompareAndSwap(old, published); old = g.looked.Load() {
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	x := horizons{all: published, later: published, in: map[catalog.OID]uint64{}}
	for t := range g.txns {
		scn := of(t)
		x.all = min(x.all, scn)
		if old, ok := x.in[t.o.Database]; !ok || scn < old {
			x.in[t.o.Database] = scn
		}
	}
	return x
}

// horizons say from which SCN on each database is read. A transaction reads its own; one without a database reads all.
type horizons struct {
	in    map[catalog.OID]uint64
	all   uint64 // the oldest of them
	later uint64 // who begins from now on reads here or after
}

// from returns the SCN for a database; for 0 that for any.
func (x horizons) from(db catalog.OID) uint64 {
	if db == 0 {
		return x.all
	}
	scn := x.later
	for _, id := range []catalog.OID{0, db} {
		if at, ok := x.in[id]; ok {
			scn = min(scn, at)
		}
	}
	return scn
}

// who returns the transactions that f picks.
func (g *registry) who(f func(*Txn) bool) (list []*Txn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range g.txns {
		if f(t) {
			list = append(list, t)
		}
	}
	return list
}

// running reports whether one of some transactions has not ended.
func (g *registry) running(list []*Txn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(list, func(t *Txn) bool {
		_, ok := g.txns[t]
		return ok
	})
}

func (g *registry) len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.txns)
}

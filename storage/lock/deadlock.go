package lock

import (
	"slices"
	"time"
)

// Deadlock is the error of a waiter whose wait would close a circle.
type Deadlock struct{ Waits []Edge }

// Edge is one wait of the circle: PID, of transaction ID, waits for Key in Mode, which Blocker's stands against.
type Edge struct {
	PID        int32
	Key        Key
	Mode       Mode
	Blocker    int32
	BlockerTxn uint64
}

func (d *Deadlock) Error() string { return "lock: deadlock" }

// deadlock looks for a circle of waits through o. It stops the whole table for a moment, which only waiters pay. A circle in
// which somebody only stands before another in a queue is resolved by letting the other pass, where that makes no new one.
func (m *Manager) deadlock(o *Owner) *Deadlock {
	m.lockAll()
	defer m.unlockAll()
	for {
		c := circle(o)
		if c == nil {
			return nil
		}
		if !relent(c) {
			return &Deadlock{edges(c)}
		}
	}
}

// wait is one wait of a circle: who waits, and for whom.
type wait struct {
	w *waiter
	b *Owner
}

// circle finds waits that lead from o back to it; nil: there are none.
func circle(o *Owner) (path []wait) {
	if o.group.waiting == nil {
		return nil
	}
	seen := map[*waiter]bool{}
	var walk func(w *waiter) bool
	walk = func(w *waiter) bool {
		if seen[w] {
			return false
		}
		seen[w] = true
		for _, b := range w.blockers() {
			path = append(path, wait{w, b})
			if b.group == o.group {
				return true
			}
			if b.group.waiting != nil && walk(b.group.waiting) {
				return true
			}
			path = path[:len(path)-1]
		}
		return false
	}
	if !walk(o.group.waiting) {
		return nil
	}
	return path
}

func edges(c []wait) []Edge {
	out := make([]Edge, len(c))
	for i, x := range c {
		out[i] = Edge{x.w.owner.PID, x.w.entry.key, x.w.mode, x.b.PID, x.b.ID}
	}
	return out
}

// relent resolves a circle by a change of the order in which some wait, if it can.
func relent(c []wait) bool {
	for _, x := range c {
		e := x.w.entry
		if e.holder(x.b) != nil {
			continue
		}
		old := e.waiters
		if e.waiters = passing(old, x.w, x.b); !stuck(c, e.waiters) {
			e.wake()
			return true
		}
		e.waiters = old
	}
	return false
}

// passing is a queue in which w stands right before b.
func passing(queue []*waiter, w *waiter, b *Owner) []*waiter {
	out := make([]*waiter, 0, len(queue))
	for _, x := range queue {
		if x.owner == b {
			out = append(out, w)
		}
		if x != w {
			out = append(out, x)
		}
	}
	return out
}

// stuck reports whether anybody of a circle or of a queue waits for himself.
func stuck(c []wait, queue []*waiter) bool {
	return slices.ContainsFunc(c, func(x wait) bool { return circle(x.w.owner) != nil }) ||
		slices.ContainsFunc(queue, func(w *waiter) bool { return circle(w.owner) != nil })
}

func (w *waiter) blockers() []*Owner {
	mask := conflicts[w.entry.key.Kind][w.mode]
	var out []*Owner
	for h := range w.entry.holders() {
		if h.owner.group != w.owner.group && h.modes&mask != 0 {
			out = append(out, h.owner)
		}
	}
	if w.entry.holder(w.owner) != nil {
		return out
	}
	for _, x := range w.entry.waiters {
		if x == w {
			break
		}
		if x.owner.group != w.owner.group && mask&(1<<x.mode) != 0 {
			out = append(out, x.owner)
		}
	}
	return out
}

func (m *Manager) lockAll() {
	for i := range m.shards {
		m.shards[i].mu.Lock()
	}
}

func (m *Manager) unlockAll() {
	for i := range m.shards {
		m.shards[i].mu.Unlock()
	}
}

// Info describes a lock held or waited for.
type Info struct {
	Key     Key
	Mode    Mode
	Granted bool
	Fast    bool // the owner alone knows of it
	PID     int32
	Txn     uint64
	// Of waiters: since when, the place in the queue from 0, and who stands in the way.
	Since    time.Time
	Place    int
	Blockers []Blocker
}

// Blocker is an owner for whom another waits.
type Blocker struct {
	PID   int32
	Txn   uint64
	Waits bool // it only stands before it in the queue
}

// List returns all locks.
func (m *Manager) List() []Info {
	out := m.listFast(nil)
	m.lockAll()
	defer m.unlockAll()
	for i := range m.shards {
		for _, e := range m.shards[i].entries {
			out = e.list(out)
		}
	}
	return out
}

func (e *entry) list(out []Info) []Info {
	for h := range e.holders() {
		for mode := Mode(1); mode < 16; mode++ {
			if h.modes&(1<<mode) != 0 {
				out = append(out, Info{Key: e.key, Mode: mode, Granted: true, PID: h.owner.PID, Txn: h.owner.ID})
			}
		}
	}
	for i, w := range e.waiters {
		x := Info{Key: e.key, Mode: w.mode, PID: w.owner.PID, Txn: w.owner.ID, Since: w.since, Place: i}
		for _, b := range w.blockers() {
			x.Blockers = append(x.Blockers, Blocker{b.PID, b.ID, e.holder(b) == nil})
		}
		out = append(out, x)
	}
	return out
}

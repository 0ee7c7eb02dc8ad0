package lock

import "time"

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

// deadlock looks for a circle of waits through o. It stops the whole table for a moment, which only waiters pay.
func (m *Manager) deadlock(o *Owner) *Deadlock {
	m.lockAll()
	defer m.unlockAll()
	if o.group.waiting == nil {
		return nil
	}
	seen := map[*waiter]bool{}
	var path []Edge
	var walk func(w *waiter) bool
	walk = func(w *waiter) bool {
		if seen[w] {
			return false
		}
		seen[w] = true
		for _, b := range w.blockers() {
			path = append(path, Edge{w.owner.PID, w.entry.key, w.mode, b.PID, b.ID})
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
	if walk(o.group.waiting) {
		return &Deadlock{path}
	}
	return nil
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

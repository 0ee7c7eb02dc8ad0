package lock

import (
	"sync"
	"sync/atomic"
)

// The modes of table locks fall into three: the weak ones up to weakest do not conflict with each other; neutral does not
// conflict with them; the others do.
const (
	weakest Mode = 3 // row exclusive
	neutral Mode = 4 // share update exclusive
)

// fastSlots is how many tables an owner can lock weakly on its own.
const fastSlots = 8

// fastLocks are weak table locks that only their owner knows of. Who wants a strong lock first says so in
// Manager.strong, and then moves all fast locks of that table to the shared table, where it can wait for them; a weak lock
// is taken here only while nobody has said so. mu orders the two: either the strong one finds the slot, or the weak one
// sees the announcement.
type fastLocks struct {
	mu    sync.Mutex
	slots [fastSlots]fastSlot
}

// fastSlot is one table. Its owner alone sets modes; others move the lock, under mu.
type fastSlot struct {
	a, b  uint64
	entry *entry // nil: not moved
	modes uint16 // 0: the slot is free
}

const strongCount = 1024

// strength counts who holds or wants a strong lock on a table, or on others of the same hash.
func (m *Manager) strength(k Key) *atomic.Int32 {
	h := (k.A*0x9e3779b97f4a7c15 ^ k.B) * 0xc2b2ae3d27d4eb4f
	return &m.strong[h>>54]
}

// lockFast takes a weak table lock in a slot; ok is false when that cannot be.
func (o *Owner) lockFast(k Key, mode Mode) (added, ok bool) {
	free := -1
	for i := range o.fast.slots {
		s := &o.fast.slots[i]
		switch {
		case s.modes == 0:
			if free < 0 {
				free = i
			}
		case s.a == k.A && s.b == k.B:
			if s.modes&(1<<mode) != 0 {
				return false, true
			}
			return o.takeSlot(k, i, mode)
		}
	}
	if free < 0 {
		return false, false
	}
	return o.takeSlot(k, free, mode)
}

func (o *Owner) takeSlot(k Key, i int, mode Mode) (added, ok bool) {
	s := &o.fast.slots[i]
	o.fast.mu.Lock()
	if s.entry != nil || o.m.strength(k).Load() != 0 {
		o.fast.mu.Unlock()
		return false, false
	}
	s.a, s.b = k.A, k.B
	s.modes |= 1 << mode
	o.fast.mu.Unlock()
	o.held = append(o.held, grant{slot: uint8(i), mode: mode})
	return true, true
}

func (o *Owner) releaseFast(g grant) {
	s := &o.fast.slots[g.slot]
	o.fast.mu.Lock()
	e := s.entry
	if s.modes &^= 1 << g.mode; s.modes == 0 {
		s.entry = nil
	}
	o.fast.mu.Unlock()
	if e != nil {
		o.release(e, g.mode)
	}
}

// gather announces a strong lock, and moves the fast locks of the table to the shared one.
func (m *Manager) gather(k Key) {
	m.strength(k).Add(1)
	for o := range m.owners {
		o.fast.mu.Lock()
		for i := range o.fast.slots {
			if s := &o.fast.slots[i]; s.modes != 0 && s.entry == nil && s.a == k.A && s.b == k.B {
				s.entry = m.adopt(k, o, s.modes)
			}
		}
		o.fast.mu.Unlock()
	}
}

// adopt adds what o holds in a slot to the shared table.
func (m *Manager) adopt(k Key, o *Owner, modes uint16) *entry {
	sh := m.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.entries[k]
	if e == nil {
		e = &entry{key: k}
		sh.keep(e)
	}
	if h := e.holder(o); h != nil {
		h.modes |= modes
	} else {
		e.add(holder{owner: o, modes: modes})
	}
	return e
}

// listFast lists the locks that are in slots.
func (m *Manager) listFast(out []Info) []Info {
	for o := range m.owners {
		o.fast.mu.Lock()
		for i := range o.fast.slots {
			s := &o.fast.slots[i]
			if s.entry != nil {
				continue
			}
			for mode := Mode(1); mode <= weakest; mode++ {
				if s.modes&(1<<mode) != 0 {
					k := Key{Kind: Table, A: s.a, B: s.b}
					out = append(out, Info{Key: k, Mode: mode, Granted: true, Fast: true, PID: o.PID, Txn: o.ID})
				}
			}
		}
		o.fast.mu.Unlock()
	}
	return out
}

// Package lock is the lock manager: row, key, table and advisory locks with wait queues and deadlock detection.
//
// It knows owners, keys and modes; it knows no rows, versions or SQL. A lock is held from its grant to the release by its
// owner, normally at the end of the transaction. Waiters are served in order, except that one who already holds the
// lock only waits for holders. So does one who comes for a row: where its holders share it, those who wait are passed, as in
// PostgreSQL. The table locks of ordinary statements, which do not conflict with each other, stay with their owner as long as
// nobody wants a stronger one (fast.go). Invariants: no two owners of different groups hold conflicting modes of one key; a
// waiter that closes a circle of waits, which no change in the order of those who wait opens, gets the deadlock error. Callers:
// storage/mvcc.
package lock

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is what a key stands for; it decides which modes there are and which conflict.
type Kind uint8

// The kinds.
const (
	Row         Kind = iota // space, keyspace, row key: modes of catalog.RowLock
	Table                   // space, OID: modes of catalog.TableLock
	Advisory                // database and key: Shared, Exclusive
	Transaction             // transaction id: Shared, Exclusive
)

// Mode is a lock's mode: catalog.RowLock, catalog.TableLock, or one of those below.
type Mode uint8

// The modes of advisory locks and of those on transactions.
const (
	Shared Mode = iota + 1
	Exclusive
)

// Key names what is locked.
type Key struct {
	Kind Kind
	A, B uint64
	S    string
}

// conflicts[kind][mode] is the set of modes (1<<mode) that conflict.
var conflicts = [...][]uint16{
	// none, key share, share, no key update, update
	Row: {0, 1 << 4, 1<<3 | 1<<4, 1<<2 | 1<<3 | 1<<4, 1<<1 | 1<<2 | 1<<3 | 1<<4},
	Table: {
		0,
		1 << 8,                    // access share
		1<<7 | 1<<8,               // row share
		1<<5 | 1<<6 | 1<<7 | 1<<8, // row exclusive
		1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8,
		1<<3 | 1<<4 | 1<<6 | 1<<7 | 1<<8,
		1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8,
		1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8,
		1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8,
	},
	Advisory:    {0, 1 << Exclusive, 1<<Shared | 1<<Exclusive},
	Transaction: {0, 1 << Exclusive, 1<<Shared | 1<<Exclusive},
}

const shardCount = 64

// Manager holds the locks.
type Manager struct {
	shards [shardCount]shard
	seed   maphash.Seed
	owners func(func(*Owner) bool)
	strong [strongCount]atomic.Int32
}

type shard struct {
	mu      sync.Mutex
	entries map[Key]*entry
	most    int      // entries that there were since the map was made
	_       [40]byte // keep neighbours off one cache line
}

type entry struct {
	key     Key
	first   holder // the one holder that most locks have; owner nil: none
	more    []holder
	waiters []*waiter
}

type holder struct {
	owner  *Owner
	modes  uint16
	counts [2]uint16 // of grants by mode, for advisory locks
}

func (h *holder) grant(m Mode) {
	h.modes |= 1 << m
	if int(m) <= len(h.counts) {
		h.counts[m-1]++
	}
}

func (h *holder) ungrant(m Mode) {
	h.modes &^= 1 << m
	if int(m) <= len(h.counts) {
		h.counts[m-1] = 0
	}
}

func newHolder(o *Owner, m Mode) holder {
	h := holder{owner: o}
	h.grant(m)
	return h
}

type waiter struct {
	owner   *Owner
	entry   *entry
	mode    Mode
	granted chan struct{}
	since   time.Time
}

// Owner is who holds locks: a transaction or a session. One goroutine uses it at a time. Owners of one group never
// conflict.
type Owner struct {
	ID    uint64 // transaction id, 0 for a session
	PID   int32
	group *group

	m    *Manager
	held []grant
	room [4]grant // what held begins in
	fast fastLocks
}

// grant is one mode of one lock, held since a place in the order of its owner's grants.
type grant struct {
	entry *entry // nil: in a fast slot
	slot  uint8
	mode  Mode
}

// group is a session: its transaction's locks and its own. Only one of its owners waits at a time.
type group struct{ waiting *waiter } // set under the mutex of the shard waited in; read with all shards locked

// New makes a manager without locks. owners calls its argument for all owners that may hold table locks, from before
// they take the first one until after they release the last.
func New(owners func(func(*Owner) bool)) *Manager {
	m := &Manager{seed: maphash.MakeSeed(), owners: owners}
	for i := range m.shards {
		m.shards[i].entries = map[Key]*entry{}
	}
	return m
}

// Owner makes an owner; with a nil sibling it is in a group of its own.
func (m *Manager) Owner(id uint64, pid int32, sibling *Owner) *Owner {
	o := &Owner{ID: id, PID: pid, m: m}
	o.held = o.room[:0]
	if sibling != nil {
		o.group = sibling.group
	} else {
		o.group = &group{}
	}
	return o
}

func (m *Manager) shard(k Key) *shard {
	h := k.A*0x9e3779b97f4a7c15 ^ k.B*0xc2b2ae3d27d4eb4f ^ uint64(k.Kind)
	if k.S != "" {
		h ^= maphash.String(m.seed, k.S)
	}
	return &m.shards[(h^h>>32)%shardCount]
}

// Wait says how to wait.
type Wait struct {
	No      bool          // do not
	Timeout time.Duration // 0: as long as the context lasts
}

// Lock takes k in a mode. added is false when the owner held it in this mode, or a row in a stronger one. Errors: ErrBusy with No,
// ErrTimeout, a *Deadlock, or the context's.
func (o *Owner) Lock(ctx context.Context, k Key, mode Mode, w Wait) (added bool, err error) {
	if k.Kind != Table {
		return o.lock(ctx, k, mode, w)
	}
	if mode <= weakest {
		if added, ok := o.lockFast(k, mode); ok {
			return added, nil
		}
	}
	if mode <= neutral {
		return o.lock(ctx, k, mode, w)
	}
	o.m.gather(k)
	if added, err = o.lock(ctx, k, mode, w); !added {
		o.m.strength(k).Add(-1)
	}
	return added, err
}

// lock is Lock in the shared table.
func (o *Owner) lock(ctx context.Context, k Key, mode Mode, w Wait) (added bool, err error) {
	s := o.m.shard(k)
	s.mu.Lock()
	e := s.entries[k]
	if e == nil {
		e = &entry{key: k, first: newHolder(o, mode)}
		s.keep(e)
		s.mu.Unlock()
		o.held = append(o.held, grant{entry: e, mode: mode})
		return true, nil
	}
	h := e.holder(o)
	if h != nil && (h.modes&(1<<mode) != 0 || k.Kind == Row && h.modes>>mode != 0) {
		if k.Kind == Advisory {
			h.grant(mode)
		}
		s.mu.Unlock()
		return false, nil
	}
	ahead := len(e.waiters)
	if h != nil || k.Kind == Row {
		ahead = 0
	}
	if !e.blocked(o, mode, ahead) {
		if h != nil {
			h.grant(mode)
		} else {
			e.add(newHolder(o, mode))
		}
		s.mu.Unlock()
		o.held = append(o.held, grant{entry: e, mode: mode})
		return true, nil
	}
	if w.No {
		s.forget(e)
		s.mu.Unlock()
		return false, ErrBusy
	}
	return o.wait(ctx, s, e, mode, w.Timeout)
}

// Strongest returns the strongest mode in which others than o hold k, 0 for none.
func (o *Owner) Strongest(k Key) Mode {
	s := o.m.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	var all uint16
	if e := s.entries[k]; e != nil {
		for h := range e.holders() {
			if h.owner.group != o.group {
				all |= h.modes
			}
		}
	}
	m := Mode(0)
	for ; all > 1; all >>= 1 {
		m++
	}
	return m
}

func (e *entry) holders() func(yield func(h *holder) bool) {
	return func(yield func(h *holder) bool) {
		if e.first.owner != nil && !yield(&e.first) {
			return
		}
		for i := range e.more {
			if !yield(&e.more[i]) {
				return
			}
		}
	}
}

func (e *entry) holder(o *Owner) *holder {
	for h := range e.holders() {
		if h.owner == o {
			return h
		}
	}
	return nil
}

func (e *entry) add(h holder) {
	if e.first.owner == nil {
		e.first = h
		return
	}
	e.more = append(e.more, h)
}

// blocked reports whether a holder, or one of the first n waiters, stands in the way.
func (e *entry) blocked(o *Owner, mode Mode, n int) bool {
	mask := conflicts[e.key.Kind][mode]
	for h := range e.holders() {
		if h.owner.group != o.group && h.modes&mask != 0 {
			return true
		}
	}
	for _, w := range e.waiters[:n] {
		if w.owner.group != o.group && mask&(1<<w.mode) != 0 {
			return true
		}
	}
	return false
}

func (e *entry) drop(o *Owner) {
	if e.first.owner == o {
		e.first = holder{}
		if n := len(e.more); n > 0 {
			e.first = e.more[n-1]
			e.more = e.more[:n-1]
		}
		return
	}
	e.more = slices.DeleteFunc(e.more, func(h holder) bool { return h.owner == o })
}

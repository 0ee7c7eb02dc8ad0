// Package ssi makes snapshot isolation serializable, by the rule of Cahill, Röhm and Fekete as PostgreSQL applies it: it
// notes what serializable transactions read and write, and refuses those that stand in the middle of two successive
// read-write dependencies of which the last committed first.
//
// It knows transactions, keyspaces and keys; it knows no rows, versions or SQL, and blocks nobody but a deferrable reader
// that waits for a safe snapshot. Reads are noted as keys and as ranges of keys, empty ones included, so that rows that come
// to be in a range count as much as rows that were there; what grows too large is taken for the whole keyspace. A
// dependency is found by whoever comes second, reader or writer: each notes first what it does and then looks for others.
// What committed transactions did is kept as long as one runs that did not see them; beyond a bound the oldest are kept in
// sum only, at the price of refusals that were not needed.
//
// Invariants: a key of a transaction's reads or writes is in the index of its keyspace as long as the transaction is known;
// edges stand on both sides. Callers: storage/mvcc.
package ssi

import (
	"sync"
)

// Space is a keyspace of a layer.
type Space struct{ Layer, Keyspace uint64 }

// Manager knows the serializable transactions.
type Manager struct {
	mu       sync.Mutex
	seq      uint64 // of the last commit, or step towards one
	active   map[*Txn]struct{}
	writable int    // active ones not declared read-only
	done     []*Txn // committed, in order
	readers  map[Space]map[*Txn]*keySet
	writers  map[Space]map[*Txn]*keySet
	old      summary
	keep     int // how many committed ones are kept
}

const defaultKeep = 1000

// New makes a manager without transactions.
func New() *Manager {
	return &Manager{active: map[*Txn]struct{}{}, readers: map[Space]map[*Txn]*keySet{}, writers: map[Space]map[*Txn]*keySet{},
		old: newSummary(), keep: defaultKeep}
}

// Txn is one serializable transaction.
type Txn struct {
	m        *Manager
	id       uint64
	readOnly bool // declared so, or committed without a write

	snapshot uint64 // SCN
	before   uint64 // seq at the snapshot
	prepared uint64 // seq at which its commit began; 0: it has not
	ended    uint64 // seq of its commit; 0: it has not
	scn      uint64 // of its commit; 0: none yet
	earliest uint64 // prepared of the first to commit of those whose writes it did not see; 0: none has

	doomed     bool
	gone       bool // rolled back, or its reads can harm nobody
	wrote      bool
	summaryIn  bool // one of the summary read what it wrote
	summaryOut bool // it read what one of the summary wrote
	declaredRO bool

	in, out map[*Txn]struct{} // those who read what it wrote; those who wrote what it read
	reads   map[Space]*keySet
	writes  map[Space]*keySet

	// Of a reader: the writers that ran at its snapshot; of a writer: the readers that began meanwhile.
	unsure map[*Txn]struct{}
	safe   bool
	unsafe bool
	wake   chan struct{} // closed when safe or unsafe is known; nil: nobody waits
}

// Begin registers a transaction. take takes its snapshot, an SCN; nobody begins or ends meanwhile. nil: a read-only
// transaction that needs no watching, because nobody writes.
func (m *Manager) Begin(id uint64, readOnly bool, take func() uint64) *Txn {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &Txn{m: m, id: id, readOnly: readOnly, declaredRO: readOnly, snapshot: take(), before: m.seq}
	if readOnly && m.writable == 0 {
		return nil
	}
	m.active[t] = struct{}{}
	if !readOnly {
		m.writable++
		return t
	}
	for w := range m.active {
		if !w.readOnly && !w.doomed {
			link(&t.unsure, w)
			link(&w.unsure, t)
		}
	}
	return t
}

func link(set *map[*Txn]struct{}, t *Txn) {
	if *set == nil {
		*set = map[*Txn]struct{}{}
	}
	(*set)[t] = struct{}{}
}

func (t *Txn) committed() bool { return t.ended != 0 }

// depends makes r, who read, precede w, who wrote.
func depends(r, w *Txn) {
	link(&r.out, w)
	link(&w.in, r)
}

// part takes the edge from r to w away.
func part(r, w *Txn) {
	delete(r.out, w)
	delete(w.in, r)
}

// forget takes a transaction out of everything.
func (m *Manager) forget(t *Txn) {
	t.gone = true
	for r := range t.in {
		part(r, t)
	}
	for w := range t.out {
		part(t, w)
	}
	t.dropReads()
	for sp := range t.writes {
		unindex(m.writers, sp, t)
	}
	t.writes = nil
}

func (t *Txn) dropReads() {
	for sp := range t.reads {
		unindex(t.m.readers, sp, t)
	}
	t.reads = nil
}

func unindex(index map[Space]map[*Txn]*keySet, sp Space, t *Txn) {
	delete(index[sp], t)
	if len(index[sp]) == 0 {
		delete(index, sp)
	}
}

// set returns the keys of a space, made if need be.
func (t *Txn) set(sets *map[Space]*keySet, index map[Space]map[*Txn]*keySet, sp Space) *keySet {
	s := (*sets)[sp]
	if s != nil {
		return s
	}
	if *sets == nil {
		*sets = map[Space]*keySet{}
	}
	s = &keySet{}
	(*sets)[sp] = s
	if index[sp] == nil {
		index[sp] = map[*Txn]*keySet{}
	}
	index[sp][t] = s
	return s
}

package mvcc

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
)

// largeTable turns the markers that large transactions leave in versions into SCNs.
type largeTable struct {
	mu   sync.RWMutex
	m    map[uint64]*largeTxn // by marker
	open atomic.Int64         // how many of them are not committed
}

// largeTxn is a transaction that has written ahead of its commit. Committed ones are kept for ever: their versions keep
// the marker.
type largeTxn struct {
	marker uint64
	at     atomic.Uint64 // SCN, 0: not committed
	writes sync.RWMutex  // held for writing while a chunk is being applied or taken back
	chunks uint32
	stuck  atomic.Bool // it could not be rolled back

	mu    sync.Mutex
	rests map[catalog.Keyspace]bool // where it has changed rows so that even their keys are in doubt, and holds no locks
}

func newLargeTxn(id uint64) *largeTxn { return &largeTxn{marker: id | keys.Marker} }

func (l *largeTxn) id() uint64 { return l.marker &^ keys.Marker }

// strong reports whether rows of a keyspace that l has changed are not even to be locked FOR KEY SHARE.
func (l *largeTxn) strong(ks catalog.Keyspace) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rests[ks]
}

func (l *largeTxn) strengthen(ks catalog.Keyspace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rests == nil {
		l.rests = map[catalog.Keyspace]bool{}
	}
	l.rests[ks] = true
}

func (t *largeTable) get(marker uint64) *largeTxn {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.m[marker|keys.Marker]
}

func (t *largeTable) add(l *largeTxn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m[l.marker] = l; l.at.Load() == 0 {
		t.open.Add(1)
	}
}

// commit makes the versions of l those of an SCN.
func (t *largeTable) commit(l *largeTxn, scn uint64) {
	l.at.Store(scn)
	t.open.Add(-1)
}

func (t *largeTable) remove(l *largeTxn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m[l.marker] == l {
		delete(t.m, l.marker)
		t.open.Add(-1)
	}
}

// scn returns the SCN at which the marker's transaction was committed; beyond every bound when it was not.
func (t *largeTable) scn(marker uint64) uint64 {
	if l := t.get(marker); l != nil {
		if at := l.at.Load(); at != 0 {
			return at
		}
	}
	return math.MaxUint64
}

func (t *largeTable) committed(marker uint64) bool { return t.scn(marker) != math.MaxUint64 }

// settle waits until the batch that wrote a version with this number is applied as a whole.
func (s *Store) settle(ver uint64) {
	if ver&keys.Marker == 0 {
		s.seq.wait(ver)
		return
	}
	if l := s.large.get(ver); l != nil {
		l.writes.RLock()
		l.writes.RUnlock() //nolint:staticcheck // waiting is all that is wanted
	}
}

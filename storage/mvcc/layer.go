package mvcc

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rowandb/rowan/storage/keys"
)

// layer is the unit of storage that a branch writes to.
type layer struct {
	id     uint64
	parent *layer
	fork   uint64 // what of the parent shows: its state at this SCN
	branch uint64 // that made it

	below atomic.Pointer[map[uint64][]reach] // what beneath returns
	flat  atomic.Pointer[layer]              // with copies of what ancestors show; they belong to this layer
	owner *layer                             // of a layer of such copies
	want  func(l *layer, ks uint64)          // is told of long lists beneath

	users   atomic.Int64  // views that look at it first
	trimmed atomic.Uint64 // of log entries up to this SCN some may be gone
	cut     atomic.Bool   // so may the last ones, with what they tell of

	spaces atomic.Pointer[map[uint64]*space] // by keyspace; replaced, never changed

	statistics statsTable

	mu       sync.Mutex
	catalogs []uint64 // SCNs at which the catalog changed, ascending
	last     uint64   // SCN of the last commit here
	lastTime time.Time
	commits  int64
	logged   size    // of the log
	changes  changes // of rows of users' tables, those that are gone included
	swept    extent  // what could be seen when it was last swept
}

// space is a keyspace of a layer in which there is, or was, something.
type space struct {
	keys.Space
	prefix    []byte        // of its heads
	cleaned   atomic.Uint64 // tombstones up to this SCN may have been removed
	persisted atomic.Bool   // the store knows of it
	rows      atomic.Int64  // rows added less rows removed in this layer
	changes   changes       // of rows
	tally     tally         // rows at earlier SCNs
	size      size          // of heads and history
	tombs     tombs         // of its heads
	changed   atomic.Uint64 // SCN of the last commit that wrote to it; of one before the store was opened, or a later SCN
	read      atomic.Int64  // 1 more than the writes to it, and to those below, when it was last read as a whole
	stale     atomic.Bool   // it is in the store's stale set
	analyzed  atomic.Int64  // changes at which it was last said to be stale
}

func newLayer(id uint64, parent *layer, fork uint64) *layer {
	l := &layer{id: id, parent: parent, fork: fork}
	l.spaces.Store(&noSpaces)
	return l
}

// noSpaces is what layers have that nobody has written to.
var noSpaces = map[uint64]*space{}

// space returns the layer's part of a keyspace, or nil when nothing was ever written there.
func (l *layer) space(ks uint64) *space { return (*l.spaces.Load())[ks] }

// open returns the layer's part of a keyspace, and makes it if need be. A reader that does not see it yet has no use
// for it: what is written there is above its snapshot.
func (l *layer) open(ks uint64) (sp *space, made bool) {
	if sp := l.space(ks); sp != nil {
		return sp, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := *l.spaces.Load()
	if sp := old[ks]; sp != nil {
		return sp, false
	}
	sp = &space{Space: keys.Space{Layer: l.id, Keyspace: ks}}
	sp.prefix = sp.AppendHead(nil, nil)
	m := make(map[uint64]*space, len(old)+1)
	maps.Copy(m, old)
	m[ks] = sp
	l.spaces.Store(&m)
	return sp, true
}

// catalogAt returns the layer and SCN of the last change of the catalog that a reader of l at SCN at sees.
func (l *layer) catalogAt(at uint64) (*layer, uint64) {
	for {
		l.mu.Lock()
		i, ok := slices.BinarySearch(l.catalogs, at)
		if !ok {
			i--
		}
		var scn uint64
		if i >= 0 {
			scn = l.catalogs[i]
		}
		l.mu.Unlock()
		if scn != 0 || l.parent == nil {
			return l, scn
		}
		at = min(at, l.fork)
		l = l.parent
	}
}

// catalogsIn returns the SCNs in (from, to] at which the catalog changed.
func (l *layer) catalogsIn(from, to uint64) []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, _ := slices.BinarySearch(l.catalogs, from+1)
	k, found := slices.BinarySearch(l.catalogs, to)
	if found {
		k++
	}
	return slices.Clone(l.catalogs[i:max(i, k)])
}

func (l *layer) addCatalog(scn uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, ok := slices.BinarySearch(l.catalogs, scn); !ok {
		l.catalogs = slices.Insert(l.catalogs, i, scn)
	}
}

func (l *layer) committed(scn uint64, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commits++
	if scn > l.last {
		l.last, l.lastTime = scn, at
	}
}

func (l *layer) lastCommit() (uint64, time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.lastTime
}

// link is one layer of a chain and the SCN up to which it shows.
type link struct {
	*layer
	bound uint64
}

// chain returns the layers that a reader of l at SCN at looks through, topmost first.
func (l *layer) chain(at uint64) []link {
	var out []link
	for ; l != nil; l = l.parent {
		out = append(out, link{l, at})
		at = min(at, l.fork)
	}
	return out
}

package mvcc

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/lock"
	"github.com/rowandb/rowan/storage/ssi"
)

// Options tune a store. The zero value is good.
type Options struct {
	// SpillBytes is how much a transaction writes before it writes ahead of its commit; 0: 32 MB.
	SpillBytes int64
	// CleanEvery is the pause of the cleaner; 0: 500 ms; negative: no cleaner.
	CleanEvery time.Duration
	// KeepDropped is how long a dropped branch can be brought back when nothing else is said; 0: 7 days.
	KeepDropped time.Duration
	// GCEvery is the pause of garbage collection; 0: a minute.
	GCEvery time.Duration
	// CacheBytes is how much of tables that are read as a whole is kept decoded in memory; 0: 128 MB; negative: nothing.
	CacheBytes int64
	// CacheRows is the least number of rows of a table that is kept; 0: 8,192.
	CacheRows int64
	// TempDir is where temporary files go; "": where the system has them.
	TempDir string
	// Clock gives the time of commits; nil: time.Now.
	Clock func() time.Time
	// Keyspaces gives out the numbers of keyspaces; nil: the store does. It is for a store of tables that another one's numbers are
	// given to as well: a number given out by both would have two tables share their rows.
	Keyspaces func(context.Context) (catalog.Keyspace, error)
}

// Store implements storage.Store.
type Store struct {
	kv     kv.Engine
	o      Options
	seq    sequencer
	locks  *lock.Manager
	ssi    *ssi.Manager
	large  largeTable
	claims claimTable

	// topology is held for reading by commits and for writing by whatever changes layers, branches or heads beside them.
	topology sync.RWMutex

	mu       sync.RWMutex // of what follows
	layers   map[uint64]*layer
	branches map[uint64]*branch
	names    map[branchName]*branch
	defaults map[catalog.OID]*branch
	snaps    map[uint64]*snapshotRecord
	keeps    map[catalog.OID]keepRecord
	building map[*layer]struct{} // of transactions that have not committed

	global    *layer
	globalNow atomic.Pointer[globalSnapshot]
	catalogs  catalogCache
	counters  [counterCount]counter
	sequences sequences
	seqDirty  atomic.Bool // a sequence was advanced since the last sync
	txns      registry
	tables    tableCache
	differ    storage.Differ
	naming    storage.Names // nil: none
	loaded    uint64        // the last SCN when the store was opened
	cleaner   cleaner
	moves     moves
	rowSaver  rowSaver
	gc        gcState
	flattener flattener
	stale     staleSet
	columns   columnCache
	taken     takenIn

	closed atomic.Bool
	stop   chan struct{}
	wg     sync.WaitGroup
}

var _ storage.Store = (*Store)(nil)

// Open opens the store in an engine, and rolls back what a crash left unfinished. A store that was never used has no
// databases: see Bootstrap. Close closes the engine too.
func Open(engine kv.Engine, o Options) (*Store, error) {
	if o.SpillBytes == 0 {
		o.SpillBytes = 32 << 20
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 128 << 20
	}
	if o.CacheRows == 0 {
		o.CacheRows = cacheRows
	}
	if o.CleanEvery == 0 {
		o.CleanEvery = 500 * time.Millisecond
	}
	if o.KeepDropped == 0 {
		o.KeepDropped = 7 * 24 * time.Hour
	}
	if o.GCEvery == 0 {
		o.GCEvery = time.Minute
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &Store{
		kv: engine, o: o, stop: make(chan struct{}),
		layers: map[uint64]*layer{}, branches: map[uint64]*branch{}, names: map[branchName]*branch{},
		defaults: map[catalog.OID]*branch{}, snaps: map[uint64]*snapshotRecord{},
		keeps: map[catalog.OID]keepRecord{}, building: map[*layer]struct{}{},
	}
	s.columns.max = o.CacheBytes
	s.gc.last = time.Now() // start-up has enough to do
	s.large.m = map[uint64]*largeTxn{}
	s.cleaner.doomed = map[catalog.OID]*doomed{}
	s.txns.init()
	s.locks = lock.New(s.txns.owners)
	s.ssi = ssi.New()
	s.sequences.init(s)
	if err := s.load(context.Background()); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s.start()
	return s, nil
}

// start runs the background work. What may take long, because it leaves time to others, does not keep tombstones waiting.
func (s *Store) start() {
	if s.o.CleanEvery < 0 {
		return
	}
	for _, work := range []func(context.Context){s.background, s.slowly} {
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			t := time.NewTicker(s.o.CleanEvery)
			defer t.Stop()
			for {
				select {
				case <-s.stop:
					return
				case <-t.C:
					work(context.Background())
				}
			}
		}()
	}
}

// background and slowly try again what fails at the next tick.
func (s *Store) background(ctx context.Context) {
	_, _ = s.Clean(ctx)
	_, _ = s.Expire(ctx)
	_ = s.autoSnapshots(ctx)
	_ = s.rowSaver.save(ctx, s, false)
}

func (s *Store) slowly(ctx context.Context) {
	_, _ = s.Flatten(ctx)
	_ = s.collectNowAndThen(ctx)
}

// Close implements storage.Store.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	close(s.stop)
	s.wg.Wait()
	ctx := context.Background()
	s.rowSaver.closing = 1
	err := s.rowSaver.save(ctx, s, true)
	if err2 := s.saveClean(ctx); err == nil {
		err = err2
	}
	if err2 := s.kv.Close(); err == nil {
		err = err2
	}
	return err
}

// Now implements storage.Store.
func (s *Store) Now() (storage.SCN, time.Time) {
	scn := s.seq.published.Load()
	t, err := s.Time(context.Background(), scn)
	if err != nil {
		t = time.Time{}
	}
	return scn, t
}

// UseDiffer sets what Branches compares and merges with; before the first use of the store.
func (s *Store) UseDiffer(d storage.Differ) { s.differ = d }

// UseNames sets what knows the names that users gave to points; before the first use of the store.
func (s *Store) UseNames(n storage.Names) { s.naming = n }

// Empty reports whether the store was never bootstrapped.
func (s *Store) Empty() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.branches) == 0
}

// Sequences implements storage.Store.
func (s *Store) Sequences() storage.Sequences { return &s.sequences }

// Package badgerkv is the kv.Engine on Badger, the default for a server with a data directory.
//
// It knows Badger and nothing of what is stored. Every write has the same Badger timestamp, so that a key overwritten a
// million times is one entry in the memtable and costs a scan nothing (docs/decisions/0002-one-badger-timestamp.md).
// Badger then tells versions of a key apart only by the age of their table. That order holds in level 0, except when
// level 0 is compacted into itself, which Badger does with four tables or more: hence level 0 stalls at three. Writes go
// through one goroutine, which gathers concurrent batches into one Badger transaction and one fsync.
// Callers: server, which hands it to storage/mvcc.
package badgerkv

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/rowandb/rowan/storage/kv"
)

// ts is the one timestamp.
const ts = 1

// Options open an engine.
type Options struct {
	Dir    string
	Small  bool          // less memory, smaller batches
	NoSync bool          // never fsync: a crash of the machine may lose all
	Logger badger.Logger // nil: silent
}

// Engine is the store.
type Engine struct {
	db     *badger.DB
	read   *badger.Txn // shared by all readers; Badger's read-only transactions keep no state
	limits kv.Limits
	opts   Options

	sending  sync.RWMutex // held for reading to send a request, for writing to close the channel
	requests chan *request
	stopped  chan struct{}
	closed   atomic.Bool
	users    atomic.Int64 // reads and iterators under way, which Close waits for
	failed   atomic.Pointer[error]
	wal      walFiles
}

var _ kv.Engine = (*Engine)(nil)

// Open opens or makes the store in a directory.
func Open(o Options) (*Engine, error) { return openWith(o, badgerOptions(o)) }

func openWith(o Options, b badger.Options) (*Engine, error) {
	db, err := badger.OpenManaged(b)
	if err != nil {
		return nil, fmt.Errorf("badger: %w", err)
	}
	db.SetDiscardTs(ts)
	e := &Engine{
		db: db, read: db.NewTransactionAt(ts, false), opts: o,
		// Badger reckons a few bytes more for each entry than kv.Batch; half of its limit is far enough away.
		limits:   kv.Limits{Bytes: db.MaxBatchSize() / 2, Ops: int(db.MaxBatchCount() / 2)},
		requests: make(chan *request, 256), stopped: make(chan struct{}),
	}
	if err := e.wal.open(o.Dir); err != nil {
		_ = db.Close()
		return nil, err
	}
	go e.commitLoop()
	return e, nil
}

func badgerOptions(o Options) badger.Options {
	b := badger.DefaultOptions(o.Dir).
		WithLogger(o.Logger).
		WithDetectConflicts(false).
		WithMetricsEnabled(false).
		WithNumVersionsToKeep(1).
		WithSyncWrites(false). // the commit loop syncs
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(3). // see the package comment
		WithCompression(options.Snappy).
		WithNumCompactors(2).
		WithBlockCacheSize(256 << 20)
	if o.Small {
		b = b.WithMemTableSize(16 << 20).WithNumMemtables(2).WithBlockCacheSize(32 << 20).
			WithIndexCacheSize(16 << 20).WithValueLogFileSize(64 << 20)
	}
	return b
}

// enter counts a reader in, unless the engine is closed.
func (e *Engine) enter() error {
	e.users.Add(1)
	if e.closed.Load() {
		e.users.Add(-1)
		return kv.ErrClosed
	}
	return nil
}

func (e *Engine) leave() { e.users.Add(-1) }

// Get implements kv.Engine.
func (e *Engine) Get(_ context.Context, key, buf []byte) ([]byte, bool, error) {
	if err := e.enter(); err != nil {
		return buf, false, err
	}
	defer e.leave()
	item, err := e.read.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return buf, false, nil
	}
	if err != nil {
		return buf, false, fmt.Errorf("badger: %w", err)
	}
	err = item.Value(func(v []byte) error {
		buf = append(buf, v...)
		return nil
	})
	if err != nil {
		return buf, false, fmt.Errorf("badger: %w", err)
	}
	return buf, true, nil
}

// GetMany implements kv.Engine.
func (e *Engine) GetMany(ctx context.Context, keys [][]byte, f func(i int, val []byte) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	for i, k := range keys {
		if i&255 == 255 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		item, err := e.read.Get(k)
		if errors.Is(err, badger.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("badger: %w", err)
		}
		if err := item.Value(func(v []byte) error { return f(i, v) }); err != nil {
			return err
		}
	}
	return nil
}

// Size implements kv.Engine: bytes of whole tables within the prefix.
func (e *Engine) Size(prefix []byte) int64 {
	if e.enter() != nil {
		return 0
	}
	defer e.leave()
	n, _ := e.db.EstimateSize(prefix)
	return int64(n)
}

// Limits implements kv.Engine.
func (e *Engine) Limits() kv.Limits { return e.limits }

// Close implements kv.Engine. Reads under way must come to an end first; Close waits for them for a while.
func (e *Engine) Close() error {
	if e.closed.Swap(true) {
		return nil
	}
	e.sending.Lock()
	close(e.requests)
	e.sending.Unlock()
	<-e.stopped
	for i := 0; e.users.Load() > 0 && i < 1000; i++ {
		time.Sleep(time.Millisecond)
	}
	if n := e.users.Load(); n > 0 {
		return fmt.Errorf("badger: %d reads are still under way", n)
	}
	e.read.Discard()
	err := e.db.Close()
	e.wal.close()
	return err
}

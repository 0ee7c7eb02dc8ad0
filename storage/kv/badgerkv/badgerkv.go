// Package badgerkv is the kv.Engine on Badger, the default for a server with a data directory.
//
// It knows Badger and nothing of what is stored. The Badger timestamp of a write is its epoch: it stays the same until about a memtable is
// full, so that a key overwritten a million times is one entry in the memtable and costs a scan nothing
// (docs/decisions/0002-one-badger-timestamp.md, 0034-epochs.md). Within an epoch Badger tells versions of a key apart only by the
// age of their table. That order holds in level 0, except when level 0 is compacted into itself, which Badger does with four tables or
// more: hence level 0 stalls at three. Writes go through one goroutine, which gathers concurrent batches into one Badger
// transaction and one fsync.
// Callers: server, which hands it to storage/mvcc.
package badgerkv

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/rowandb/rowan/storage/kv"
)

// Engine is the store.
type Engine struct {
	db     *badger.DB
	epochs epochs
	limits kv.Limits
	opts   Options

	sending    sync.RWMutex // held for reading to send a request, for writing to close the channel
	requests   chan *request
	stopped    chan struct{}
	reclaim    chan chan error // asks the commit loop for a collection of value logs
	flattening chan struct{}   // full while all levels are being made one
	closed     atomic.Bool
	ready      atomic.Bool  // it is open, and compactions may look at it
	users      atomic.Int64 // reads and iterators under way, which Close waits for
	health     health
	search     search
	fresh      freshTables
	logs       memLogs
	wal        walFiles
	noted      int // up to which log it is noted that they are full
	values     valueLogs
	backlog    backlog
	courtesy   courtesy
	trimming   sync.Mutex
	loosened   atomic.Int64 // bytes written loosely since the last of them were synced
	unsynced   atomic.Bool  // something was committed that nobody waited for, and is not durable yet
	space      space
	density    densities
	writing    sync.RWMutex // held for reading by writes, for writing where none may be under way
}

var (
	_ kv.Engine   = (*Engine)(nil)
	_ kv.Health   = (*Engine)(nil)
	_ kv.Verifier = (*Engine)(nil)
)

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
func (e *Engine) Get(_ context.Context, key, buf []byte) (_ []byte, found bool, err error) {
	if err := e.enter(); err != nil {
		return buf, false, err
	}
	defer e.leave()
	defer e.caught(&err)
	debug.SetPanicOnFault(true) // a sector of a mapped file that cannot be read
	seen := damages.count()
	item, err := e.get(key)
	if err != nil {
		return buf, false, e.readError(err, seen)
	}
	if item == nil {
		return buf, false, e.sound(seen)
	}
	found, err = e.value(key, item, func(v []byte) error {
		buf = append(buf, v...)
		return nil
	})
	if err != nil || damages.since(seen) {
		return buf, false, e.readError(err, seen)
	}
	return buf, found, nil
}

// GetMany implements kv.Engine.
func (e *Engine) GetMany(ctx context.Context, keys [][]byte, f func(i int, val []byte) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	debug.SetPanicOnFault(true)
	seen := damages.count()
	at := 0
	give := func(v []byte) error {
		if err := e.sound(seen); err != nil {
			return err
		}
		return f(at, v)
	}
	for i, k := range keys {
		if i&255 == 255 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		item, err := e.item(k, seen)
		if err != nil {
			return err
		}
		if item == nil {
			continue
		}
		at = i
		if _, err := e.value(k, item, give); err != nil {
			return err
		}
	}
	return nil
}

// item looks a key up; nil when it is not there.
func (e *Engine) item(key []byte, seen uint64) (item *badger.Item, err error) {
	defer e.caught(&err)
	if item, err = e.get(key); err != nil {
		return nil, e.readError(err, seen)
	}
	return item, e.sound(seen)
}

// closeStore closes Badger. One that has met damage is left as it is: closing would wait for compactions, which stand still
// lest they write tables without what could not be read.
func (e *Engine) closeStore() error {
	closed := make(chan error, 1)
	if !e.health.damaged() {
		e.epochs.discard()
		go func() { closed <- e.db.Close() }()
	}
	select {
	case err := <-closed:
		return err
	case <-e.health.bad:
	}
	if err := e.wal.sync(); err != nil {
		return err
	}
	return e.health.err()
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
	if err := e.drain(); err != nil {
		return err
	}
	err := e.closeStore()
	engines.remove(e)
	e.wal.close()
	return err
}

// How long Close waits for reads, and for all levels to become one, which can take minutes and not be stopped.
const (
	readGrace    = time.Second
	flattenGrace = 20 * time.Second
)

// drain waits until nobody uses the store. Where somebody does not end, what was written is durable all the same.
func (e *Engine) drain() error {
	began := time.Now()
	for e.users.Load() > 0 {
		if waited := time.Since(began); waited < readGrace || waited < flattenGrace && len(e.flattening) > 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		if err := e.health.err(); err != nil {
			return err
		}
		return cmp.Or(e.syncAll(), errInUse)
	}
	return nil
}

var errInUse = errors.New("badger: reads or compactions are still under way; what was committed is on disk")

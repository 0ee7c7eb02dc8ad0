package badgerkv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"

	"github.com/rowandb/rowan/storage/kv"
)

var _ kv.Compactor = (*Engine)(nil)

// Compact implements kv.Compactor: all levels become one, without what was removed or overwritten, and value logs of which
// half is garbage are rewritten. Commits may wait meanwhile. One worker: two could compact level 0 out of order.
func (e *Engine) Compact(ctx context.Context) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	if err := e.Sync(ctx); err != nil {
		return err
	}
	if err := e.rotate(ctx); err != nil {
		return err
	}
	if err := e.flatten(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		done := make(chan error, 1)
		select {
		case e.reclaim <- done:
		case <-e.stopped:
			return kv.ErrClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		switch err := <-done; {
		case errors.Is(err, badger.ErrNoRewrite), errors.Is(err, badger.ErrRejected):
			return nil
		case err != nil:
			return fmt.Errorf("badger: %w", err)
		}
	}
	return context.Cause(ctx)
}

// fillKey is what fills memtables, among Badger's own keys: under one timestamp it takes more of a memtable each time that it is written, and
// of the table it becomes no more than once.
var fillKey = []byte("!badger!rowan.fill")

// fillSize is what is written at a time. Badger has no other way to have a memtable written to a table while there are writes.
const fillSize = 64 << 10

// rotate has the memtable written to a table, and waits for it: what was removed of late is still in it, and nothing of that would be
// given back to the disk.
func (e *Engine) rotate(ctx context.Context) error {
	numbers, err := e.logs.list()
	if err != nil || len(numbers) == 0 {
		return err
	}
	newest := numbers[len(numbers)-1]
	value := make([]byte, min(fillSize, e.values.size/2)) // in no value log
	for ; err == nil && numbers[len(numbers)-1] == newest; numbers, err = e.logs.list() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := e.fill(value); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := e.fill(nil); err != nil {
		return err
	}
	return e.written(ctx, newest)
}

// fill writes something to the memtable.
func (e *Engine) fill(value []byte) error {
	e.writing.RLock()
	defer e.writing.RUnlock()
	if err := e.space.enough(fillSize, true); err != nil {
		return err
	}
	l := e.db.NewKVLoader(1)
	if err := l.Set(&pb.KV{Key: fillKey, Value: value, Version: e.epochs.now.Load().ts}); err != nil {
		return err
	}
	return e.fail(e.orDamage(l.Finish))
}

// flushGrace is how long a compaction waits for the last memtable, whose log a reader may have stay.
const flushGrace = 10 * time.Second

// written waits until a log of a memtable is gone.
func (e *Engine) written(ctx context.Context, log int) error {
	for began := time.Now(); time.Since(began) < flushGrace || e.stalled(); {
		if numbers, err := e.logs.list(); err != nil || numbers[0] > log {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil
}

// flatten makes one of all levels. Badger does not know how to stop in the middle: it goes on to its end when ctx is done, and another
// one waits for that.
func (e *Engine) flatten(ctx context.Context) error {
	select {
	case e.flattening <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := e.enter(); err != nil {
		<-e.flattening
		return err
	}
	done := make(chan error, 1)
	go func() {
		defer e.leave()
		done <- e.orDamage(func() error { return e.db.Flatten(1) })
		<-e.flattening
	}()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("badger: %w", err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

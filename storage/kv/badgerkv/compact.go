package badgerkv

import (
	"context"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

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

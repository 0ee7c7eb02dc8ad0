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
	if err := e.orDamage(func() error { return e.db.Flatten(1) }); err != nil {
		return fmt.Errorf("badger: %w", err)
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

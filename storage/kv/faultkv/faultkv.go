// Package faultkv is a kv.Engine that fails on demand, over another: writes that are refused, writes whose outcome nobody
// knows, a full disk, reads of damaged data.
//
// It keeps nothing itself. What it refuses never reaches the engine below; after an unknown outcome it refuses all writes, as
// an engine must. Callers: tests of what is above kv.Engine.
package faultkv

import (
	"context"
	"sync"

	"github.com/rowandb/rowan/storage/kv"
)

// Engine fails as it was last told to.
type Engine struct {
	kv.Engine
	mu     sync.Mutex
	full   bool
	failed error
	next   *unknown
	reads  error
}

// unknown is the failure of one write.
type unknown struct{ written bool }

var (
	_ kv.Engine = (*Engine)(nil)
	_ kv.Health = (*Engine)(nil)
)

// New wraps an engine; at first nothing fails.
func New(e kv.Engine) *Engine { return &Engine{Engine: e} }

// Full lets the disk be full, or not any more. Urgent writes go on.
func (e *Engine) Full(full bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.full = full
}

// FailNext lets the next write's outcome be unknown, as when an fsync fails, and all later ones be refused. written says
// whether it reaches the engine.
func (e *Engine) FailNext(written bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next = &unknown{written}
}

// Damage lets reads fail; nil ends that.
func (e *Engine) Damage(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reads = err
}

// Apply implements kv.Engine.
func (e *Engine) Apply(ctx context.Context, b *kv.Batch) error {
	if err := e.refuse(b.Urgent); err != nil {
		return err
	}
	e.mu.Lock()
	next := e.next
	if next != nil {
		e.next, e.failed = nil, kv.ErrFailed
	}
	e.mu.Unlock()
	if next == nil || next.written {
		if err := e.Engine.Apply(ctx, b); err != nil {
			return err
		}
	}
	if next != nil {
		return kv.ErrUnknown
	}
	return nil
}

func (e *Engine) refuse(urgent bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.full && !urgent {
		return kv.ErrFull
	}
	return e.failed
}

// Sync implements kv.Engine.
func (e *Engine) Sync(ctx context.Context) error {
	if err := e.refuse(true); err != nil {
		return err
	}
	return e.Engine.Sync(ctx)
}

// Get implements kv.Engine.
func (e *Engine) Get(ctx context.Context, key, buf []byte) ([]byte, bool, error) {
	e.mu.Lock()
	err := e.reads
	e.mu.Unlock()
	if err != nil {
		return buf, false, err
	}
	return e.Engine.Get(ctx, key, buf)
}

// Health implements kv.Health.
func (e *Engine) Health() error { return e.refuse(false) }

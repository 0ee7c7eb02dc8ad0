// Package countkv is a kv.Engine that counts what is read of another: how the cost of an operation grows is tested by what it
// reads, not by how long it takes.
//
// It keeps nothing itself. Callers: tests of what is above kv.Engine.
package countkv

import (
	"context"
	"sync/atomic"

	"github.com/rowandb/rowan/storage/kv"
)

// Engine counts the keys that are looked up and those that iterators come to.
type Engine struct {
	kv.Engine
	reads   atomic.Int64
	lookups atomic.Int64
}

var _ kv.Engine = (*Engine)(nil)

// New wraps an engine.
func New(e kv.Engine) *Engine { return &Engine{Engine: e} }

// Reads returns how many keys were read so far.
func (e *Engine) Reads() int64 { return e.reads.Load() }

// Lookups returns how many of them were looked up one by one.
func (e *Engine) Lookups() int64 { return e.lookups.Load() }

// Get implements kv.Engine.
func (e *Engine) Get(ctx context.Context, key, buf []byte) ([]byte, bool, error) {
	e.reads.Add(1)
	e.lookups.Add(1)
	return e.Engine.Get(ctx, key, buf)
}

// GetMany implements kv.Engine.
func (e *Engine) GetMany(ctx context.Context, keys [][]byte, f func(i int, val []byte) error) error {
	e.reads.Add(int64(len(keys)))
	return e.Engine.GetMany(ctx, keys, f)
}

// Scan implements kv.Engine.
func (e *Engine) Scan(ctx context.Context, r kv.Range) kv.Iterator {
	return &iterator{e.Engine.Scan(ctx, r), e}
}

type iterator struct {
	kv.Iterator
	e *Engine
}

func (i *iterator) Next() bool {
	i.e.reads.Add(1)
	return i.Iterator.Next()
}

func (i *iterator) Seek(key []byte) bool {
	i.e.reads.Add(1)
	return i.Iterator.Seek(key)
}

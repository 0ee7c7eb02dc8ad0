package kvtest

import (
	"context"
	"errors"
	"sync"

	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
)

// ErrCrashed is what a crashed engine answers to writes.
var ErrCrashed = errors.New("kvtest: crashed")

// Crash is a store in memory that stops obeying after a number of writes, and then tells what a disk could hold: all
// that was made durable, and any first part of what was not.
type Crash struct {
	*memkv.Engine
	mu      sync.Mutex
	left    int // writes that it still obeys, -1: all
	crashed bool
	durable int // number of writes that are durable
	log     []kv.Batch
	base    *memkv.Engine
}

var _ kv.Engine = (*Crash)(nil)

// NewCrash wraps a store as it is now; left < 0 never crashes.
func NewCrash(base *memkv.Engine, left int) *Crash {
	return &Crash{Engine: base.Clone(), base: base.Clone(), left: left}
}

// Apply implements kv.Engine.
func (c *Crash) Apply(ctx context.Context, b *kv.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := b.Check(c.Limits()); err != nil {
		return err
	}
	if c.crashed {
		return errors.Join(kv.ErrUnknown, ErrCrashed)
	}
	c.keep(b) // the write that crashes may yet have reached the disk
	if c.left == 0 {
		c.crashed = true
		return errors.Join(kv.ErrUnknown, ErrCrashed)
	}
	c.left--
	if err := c.Engine.Apply(ctx, b); err != nil {
		return err
	}
	if !b.Async {
		c.durable = len(c.log)
	}
	return nil
}

// keep adds a batch to the log: entry by entry where a crash may leave a first part of it.
func (c *Crash) keep(b *kv.Batch) {
	if !b.Loose {
		var all kv.Batch
		all.Append(b)
		c.log = append(c.log, all)
		return
	}
	for i := range b.Len() {
		var one kv.Batch
		if k, v := b.At(i); v != nil {
			one.Put(k, v)
		} else {
			one.Delete(k)
		}
		c.log = append(c.log, one)
	}
}

// Sync implements kv.Engine.
func (c *Crash) Sync(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.crashed {
		return ErrCrashed
	}
	c.durable = len(c.log)
	return c.Engine.Sync(ctx)
}

// Writes returns how many writes there were, and how many of them are certainly on disk.
func (c *Crash) Writes() (all, durable int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.log), c.durable
}

// Disk returns the store as it is found after the crash when the first n writes had reached the disk.
func (c *Crash) Disk(n int) *memkv.Engine {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.base.Clone()
	for i := range max(n, c.durable) {
		if err := e.Apply(context.Background(), &c.log[i]); err != nil {
			panic(err) // it was within the limits before
		}
	}
	return e
}

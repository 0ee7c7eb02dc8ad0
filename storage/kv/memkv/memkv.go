// Package memkv is a kv.Engine in memory, for tests and for servers that keep nothing.
//
// It writes nothing to disk: what is durable is what the process remembers. Iterators see the store as it was when they
// were opened. Callers: storage/mvcc through kv.Engine.
package memkv

import (
	"bytes"
	"context"
	"sync"

	"github.com/tidwall/btree"

	"github.com/rowandb/rowan/storage/kv"
)

type item struct{ key, val []byte }

func less(a, b item) bool { return bytes.Compare(a.key, b.key) < 0 }

// Engine is the store.
type Engine struct {
	mu     sync.RWMutex
	tree   *btree.BTreeG[item]
	closed bool
}

var _ kv.Engine = (*Engine)(nil)

// New makes an empty store.
func New() *Engine {
	return &Engine{tree: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})}
}

// Get implements kv.Engine.
func (e *Engine) Get(_ context.Context, key, buf []byte) ([]byte, bool, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return buf, false, kv.ErrClosed
	}
	it, ok := e.tree.Get(item{key: key})
	return append(buf, it.val...), ok, nil
}

// GetMany implements kv.Engine.
func (e *Engine) GetMany(ctx context.Context, keys [][]byte, f func(i int, val []byte) error) error {
	var buf []byte
	for i, k := range keys {
		val, ok, err := e.Get(ctx, k, buf[:0])
		if err != nil {
			return err
		}
		if buf = val; !ok {
			continue
		}
		if err := f(i, val); err != nil {
			return err
		}
	}
	return nil
}

// Apply implements kv.Engine.
func (e *Engine) Apply(_ context.Context, b *kv.Batch) error {
	if err := b.Check(e.Limits()); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return kv.ErrClosed
	}
	for i := range b.Len() {
		k, v := b.At(i)
		if v == nil {
			e.tree.Delete(item{key: k})
			continue
		}
		e.tree.Set(item{key: bytes.Clone(k), val: append([]byte{}, v...)})
	}
	return nil
}

// Sync implements kv.Engine.
func (e *Engine) Sync(context.Context) error { return nil }

// DeleteRange implements kv.Engine.
func (e *Engine) DeleteRange(_ context.Context, lo, hi []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return kv.ErrClosed
	}
	var dead []item
	e.tree.Ascend(item{key: lo}, func(it item) bool {
		if len(hi) > 0 && bytes.Compare(it.key, hi) >= 0 {
			return false
		}
		dead = append(dead, it)
		return true
	})
	for _, it := range dead {
		e.tree.Delete(it)
	}
	return nil
}

// Density implements kv.Engine: there is no disk.
func (e *Engine) Density(context.Context, []byte, []byte) (float64, error) { return 1, nil }

// Limits implements kv.Engine; they are small so that tests meet them.
func (e *Engine) Limits() kv.Limits { return kv.Limits{Bytes: 8 << 20, Ops: 60000} }

// Close implements kv.Engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return nil
}

// Clone returns a store of its own with the same content.
func (e *Engine) Clone() *Engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &Engine{tree: e.tree.Copy()}
}

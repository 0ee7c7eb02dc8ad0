package memkv

import (
	"bytes"
	"context"

	"github.com/tidwall/btree"

	"github.com/rowandb/rowan/storage/kv"
)

// Scan implements kv.Engine.
func (e *Engine) Scan(_ context.Context, r kv.Range) kv.Iterator {
	e.mu.Lock() // Copy marks the shared nodes, hence not under RLock
	defer e.mu.Unlock()
	if e.closed {
		return &iterator{err: kv.ErrClosed}
	}
	return &iterator{it: e.tree.Copy().Iter(), r: r}
}

type iterator struct {
	it      btree.IterG[item]
	r       kv.Range
	started bool
	valid   bool
	err     error
}

func (i *iterator) Next() bool {
	if i.err != nil {
		return false
	}
	if !i.started {
		return i.first()
	}
	if !i.valid {
		return false
	}
	if i.r.Reverse {
		return i.check(i.it.Prev())
	}
	return i.check(i.it.Next())
}

func (i *iterator) first() bool {
	switch {
	case !i.r.Reverse:
		return i.Seek(i.r.Lo)
	case len(i.r.Hi) == 0:
		i.started = true
		return i.check(i.it.Last())
	default:
		return i.Seek(i.r.Hi)
	}
}

func (i *iterator) Seek(key []byte) bool {
	if i.err != nil {
		return false
	}
	i.started = true
	if !i.r.Reverse {
		if bytes.Compare(key, i.r.Lo) < 0 {
			key = i.r.Lo
		}
		return i.check(i.it.Seek(item{key: key}))
	}
	if len(i.r.Hi) > 0 && bytes.Compare(key, i.r.Hi) > 0 {
		key = i.r.Hi
	}
	ok := i.it.Seek(item{key: key})
	switch {
	case !ok:
		ok = i.it.Last()
	case bytes.Compare(i.it.Item().key, key) > 0:
		ok = i.it.Prev()
	}
	if ok && len(i.r.Hi) > 0 && bytes.Compare(i.it.Item().key, i.r.Hi) >= 0 {
		ok = i.it.Prev()
	}
	return i.check(ok)
}

func (i *iterator) check(ok bool) bool {
	if ok {
		k := i.it.Item().key
		if i.r.Reverse {
			ok = bytes.Compare(k, i.r.Lo) >= 0
		} else {
			ok = len(i.r.Hi) == 0 || bytes.Compare(k, i.r.Hi) < 0
		}
	}
	i.valid = ok
	return ok
}

func (i *iterator) Key() []byte   { return i.it.Item().key }
func (i *iterator) Value() []byte { return i.it.Item().val }
func (i *iterator) Err() error    { return i.err }

func (i *iterator) Close() {
	i.err = kv.ErrClosed // the tree is unlocked: nothing to release
}

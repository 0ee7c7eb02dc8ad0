package badgerkv

import (
	"bytes"
	"context"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4"

	"github.com/rowandb/rowan/storage/kv"
)

// Scan implements kv.Engine.
func (e *Engine) Scan(_ context.Context, r kv.Range) kv.Iterator {
	if err := e.enter(); err != nil {
		return &iterator{err: err}
	}
	// Forwards, deletions and what was overwritten are left out here, which costs less than to have Badger do it.
	o := badger.IteratorOptions{Reverse: r.Reverse, AllVersions: !r.Reverse}
	if !r.Reverse {
		o.Prefix = commonPrefix(r.Lo, r.Hi)
	}
	debug.SetPanicOnFault(true) // a sector of a mapped file that cannot be read
	seen := damages.count()
	return &iterator{e: e, it: e.epochs.all.NewIterator(o), r: r, seen: seen}
}

// commonPrefix returns what all keys of [lo, hi) begin with.
func commonPrefix(lo, hi []byte) []byte {
	n := 0
	for n < len(lo) && n < len(hi) && lo[n] == hi[n] {
		n++
	}
	// [p, PrefixEnd(p)) differs in the last byte of hi, by one, and yet has p in common.
	if n < len(lo) && n+1 == len(hi) && lo[n]+1 == hi[n] {
		n++
	}
	return lo[:n]
}

type iterator struct {
	e       *Engine
	it      *badger.Iterator
	item    *badger.Item // where it stands
	r       kv.Range
	started bool
	last    []byte // the key met last, forwards
	val     []byte
	keep    func(v []byte) error // made once, so that Value allocates nothing
	seen    uint64               // what damages counted when it was opened
	err     error
}

func (i *iterator) Next() (ok bool) {
	if i.it == nil || i.err != nil {
		return false
	}
	defer i.e.caught(&i.err)
	if !i.started {
		if i.r.Reverse {
			return i.Seek(i.r.Hi)
		}
		return i.Seek(i.r.Lo)
	}
	if i.it.Valid() {
		i.it.Next()
	}
	return i.check()
}

// Seek implements kv.Iterator.
func (i *iterator) Seek(key []byte) (ok bool) {
	if i.it == nil || i.err != nil {
		return false
	}
	defer i.e.caught(&i.err)
	i.started, i.last = true, i.last[:0]
	if i.r.Reverse {
		return i.seekReverse(key)
	}
	if bytes.Compare(key, i.r.Lo) < 0 {
		key = i.r.Lo
	}
	if len(key) == 0 {
		i.it.Rewind()
	} else {
		i.it.Seek(key)
	}
	return i.check()
}

func (i *iterator) seekReverse(key []byte) bool {
	hi := i.r.Hi
	if len(hi) > 0 && (len(key) == 0 || bytes.Compare(key, hi) > 0) {
		key = hi
	}
	if len(key) == 0 {
		i.it.Rewind()
		return i.check()
	}
	i.it.Seek(key)
	if len(hi) > 0 && i.it.Valid() && bytes.Compare(i.it.Item().Key(), hi) >= 0 {
		i.it.Next()
	}
	return i.check()
}

// check moves to the next key that is there, and reports whether it is within the range.
func (i *iterator) check() bool {
	for {
		valid := i.it.Valid()
		if i.err = i.e.sound(i.seen); i.err != nil {
			return false
		}
		if !valid {
			return false
		}
		i.item = i.it.Item()
		if i.r.Reverse || i.newest() {
			break
		}
		i.it.Next()
	}
	k := i.item.Key()
	if i.r.Reverse {
		return bytes.Compare(k, i.r.Lo) >= 0
	}
	return len(i.r.Hi) == 0 || bytes.Compare(k, i.r.Hi) < 0
}

// newest reports whether the item is its key's last version, and no deletion: versions come newest first.
func (i *iterator) newest() bool {
	k := i.item.Key()
	if bytes.Equal(k, i.last) {
		return false
	}
	i.last = append(i.last[:0], k...)
	return !i.item.IsDeletedOrExpired()
}

// Key implements kv.Iterator.
func (i *iterator) Key() []byte { return i.item.Key() }

// Value implements kv.Iterator.
func (i *iterator) Value() []byte {
	if i.keep == nil {
		i.keep = func(v []byte) error {
			i.val = v
			return nil
		}
	}
	if err := i.item.Value(i.keep); err != nil || damages.since(i.seen) {
		i.err = i.e.readError(err, i.seen)
		return nil
	}
	return i.val
}

func (i *iterator) Err() error { return i.err }

func (i *iterator) Close() {
	if i.it != nil {
		i.it.Close()
		i.it = nil
		i.e.leave()
	}
}

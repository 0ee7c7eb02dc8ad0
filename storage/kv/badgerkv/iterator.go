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
	// All writes have one timestamp, so that a key's older versions are equal to it and Badger's merge of its tables leaves
	// them out already. AllVersions saves the search for them; deletions are then left out here.
	o := badger.IteratorOptions{Reverse: r.Reverse, AllVersions: true}
	if !r.Reverse {
		o.Prefix = commonPrefix(r.Lo, r.Hi)
	}
	debug.SetPanicOnFault(true) // a sector of a mapped file that cannot be read
	seen := damages.count()
	return &iterator{e: e, it: e.read.NewIterator(o), r: r, seen: seen}
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
	i.started = true
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
		if !i.item.IsDeletedOrExpired() {
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

package badgerkv

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"

	"github.com/rowandb/rowan/storage/kv"
)

// A collection of the value log writes back what is left of a log, under its old timestamps, and removes the log. No write may be under
// way meanwhile, which it could undo, and three things are not for Badger to decide: it takes damage for the log's end; it
// writes back values that a later epoch has deleted or replaced, as long as no compaction has dropped them: a deletion may be
// compacted away before what it deleted is where it was then, and that would be back; and it syncs nothing, while tables are
// made with what points to what it wrote. Badger calls out when it has picked a log: there the log is looked at, what is left
// of it is written anew, as any large value is, and the rest is buried. Badger finds nothing to write back, and removes the log.
// It is kept until all that is on disk.

// collect rewrites a value log of which half is garbage.
func (e *Engine) collect() (err error) {
	if err := e.health.err(); err != nil {
		return err
	}
	e.writing.Lock()
	defer e.writing.Unlock()
	old := e.keepValueLogs()
	defer func() {
		if !errors.Is(err, kv.ErrUnknown) {
			old.remove(&e.values)
		}
	}()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case damagedLog:
			found := []kv.Damage{{File: filepath.Base(r.name), Problem: r.problem}}
			e.foundDamage(found)
			err = foundError(e.opts.Dir, found)
		case notEmptied:
			err = e.fail(r.err)
		default:
			err = e.corrupt()
		}
	}()
	if err := e.db.RunValueLogGC(0.5); err != nil {
		return err
	}
	return e.fail(e.syncAll())
}

// damagedLog and notEmptied are what collecting panics with: Badger asks nobody whether it may go on.
type (
	damagedLog struct{ name, problem string }
	notEmptied struct{ err error }
)

// collecting is called by Badger, through Engine.collect, before it rewrites a value log.
func collecting(name string) {
	if problem := logProblem(name, true, nil, false); problem != "" {
		panic(damagedLog{name, problem})
	}
	for _, e := range engines.list() {
		if filepath.Dir(name) == filepath.Clean(e.opts.Dir) {
			if err := e.empty(name); err != nil {
				panic(notEmptied{err})
			}
		}
	}
}

// deletion is how Badger marks an entry that deletes; the format of its files has it.
const deletion = 1

// emptying leaves nothing in a value log that Badger would write back.
type emptying struct {
	e    *Engine
	then *badger.Txn // as of the entry's timestamp; most have the one before's
	bury *badger.KVLoader

	now    uint64 // the epoch
	moving *badger.Txn
	size   int64
	moved  []version // what is to be buried when what is moving is on disk
}

type version struct {
	key []byte
	ts  uint64
}

// empty moves the values of a log that are their keys' last, and buries those that are there.
func (e *Engine) empty(name string) (err error) {
	var keys *badger.KeyRegistry
	if e.opts.Key != nil {
		if keys, err = registry(e.opts.Dir, e.opts.Key); err != nil {
			return err
		}
	}
	now := e.epochs.now.Load().ts
	m := &emptying{e: e, then: e.epochs.all, bury: e.db.NewKVLoader(1), now: now, moving: e.db.NewTransactionAt(now, true)}
	defer func() { m.moving.Discard() }()
	if err := eachLogged(name, keys, m.entry); err != nil {
		return err
	}
	if err := m.write(); err != nil {
		return err
	}
	return m.bury.Finish()
}

// entry empties the log of an entry. A value that is not there may have a timestamp from before a crash, or one that is compacted away,
// and epochs begun anew since: what is deleted there now would hide what comes.
func (m *emptying) entry(v logged) error {
	if m.then.ReadTs() != v.ts {
		m.then = m.e.db.NewTransactionAt(v.ts, false)
	}
	was, err := m.e.itemOf(m.then, v.key)
	if err != nil || was == nil || was.Version() != v.ts {
		return err
	}
	last, err := m.e.itemOf(m.e.epochs.all, v.key)
	switch {
	case err != nil:
		return err
	case last == nil || last.Version() != v.ts:
		return m.delete(version{v.key, v.ts})
	case last.EstimatedSize() < int64(m.e.values.size):
		return nil // it is in no log
	}
	return m.move(last)
}

// move writes a value anew. It may be another one than that in the log, which it has replaced within its epoch.
func (m *emptying) move(item *badger.Item) error {
	seen := damages.count()
	value, err := item.ValueCopy(nil)
	if err != nil || damages.since(seen) {
		return m.e.readError(err, seen)
	}
	key := item.KeyCopy(nil)
	size := int64(len(key) + len(value))
	if m.size+size > m.e.limits.Bytes {
		if err := m.write(); err != nil {
			return err
		}
	}
	if err := m.moving.SetEntry(&badger.Entry{Key: key, Value: value}); err != nil {
		return err
	}
	if item.Version() != m.now {
		m.moved = append(m.moved, version{key, item.Version()})
	}
	m.size += size
	return nil
}

// write has what is moving on disk before anything else is written, and buries where it was.
func (m *emptying) write() error {
	if m.size == 0 {
		return nil
	}
	if err := m.moving.CommitAt(m.now, nil); err != nil {
		return err
	}
	m.e.values.unsynced = true
	if err := m.e.values.sync(); err != nil {
		return err
	}
	for _, v := range m.moved {
		if err := m.delete(v); err != nil {
			return err
		}
	}
	m.moving, m.size, m.moved = m.e.db.NewTransactionAt(m.now, true), 0, m.moved[:0]
	return nil
}

// delete buries a value: Badger does not write back what is deleted under its timestamp.
func (m *emptying) delete(v version) error {
	return m.bury.Set(&pb.KV{Key: v.key, Version: v.ts, Meta: []byte{deletion}})
}

// itemOf looks up what a transaction finds; nil: nothing.
func (e *Engine) itemOf(txn *badger.Txn, key []byte) (*badger.Item, error) {
	seen := damages.count()
	item, err := txn.Get(key)
	switch {
	case damages.since(seen), err != nil && !errors.Is(err, badger.ErrKeyNotFound):
		return nil, e.readError(err, seen)
	case err != nil:
		return nil, nil
	}
	return item, nil
}

// logged is an entry of a log.
type logged struct {
	key   []byte
	ts    uint64
	value func() ([]byte, error)
}

// eachLogged calls f for the entries of a log up to where they end.
func eachLogged(name string, keys *badger.KeyRegistry, f func(logged) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it is read only
	l := &logReader{}
	if err := l.open(file); err != nil || l.size < logHeader {
		return err
	}
	s, problem := l.secret(keys)
	if problem != "" {
		return errors.New(problem)
	}
	var at int64
	var head entryLengths
	value := func() ([]byte, error) {
		b, err := l.payload(at, head, s)
		if err != nil {
			return nil, err
		}
		return b[head.key:], nil
	}
	for at = logHeader; at < l.size; {
		n, h, ok := l.entry(at)
		if !ok {
			break
		}
		head = h
		key, ts, err := l.key(at, h, s)
		if err != nil {
			return err
		}
		if err := f(logged{key, ts, value}); err != nil {
			return err
		}
		at += n
	}
	return nil
}

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
// way meanwhile, which it could undo, and two things are not for Badger to decide: it takes damage for the log's end; and it
// writes back values that a later epoch has deleted or replaced, as long as no compaction has dropped them. A deletion may be
// compacted away before what it deleted is where it was then, and that would be back. Badger calls out when it has picked a log:
// there the log is looked at, and what must not come back is buried. The log is kept until what was written back is on disk.

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
		case unburied:
			err = e.fail(r.err)
		default:
			err = e.corrupt()
		}
	}()
	if err := e.db.RunValueLogGC(0.5); err != nil || e.opts.NoSync {
		return err
	}
	e.values.unsynced = true
	return e.fail(e.syncAll())
}

// damagedLog and unburied are what collecting panics with: Badger asks nobody whether it may go on.
type (
	damagedLog struct{ name, problem string }
	unburied   struct{ err error }
)

// collecting is called by Badger, through Engine.collect, before it rewrites a value log.
func collecting(name string) {
	if problem := logProblem(name, true, nil, false); problem != "" {
		panic(damagedLog{name, problem})
	}
	for _, e := range engines.list() {
		if filepath.Dir(name) == filepath.Clean(e.opts.Dir) {
			if err := e.bury(name); err != nil {
				panic(unburied{err})
			}
		}
	}
}

// deletion is how Badger marks an entry that deletes; the format of its files has it.
const deletion = 1

// bury deletes the values of a log that are there and yet not their keys' last, under the timestamps that they have: Badger does not write
// back what is deleted there. A value that is not there may have a timestamp from before a crash, or one that is compacted away,
// and epochs begun anew since: what is deleted there now would hide what comes.
func (e *Engine) bury(name string) (err error) {
	var keys *badger.KeyRegistry
	if e.opts.Key != nil {
		if keys, err = registry(e.opts.Dir, e.opts.Key); err != nil {
			return err
		}
	}
	l := e.db.NewKVLoader(1)
	then := e.epochs.all // as of the entry's timestamp; most have the one before's
	err = eachLogged(name, keys, func(key []byte, ts uint64) error {
		if then.ReadTs() != ts {
			then = e.db.NewTransactionAt(ts, false)
		}
		was, err := e.version(then, key)
		if err != nil || was != ts {
			return err
		}
		if last, err := e.version(e.epochs.all, key); err != nil || last == ts {
			return err
		}
		return l.Set(&pb.KV{Key: key, Version: ts, Meta: []byte{deletion}})
	})
	if err != nil {
		return err
	}
	return l.Finish()
}

// version returns the timestamp of what a transaction finds; 0: it finds nothing.
func (e *Engine) version(txn *badger.Txn, key []byte) (uint64, error) {
	seen := damages.count()
	item, err := txn.Get(key)
	switch {
	case damages.since(seen), err != nil && !errors.Is(err, badger.ErrKeyNotFound):
		return 0, e.readError(err, seen)
	case err != nil:
		return 0, nil
	}
	return item.Version(), nil
}

// eachLogged calls f for the keys in a value log that is whole.
func eachLogged(name string, keys *badger.KeyRegistry, f func(key []byte, ts uint64) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it is read only
	l := &logReader{}
	if err := l.open(file); err != nil {
		return err
	}
	s, problem := l.secret(keys)
	if problem != "" {
		return errors.New(problem)
	}
	for at := int64(logHeader); at < l.size; {
		n, head, ok := l.entry(at)
		if !ok {
			break
		}
		key, ts, err := l.key(at, head, s)
		if err != nil {
			return err
		}
		if err := f(key, ts); err != nil {
			return err
		}
		at += n
	}
	return nil
}

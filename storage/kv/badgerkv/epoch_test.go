package badgerkv

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/rowandb/rowan/storage/kv"
)

// smallStore opens a store with small memtables and tables, and even smaller epochs.
func smallStore(dir string) (*Engine, error) {
	o := Options{Dir: dir, NoSync: true}
	b := badgerOptions(Options{Dir: dir, Small: true}).WithMemTableSize(1 << 20).WithBaseTableSize(256 << 10).
		WithBaseLevelSize(1 << 20).WithValueThreshold(100 << 10)
	e, err := openWith(o, b)
	if err == nil {
		e.epochs.size = 4 << 10
	}
	return e, err
}

// TestEngineOverEpochs has most keys of the common tests in several epochs.
func TestEngineOverEpochs(t *testing.T) {
	common(t, func(e *Engine) { e.epochs.size = 256 })
}

// endsMeanwhile looks up nothing: a compaction has dropped what was there, which was overwritten in the next epoch.
type endsMeanwhile struct {
	lookup
	do func()
}

func (l *endsMeanwhile) Get([]byte) (*badger.Item, error) {
	l.do()
	return nil, badger.ErrKeyNotFound
}

// TestEpochEndsMeanwhile overwrites a key in the next epoch, while it is looked up in the one before.
func TestEpochEndsMeanwhile(t *testing.T) {
	e, err := smallStore(t.TempDir())
	must(t, err)
	defer func() { must(t, e.Close()) }()
	must(t, put(e, "key", "old"))
	now := e.epochs.now.Load()
	e.epochs.now.Store(&epoch{now.ts, &endsMeanwhile{now.read, func() {
		e.epochs.begin(e.db, now.ts+1)
		must(t, put(e, "key", "new"))
	}}})
	if v, ok, err := e.Get(ctx, []byte("key"), nil); string(v) != "new" || !ok || err != nil {
		t.Errorf("%q, %t, %v", v, ok, err)
	}
}

// TestReadsOverEpochs overwrites a few keys all the time, so that epochs end and tables are compacted while others read. Nobody misses a
// key or finds an older value than before.
func TestReadsOverEpochs(t *testing.T) {
	const keys, rounds = 50, 3000
	ctx := context.Background()
	e, err := smallStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	key := func(i int) []byte { return fmt.Appendf(nil, "key%04d", i) }
	write := func(n uint64) {
		b := kv.Batch{Async: true, Loose: n%2 == 0}
		for i := range keys {
			b.Put(key(i), append(binary.BigEndian.AppendUint64(nil, n), make([]byte, 100)...))
		}
		if err := e.Apply(ctx, &b); err != nil {
			t.Error(err)
		}
	}
	write(1)
	var done atomic.Bool
	var wg sync.WaitGroup
	for reader := range 3 {
		wg.Go(func() {
			var last [keys]uint64
			saw := func(i int, v []byte) {
				if n := binary.BigEndian.Uint64(v); n < last[i] {
					t.Errorf("reader %d: key %d is %d after it was %d", reader, i, n, last[i])
				} else {
					last[i] = n
				}
			}
			for !done.Load() && !t.Failed() {
				if reader == 0 {
					for i := range keys {
						v, ok, err := e.Get(ctx, key(i), nil)
						if !ok || err != nil {
							t.Errorf("key %d: %t, %v", i, ok, err)
							return
						}
						saw(i, v)
					}
					continue
				}
				it := e.Scan(ctx, kv.Range{Reverse: reader == 2})
				n := 0
				for ; it.Next(); n++ {
					i := n
					if reader == 2 {
						i = keys - 1 - n
					}
					if !slices.Equal(it.Key(), key(i)) {
						t.Errorf("reader %d: %q instead of key %d", reader, it.Key(), i)
						break
					}
					saw(i, it.Value())
				}
				if n != keys || it.Err() != nil {
					t.Errorf("reader %d: %d keys, %v", reader, n, it.Err())
				}
				it.Close()
			}
		})
	}
	for n := range rounds {
		write(uint64(n + 2))
	}
	done.Store(true)
	wg.Wait()
	if ts := e.epochs.now.Load().ts; ts < rounds/2 {
		t.Errorf("there were %d epochs only", ts)
	}
}

// TestEpochsGoOn reopens a store: its epoch is not before what is in it.
func TestEpochsGoOn(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for n := range 5 {
		e, err := smallStore(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			want := fmt.Sprintf("%d of %d", i, n)
			b := kv.Batch{Async: true}
			b.Put([]byte("key"), []byte(want))
			b.Put([]byte("other"), make([]byte, 2<<10))
			if err := e.Apply(ctx, &b); err != nil {
				t.Fatal(err)
			}
			if v, _, err := e.Get(ctx, []byte("key"), nil); string(v) != want || err != nil {
				t.Fatalf("%q instead of %q, %v", v, want, err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEpochWaitsForWrites does not end an epoch while a write of it is under way: it would be lost behind one of the next epoch.
func TestEpochWaitsForWrites(t *testing.T) {
	e, err := smallStore(t.TempDir())
	must(t, err)
	defer func() { must(t, e.Close()) }()
	was := e.epochs.now.Load()
	e.writing.RLock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.wrote(1, e.epochs.size)
	}()
	select {
	case <-ended:
		t.Error("the epoch ends")
	case <-time.After(20 * time.Millisecond):
	}
	if e.epochs.now.Load() != was {
		t.Error("the epoch has ended")
	}
	e.writing.RUnlock()
	<-ended
	if now := e.epochs.now.Load(); now.ts != was.ts+1 {
		t.Errorf("epoch %d after %d", now.ts, was.ts)
	}
}

// TestOldStore opens a store that was written with one timestamp, as all were once: overwrites and deletions in the epochs that
// follow are seen, also when it is opened again, compacted, and its value logs are collected.
func TestOldStore(t *testing.T) {
	const keys = 300
	o := Options{Dir: t.TempDir(), Small: true, NoSync: true}
	b := badgerOptions(o).WithMemTableSize(1 << 20).WithBaseTableSize(256 << 10).WithBaseLevelSize(1 << 20).WithValueThreshold(1 << 10).
		WithValueLogFileSize(1 << 20)
	key := func(i int) []byte { return fmt.Appendf(nil, "key%04d", i) }
	size := func(i int) int { return 100 + i%2*4000 } // every other one is in the value log
	db, err := badger.OpenManaged(b)
	must(t, err)
	for range 2 {
		for i := range keys {
			txn := db.NewTransactionAt(1, true)
			must(t, txn.Set(key(i), make([]byte, size(i))))
			must(t, txn.CommitAt(1, nil))
		}
	}
	must(t, db.Close())
	want := map[string]string{}
	for i := range keys {
		want[string(key(i))] = string(make([]byte, size(i)))
	}
	for round := range 4 {
		e, err := openWith(o, b)
		must(t, err)
		e.epochs.size = 64 << 10
		compare(t, e, want)
		for i := round; i < keys; i += 3 {
			b := kv.Batch{Async: true}
			if i%5 == 0 {
				b.Delete(key(i))
				delete(want, string(key(i)))
			} else {
				v := fmt.Sprintf("%0*d", size(i+round), round)
				b.Put(key(i), []byte(v))
				want[string(key(i))] = v
			}
			must(t, e.Apply(ctx, &b))
		}
		compare(t, e, want)
		if round > 1 {
			must(t, e.Compact(ctx))
			compare(t, e, want)
		}
		must(t, e.Close())
	}
}

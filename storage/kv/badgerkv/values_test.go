package badgerkv

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rowandb/rowan/storage/kv"
)

// largeStore opens a store with small value logs, for values that are not very large.
func largeStore(t *testing.T, noSync bool) *Engine {
	t.Helper()
	return largeStoreIn(t, Options{Dir: t.TempDir(), NoSync: noSync})
}

func largeStoreIn(t *testing.T, o Options) *Engine {
	t.Helper()
	o.Small = true
	e, err := openWith(o, badgerOptions(o).WithMemTableSize(1<<20).WithNumLevelZeroTables(1).WithBaseTableSize(256<<10).WithBaseLevelSize(1<<20).
		WithValueThreshold(1<<10).WithValueLogFileSize(1<<20))
	must(t, err)
	return e
}

// TestFullValueLogsAreSynced wants a commit to reach the value logs that it filled, be it one that waits or not.
func TestFullValueLogsAreSynced(t *testing.T) {
	for _, async := range []bool{false, true} {
		e := largeStore(t, false)
		var synced []string
		e.values.datasync = func(f *os.File) error {
			synced = append(synced, filepath.Base(f.Name()))
			return nil
		}
		last := func() string {
			t.Helper()
			logs, err := filepath.Glob(filepath.Join(e.opts.Dir, "*.vlog"))
			must(t, err)
			return filepath.Base(logs[len(logs)-1])
		}
		first := last()
		for range 40 { // two logs are full then
			into := last()
			synced = nil
			b := kv.Batch{Async: async}
			b.Put([]byte("a"), make([]byte, 60<<10))
			must(t, e.Apply(ctx, &b))
			if !slices.Contains(synced, into) {
				t.Errorf("async: %t; a value is in %s, and synced is %v", async, into, synced)
			}
		}
		if first == last() {
			t.Error("no log is full")
		}
		synced = nil
		must(t, put(e, "b", "small"))
		if len(synced) > 0 {
			t.Errorf("synced %v again", synced)
		}
		must(t, e.Close())
	}
}

// collectAll collects value logs as long as there are any to collect, and returns how many there were.
func collectAll(e *Engine) (n int) {
	for ; ; n++ {
		done := make(chan error)
		if e.reclaim <- done; <-done != nil {
			return n
		}
	}
}

// TestReadsBesideCollection reads large values while their logs are collected: that is no damage. What is written back is
// synced while the log is there.
func TestReadsBesideCollection(t *testing.T) {
	const keys = 20
	e := largeStore(t, false)
	defer func() { must(t, e.Close()) }()
	key := func(i int) []byte { return fmt.Appendf(nil, "key%02d", i) }
	write := func(from, to int) {
		for i := from; i < to; i++ {
			b := kv.Batch{Async: true}
			b.Put(key(i), make([]byte, 4<<10))
			must(t, e.Apply(ctx, &b))
		}
	}
	write(0, keys)
	had := 0
	e.values.datasync = func(*os.File) error {
		logs, err := filepath.Glob(filepath.Join(e.opts.Dir, "*.vlog"))
		had = max(had, len(logs))
		return err
	}
	var done atomic.Bool
	var wg sync.WaitGroup
	for reader := range 2 {
		wg.Go(func() {
			for !done.Load() && !t.Failed() {
				list := make([][]byte, keys)
				for i := range keys {
					list[i] = key(i)
					if v, ok, err := e.Get(ctx, key(i), nil); reader == 0 && (!ok || err != nil || len(v) != 4<<10) {
						t.Errorf("key %d: %t, %v, %d bytes", i, ok, err, len(v))
					}
				}
				n := 0
				if err := e.GetMany(ctx, list, func(int, []byte) error { n++; return nil }); err != nil || n != keys {
					t.Errorf("%d keys, %v", n, err)
				}
			}
		})
	}
	collected, moved := 0, 0
	for round := 0; collected < 10 && round < 300 && !t.Failed(); round++ {
		e.epochs.begin(e.db, e.epochs.now.Load().ts+1)
		write(keys, 300)
		for i := range 1100 {
			b := kv.Batch{Async: true}
			b.Put(fmt.Appendf(nil, "small%04d", i), make([]byte, 900))
			must(t, e.Apply(ctx, &b))
		}
		must(t, e.Sync(ctx))
		had = 0
		before, err := filepath.Glob(filepath.Join(e.opts.Dir, "*.vlog"))
		must(t, err)
		n := collectAll(e)
		if had > 0 { // something was left in one
			moved++
		}
		if n == 1 && had > 0 && had < len(before) {
			t.Errorf("%d value logs were there when what was written back was synced, %d before", had, len(before))
		}
		collected += n
	}
	done.Store(true)
	wg.Wait()
	if collected == 0 || moved == 0 {
		t.Errorf("%d value logs were collected, of %d something was left", collected, moved)
	}
	must(t, e.Health())
}

// TestValueOfCollectedLog reads a value whose log is collected after it was looked up.
func TestValueOfCollectedLog(t *testing.T) {
	e := largeStore(t, true)
	defer func() { must(t, e.Close()) }()
	write := func(key string, size int) {
		b := kv.Batch{Async: true}
		b.Put([]byte(key), make([]byte, size))
		must(t, e.Apply(ctx, &b))
	}
	write("key", 4<<10)
	item, err := e.get([]byte("key"))
	must(t, err)
	log := filepath.Join(e.opts.Dir, "000001.vlog")
	for round := 0; exists(log); round++ {
		if round == 300 {
			t.Fatal("the value log is never collected")
		}
		e.epochs.begin(e.db, e.epochs.now.Load().ts+1)
		for i := range 300 {
			write(fmt.Sprintf("other%03d", i), 4<<10)
		}
		for i := range 1100 {
			write(fmt.Sprintf("small%04d", i), 900) // fills a memtable
		}
		collectAll(e)
	}
	n := 0
	found, err := e.value([]byte("key"), item, func(v []byte) error {
		n = len(v)
		return nil
	})
	if !found || err != nil || n != 4<<10 {
		t.Errorf("%t, %v, %d bytes", found, err, n)
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

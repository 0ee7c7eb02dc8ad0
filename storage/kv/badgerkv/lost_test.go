package badgerkv

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage/kv"
)

// disk knows how much of each value log was synced.
type disk struct {
	dir    string
	synced map[string]int64
}

// watchValues has a store, which has small value logs, tell a disk what it syncs.
func watchValues(t *testing.T, e *Engine) *disk {
	d := &disk{e.opts.Dir, map[string]int64{}}
	d.sync(t)
	e.values.datasync = func(f *os.File) error {
		d.synced[filepath.Base(f.Name())] = written(t, f.Name())
		return nil
	}
	return d
}

// sync has all of the value logs on disk.
func (d *disk) sync(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(d.dir, "*.vlog"))
	must(t, err)
	for _, name := range names {
		d.synced[filepath.Base(name)] = written(t, name)
	}
}

// written is how long a file is without zeros at its end.
func written(t *testing.T, name string) int64 {
	b, err := os.ReadFile(name)
	must(t, err)
	return int64(len(bytes.TrimRight(b, "\x00")))
}

// crash copies the store as a crash of the machine may leave it: all but what was not synced of the value logs, of which there is
// the beginning. missing: value logs of which nothing was synced are not there.
func (d *disk) crash(t *testing.T, begins int64, missing bool) (dir string) {
	dir = killed(t, d.dir)
	d.lose(t, dir, "*.vlog", begins, missing)
	return dir
}

// lose has a copy of the store lose what was not synced of some files.
func (d *disk) lose(t *testing.T, dir, files string, begins int64, missing bool) {
	names, err := filepath.Glob(filepath.Join(dir, files))
	must(t, err)
	for _, name := range names {
		to, known := d.synced[filepath.Base(name)]
		if !known && missing {
			must(t, os.Remove(name))
			continue
		}
		st, err := os.Stat(name)
		must(t, err)
		must(t, os.Truncate(name, min(to+begins, st.Size())))
		must(t, os.Truncate(name, st.Size()))
	}
}

// TestLostValues has a crash of the machine lose large values of commits that nobody was told to be durable, and leave what points to
// them: of each commit all is there or nothing, all that were durable are there, and nothing is damaged.
func TestLostValues(t *testing.T) {
	for _, key := range [][]byte{nil, bytes.Repeat([]byte{7}, 32)} {
		for _, begins := range []int64{0, 30, 3000} {
			if key != nil && begins != 30 {
				continue
			}
			for _, n := range []int{1, 30} { // of commits in doubt; 30 fill a log
				for _, missing := range []bool{false, true} {
					t.Run(fmt.Sprintf("%d bytes of a key, %d bytes, %d commits, %v", len(key), begins, n, missing), func(t *testing.T) {
						lostValues(t, key, begins, n, missing)
					})
				}
			}
		}
	}
}

func lostValues(t *testing.T, key []byte, begins int64, n int, missing bool) {
	e := largeStoreIn(t, Options{Dir: t.TempDir(), Key: key})
	d := watchValues(t, e)
	large := strings.Repeat("large value ", 5000)
	both := func(i int, async bool) {
		b := kv.Batch{Async: async}
		b.Put(fmt.Appendf(nil, "a%02d", i), []byte("small"))
		b.Put(fmt.Appendf(nil, "b%02d", i), []byte(large))
		b.Put(fmt.Appendf(nil, "c%02d", i), []byte("small"))
		must(t, e.Apply(ctx, &b))
	}
	const durable = 3
	for i := range durable {
		both(i, false)
	}
	e.values.datasync = func(*os.File) error { return nil } // it is not on disk yet
	for i := range n {
		both(durable+i, true)
	}
	dir := d.crash(t, begins, missing)
	must(t, e.Close())
	found, err := Verify(ctx, dir, key, nil)
	if must(t, err); len(found) > 0 {
		t.Error("before it is opened:", found)
	}
	e = largeStoreIn(t, Options{Dir: dir, Key: key})
	defer func() { must(t, e.Close()) }()
	for i := range durable + n {
		there := 0
		for _, k := range []string{"a", "b", "c"} {
			_, ok, err := e.Get(ctx, fmt.Appendf(nil, "%s%02d", k, i), nil)
			if must(t, err); ok {
				there++
			}
		}
		if there != 0 && there != 3 || there == 0 && i < durable || there > 0 && i >= durable {
			t.Errorf("commit %d has %d keys", i, there)
		}
	}
	must(t, e.Health())
	found, err = e.Verify(ctx, nil)
	if must(t, err); len(found) > 0 {
		t.Error(found)
	}
}

// TestLargeValuesComeFirst has commits with large values that do not wait, and memtables written to tables: whatever else of the store is
// on disk then, the values are.
func TestLargeValuesComeFirst(t *testing.T) {
	e := largeStore(t, false)
	d := watchValues(t, e)
	for i := range 40 {
		b := kv.Batch{Async: true}
		b.Put(fmt.Appendf(nil, "key%02d", i), []byte(strings.Repeat("large value ", 5000)))
		must(t, e.Apply(ctx, &b))
		if i%10 == 9 {
			for k := range 1200 { // a memtable
				b := kv.Batch{Async: true}
				b.Put(fmt.Appendf(nil, "small%d", k), make([]byte, 900))
				must(t, e.Apply(ctx, &b))
			}
		}
	}
	dir := d.crash(t, 0, true)
	must(t, e.Close())
	e = largeStoreIn(t, Options{Dir: dir})
	defer func() { must(t, e.Close()) }()
	for i := range 40 {
		if v, ok, err := e.Get(ctx, fmt.Appendf(nil, "key%02d", i), nil); !ok || err != nil || len(v) != 60000 {
			t.Errorf("key %d: %t, %v, %d bytes", i, ok, err, len(v))
		}
	}
	must(t, e.Health())
}

// TestCollectedIsNotLost kills a store whose log still points into a value log that was collected: nothing is taken back.
func TestCollectedIsNotLost(t *testing.T) {
	e := largeStore(t, true)
	dir := e.opts.Dir
	for i := range 40 {
		must(t, put(e, fmt.Sprintf("gone%02d", i), strings.Repeat("large value ", 5000)))
	}
	must(t, put(e, "kept", "1"))
	var b kv.Batch
	for i := range 40 {
		b.Delete(fmt.Appendf(nil, "gone%02d", i))
	}
	must(t, e.Apply(ctx, &b))
	must(t, os.Rename(filepath.Join(dir, "000001.vlog"), filepath.Join(t.TempDir(), "gone"))) // as Badger removes it
	must(t, put(e, "last", "1"))
	to := killed(t, dir)
	must(t, e.Close())
	must(t, settleValues(Options{Dir: to}))
	for _, name := range []string{"kept", "last"} {
		e := mustOpen(t, Options{Dir: copyDir(t, to), NoSync: true})
		if _, ok, err := e.Get(ctx, []byte(name), nil); !ok || err != nil {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
		must(t, e.Close())
	}
}

// TestCollectedComeFirst has a crash of the machine in the middle of a collection, after memtables were written to tables: what they point to
// is on disk.
func TestCollectedComeFirst(t *testing.T) {
	e := largeStore(t, false)
	name := func(i int) []byte { return fmt.Appendf(bytes.Repeat([]byte("k"), 30<<10), "%04d", i) } // a memtable has 30 of them
	value := []byte(strings.Repeat("large value ", 200))
	const n = 150
	for i := range n {
		b := kv.Batch{Async: true}
		b.Put(name(i), value)
		must(t, e.Apply(ctx, &b))
	}
	var b kv.Batch
	for i := range n {
		if i%5 > 1 {
			b.Reset()
			b.Delete(name(i))
			must(t, e.Apply(ctx, &b))
		}
	}
	d := watchValues(t, e)
	crashed, reopened := 0, 0
	syncs := e.values.datasync
	e.values.datasync = func(f *os.File) error {
		if crashed++; crashed%2 == 0 {
			time.Sleep(50 * time.Millisecond) // full memtables become tables
			reopened++
			mustKeep(t, d.crash(t, 0, true), name, n, value)
		}
		return syncs(f)
	}
	must(t, e.Compact(ctx))
	e.values.datasync = syncs
	if must(t, e.Close()); reopened < 3 {
		t.Errorf("%d crashes", reopened)
	}
}

// mustKeep wants two of five of n large values in a store.
func mustKeep(t *testing.T, dir string, name func(int) []byte, n int, value []byte) {
	t.Helper()
	e := largeStoreIn(t, Options{Dir: dir})
	defer func() { must(t, e.Close()) }()
	for i := range n {
		if i%5 > 1 {
			continue
		}
		if v, ok, err := e.Get(ctx, name(i), nil); !ok || err != nil || !bytes.Equal(v, value) {
			t.Fatalf("key %d: %t, %v, %d bytes", i, ok, err, len(v))
		}
	}
	must(t, e.Health())
}

package badgerkv

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage/kv"
)

// TestCollectDeleted collects a value log with a value that was deleted in a later epoch, and has the deletion compacted away then. The
// value must not be back.
func TestCollectDeleted(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": bytes.Repeat([]byte{7}, 16)} {
		t.Run(name, func(t *testing.T) { collectDeleted(t, key) })
	}
}

func collectDeleted(t *testing.T, key []byte) {
	e := largeStoreIn(t, Options{Dir: t.TempDir(), NoSync: true, Key: key})
	defer func() { must(t, e.Close()) }()
	junk := func(n, size int) {
		t.Helper()
		e.epochs.begin(e.db, e.epochs.now.Load().ts+1)
		for i := range n {
			b := kv.Batch{Async: true}
			b.Put(fmt.Appendf(nil, "junk%04d", i), make([]byte, size))
			must(t, e.Apply(ctx, &b))
		}
	}
	// flushed writes until what was written before is in tables, which satisfy the test.
	flushed := func(done func() bool) {
		t.Helper()
		before, err := memoryLogs(e.opts.Dir)
		must(t, err)
		for range 1000 {
			junk(1100, 900) // not in the value log
			time.Sleep(10 * time.Millisecond)
			if now, err := memoryLogs(e.opts.Dir); err == nil && now[0] > before[len(before)-1] && done() {
				return
			}
		}
		t.Fatalf("levels %v", levels(e))
	}
	compacted := func() bool { return levels(e)[0] == 0 }
	b := kv.Batch{Async: true}
	b.Put([]byte("gone"), make([]byte, 4<<10))
	b.Put([]byte("kept"), make([]byte, 4<<10))
	must(t, e.Apply(ctx, &b))
	junk(900, 2<<10)
	flushed(compacted)
	junk(1, 1)
	b = kv.Batch{Async: true}
	b.Delete([]byte("gone"))
	must(t, e.Apply(ctx, &b))
	flushed(func() bool { return true })
	if collectAll(e) == 0 {
		t.Fatal("no value log was collected")
	}
	flushed(compacted)
	for key, want := range map[string]bool{"gone": false, "kept": true} {
		if _, ok, err := e.Get(ctx, []byte(key), nil); ok != want || err != nil {
			t.Errorf("%s: %t, %v", key, ok, err)
		}
	}
}

// TestBuryForgotten has a value log with a value of an epoch that the store has forgotten: it was deleted, compacted away, and
// the store was reopened. What was written since, in an earlier epoch by number, must not be deleted by a collection.
func TestBuryForgotten(t *testing.T) {
	dir := t.TempDir()
	open := func() *Engine {
		o := Options{Dir: dir, Small: true, NoSync: true}
		e, err := openWith(o, badgerOptions(o).WithValueThreshold(1<<10))
		must(t, err)
		return e
	}
	for range 4 {
		e := open()
		must(t, put(e, "other", "1"))
		must(t, e.Close())
	}
	e := open()
	for range 9 {
		e.epochs.begin(e.db, e.epochs.now.Load().ts+1)
	}
	must(t, put(e, "key", string(make([]byte, 4<<10))))
	var b kv.Batch
	b.Delete([]byte("key"))
	must(t, e.Apply(ctx, &b))
	must(t, e.Close())
	e = open()
	must(t, e.db.Flatten(1))
	must(t, e.Close())
	e = open()
	defer func() { must(t, e.Close()) }()
	if ts := e.epochs.now.Load().ts; ts != 1 {
		t.Fatalf("the epoch is %d", ts)
	}
	must(t, put(e, "key", "new"))
	logs, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	must(t, err)
	for _, name := range logs {
		must(t, e.empty(name))
	}
	it := e.Scan(ctx, kv.Range{Lo: []byte("key")})
	if !it.Next() || string(it.Value()) != "new" {
		t.Error("a scan does not find it")
	}
	it.Close()
	if v, ok, err := e.Get(ctx, []byte("key"), nil); string(v) != "new" {
		t.Errorf("%q, %t, %v", v, ok, err)
	}
}

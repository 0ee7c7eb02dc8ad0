package badgerkv

import (
	"bytes"
	"context"
	"fmt"
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
	ctx := context.Background()
	o := Options{Dir: t.TempDir(), Small: true, NoSync: true, Key: key}
	e, err := openWith(o, badgerOptions(o).WithMemTableSize(1<<20).WithNumLevelZeroTables(1).WithBaseTableSize(256<<10).WithBaseLevelSize(1<<20).
		WithValueThreshold(1<<10).WithValueLogFileSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	put := func(n, size int) {
		t.Helper()
		e.epochs.begin(e.db, e.epochs.now.Load().ts+1)
		for i := range n {
			b := kv.Batch{Async: true}
			b.Put(fmt.Appendf(nil, "junk%04d", i), make([]byte, size))
			if err := e.Apply(ctx, &b); err != nil {
				t.Fatal(err)
			}
		}
	}
	// compacted writes until all tables are in one level.
	compacted := func() {
		t.Helper()
		for range 100 {
			put(1100, 900) // not in the value log
			time.Sleep(10 * time.Millisecond)
			if l := levels(e); l[0] == 0 {
				return
			}
		}
		t.Fatalf("level 0 is never empty: %v", levels(e))
	}
	b := kv.Batch{Async: true}
	b.Put([]byte("gone"), make([]byte, 4<<10))
	b.Put([]byte("kept"), make([]byte, 4<<10))
	if err := e.Apply(ctx, &b); err != nil {
		t.Fatal(err)
	}
	put(900, 2<<10)
	compacted()
	put(1, 1)
	b = kv.Batch{Async: true}
	b.Delete([]byte("gone"))
	if err := e.Apply(ctx, &b); err != nil {
		t.Fatal(err)
	}
	put(1100, 900) // the deletion leaves the memtable
	collected := 0
	for range 3 {
		done := make(chan error)
		if e.reclaim <- done; <-done == nil {
			collected++
		}
	}
	if collected == 0 {
		t.Fatal("no value log was collected")
	}
	compacted()
	for key, want := range map[string]bool{"gone": false, "kept": true} {
		if _, ok, err := e.Get(ctx, []byte(key), nil); ok != want || err != nil {
			t.Errorf("%s: %t, %v", key, ok, err)
		}
	}
}

package mvcc_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// afterCounts is an engine that does something once the counts of rows have been saved.
type afterCounts struct {
	kv.Engine
	then func()
}

// Apply implements kv.Engine.
func (e *afterCounts) Apply(ctx context.Context, b *kv.Batch) error {
	saved := false
	for i := range b.Len() {
		key, _ := b.At(i)
		saved = saved || bytes.Equal(key, keys.MetaRows.Append(nil))
	}
	err := e.Engine.Apply(ctx, b)
	if f := e.then; saved && f != nil {
		e.then = nil
		f()
	}
	return err
}

// TestCollectedCounts commits while a collection runs, so much later that what is committed lies before all that is kept by
// the time it looks: the log that says how many rows there are is kept until they are counted.
func TestCollectedCounts(t *testing.T) {
	mem := memkv.New()
	e := &afterCounts{Engine: mem}
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := testTable(t, e, mvcc.Options{CleanEvery: -1, Clock: func() time.Time { now = now.Add(time.Second); return now }})
	window := time.Minute
	must(t, s.Branches().SetRetention(ctx, db, "", &window))
	e.then = func() {
		for a := range int64(5) {
			put(t, s, "main", 100+a)
		}
		now = now.Add(time.Hour)
	}
	_, err := s.Branches().GC(ctx, storage.GCOptions{})
	must(t, err)
	if e.then != nil {
		t.Fatal("no counts were saved")
	}
	again, err := mvcc.Open(mem.Clone(), mvcc.Options{CleanEvery: -1}) // as after a kill
	must(t, err)
	sound(t, again)
	must(t, again.Close())
	must(t, s.Close())
}

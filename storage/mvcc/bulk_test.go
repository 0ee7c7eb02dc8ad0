package mvcc_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types/vector"
)

// bulkStore is a store whose transactions write ahead early, with the table t that has n rows.
func bulkStore(t *testing.T, e kv.Engine, n int) *mvcc.Store {
	s, err := mvcc.Open(e, mvcc.Options{SpillBytes: 20_000, CleanEvery: -1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, true)
	x.commit()
	if n > 0 {
		x = begin(t, s, "", storage.ReadCommitted)
		x.bulk(x.table("t"), 0, n, 1)
		x.commit()
	}
	return s
}

// bulk inserts rows with keys from, from+step, … below to, in full batches of one statement.
func (x *txn) bulk(tab *catalog.Table, from, to, step int) {
	x.t.Helper()
	must(x.t, x.tryBulk(tab, from, to, step))
}

func (x *txn) tryBulk(tab *catalog.Table, from, to, step int) error {
	for at := from; at < to; at += vector.Size * step {
		var rows [][3]int64
		for i := at; i < min(to, at+vector.Size*step); i += step {
			rows = append(rows, [3]int64{int64(i), int64(i) * 3, int64(i % 7)})
		}
		r := storage.InsertRequest{View: x.v, Table: tab, Columns: columns(tab), Rows: batch(tab, rows...)}
		if _, err := x.Insert(ctx, r); err != nil {
			return err
		}
	}
	x.Statement()
	return nil
}

func (x *txn) size(tab *catalog.Table) (n int) {
	return len(x.rows(storage.ScanRequest{Table: tab}))
}

// rewrite updates all rows in one statement, and deletes those for which drop says so.
func (x *txn) rewrite(tab *catalog.Table, drop func(a int64) bool) {
	x.t.Helper()
	all := x.rows(storage.ScanRequest{Table: tab})
	for at := 0; at < len(all); at += vector.Size {
		var olds, news [][3]int64
		var keys, dead []string
		var gone [][3]int64
		for _, f := range all[at:min(len(all), at+vector.Size)] {
			if drop(f.row[0]) {
				gone, dead = append(gone, f.row), append(dead, f.key)
				continue
			}
			olds, keys = append(olds, f.row), append(keys, f.key)
			f.row[2] += 100
			news = append(news, f.row)
		}
		_, err := x.LockRows(ctx, storage.LockRequest{View: x.v, Table: tab, Keys: keys, Strength: catalog.ForNoKeyUpdate})
		must(x.t, err)
		must(x.t, x.Update(ctx, storage.UpdateRequest{View: x.v, Table: tab, Columns: columns(tab), Old: batch(tab, olds...), New: batch(tab, news...), Keys: keys}))
		_, err = x.LockRows(ctx, storage.LockRequest{View: x.v, Table: tab, Keys: dead, Strength: catalog.ForUpdate})
		must(x.t, err)
		must(x.t, x.Delete(ctx, storage.DeleteRequest{View: x.v, Table: tab, Columns: columns(tab), Old: batch(tab, gone...), Keys: dead}))
	}
	x.Statement()
}

// blocked runs f beside the test, and wants it to wait until release; it returns f's error.
func blocked(t *testing.T, f func() error, release func()) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	release()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("waits for ever")
	}
	return nil
}

// TestBulkKeysAreTaken inserts keys that another transaction is inserting in bulk: those in its memory, on their way, and
// in the store.
func TestBulkKeysAreTaken(t *testing.T) {
	for _, key := range []int64{0, 1500, 4999} {
		for _, commit := range []bool{true, false} {
			s := bulkStore(t, memkv.New(), 0)
			x := begin(t, s, "", storage.ReadCommitted)
			x.bulk(x.table("t"), 0, 5000, 1)
			y := begin(t, s, "", storage.ReadCommitted)
			must(t, y.insert(y.table("t"), [3]int64{7000, -1, 1}))
			err := blocked(t, func() error { return y.insert(y.table("t"), [3]int64{key, -1, 1}) }, func() {
				if commit {
					x.commit()
				} else {
					must(t, x.Rollback())
				}
			})
			if want := map[bool]string{true: "23505"}[commit]; pgerr.Code(err) != want && !(err == nil && !commit) {
				t.Errorf("key %d, commit %v: %v", key, commit, err)
			}
			must(t, y.Rollback())
			must(t, s.Close())
		}
	}
}

// TestBulkBesideEachOther lets two transactions insert interleaved keys in bulk: neither waits.
func TestBulkBesideEachOther(t *testing.T) {
	s := bulkStore(t, memkv.New(), 0)
	x, y := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	for i := range 4 {
		x.bulk(x.table("t"), i*4000, (i+1)*4000, 2)
		y.bulk(y.table("t"), i*4000+1, (i+1)*4000+1, 2)
	}
	x.commit()
	y.commit()
	z := begin(t, s, "", storage.ReadCommitted)
	if n := z.size(z.table("t")); n != 16000 {
		t.Errorf("%d rows", n)
	}
	must(t, z.Rollback())
	must(t, s.Close())
}

// TestBulkUpdateHoldsRows updates many rows, more than the transaction keeps locks for: others wait for it all the same,
// except for those who only want the keys to stay.
func TestBulkUpdateHoldsRows(t *testing.T) {
	s := bulkStore(t, memkv.New(), 6000)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := x.table("t")
	x.rewrite(tab, func(a int64) bool { return a%10 == 9 })
	y := begin(t, s, "", storage.ReadCommitted)
	res, err := y.lock(tab, y.where(tab, 10), catalog.ForKeyShare, catalog.NoWait)
	if err != nil || res[0] != storage.LockUnchanged {
		t.Errorf("FOR KEY SHARE of an updated row: %v %v", res, err)
	}
	res, err = y.lock(tab, y.where(tab, 19), catalog.ForKeyShare, catalog.SkipLocked)
	if err != nil || res[0] != storage.LockSkipped {
		t.Errorf("FOR KEY SHARE of a deleted row: %v %v", res, err)
	}
	if _, err := y.lock(tab, y.where(tab, 20), catalog.ForUpdate, catalog.NoWait); pgerr.Code(err) != "55P03" {
		t.Errorf("FOR UPDATE NOWAIT: %v", err)
	}
	rows := y.where(tab, 30)
	err = blocked(t, func() error {
		res, err := y.lock(tab, rows, catalog.ForUpdate, catalog.Wait)
		if err == nil && res[0] != storage.LockChanged {
			return errors.New("not seen to have changed")
		}
		return err
	}, func() { x.commit() })
	must(t, err)
	must(t, y.Rollback())
	must(t, s.Close())
}

// TestBulkDeadlock: a bulk transaction that waits for one that waits for it is told so.
func TestBulkDeadlock(t *testing.T) {
	s := bulkStore(t, memkv.New(), 6000)
	x, y := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	tab := x.table("t")
	must(t, y.insert(tab, [3]int64{10_000, -1, 0}))
	x.rewrite(tab, func(int64) bool { return false })
	rows := y.where(tab, 5)
	yErr := make(chan error, 1)
	go func() {
		_, err := y.lock(tab, rows, catalog.ForUpdate, catalog.Wait)
		if err != nil {
			_ = y.Rollback() // so that x goes on
		}
		yErr <- err
	}()
	time.Sleep(50 * time.Millisecond)
	xErr := x.insert(tab, [3]int64{10_000, -1, 0})
	must(t, x.Rollback())
	if a, b := pgerr.Code(xErr), pgerr.Code(<-yErr); a+b != "40P01" {
		t.Errorf("whoever waits last is to be told: %q, %q", a, b)
	}
	must(t, y.Rollback())
	must(t, s.Close())
}

// TestBulkSavepoint takes back a part of a bulk transaction, and finds a lock that was taken before the savepoint held.
func TestBulkSavepoint(t *testing.T) {
	s := bulkStore(t, memkv.New(), 3000)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := x.table("t")
	_, err := x.lock(tab, x.where(tab, 17), catalog.ForUpdate, catalog.Wait)
	must(t, err)
	x.bulk(tab, 10_000, 13_000, 1)
	before := x.all(tab)
	sp := x.Savepoint()
	x.rewrite(tab, func(a int64) bool { return a%3 == 0 })
	x.bulk(tab, 20_000, 25_000, 1)
	must(t, x.RollbackTo(sp))
	x.Statement()
	is(t, x.all(tab), before)
	y := begin(t, s, "", storage.ReadCommitted)
	if _, err := y.lock(tab, y.where(tab, 17), catalog.ForKeyShare, catalog.NoWait); pgerr.Code(err) != "55P03" {
		t.Errorf("the lock from before the savepoint: %v", err)
	}
	if _, err := y.lock(tab, y.where(tab, 18), catalog.ForUpdate, catalog.NoWait); err != nil {
		t.Errorf("a row changed after the savepoint: %v", err)
	}
	must(t, y.insert(tab, [3]int64{20_001, -1, 0}))
	must(t, y.Rollback())
	x.commit()
	z := begin(t, s, "", storage.ReadCommitted)
	is(t, z.all(tab), before)
	must(t, z.Rollback())
	if bad, err := s.Check(ctx, nil); len(bad) > 0 || err != nil {
		t.Error(bad, err)
	}
	must(t, s.Close())
}

// brokenEngine fails loose writes once told to.
type brokenEngine struct {
	*memkv.Engine
	broken atomic.Bool
}

var errBroken = errors.New("broken")

func (e *brokenEngine) Apply(ctx context.Context, b *kv.Batch) error {
	if b.Loose && e.broken.Load() {
		return errBroken
	}
	return e.Engine.Apply(ctx, b)
}

// TestBulkWriteFails: what fails in the background fails the transaction, and nothing of it is to be seen.
func TestBulkWriteFails(t *testing.T) {
	e := &brokenEngine{Engine: memkv.New()}
	s := bulkStore(t, e, 3000)
	for _, rows := range []int{1100, 30_000} {
		x := begin(t, s, "", storage.ReadCommitted)
		tab := x.table("t")
		x.bulk(tab, 100_000, 103_000, 1)
		e.broken.Store(true)
		err := x.tryBulk(tab, 200_000, 200_000+rows, 1)
		if rows > 20_000 && err == nil {
			t.Error("a long statement did not notice")
		}
		if _, err := x.Commit(ctx); !errors.Is(err, errBroken) {
			t.Errorf("commit: %v", err)
		}
		e.broken.Store(false)
		y := begin(t, s, "", storage.ReadCommitted)
		if n := y.size(tab); n != 3000 {
			t.Errorf("%d rows", n)
		}
		must(t, y.insert(tab, [3]int64{100_001, -1, 0}))
		must(t, y.Rollback())
	}
	must(t, s.Close())
}

package mvcc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// overwritten has a branch "dev" of which row 1 was written twice, and that keeps no past.
func overwritten(t *testing.T) (s *mvcc.Store, again func(n int64)) {
	s = testTable(t, memkv.New(), mvcc.Options{CleanEvery: -1})
	must(t, fork2(s, "dev", "main"))
	put(t, s, "dev", 1)
	again = func(n int64) {
		for range n {
			x := begin(t, s, "dev", storage.ReadCommitted)
			must(t, x.update(x.table("t"), x.where(x.table("t"), 1), inc))
			x.commit()
		}
	}
	again(1)
	none := time.Nanosecond
	must(t, s.Branches().SetRetention(ctx, db, "", &none))
	t.Cleanup(func() { _ = s.Close() })
	return s, again
}

// TestSnapshotKeepsBranches has a transaction look for the first time at a branch that was changed, and whose past was let go, since it
// took its snapshot.
func TestSnapshotKeepsBranches(t *testing.T) {
	s, again := overwritten(t)
	x := begin(t, s, "main", storage.RepeatableRead)
	is(t, fmt.Sprint(len(x.rows(storage.ScanRequest{Table: x.table("t")}))), "0")
	again(3)
	_, err := s.Clean(ctx)
	must(t, err)
	_, err = s.Branches().GC(ctx, storage.GCOptions{})
	must(t, err)
	dev, err := x.View(ctx, catalog.Ref{Branch: "dev"})
	must(t, err)
	y := &txn{x.Txn, t, dev}
	rows := y.rows(storage.ScanRequest{Table: y.table("t")})
	if len(rows) != 1 || rows[0].row[2] != int64(11) {
		t.Errorf("it sees %v", rows)
	}
	must(t, x.Rollback())
}

// TestOtherDatabases has a transaction of another database, which keeps nothing of this one's branches: not of those that are looked at,
// either.
func TestOtherDatabases(t *testing.T) {
	s, again := overwritten(t)
	other, err := s.Begin(ctx, storage.TxnOptions{Database: db + 1, Isolation: storage.RepeatableRead})
	must(t, err)
	other.Statement()
	_, err = other.GlobalView(ctx)
	must(t, err)
	again(3)
	_, err = s.Clean(ctx)
	must(t, err)
	x := begin(t, s, "dev", storage.ReadCommitted)
	res, err := s.Branches().GC(ctx, storage.GCOptions{})
	must(t, err)
	if res.Versions < 4 {
		t.Errorf("collected %+v", res)
	}
	must(t, x.Rollback())
	must(t, other.Rollback())
}

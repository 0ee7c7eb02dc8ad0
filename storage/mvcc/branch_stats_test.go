package mvcc_test

import (
	"fmt"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestStatsRows wants the rows of a branch to be those that it shows: not what its source has got since the fork, nor what was in
// a branch before it was set back.
func TestStatsRows(t *testing.T) {
	s := memStore(t)
	on := func(branch string, f func(x *txn)) storage.SCN {
		x := begin(t, s, branch, storage.ReadCommitted)
		f(x)
		return x.commit()
	}
	want := func(branch string, rows int64) {
		t.Helper()
		st, err := s.Branches().Stats(ctx, mvcc.FirstDatabase, branch)
		if must(t, err); st.Rows != rows {
			t.Errorf("%s has %d rows, want %d", branch, st.Rows, rows)
		}
	}
	three := on("", func(x *txn) {
		must(t, x.insert(createTable(t, s, x, "t", true, false), [3]int64{1, 1, 1}, [3]int64{2, 2, 2}, [3]int64{3, 3, 3}))
	})
	must(t, fork(s, "dev", "main", three))
	on("", func(x *txn) { must(t, x.delete(x.table("t"), x.where(x.table("t"), 1))) })
	want("main", 2)
	want("dev", 3)
	on("dev", func(x *txn) { must(t, x.insert(x.table("t"), [3]int64{4, 4, 4})) })
	want("dev", 4)
	_, err := s.Branches().Reset(ctx, mvcc.FirstDatabase, "main", "main", fmt.Sprint(three))
	must(t, err)
	want("main", 3)
	on("", func(x *txn) { must(t, x.delete(x.table("t"), x.where(x.table("t"), 2))) })
	want("main", 2)
	want("dev", 4)
	for i := range int64(200) { // more commits than memory has one by one
		on("", func(x *txn) { must(t, x.insert(x.table("t"), [3]int64{100 + i, i, i})) })
	}
	want("main", 202)
	want("dev", 4)
	must(t, fork(s, "late", "main", three))
	want("late", 3)
	for i := range int64(200) {
		on("dev", func(x *txn) { must(t, x.insert(x.table("t"), [3]int64{100 + i, i, i})) })
	}
	want("dev", 204)
	_, err = s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "child", Source: "dev"})
	must(t, err)
	on("dev", func(x *txn) { must(t, x.delete(x.table("t"), x.where(x.table("t"), 100, 101))) })
	want("child", 204)
	want("dev", 202)
}

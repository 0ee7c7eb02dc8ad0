package mvcc_test

import (
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestColumnCache reads a table from memory the third time, and never what a commit or the reader's own writes have changed.
func TestColumnCache(t *testing.T) {
	s, err := mvcc.Open(memkv.New(), mvcc.Options{CacheRows: 1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	t.Cleanup(func() { _ = s.Close() })
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	must(t, x.insert(tab, [3]int64{1, 1, 1}, [3]int64{2, 2, 2}))
	first := x.commit()
	read := func(branch, want string) {
		t.Helper()
		for range 4 {
			x := begin(t, s, branch, storage.ReadCommitted)
			is(t, x.plain(x.table("t")), want)
			must(t, x.Rollback())
		}
	}
	read("", "1,1,1 2,2,2")
	if s.Cached() == 0 {
		t.Fatal("nothing was kept")
	}
	old := begin(t, s, "", storage.RepeatableRead)
	is(t, old.plain(tab), "1,1,1 2,2,2")
	x = begin(t, s, "", storage.ReadCommitted)
	must(t, x.insert(tab, [3]int64{3, 3, 3}))
	is(t, x.plain(tab), "1,1,1 2,2,2 3,3,3")
	read("", "1,1,1 2,2,2")
	x.commit()
	read("", "1,1,1 2,2,2 3,3,3")
	is(t, old.plain(tab), "1,1,1 2,2,2")
	must(t, old.Rollback())
	must(t, fork(s, "dev", "main", first))
	read("dev", "1,1,1 2,2,2")
	read("", "1,1,1 2,2,2 3,3,3")
	x = begin(t, s, "dev", storage.ReadCommitted)
	must(t, x.delete(tab, x.where(tab, 1)))
	x.commit()
	read("dev", "2,2,2")
	read("", "1,1,1 2,2,2 3,3,3")
}

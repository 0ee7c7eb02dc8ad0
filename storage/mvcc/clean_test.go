package mvcc_test

import (
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types/vector"
)

// filled inserts n rows into t of a branch.
func filled(t tb, s *mvcc.Store, branch string, n int64) {
	x := begin(t, s, branch, storage.ReadCommitted)
	rows := make([][3]int64, n)
	for a := range n {
		rows[a] = [3]int64{a, a, a}
	}
	must(t, x.insert(x.table("t"), rows...))
	x.commit()
}

// emptied deletes all rows of t in a branch.
func emptied(t tb, s *mvcc.Store, branch string) {
	x := begin(t, s, branch, storage.ReadCommitted)
	tab := x.table("t")
	must(t, x.delete(tab, x.rows(storage.ScanRequest{Table: tab})))
	x.commit()
}

func cleaned(t tb, s *mvcc.Store) int {
	t.Helper()
	n, err := s.Clean(ctx)
	must(t, err)
	return n
}

// TestTombstonesGoBesideForks deletes rows of which forks have transactions all the time: the tombstones go, when those have ended that
// may not know, and who reads the
// fork sees the rows all the time, in a scan that is open, too.
func TestTombstonesGoBesideForks(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		const n = 3000
		s := testTable(t, open(), mvcc.Options{CleanEvery: -1})
		defer func() { must(t, s.Close()) }()
		filled(t, s, "main", n)
		must(t, fork2(s, "dev", "main"))
		emptied(t, s, "main")
		first := begin(t, s, "dev", storage.ReadCommitted)
		tab, seen := first.table("t"), 0
		var second *txn
		first.batches(storage.ScanRequest{Table: tab, View: first.v, Columns: columns(tab)}, func(b *vector.Batch) {
			if seen += b.Live(); second != nil {
				return
			}
			if k := cleaned(t, s) + cleaned(t, s); k > 0 {
				t.Errorf("%d tombstones went while somebody may not know", k)
			}
			second = begin(t, s, "dev", storage.ReadCommitted)
		})
		if seen != n {
			t.Errorf("the scan that was open saw %d rows", seen)
		}
		gone, running := 0, []*txn{first, second}
		for range 4 {
			must(t, running[0].Rollback())
			next := begin(t, s, "dev", storage.ReadCommitted)
			running = append(running[1:], next)
			gone += cleaned(t, s)
			for _, x := range running {
				if k := len(x.rows(storage.ScanRequest{Table: tab})); k != n {
					t.Errorf("%d rows are seen afterwards", k)
				}
			}
		}
		if gone < n {
			t.Errorf("%d tombstones went", gone)
		}
		for _, x := range running {
			must(t, x.Rollback())
		}
		is(t, reads(t, s, "main"), "")
		sound(t, s)
	})
}

// TestTombstonesGoBesideDatabases has a transaction of another database, for which nothing stays here.
func TestTombstonesGoBesideDatabases(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "main", storage.ReadCommitted)
	createTable(t, s, x, "t", true, false)
	x.commit()
	filled(t, s, "main", 10)
	other, err := s.Begin(ctx, storage.TxnOptions{Database: db + 1, Isolation: storage.RepeatableRead})
	must(t, err)
	other.Statement()
	emptied(t, s, "main")
	if n := cleaned(t, s); n < 10 {
		t.Errorf("%d tombstones went", n)
	}
	must(t, other.Rollback())
}

// TestFlattenBesideCleaner removes tombstones of rows that a chain of forks shows while it is made flat: the copies have them.
func TestFlattenBesideCleaner(t *testing.T) {
	const n = 600
	flatten := func(skip int) (called bool) {
		e := &watched{Engine: openBadger(t, t.TempDir()), prefix: keys.HeadPrefix(), skip: skip}
		s := testTable(t, e, mvcc.Options{CleanEvery: -1})
		defer func() { must(t, s.Close()) }()
		put(t, s, "main", 2*n) // the lowest layer is small, else it is not copied
		last := chainOf(t, s, 4, func(b string, i int) {
			if i == 0 {
				filled(t, s, b, n)
			} else {
				put(t, s, b, n+int64(i))
			}
		})
		want := reads(t, s, last) // asks for copies
		emptied(t, s, "c1")
		e.call = func() { called = true; cleaned(t, s); cleaned(t, s) }
		_, err := s.Flatten(ctx)
		must(t, err)
		e.call = nil
		cleaned(t, s)
		is(t, reads(t, s, last), want)
		sound(t, s)
		return called
	}
	skip := 0
	for flatten(skip) {
		skip++
	}
	if skip < 3 {
		t.Errorf("%d batches were written", skip)
	}
}

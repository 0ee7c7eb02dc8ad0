package mvcc_test

import (
	"fmt"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestCountRows counts at points that memory holds, at such as only the log tells of, on forks of both, and after a
// restart.
func TestCountRows(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := openStore(t, open())
		x := begin(t, s, "", storage.ReadCommitted)
		createTable(t, s, x, "t", true, false)
		points := []storage.SCN{x.commit()}
		rows := []int64{0}
		for i := range int64(150) {
			x := begin(t, s, "", storage.ReadCommitted)
			tab := x.table("t")
			must(t, x.insert(tab, [3]int64{i, i, i}, [3]int64{1000 + i, i, i}))
			if i%3 == 0 {
				must(t, x.delete(tab, x.where(tab, i/3)))
			}
			points = append(points, x.commit())
			n := rows[i] + 2
			if i%3 == 0 {
				n--
			}
			rows = append(rows, n)
		}
		must(t, fork(s, "early", "main", points[20]))
		must(t, fork(s, "late", "main", points[140]))
		check := func() {
			t.Helper()
			for i, p := range points {
				counts(t, s, fmt.Sprintf("main@%d", p), rows[i])
			}
			counts(t, s, "main", rows[150])
			counts(t, s, "early", rows[20])
			counts(t, s, "late", rows[140])
		}
		check()
		x = begin(t, s, "early", storage.ReadCommitted)
		must(t, x.delete(x.table("t"), x.where(x.table("t"), 1000, 1001)))
		if n, ok := x.count(x.table("t")); !ok || n != rows[20]-2 {
			t.Errorf("own deletes: counted %d, %v", n, ok)
		}
		must(t, x.Rollback())
		must(t, s.Close())
		s = openStore(t, open())
		check()
		must(t, s.Close())
	})
}

// TestCountRowsDeclines leaves to a scan what it does not know.
func TestCountRowsDeclines(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, false)
	x.commit()
	for _, iso := range []storage.Isolation{storage.RepeatableRead, storage.Serializable} {
		x := begin(t, s, "", iso)
		if _, ok := x.count(x.table("t")); ok != (iso == storage.RepeatableRead) {
			t.Errorf("level %d: counted: %v", iso, ok)
		}
		must(t, x.insert(x.table("t"), [3]int64{1, 1, 1}))
		if _, ok := x.count(x.table("t")); ok {
			t.Errorf("level %d: counted own writes", iso)
		}
		must(t, x.Rollback())
	}
}

func counts(t *testing.T, s *mvcc.Store, at string, want int64) {
	t.Helper()
	x := begin(t, s, at, storage.ReadCommitted)
	defer func() { must(t, x.Rollback()) }()
	if n, ok := x.count(x.table("t")); !ok || n != want {
		t.Errorf("%s: counted %d, %v, want %d", at, n, ok, want)
	}
}

func fork(s *mvcc.Store, name, source string, at storage.SCN) error {
	_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Source: source, Point: fmt.Sprint(at)})
	return err
}

// TestChangedRows counts what was changed on a branch since the fork: rows that went at once with their table too, and what was done to
// them before; after a kill, and after a restart, as well.
func TestChangedRows(t *testing.T) {
	mem := memkv.New()
	s := openStore(t, mem)
	x := begin(t, s, "", storage.ReadCommitted)
	for _, name := range []string{"t", "u"} {
		tab := createTable(t, s, x, name, true, false)
		must(t, x.insert(tab, [3]int64{1, 1, 1}, [3]int64{2, 2, 2}, [3]int64{3, 3, 3}))
	}
	must(t, fork(s, "dev", "main", x.commit()))
	changes := func(s *mvcc.Store) string {
		st, err := s.Branches().Stats(ctx, mvcc.FirstDatabase, "dev")
		must(t, err)
		return fmt.Sprint(st.Inserts, st.Updates, st.Deletes, st.Changes)
	}
	on := func(s *mvcc.Store, f func(x *txn)) {
		x := begin(t, s, "dev", storage.ReadCommitted)
		f(x)
		x.commit()
	}
	on(s, func(x *txn) { must(t, x.delete(x.table("t"), x.where(x.table("t"), 1))) })
	on(s, func(x *txn) { must(t, x.insert(x.table("t"), [3]int64{4, 4, 4}, [3]int64{5, 5, 5})) })
	is(t, changes(s), "2 0 1 3")
	on(s, func(x *txn) { must(t, x.Truncate(ctx, x.v, x.table("t"))) })
	is(t, changes(s), "2 0 5 7")
	counts(t, s, "dev", 0)
	counts(t, s, "dev@~1", 4)
	on(s, func(x *txn) {
		at := x.Savepoint()
		must(t, x.v.Drop(ctx, x.table("u").OID))
		must(t, x.RollbackTo(at))
		must(t, x.insert(x.table("u"), [3]int64{4, 4, 4}))
		must(t, x.v.Drop(ctx, x.table("u").OID))
	})
	is(t, changes(s), "3 0 9 12")

	s, killed := openStore(t, mem.Clone()), s
	is(t, changes(s), "3 0 9 12")
	on(s, func(x *txn) { must(t, x.insert(x.table("t"), [3]int64{9, 9, 9})) })
	must(t, s.Close())
	must(t, killed.Close())
	s = openStore(t, mem.Clone())
	defer s.Close()
	is(t, changes(s), "3 0 9 12")
}

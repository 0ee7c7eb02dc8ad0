package mvcc_test

import (
	"fmt"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
)

// TestStatistics keeps them by branch: forks see their source's until they have their own, and a restart loses none.
func TestStatistics(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := openStore(t, open())
		x := begin(t, s, "", storage.ReadCommitted)
		createTable(t, s, x, "t", true, false)
		at := x.commit()
		rows := func(branch string) float64 {
			x := begin(t, s, branch, storage.ReadCommitted)
			defer func() { must(t, x.Rollback()) }()
			if st := x.Statistics(x.v, x.table("t")); st != nil {
				return st.Rows
			}
			return -1
		}
		save := func(branch string, n float64) {
			x := begin(t, s, branch, storage.ReadCommitted)
			tab := x.table("t")
			st := &statistics.Table{Rows: n, Columns: map[catalog.ColumnID]*statistics.Column{tab.Columns[0].ID: {Type: tab.Columns[0].Type, Distinct: -1}}}
			must(t, x.SaveStatistics(ctx, x.v, tab, st))
			must(t, x.Rollback())
		}
		want := func(what string, main, dev float64) {
			t.Helper()
			if a, b := rows("main"), rows("dev"); a != main || b != dev {
				t.Errorf("%s: main has %v, dev %v; want %v and %v", what, a, b, main, dev)
			}
		}
		must(t, fork(s, "dev", "main", at))
		want("none", -1, -1)
		save("main", 5)
		want("inherited", 5, 5)
		save("dev", 7)
		want("own", 5, 7)
		x = begin(t, s, fmt.Sprintf("main@%d", at), storage.ReadCommitted)
		if err := x.SaveStatistics(ctx, x.v, x.table("t"), &statistics.Table{}); err == nil {
			t.Error("saved at a point in the past")
		}
		must(t, x.Rollback())
		must(t, s.Close())
		s = openStore(t, open())
		want("after a restart", 5, 7)
		must(t, s.Close())
	})
}

// TestStale names tables once after enough changes, on the branch where they were.
func TestStale(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	at := x.commit()
	must(t, fork(s, "dev", "main", at))
	write := func(from, n int64) {
		x := begin(t, s, "dev", storage.ReadCommitted)
		for i := range n {
			must(t, x.insert(x.table("t"), [3]int64{from + i, 1, 1}))
		}
		x.commit()
	}
	stale := func() (out string) {
		for _, x := range s.Stale(10, 0.5) {
			if x.Table == tab.OID {
				out += fmt.Sprint(x.Branch, " ", x.Changes, " ")
			}
		}
		return out
	}
	write(0, 15)
	is(t, stale(), "")
	write(100, 10)
	is(t, stale(), "dev 25 ")
	is(t, stale(), "")
	write(200, 5)
	is(t, stale(), "")
	write(300, 50)
	is(t, stale(), "dev 55 ")
}

// TestSample reads runs from all over a table.
func TestSample(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	var rows [][3]int64
	for i := range int64(20_000) {
		rows = append(rows, [3]int64{i, i, i})
		if len(rows) == 1000 {
			must(t, x.insert(tab, rows...))
			rows = rows[:0]
		}
	}
	x.commit()
	x = begin(t, s, "", storage.ReadCommitted)
	got := x.rows(storage.ScanRequest{Table: x.table("t"), Sample: 1280})
	if len(got) != 1280 {
		t.Fatalf("%d rows", len(got))
	}
	sum := int64(0)
	for _, r := range got {
		sum += r.row[0]
	}
	if mean := sum / 1280; mean < 9000 || mean > 11000 {
		t.Errorf("mean %d", mean)
	}
	if all := x.rows(storage.ScanRequest{Table: x.table("t"), Sample: 15_000}); len(all) != 20_000 {
		t.Errorf("%d rows of a small table", len(all))
	}
	must(t, x.Rollback())
}

// TestBulk is told of transactions that write ahead, until they end.
func TestBulk(t *testing.T) {
	s := bulkStore(t, memkv.New(), 0)
	defer func() { must(t, s.Close()) }()
	is := func(want bool) {
		t.Helper()
		if s.Bulk() != want {
			t.Errorf("bulk is %v", !want)
		}
	}
	x := begin(t, s, "", storage.ReadCommitted)
	x.bulk(x.table("t"), 0, 10, 1)
	is(false)
	x.bulk(x.table("t"), 10, 5000, 1)
	is(true)
	y := begin(t, s, "", storage.ReadCommitted)
	y.bulk(y.table("t"), 10_000, 15_000, 1)
	x.commit()
	is(true)
	must(t, y.Rollback())
	is(false)
}

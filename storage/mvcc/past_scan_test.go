package mvcc_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/countkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types"
)

// TestPastScans changes most rows of a table that is large enough to be read by several goroutines, over and over, in large
// transactions and small ones, takes tombstones away, and wants every past point to stay what it was, whichever way it is
// read, and a scan not to look each row up. The keys are numbers, or text of which some lengths are others' beginnings.
func TestPastScans(t *testing.T) {
	for _, by := range []string{"a", "d"} {
		t.Run(by, func(t *testing.T) {
			h := &pastHistory{t: t, by: by}
			h.open()
			h.change(func(x *txn) { x.bulk(x.table("t"), 0, 30_000, 1) })
			h.change(func(x *txn) {
				x.rewrite(x.table("t"), func(a int64) bool { return a%3 == 0 || a > 1000 && a < 20_000 })
			})
			h.takenBack()
			h.change(func(x *txn) { x.bulk(x.table("t"), 1001, 20_000, 1) })
			for i := range int64(3) {
				h.change(func(x *txn) { x.few(i) })
			}
			h.busy(25_000, 60)
			h.change(func(x *txn) {
				x.rewrite(x.table("t"), func(a int64) bool { return a < 6000 || a > 25_000 && a < 25_010 })
			})
			_, err := h.s.Clean(ctx)
			must(t, err)
			h.compare()
			must(t, h.s.Close())
		})
	}
}

// pastHistory is a store with the points of its past and what the table had there.
type pastHistory struct {
	t      *testing.T
	by     string // the primary key's column
	e      *countkv.Engine
	s      *mvcc.Store
	points []storage.SCN
	rows   [][]found
}

// open makes a store that keeps no tables in memory, with the table t.
func (h *pastHistory) open() {
	h.e = countkv.New(openBadger(h.t, h.t.TempDir()))
	s, err := mvcc.Open(h.e, mvcc.Options{SpillBytes: 400_000, CleanEvery: -1, CacheBytes: -1})
	must(h.t, err)
	must(h.t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	h.s = s
	x := begin(h.t, h.s, "", storage.ReadCommitted)
	tab := newTable(h.t, h.s, "t", true, false)
	i := slices.IndexFunc(tab.Columns, func(c catalog.Column) bool { return c.Name == h.by })
	tab.Columns[i].NotNull = true
	tab.Indexes[0].Columns[0].Column = tab.Columns[i].ID
	must(h.t, x.v.Put(ctx, tab))
	x.commit()
}

// change commits what f does, and keeps the table as it is then.
func (h *pastHistory) change(f func(x *txn)) {
	h.t.Helper()
	x := begin(h.t, h.s, "", storage.ReadCommitted)
	f(x)
	x.commit()
	x = begin(h.t, h.s, "", storage.ReadCommitted)
	defer func() { must(h.t, x.Rollback()) }()
	now, _ := h.s.Now()
	h.points, h.rows = append(h.points, now), append(h.rows, x.rows(storage.ScanRequest{Table: x.table("t")}))
}

// few changes rows here and there, so few that they are not written ahead.
func (x *txn) few(n int64) {
	x.t.Helper()
	tab := x.table("t")
	var some []found
	for i, f := range x.rows(storage.ScanRequest{Table: tab}) {
		if int64(i)%50 == n {
			some = append(some, f)
		}
	}
	half := len(some) / 2
	must(x.t, x.delete(tab, some[:10]))
	must(x.t, x.update(tab, some[10:half], func(r [3]int64) [3]int64 { r[2] = 7 + n; return r }))
	must(x.t, x.delete(tab, some[half:half+10]))
}

// busy updates a few rows that follow one so often that a scan does better to leap over their versions.
func (h *pastHistory) busy(a int64, times int) {
	for i := range times {
		f := func(x *txn) {
			for b := a; b < a+20; b += 2 {
				if tab := x.table("t"); h.by == "a" {
					must(h.t, x.update(tab, x.where(tab, b), func(r [3]int64) [3]int64 { r[2]++; return r }))
				}
			}
		}
		if i == times/2 {
			h.change(f)
			continue
		}
		x := begin(h.t, h.s, "", storage.ReadCommitted)
		f(x)
		x.commit()
	}
}

// takenBack writes ahead and rolls back.
func (h *pastHistory) takenBack() {
	x := begin(h.t, h.s, "", storage.ReadCommitted)
	x.rewrite(x.table("t"), func(a int64) bool { return a%2 == 0 })
	x.bulk(x.table("t"), 1001, 20_000, 1)
	must(h.t, x.Rollback())
}

// compare reads all points: as a whole, in reverse, by parts whose ends are rows that are there or were, and by keys.
func (h *pastHistory) compare() {
	h.t.Helper()
	for i, at := range h.points {
		x := begin(h.t, h.s, fmt.Sprintf("main@%d", at), storage.ReadCommitted)
		tab := x.table("t")
		want := h.rows[i]
		before := h.e.Lookups()
		h.same(at, "all", x.rows(storage.ScanRequest{Table: tab}), want)
		if n := int(h.e.Lookups() - before); n > len(want)/20 {
			h.t.Errorf("at %d, all: %d of %d rows were looked up", at, n, len(want))
		}
		back := x.rows(storage.ScanRequest{Table: tab, Reverse: true})
		slices.Reverse(back)
		h.same(at, "in reverse", back, want)
		for _, n := range []int{77, len(want) / 2} {
			for _, reverse := range []bool{false, true} {
				h.parts(x, want, n, reverse)
			}
		}
		var ks []string
		for _, f := range want {
			ks = append(ks, f.key)
		}
		h.same(at, "by keys", x.rows(storage.ScanRequest{Table: tab, Keys: ks, Ahead: true}), want)
		must(h.t, x.Rollback())
	}
}

// parts reads what is before the nth row and behind it, with that row and without.
func (h *pastHistory) parts(x *txn, want []found, n int, reverse bool) {
	h.t.Helper()
	first, last := n-70, n+70
	at := func(i int) []types.Datum {
		if h.by == "d" {
			return []types.Datum{types.String(fmt.Sprintf("text %d", want[i].row[0]))}
		}
		return []types.Datum{types.Int(want[i].row[0])}
	}
	for _, p := range []struct {
		r    storage.Range
		want []found
	}{
		{storage.Range{Lo: at(first), Hi: at(n)}, want[first : n+1]},
		{storage.Range{Lo: at(first), Hi: at(n), HiExcl: true}, want[first:n]},
		{storage.Range{Lo: at(n), Hi: at(last)}, want[n : last+1]},
		{storage.Range{Lo: at(n), LoExcl: true, Hi: at(last)}, want[n+1 : last+1]},
		{storage.Range{Lo: at(n), Hi: at(n)}, want[n : n+1]},
	} {
		got := x.rows(storage.ScanRequest{Table: x.table("t"), Ranges: []storage.Range{p.r}, Reverse: reverse})
		if reverse {
			slices.Reverse(got)
		}
		h.same(0, fmt.Sprintf("around row %d of %d, reverse %v", n, len(want), reverse), got, p.want)
	}
}

func (h *pastHistory) same(at storage.SCN, how string, got, want []found) {
	h.t.Helper()
	if slices.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	h.t.Fatalf("at %d, %s: %d rows, %d wanted; they differ from row %d on: %v, wanted %v", at, how, len(got), len(want), i, got[i:min(len(got), i+3)], want[i:min(len(want), i+3)])
}

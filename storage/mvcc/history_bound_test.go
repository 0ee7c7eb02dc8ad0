package mvcc_test

import (
	"os"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// historyStore has the tables t, whose 1,000 rows were updated so many times each, and u, whose 1,000 rows never were.
func historyStore(b tb, dir string, times int) *mvcc.Store {
	s := openHistory(b, dir)
	x := begin(b, s, "", storage.ReadCommitted)
	for _, name := range []string{"t", "u"} {
		tab := createTable(b, s, x, name, true, false)
		c := *tab
		c.Indexes = c.Indexes[:1]
		must(b, x.tryBulk(&c, 0, 1000, 1))
	}
	x.commit()
	for range times {
		x := begin(b, s, "", storage.ReadCommitted)
		tab := *x.table("t")
		tab.Indexes = tab.Indexes[:1]
		x.rewrite(&tab, func(int64) bool { return false })
		x.commit()
	}
	return s
}

func openHistory(b tb, dir string) *mvcc.Store {
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir, NoSync: true, Memory: 64 << 20})
	must(b, err)
	return openStore(b, e)
}

// scanTime is the least time that a scan of a table takes.
func scanTime(b tb, s *mvcc.Store, name string, scans int) time.Duration {
	best := time.Hour
	x := begin(b, s, "", storage.ReadCommitted)
	tab := x.table(name)
	for range scans {
		start := time.Now()
		sc, err := x.Scan(ctx, storage.ScanRequest{View: x.v, Table: tab, Columns: columns(tab)})
		must(b, err)
		n := 0
		for batch, err := sc.Next(ctx); batch != nil; batch, err = sc.Next(ctx) {
			must(b, err)
			n += batch.N
		}
		must(b, sc.Close())
		if best = min(best, time.Since(start)); n != 1000 {
			b.Fatalf("%d rows", n)
		}
	}
	must(b, x.Rollback())
	return best
}

// historyStages calls f right after the updates, after so much was written that all of it is in tables on disk, and after
// the store was opened again.
func historyStages(b tb, dir string, times int, f func(stage string, s *mvcc.Store)) {
	s := historyStore(b, dir, times)
	f("at once", s)
	x := begin(b, s, "", storage.ReadCommitted)
	other := createTable(b, s, x, "other", true, false)
	must(b, x.tryBulk(other, 0, 150_000, 1))
	x.commit()
	f("flushed", s)
	must(b, s.Close())
	s = openHistory(b, dir)
	f("reopened", s)
	must(b, s.Close())
}

// TestHistoryIsNotInTheWay: rows updated many times are scanned at most at twice the price of rows that never were.
func TestHistoryIsNotInTheWay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	times := 60
	if os.Getenv("ROWAN_LONG") != "" {
		times = 1000
	}
	historyStages(t, t.TempDir(), times, func(stage string, s *mvcc.Store) {
		var updated, never time.Duration
		for range 10 { // the machine does other things as well
			updated, never = scanTime(t, s, "t", 30), scanTime(t, s, "u", 30)
			if updated <= 2*never {
				break
			}
		}
		t.Logf("%s: %v, never updated %v", stage, updated, never)
		if updated > 2*never {
			t.Errorf("%s: %v, and %v for rows never updated", stage, updated, never)
		}
	})
}

// BenchmarkHistoryScan is the same with 1,000 updates of each row, as a figure.
func BenchmarkHistoryScan(b *testing.B) {
	historyStages(b, b.TempDir(), 1000, func(stage string, s *mvcc.Store) {
		b.Run(stage, func(b *testing.B) {
			updated, never := scanTime(b, s, "t", 100+b.N), scanTime(b, s, "u", 100+b.N)
			b.ReportMetric(float64(updated.Nanoseconds())/1000, "ns/updated-row")
			b.ReportMetric(float64(never.Nanoseconds())/1000, "ns/fresh-row")
			b.ReportMetric(float64(updated)/float64(never), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	})
}

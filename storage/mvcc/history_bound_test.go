package mvcc_test

import (
	"math"
	"os"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/kv/countkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// historyStore has the tables t, whose 1,000 rows were updated so many times each, and u, whose 1,000 rows never were.
func historyStore(b tb, dir string, times int) (*mvcc.Store, *countkv.Engine) {
	s, e := openHistory(b, dir)
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
	return s, e
}

func openHistory(b tb, dir string) (*mvcc.Store, *countkv.Engine) {
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir, NoSync: true, Memory: 64 << 20})
	must(b, err)
	c := countkv.New(e)
	return openStore(b, c), c
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
func historyStages(b tb, dir string, times int, f func(stage string, s *mvcc.Store, e *countkv.Engine)) {
	s, e := historyStore(b, dir, times)
	f("at once", s, e)
	x := begin(b, s, "", storage.ReadCommitted)
	other := createTable(b, s, x, "other", true, false)
	must(b, x.tryBulk(other, 0, 150_000, 1))
	x.commit()
	f("flushed", s, e)
	must(b, s.Close())
	s, e = openHistory(b, dir)
	f("reopened", s, e)
	must(b, s.Close())
}

// TestHistoryIsNotInTheWay: a scan of rows updated many times reads no more keys than one of rows that never were. That these cost
// the same is what BenchmarkHistoryScan measures.
func TestHistoryIsNotInTheWay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	times := 60
	if os.Getenv("ROWAN_LONG") != "" {
		times = 1000
	}
	historyStages(t, t.TempDir(), times, func(stage string, s *mvcc.Store, e *countkv.Engine) {
		reads := func(table string) int64 {
			least := int64(math.MaxInt64) // what runs in the background reads as well
			for range 10 {
				before := e.Reads()
				scanTime(t, s, table, 1)
				least = min(least, e.Reads()-before)
			}
			return least
		}
		updated, never := reads("t"), reads("u")
		t.Logf("%s: %d keys, never updated %d", stage, updated, never)
		if updated > never+never/10 {
			t.Errorf("%s: %d keys, and %d for rows never updated", stage, updated, never)
		}
	})
}

// BenchmarkHistoryScan is the same with 1,000 updates of each row, as a figure.
func BenchmarkHistoryScan(b *testing.B) {
	historyStages(b, b.TempDir(), 1000, func(stage string, s *mvcc.Store, _ *countkv.Engine) {
		b.Run(stage, func(b *testing.B) {
			updated, never := scanTime(b, s, "t", 100+b.N), scanTime(b, s, "u", 100+b.N)
			b.ReportMetric(float64(updated.Nanoseconds())/1000, "ns/updated-row")
			b.ReportMetric(float64(never.Nanoseconds())/1000, "ns/fresh-row")
			b.ReportMetric(float64(updated)/float64(never), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	})
}

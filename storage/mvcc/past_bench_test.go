package mvcc_test

import (
	"fmt"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types/vector"
)

// BenchmarkPastScan reads a table from storage as it was before and after one transaction changed all of its rows, or half
// of them. The rows deleted have no heads any more.
func BenchmarkPastScan(b *testing.B) {
	const rows = 200_000
	for _, c := range []struct {
		name string
		drop func(a int64) bool
		left int
	}{
		{"all updated", func(int64) bool { return false }, rows},
		{"half updated, half deleted", func(a int64) bool { return a%2 == 0 }, rows / 2},
	} {
		e, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir()})
		must(b, err)
		s, err := mvcc.Open(e, mvcc.Options{CacheBytes: -1, CleanEvery: -1, SpillBytes: 8 << 20})
		must(b, err)
		must(b, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
		x := begin(b, s, "", storage.ReadCommitted)
		createTable(b, s, x, "t", true, false)
		x.commit()
		load(b, s, rows)
		before, _ := s.Now()
		x = begin(b, s, "", storage.ReadCommitted)
		tab := *x.table("t")
		tab.Indexes = tab.Indexes[:1]
		x.rewrite(&tab, c.drop)
		x.commit()
		_, err = s.Clean(ctx)
		must(b, err)
		for _, p := range []struct {
			name, branch string
			rows         int
		}{{"before", fmt.Sprintf("main@%d", before), rows}, {"now", "main", c.left}} {
			b.Run(c.name+"/"+p.name, func(b *testing.B) {
				for range b.N {
					x := begin(b, s, p.branch, storage.ReadCommitted)
					if n := x.scanned(); n != p.rows {
						b.Fatalf("%d rows", n)
					}
					must(b, x.Rollback())
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(p.rows), "ns/row")
			})
		}
		must(b, s.Close())
	}
}

// scanned counts the rows of t by reading them.
func (x *txn) scanned() (n int) {
	tab := x.table("t")
	x.batches(storage.ScanRequest{View: x.v, Table: tab, Columns: columns(tab)}, func(b *vector.Batch) { n += b.N })
	return n
}

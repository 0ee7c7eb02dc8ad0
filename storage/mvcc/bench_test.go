package mvcc_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// benchStore is a durable store on disk with n rows in the table t.
func benchStore(b *testing.B, n int) *mvcc.Store {
	dir, err := os.MkdirTemp("", "rowan")
	must(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	must(b, err)
	s := openStore(b, e)
	b.Cleanup(func() { must(b, s.Close()) })
	x := begin(b, s, "", storage.ReadCommitted)
	createTable(b, s, x, "t", true, false)
	x.commit()
	load(b, s, n)
	return s
}

func load(b tb, s *mvcc.Store, n int) {
	x := begin(b, s, "", storage.ReadCommitted)
	tab := x.table("t")
	c := *tab
	c.Indexes = c.Indexes[:1]
	for at := 0; at < n; at += vector.Size {
		var rows [][3]int64
		for i := at; i < min(n, at+vector.Size); i++ {
			rows = append(rows, [3]int64{int64(i), int64(i * 7), int64(i % 100)})
		}
		_, err := x.Insert(ctx, storage.InsertRequest{View: x.v, Table: &c, Columns: columns(&c), Rows: batch(&c, rows...)})
		must(b, err)
	}
	x.commit()
}

func BenchmarkLoad(b *testing.B) {
	s := benchStore(b, 0)
	b.ResetTimer()
	const n = 1_000_000
	for range b.N {
		load(b, s, n)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkScan(b *testing.B) {
	const n = 1_000_000
	s := benchStore(b, n)
	for _, cols := range []int{0, 1, 4} {
		b.Run(fmt.Sprint(cols, "columns"), func(b *testing.B) {
			for range b.N {
				x := begin(b, s, "", storage.ReadCommitted)
				tab := x.table("t")
				sc, err := x.Scan(ctx, storage.ScanRequest{View: x.v, Table: tab, Columns: columns(tab)[:cols]})
				must(b, err)
				got := 0
				for {
					batch, err := sc.Next(ctx)
					must(b, err)
					if batch == nil {
						break
					}
					got += batch.N
				}
				if got != n {
					b.Fatal(got)
				}
				must(b, sc.Close())
				must(b, x.Rollback())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}

func BenchmarkPointGet(b *testing.B) {
	s := benchStore(b, 100_000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		x, err := s.Begin(ctx, storage.TxnOptions{Database: mvcc.FirstDatabase})
		must(b, err)
		x.Statement()
		v, err := x.View(ctx, catalog.Ref{})
		must(b, err)
		o, _ := v.Catalog().Relation(catalog.Public, "t")
		tab := o.(*catalog.Table)
		d := []types.Datum{types.Int(int64(i*7919) % 100_000)}
		sc, err := x.Scan(ctx, storage.ScanRequest{View: v, Table: tab, Columns: columns(tab), Ranges: []storage.Range{{Lo: d, Hi: d}}})
		must(b, err)
		r, err := sc.Next(ctx)
		if err != nil || r == nil || r.N != 1 {
			b.Fatal(r, err)
		}
		must(b, sc.Close())
		_, err = x.Commit(ctx)
		must(b, err)
	}
}

func BenchmarkUpdateCommit(b *testing.B) {
	const n = 100_000
	s := benchStore(b, n)
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprint(writers, "writers"), func(b *testing.B) {
			var wg sync.WaitGroup
			for w := range writers {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for i := range b.N / writers {
						x := begin(b, s, "", storage.ReadCommitted)
						tab := x.table("t")
						must(b, x.update(tab, x.where(tab, int64((w+i*writers)*7919)%n), func(r [3]int64) [3]int64 { r[2]++; return r }))
						x.commit()
					}
				}()
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

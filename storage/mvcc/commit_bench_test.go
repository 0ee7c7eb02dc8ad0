package mvcc_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
)

// BenchmarkGroupCommit is how many transactions of one row become durable in a second, and how long each takes, by how many
// clients commit at a time; and with synchronous_commit = off.
func BenchmarkGroupCommit(b *testing.B) {
	for _, async := range []bool{false, true} {
		for _, writers := range []int{1, 8, 64} {
			name := fmt.Sprintf("fsync/%d", writers)
			if async {
				name = fmt.Sprintf("off/%d", writers)
			}
			b.Run(name, func(b *testing.B) { groupCommit(b, writers, async) })
		}
	}
}

func groupCommit(b *testing.B, writers int, async bool) {
	e, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir()})
	must(b, err)
	s := openStore(b, e)
	x := begin(b, s, "", storage.ReadCommitted)
	createTable(b, s, x, "t", true, false)
	x.commit()
	took := make([][]time.Duration, writers)
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range writers {
		wg.Go(func() {
			for i := w; i < b.N; i += writers {
				start := time.Now()
				x := beginOpts(b, s, "", storage.TxnOptions{Async: async})
				must(b, x.insert(x.table("t"), [3]int64{int64(i), int64(i), 1}))
				x.commit()
				took[w] = append(took[w], time.Since(start))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(took...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
	must(b, s.Close())
}

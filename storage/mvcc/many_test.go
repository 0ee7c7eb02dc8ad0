package mvcc_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// many makes n branches in a durable store, opens it again, and returns how long that took and what a branch takes in memory.
func many(t testing.TB, n int) (create, start time.Duration, memory int64) {
	dir, err := os.MkdirTemp("", "rowan")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	open := func() *mvcc.Store {
		e, err := badgerkv.Open(badgerkv.Options{Dir: dir})
		must(t, err)
		s, err := mvcc.Open(e, mvcc.Options{CleanEvery: -1})
		must(t, err)
		return s
	}
	s := open()
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, false)
	must(t, x.insert(x.table("t"), [3]int64{1, 1, 1}))
	x.commit()
	before := heap()
	begun := time.Now()
	for i := range n {
		must(t, fork2(s, fmt.Sprint("branch", i), "main"))
	}
	create = time.Since(begun) / time.Duration(n)
	memory = (heap() - before) / int64(n)
	must(t, s.Close())
	begun = time.Now()
	s = open()
	start = time.Since(begun)
	is(t, reads(t, s, fmt.Sprint("branch", n-1)), "1")
	list, err := s.Branches().List(ctx, db, false)
	must(t, err)
	if len(list) != n+1 {
		t.Fatalf("%d branches, want %d", len(list), n+1)
	}
	must(t, s.Close())
	return create, start, memory
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestManyBranches(t *testing.T) {
	if testing.Short() {
		t.Skip("writes much")
	}
	n := 1000
	if os.Getenv("ROWAN_LONG") != "" {
		n = 10_000
	}
	create, start, memory := many(t, n)
	t.Logf("%d branches: %v to make one, %v to start, %d bytes of memory each", n, create, start, memory)
	if create > 50*time.Millisecond || start > 10*time.Second || memory > 4<<10 { // the machine may be busy; the benchmark has the goals
		t.Error("far from what it should be")
	}
}

func BenchmarkManyBranches(b *testing.B) {
	for range b.N {
		create, start, memory := many(b, 10_000)
		b.ReportMetric(float64(create.Microseconds()), "µs/create")
		b.ReportMetric(start.Seconds(), "s/start")
		b.ReportMetric(float64(memory), "B/branch")
	}
}

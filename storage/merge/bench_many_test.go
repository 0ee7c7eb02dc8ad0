package merge_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/mvcc"
)

// BenchmarkMergeMany merges a million changed rows in each of the ways that share the merge. It reports rows a second, the processor
// time of a row, that of Badger's work in the background included, and the most that the heap held at a collection and with
// garbage, under the memory limit that the server sets.
func BenchmarkMergeMany(b *testing.B) {
	const rows = 1_000_000
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(serverMemory / 4 * 3))
	s := benchStore(b, rows)
	defer s.Close()
	n := 0
	fork := func(name, source string) string {
		n++
		name = fmt.Sprint(name, n)
		_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Source: source})
		must(b, err)
		return name
	}
	dev := fork("dev", "main")
	before, _ := s.Now()
	change(b, s, dev, rows, 1, -1)
	after, _ := s.Now()
	grown := fork("grown", "main")
	load(b, s, grown, rows, 2*rows)
	b.Run("merge", func(b *testing.B) { // dev into a branch that has nothing of its own
		many(b, rows, func() func() {
			target := fork("t", "main")
			return func() { mergeAll(b, s, dev, target, rows) }
		})
	})
	b.Run("both", func(b *testing.B) { // into one that has changed other cells of a tenth of the rows
		changed := fork("changed", "main")
		changeTo(b, s, changed, rows/10, 10, func(id int64) row { return row{id, -1, id} })
		many(b, rows, func() func() {
			target := fork("t", changed)
			return func() { mergeAll(b, s, dev, target, rows) }
		})
	})
	b.Run("inserts", func(b *testing.B) {
		many(b, rows, func() func() {
			target := fork("t", "main")
			return func() { mergeAll(b, s, grown, target, rows) }
		})
	})
	b.Run("rebase", func(b *testing.B) { // dev's copy onto a branch that another row was added to
		many(b, rows, func() func() {
			copied, onto := fork("copy", dev), fork("onto", "main")
			load(b, s, onto, 3*rows, 3*rows+1)
			return func() { rebaseAll(b, s, copied, onto) }
		})
	})
	b.Run("revert", func(b *testing.B) {
		many(b, rows, func() func() {
			target := fork("t", dev)
			return func() { bring(b, s, dev, fmt.Sprint(after), fmt.Sprint(before), target, rows) }
		})
	})
	b.Run("cherry-pick", func(b *testing.B) {
		many(b, rows, func() func() {
			target := fork("t", "main")
			return func() { bring(b, s, dev, fmt.Sprint(before), fmt.Sprint(after), target, rows) }
		})
	})
}

// many measures what prepare returns.
func many(b *testing.B, rows int, prepare func() func()) {
	var all, live, resident uint64
	var cpu time.Duration
	for b.Loop() {
		b.StopTimer()
		f := prepare()
		debug.FreeOSMemory()
		_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // VmHWM begins anew
		stop, most := make(chan struct{}), make(chan [2]uint64)
		go watch(stop, most)
		used := cpuTime()
		b.StartTimer()
		f()
		b.StopTimer()
		cpu += cpuTime() - used
		close(stop)
		high := <-most
		all, live, resident = max(all, high[0]), max(live, high[1]), max(resident, mostResident())
		b.StartTimer()
	}
	b.ReportMetric(float64(all)/1e6, "MB")
	b.ReportMetric(float64(live)/1e6, "MB-live")
	b.ReportMetric(float64(resident)/1e6, "MB-VmHWM")
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(rows*b.N), "cpu-ns/row")
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// mostResident is VmHWM, 0 where the system does not tell.
func mostResident() (n uint64) {
	b, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	_, _ = fmt.Sscan(rest, &n)
	return n << 10
}

// rebaseAll puts a branch on the head of another.
func rebaseAll(b *testing.B, s *mvcc.Store, branch, onto string) {
	x := begin(b, s, branch, "")
	from, to, err := s.Branches().(storage.BranchAdmin).Rebase(ctx, x.Txn, storage.RebaseOptions{Branch: branch, Onto: onto})
	must(b, err)
	_, err = s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Target: branch, From: from, To: to})
	must(b, err)
	x.commit()
}

// bring does on a target what changed on a branch between two points.
func bring(b *testing.B, s *mvcc.Store, branch, from, to, target string, want int64) {
	x := begin(b, s, target, "")
	res, err := s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Source: branch, Target: target, From: x.at(branch, from), To: x.at(branch, to)})
	must(b, err)
	if res.Updates != want {
		b.Fatalf("%+v", res)
	}
	x.commit()
}

// cpuTime is what the process has used so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// watch finds how large the heap grows, with garbage and as the last collection left it.
func watch(stop chan struct{}, most chan [2]uint64) {
	list := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	var high [2]uint64
	for {
		metrics.Read(list)
		for i := range list {
			high[i] = max(high[i], list[i].Value.Uint64())
		}
		select {
		case <-stop:
			most <- high
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

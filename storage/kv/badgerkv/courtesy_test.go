package badgerkv

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage/kv"
)

// A commit is late only beside bulk writes, and by the measure of what commits take without them.
func TestLateCommits(t *testing.T) {
	at := time.Unix(1000, 0)
	var c courtesy
	commit := func(took time.Duration) bool {
		before := c.late.Load()
		c.committed(at, at.Add(took))
		at = at.Add(took)
		return c.late.Load() != before
	}
	if commit(time.Minute); c.late.Load() != 0 {
		t.Fatal("late without a bulk write")
	}
	c = courtesy{}
	for range 200 {
		commit(10 * time.Millisecond)
	}
	if p := c.patience(); p < 28*time.Millisecond || p > 30*time.Millisecond {
		t.Errorf("commits take 10 ms, and %v is thought much", p)
	}
	c.bulk.Store(at.UnixNano())
	if commit(25 * time.Millisecond) {
		t.Error("25 ms are late")
	}
	if !commit(40 * time.Millisecond) {
		t.Error("40 ms are not late")
	}
	if p := c.patience(); p > 30*time.Millisecond {
		t.Errorf("%v is thought much after commits beside a bulk write", p)
	}
	for at = at.Add(2 * bulkFor); c.usual.Load() < int64(time.Second); {
		commit(2 * time.Second)
	}
	if p := c.patience(); p != mostPatience {
		t.Errorf("patience of %v on a slow disk", p)
	}
}

// Bulk writes go on, however late commits are.
func TestRestEnds(t *testing.T) {
	var c courtesy
	c.late.Store(time.Now().Add(time.Hour).UnixNano())
	began := time.Now()
	c.rest()
	if took := time.Since(began); took < mostRest {
		t.Errorf("rested for %v", took)
	}
	if c.bulk.Load() == 0 {
		t.Error("whoever rests writes in bulk")
	}
}

// Compactions come by: it hangs on a line of Badger's log.
func TestCompactionsRest(t *testing.T) {
	ctx := context.Background()
	e, err := Open(Options{Dir: t.TempDir(), Small: true, NoSync: true, keepResident: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	for range 10 {
		var b kv.Batch
		for i := range 20_000 {
			if !b.Fits(e.Limits(), 1, 1<<10) {
				if err := e.Apply(ctx, &b); err != nil {
					t.Fatal(err)
				}
				b.Reset()
			}
			b.Put(fmt.Appendf(nil, "%06d", i), make([]byte, 500))
		}
		if err := e.Apply(ctx, &b); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	if e.courtesy.bulk.Load() == 0 {
		t.Error("no compaction came by")
	}
}

func TestCrowd(t *testing.T) {
	if os.Getenv("GOMAXPROCS") != "" {
		t.Skip("GOMAXPROCS is set")
	}
	var p threads
	before := runtime.GOMAXPROCS(0)
	p.crowd()
	p.crowd()
	if n := runtime.GOMAXPROCS(0); n != crowdFactor*before {
		t.Errorf("%d threads of %d", n, before)
	}
	p.mu.Lock()
	p.until = time.Now()
	p.timer.Stop()
	p.mu.Unlock()
	p.settle()
	if n := runtime.GOMAXPROCS(0); n >= crowdFactor*before {
		t.Errorf("%d threads are left", n)
	}
}

// Bulk writes go on beside a reader whose iterator keeps memtables, and so their logs, that are on disk long since.
func TestPaceBesideReader(t *testing.T) {
	ctx := context.Background()
	e, err := Open(Options{Dir: t.TempDir(), NoSync: true, keepResident: true})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 4 {
		if err := os.WriteFile(memoryLog(e.opts.Dir, e.wal.newest+1+n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n := e.backlog.full(); n < fullTables {
		t.Fatalf("%d memtables are full", n)
	}
	for range 3 {
		if err := e.Pace(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := e.backlog.full(); n != 0 {
		t.Errorf("%d memtables are thought to be full", n)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

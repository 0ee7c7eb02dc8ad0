package badgerkv

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage/kv"
)

// held has compactions stand still until it is closed, and thereby full memtables wait for them.
type held chan struct{}

func (h held) Debugf(format string, _ ...any) {
	if strings.HasPrefix(format, tableFilled) {
		<-h
	}
}
func (held) Infof(string, ...any)    {}
func (held) Warningf(string, ...any) {}
func (held) Errorf(string, ...any)   {}

// TestLostEndOfFullLog has a crash of the machine lose the end of a full log, and keep what is in those after it: what is there then of
// commits that nobody waited for is what came first, with all that was durable.
func TestLostEndOfFullLog(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": bytes.Repeat([]byte{7}, 32)} {
		t.Run(name, func(t *testing.T) {
			for logs := range 3 {
				lostEndOfFullLog(t, key, logs+1)
			}
		})
	}
}

// lostEndOfFullLog has the last commit that is durable be the first after which there is a number of logs.
func lostEndOfFullLog(t *testing.T, key []byte, durableWith int) {
	hold := make(held)
	e := largeStoreIn(t, Options{Dir: t.TempDir(), Key: key, Logger: hold})
	d := &disk{e.opts.Dir, map[string]int64{}}
	var crashed atomic.Bool
	e.wal.datasync = func(f *os.File) error {
		if crashed.Load() {
			<-hold
		}
		if b, err := os.ReadFile(f.Name()); err == nil { // it may be gone
			d.synced[filepath.Base(f.Name())] = int64(len(bytes.TrimRight(b, "\x00")))
		}
		return nil
	}
	n, durable := 0, 0
	for left := 100; left > 0; n++ { // beyond the beginning of a third log
		logs, err := memoryLogs(d.dir)
		must(t, err)
		last := durable == 0 && n > 100 && len(logs) >= durableWith
		b := kv.Batch{Async: !last}
		b.Put(fmt.Appendf(nil, "key%06d", n), make([]byte, 900))
		if must(t, e.Apply(ctx, &b)); last {
			durable = n + 1
		}
		if len(logs) > 2 {
			left--
		}
	}
	crashed.Store(true)
	dir := killed(t, d.dir)
	close(hold)
	must(t, e.Close())
	logs, err := memoryLogs(dir)
	must(t, err)
	newest := memoryLog(dir, logs[len(logs)-1])
	d.synced[filepath.Base(newest)] = written(t, newest) // by the system
	d.lose(t, dir, "*.mem", 0, false)
	mustBegin(t, largeStoreIn(t, Options{Dir: dir, Key: key}), durable, n)
}

// mustBegin wants the first commits of n in a store, at least some number of them, and nothing else.
func mustBegin(t *testing.T, e *Engine, least, n int) {
	t.Helper()
	defer func() { must(t, e.Close()) }()
	there := 0
	for i := range n {
		_, ok, err := e.Get(ctx, fmt.Appendf(nil, "key%06d", i), nil)
		if must(t, err); !ok {
			continue
		}
		if there++; there != i+1 {
			t.Fatalf("commit %d is there, and %d before it", i, there-1)
		}
	}
	if there < least {
		t.Errorf("%d commits of %d are there, %d were durable", there, n, least)
	}
}

// TestCommitsAreSyncedSoon wants a commit that nobody waited for to be durable before long.
func TestCommitsAreSyncedSoon(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir(), Small: true})
	synced := make(chan bool, 100)
	e.wal.datasync = func(*os.File) error {
		synced <- true
		return nil
	}
	b := kv.Batch{Async: true}
	b.Put([]byte("key"), []byte("value"))
	must(t, e.Apply(ctx, &b))
	select {
	case <-synced:
	case <-time.After(10 * time.Second):
		t.Error("it is not")
	}
	must(t, e.Close())
}

package badgerkv

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"github.com/rowandb/rowan/storage/kv"
)

var _ kv.Pacer = (*Engine)(nil)

// fullTables is how many full memtables may wait to be written to disk when a bulk write goes on. Badger itself stops all
// writes when it has waitingTables of them.
const fullTables = 1

// backlog counts the full memtables by their logs.
type backlog struct {
	logs *memLogs
	from atomic.Int64 // those before are not counted any more
}

// full returns how many memtables are full and not yet on disk.
func (b *backlog) full() (n int) {
	numbers, _ := b.logs.list() // the commit loop tells of errors
	for _, number := range numbers {
		if int64(number) >= b.from.Load() {
			n++
		}
	}
	return max(n-1, 0)
}

// heldLong is after which time a full memtable's log is there for a reader: an iterator keeps the memtables that it began with,
// and their logs, long after they are on disk.
const heldLong = time.Second

// forget no longer counts the logs that are there now.
func (b *backlog) forget() {
	if numbers, _ := b.logs.list(); len(numbers) > 0 {
		b.from.Store(int64(numbers[len(numbers)-1]))
	}
}

// writeBehind is after how many bytes a bulk write sees to it that they get to the disk: small commits beside it would else
// have to wait for all of them.
const writeBehind = 2 << 20

// flushBehind has the log that is being written go to the disk, beside the commit loop, and what is left of the one before it
// first. Whether that works is for the commit loop to find out.
func (e *Engine) flushBehind() {
	numbers, _ := e.logs.list()
	for _, n := range numbers[max(len(numbers)-2, 0):] {
		if f, err := os.OpenFile(memoryLog(e.opts.Dir, n), os.O_RDWR, 0); err == nil {
			_ = startSync(f)
			_ = f.Close()
		}
	}
}

// stalled reports whether full memtables wait for compactions of level 0, which may take seconds: whoever went on writing then
// would have everybody wait.
func (e *Engine) stalled() bool { return e.db.Levels()[0].NumTables >= levelZeroStall }

// Pace implements kv.Pacer.
func (e *Engine) Pace(ctx context.Context) error {
	processors.crowd()
	e.courtesy.rest()
	if e.loosened.Load() > writeBehind && !e.opts.NoSync {
		e.loosened.Store(0)
		e.flushBehind()
	}
	for began := time.Now(); e.backlog.full() > fullTables; {
		if time.Since(began) > heldLong && !e.stalled() {
			e.backlog.forget()
			break
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-e.stopped:
			return kv.ErrClosed
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil
}

package badgerkv

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/klauspost/compress/s2"

	"github.com/rowandb/rowan/storage/kv"
)

// Badger verifies the checksum of each block that it reads, but what reads it then ends as if the table had no more: a
// look-up finds nothing, a scan leaves rows out, and a compaction writes a table without them and removes the damaged one.
// The error itself never gets out. So it is caught where it is made: when Badger words an error about a checksum or a block
// that cannot be decompressed, the variables below are asked for their text. Readers compare the count of damages before
// and after; compactions stand still for ever.

// damages counts the damaged blocks that any engine of the process has met.
var damages atomic.Uint64

type damageError struct{ error }

// Error implements error and counts.
func (d damageError) Error() string {
	damages.Add(1)
	if compacting() {
		select {} // what is not written cannot replace the damaged table
	}
	return d.error.Error()
}

// Unwrap lets those who compare find the original.
func (d damageError) Unwrap() error { return d.error }

func init() {
	y.ErrChecksumMismatch = damageError{y.ErrChecksumMismatch}
	s2.ErrCorrupt = damageError{s2.ErrCorrupt}
	s2.ErrTooLarge = damageError{s2.ErrTooLarge}
	s2.ErrUnsupported = damageError{s2.ErrUnsupported}
}

// watch is Badger's log. Badger gives an empty value for one in the value log that it cannot read, and says so there alone.
type watch struct{ next badger.Logger }

func (w watch) Errorf(format string, args ...any) {
	if strings.HasPrefix(format, "Unable to read") {
		damages.Add(1)
	}
	if w.next != nil {
		w.next.Errorf(format, args...)
	}
}

func (w watch) Warningf(format string, args ...any) {
	if w.next != nil {
		w.next.Warningf(format, args...)
	}
}

func (w watch) Infof(format string, args ...any) {
	if w.next != nil {
		w.next.Infof(format, args...)
	}
}

func (w watch) Debugf(format string, args ...any) {
	if w.next != nil {
		w.next.Debugf(format, args...)
	}
}

// compacting reports whether this goroutine is one of Badger's compactions.
func compacting() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, "levelsController") && strings.Contains(f.Function, "ompact") {
			return true
		}
		if !more {
			return false
		}
	}
}

// health is why an engine takes no writes.
type health struct {
	failed atomic.Pointer[error]
	bad    atomic.Bool // the reason is damage
}

func (h *health) err() error {
	if p := h.failed.Load(); p != nil {
		return *p
	}
	return nil
}

func (h *health) damaged() bool { return h.bad.Load() }

func (h *health) set(err error) { h.failed.CompareAndSwap(nil, &err) }

// sound returns an error when damage was met since seen was loaded.
func (e *Engine) sound(seen uint64) error {
	if damages.Load() == seen {
		return nil
	}
	return e.readError(nil, seen)
}

// readError makes what a reader gets of an error of Badger, or of damage met since seen was loaded. After damage the engine
// takes no more writes.
func (e *Engine) readError(err error, seen uint64) error {
	if err != nil && damages.Load() == seen && !isDamage(err) {
		return fmt.Errorf("badger: %w", err)
	}
	e.health.bad.Store(true)
	e.health.set(fmt.Errorf("%w: %w", kv.ErrFailed, kv.ErrCorrupt))
	return fmt.Errorf("%w in %s", kv.ErrCorrupt, e.opts.Dir)
}

// isDamage tells the errors of the value log about what it holds.
func isDamage(err error) bool {
	return errors.Is(err, y.ErrChecksumMismatch) || strings.Contains(err.Error(), "checksum") || strings.Contains(err.Error(), "corrupt") ||
		strings.Contains(err.Error(), "EOF")
}

// Health implements kv.Health.
func (e *Engine) Health() error {
	if err := e.health.err(); err != nil {
		return err
	}
	return e.space.state()
}

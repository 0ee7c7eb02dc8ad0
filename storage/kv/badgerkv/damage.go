package badgerkv

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/runtime/protoiface"

	"github.com/rowandb/rowan/storage/kv"
)

// Badger verifies the checksum of each block that it reads, but what reads it then ends as if the table had no more: a
// look-up finds nothing, a scan leaves rows out, and a compaction writes a table without them and removes the damaged one.
// The error itself never gets out. So it is caught where it is made: when Badger words an error about a checksum or a block
// that cannot be decompressed, the variables below are asked for their text, by the goroutine that reads; a checksum that
// cannot be decoded shows in the methods of its message. Readers look
// whether theirs has met damage meanwhile; compactions stand still for ever, and every engine looks through its tables.
//
// The file is not known where damage is met: all are read then, by the verifier, which words what is wrong with each. Compactions
// and the rewriting of value logs must not even begin to read what is damaged: see guard.go.
//
// Two cases get by. When a block's last four bytes, which are the length of its checksum, come to be more than the length of
// the block, Badger makes an error of its own on the spot and the block's rows are left out. And a table's index is verified
// when the table is opened, never again. The tables are therefore read as a whole before a store is opened, and once a day
// while it is (scrubs).

// damages is what any engine of the process has met.
var damages damageLog

// damageLog remembers which goroutines have met damage. What a goroutine met belongs to the engine that it reads.
type damageLog struct {
	n   atomic.Uint64
	mu  sync.Mutex
	met map[uint64]uint64 // by goroutine: n, when it last met damage
}

// add notes that this goroutine has met damage.
func (l *damageLog) add() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.met == nil {
		l.met = map[uint64]uint64{}
	}
	l.met[goroutine()] = l.n.Add(1)
}

// count is for since.
func (l *damageLog) count() uint64 { return l.n.Load() }

// since reports whether this goroutine has met damage since the log counted seen.
func (l *damageLog) since(seen uint64) bool {
	if l.n.Load() == seen {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.met[goroutine()] > seen
}

// forget drops what this goroutine has met.
func (l *damageLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.met, goroutine())
}

// goroutine returns the number of this goroutine, as traces show it.
func goroutine() (n uint64) {
	var buf [64]byte
	for _, c := range buf[len("goroutine "):runtime.Stack(buf[:], false)] {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + uint64(c-'0')
	}
	return n
}

type damageError struct{ error }

// Error implements error and counts.
func (d damageError) Error() string {
	met()
	return d.error.Error()
}

// met is called where damage is found.
func met() {
	if compacting() {
		engines.suspect()
		passTurn()
		select {} // what is not written cannot replace the damaged table
	}
	damages.add()
}

// Unwrap lets those who compare find the original.
func (d damageError) Unwrap() error { return d.error }

// engines are those of the process that are open.
var engines openEngines

type openEngines struct {
	mu  sync.Mutex
	all map[*Engine]bool
}

func (o *openEngines) add(e *Engine) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[*Engine]bool{}
	}
	o.all[e] = true
}

func (o *openEngines) remove(e *Engine) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.all, e)
}

func (o *openEngines) list() (out []*Engine) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for e := range o.all {
		if e.ready.Load() {
			out = append(out, e)
		}
	}
	return out
}

// suspect has all engines look for damage: a compaction that meets some does not know whose it is.
func (o *openEngines) suspect() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for e := range o.all {
		go e.scrub(context.Background(), nil)
	}
}

func init() {
	y.ErrChecksumMismatch = damageError{y.ErrChecksumMismatch}
	s2.ErrCorrupt = damageError{s2.ErrCorrupt}
	s2.ErrTooLarge = damageError{s2.ErrTooLarge}
	s2.ErrUnsupported = damageError{s2.ErrUnsupported}

	// A checksum that cannot be read itself is an error of its encoding.
	m := (&pb.Checksum{}).ProtoReflect().ProtoMethods()
	read := m.Unmarshal
	m.Unmarshal = func(in protoiface.UnmarshalInput) (protoiface.UnmarshalOutput, error) {
		out, err := read(in)
		if err != nil {
			met()
		}
		return out, err
	}
}

// watch is Badger's log. Badger gives an empty value for one in the value log that it cannot read, and says so there alone.
type watch struct{ next badger.Logger }

func (w watch) Errorf(format string, args ...any) {
	if strings.HasPrefix(format, "Unable to read") {
		damages.add()
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
	once   sync.Once
	bad    chan struct{} // closed when the reason is damage
}

func (h *health) err() error {
	if p := h.failed.Load(); p != nil {
		return *p
	}
	return nil
}

func (h *health) set(err error) { h.failed.CompareAndSwap(nil, &err) }

// damage sets that the reason is damage, and which.
func (h *health) damage(what error) {
	h.failed.Store(new(fmt.Errorf("%w: %w", kv.ErrFailed, what)))
	h.once.Do(func() { close(h.bad) })
}

func (h *health) damaged() bool {
	select {
	case <-h.bad:
		return true
	default:
		return false
	}
}

// sound returns an error when this goroutine has met damage since seen was counted.
func (e *Engine) sound(seen uint64) error {
	if !damages.since(seen) {
		return nil
	}
	return e.corrupt()
}

// readError makes what a reader gets of an error of Badger, or of damage met since seen was counted.
func (e *Engine) readError(err error, seen uint64) error {
	if err != nil && !damages.since(seen) && !isDamage(err) {
		return fmt.Errorf("badger: %w", err)
	}
	return e.corrupt()
}

// corrupt notes that a read has met damage, after which the engine takes no more writes, and names the file.
func (e *Engine) corrupt() error {
	damages.forget()
	e.search.once.Do(e.find)
	select {
	case <-e.search.done:
	case <-time.After(searchWait):
	}
	if what := e.search.found.Load(); what != nil {
		return *what
	}
	return fmt.Errorf("%w in %s", kv.ErrCorrupt, e.opts.Dir)
}

// search is for the files that are damaged, once some damage was met.
type search struct {
	once  sync.Once
	done  chan struct{} // closed when found is all there will be
	found atomic.Pointer[error]
}

// searchWait is how long who meets damage waits for the name of the file: some gigabytes are read meanwhile.
const searchWait = 5 * time.Second

// find begins the search. No write is taken from now on, whatever it finds.
func (e *Engine) find() {
	e.health.damage(fmt.Errorf("%w in %s", kv.ErrCorrupt, e.opts.Dir))
	e.search.done = make(chan struct{})
	go func() {
		defer close(e.search.done)
		found, err := e.Verify(context.Background(), nil)
		var what error
		switch {
		case len(found) > 0:
			what = foundError(e.opts.Dir, found)
			e.report(found)
		case err != nil:
			what = fmt.Errorf("%w in %s: %s", kv.ErrCorrupt, e.opts.Dir, oneLine(err))
		default: // the memory, or the way to the disk
			what = fmt.Errorf("%w in %s, read again its files are sound: the machine may be at fault", kv.ErrCorrupt, e.opts.Dir)
		}
		e.search.found.Store(&what)
		e.health.damage(what)
	}()
}

// report writes what is damaged into the log.
func (e *Engine) report(found []kv.Damage) {
	if e.opts.Logger == nil {
		return
	}
	for _, d := range found {
		e.opts.Logger.Errorf("%s is damaged: %s", filepath.Join(e.opts.Dir, d.File), d.Problem)
	}
}

// caught is deferred by what reads through Badger: it turns a panic of Badger's, which some damage to the frame of a block
// leads to, into an error.
func (e *Engine) caught(err *error) {
	if r := recover(); r != nil {
		*err = e.corrupt()
	}
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

package badgerkv

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/rowandb/rowan/storage/kv"
)

// request is a batch on its way through the commit loop; without a batch it asks for a sync alone.
type request struct {
	batch *kv.Batch
	done  chan error
}

var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}

const gcEvery = 10 * time.Minute

// Apply implements kv.Engine.
func (e *Engine) Apply(_ context.Context, b *kv.Batch) error {
	if err := b.Check(e.limits); err != nil {
		return err
	}
	if b.Loose && b.Async && b.Plain() {
		return e.applyLoose(b)
	}
	return e.submit(b)
}

// Sync implements kv.Engine.
func (e *Engine) Sync(context.Context) error { return e.submit(nil) }

func (e *Engine) submit(b *kv.Batch) error {
	began := time.Now()
	err := e.send(b)
	if b == nil || !b.Async {
		e.courtesy.committed(began, time.Now())
	}
	return err
}

// send has the commit loop write a batch, or with none sync alone.
func (e *Engine) send(b *kv.Batch) error {
	r := requests.Get().(*request)
	r.batch = b
	e.sending.RLock()
	if e.closed.Load() {
		e.sending.RUnlock()
		return kv.ErrClosed
	}
	e.requests <- r
	e.sending.RUnlock()
	err := <-r.done
	r.batch = nil
	requests.Put(r)
	return err
}

// commitLoop is the one writer of what is not loose. It also runs the collection of the value log.
func (e *Engine) commitLoop() {
	defer close(e.stopped)
	gc := time.NewTicker(gcEvery)
	defer gc.Stop()
	var carry *request
	var group []*request
	expect := 1
	for {
		first := carry
		carry = nil
		if first == nil {
			select {
			case r, ok := <-e.requests:
				if !ok {
					return
				}
				first = r
			case <-gc.C:
				_ = e.collect()
				continue
			case done := <-e.reclaim:
				done <- e.collect()
				continue
			}
		}
		group, carry = e.gather(append(group[:0], first), expect)
		expect = len(group)
		e.commit(group)
	}
}

// dally is how long a group waits to become as large as the last one. Those whose commits have just been synced come back
// about together; without it the first of them would get a sync of its own while the others wait for the next.
const dally = 150 * time.Microsecond

// gather adds the requests that wait already or come soon, as far as one Badger transaction takes them.
func (e *Engine) gather(group []*request, expect int) (_ []*request, carry *request) {
	size, ops := group[0].batch.Size()
	var since time.Time
	for len(group) < 1024 {
		select {
		case r, ok := <-e.requests:
			if !ok {
				return group, nil
			}
			s, n := r.batch.Size()
			if size+s > e.limits.Bytes || ops+n > e.limits.Ops {
				return group, r
			}
			size, ops = size+s, ops+n
			group = append(group, r)
		default:
			if len(group) >= expect {
				return group, nil
			}
			if since.IsZero() {
				since = time.Now()
			} else if time.Since(since) > dally {
				return group, nil
			}
			runtime.Gosched()
		}
	}
	return group, nil
}

// commit writes a group and answers its requests. After an error of Badger the engine takes no more writes: what it has
// of the group is not known.
func (e *Engine) commit(group []*request) {
	group = e.refuse(group)
	if len(group) == 0 {
		return
	}
	err := e.write(group)
	sync := false
	for i, r := range group {
		switch {
		case err != nil:
			r.done <- err
		case r.batch != nil && r.batch.Async:
			r.done <- nil
		default:
			sync = true
			continue
		}
		group[i] = nil
	}
	if sync || e.opts.NoSync { // which costs nothing then
		err = e.fail(e.syncAll())
	} else {
		e.unsynced.Store(true)
	}
	for _, r := range group {
		if r != nil {
			r.done <- err
		}
	}
}

// syncAll makes durable what was written: large values before what points to them, and full logs before it is noted that they are.
func (e *Engine) syncAll() error {
	e.unsynced.Store(false)
	if err := e.values.sync(); err != nil {
		return err
	}
	if err := e.wal.syncFull(); err != nil {
		return err
	}
	if full := e.wal.full(); full > e.noted { // the note itself may fill a log
		if err := e.noteFull(full); err != nil {
			return err
		}
		e.noted = full
	}
	return e.wal.sync()
}

// syncEvery is how long a commit may stay without being synced for which nobody waited, as PostgreSQL's wal_writer_delay.
const syncEvery = 200 * time.Millisecond

// syncs makes durable, soon, the commits that nobody waits for.
func (e *Engine) syncs() {
	for t := time.NewTicker(syncEvery); ; {
		select {
		case <-e.stopped:
			t.Stop()
			return
		case <-t.C:
		}
		if e.unsynced.Load() {
			_ = e.send(nil) // whoever commits next is told as well
		}
	}
}

// refuse answers those for whose writes there is no space, and returns the others.
func (e *Engine) refuse(group []*request) []*request {
	var size int64
	for _, r := range group {
		n, _ := r.batch.Size()
		size += n
	}
	if size == 0 || e.space.enough(size, false) == nil {
		return group
	}
	left := group[:0]
	for _, r := range group {
		n, _ := r.batch.Size()
		if n > 0 {
			if err := e.space.enough(size, r.batch.Urgent); err != nil {
				r.done <- err
				continue
			}
		}
		left = append(left, r)
	}
	return left
}

// write applies the group's batches. Large values are on disk then, lest a table be written with what points to one that is not: see lost.go.
func (e *Engine) write(group []*request) (err error) {
	if err := e.health.err(); err != nil {
		return err
	}
	large := e.values.any(group)
	lock, unlock := e.writing.RLock, e.writing.RUnlock
	if large { // a loose write could have the memtable written to a table
		lock, unlock = e.writing.Lock, e.writing.Unlock
	}
	lock()
	n, size := 0, int64(0)
	defer func() {
		unlock()
		e.wrote(n, size)
	}()
	ts := e.epochs.now.Load().ts
	txn := e.db.NewTransactionAt(ts, true)
	for _, r := range group {
		entries, bytes, err := addTo(txn, r.batch)
		if err != nil {
			txn.Discard()
			return fmt.Errorf("badger: %w", err)
		}
		n, size = n+entries, size+bytes
	}
	if n == 0 {
		txn.Discard()
		return nil
	}
	err = e.orDamage(func() error {
		defer txn.Discard()
		return txn.CommitAt(ts, nil)
	})
	if large && err == nil && !e.opts.NoSync {
		e.values.unsynced = true
		err = e.values.sync()
	}
	return e.fail(err)
}

// addTo puts a batch into a transaction.
func addTo(txn *badger.Txn, b *kv.Batch) (entries int, bytes int64, err error) {
	if b == nil {
		return 0, 0, nil
	}
	for i := range b.Len() {
		k, v := b.At(i)
		if v == nil {
			err = txn.Delete(k)
		} else {
			err = txn.SetEntry(&badger.Entry{Key: k, Value: v})
		}
		if err != nil {
			return 0, 0, err
		}
		bytes += int64(len(k) + len(v))
	}
	return b.Len(), bytes, nil
}

// damageGrace is how long what Badger does may take once damage was met. Whoever gives up on a write must be sure that nothing looks
// at its batch any more.
const damageGrace = 3 * time.Second

// orDamage waits for something that Badger does, but not for ever when damage was met: it may wait for a compaction that stands still.
func (e *Engine) orDamage(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-e.health.bad:
	}
	select {
	case err := <-done:
		return err
	case <-time.After(damageGrace):
		return e.health.err()
	}
}

// valueLogSize is safely below the size from which Badger puts values into its value log.
const valueLogSize = 512 << 10

func (e *Engine) fail(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, kv.ErrCorrupt) {
		return fmt.Errorf("%w: %w", kv.ErrUnknown, err)
	}
	e.health.set(fmt.Errorf("%w: %s", kv.ErrFailed, oneLine(err)))
	return fmt.Errorf("%w: %s", kv.ErrUnknown, oneLine(err))
}

// DeleteRange implements kv.Engine.
func (e *Engine) DeleteRange(ctx context.Context, lo, hi []byte) error {
	it := e.Scan(ctx, kv.Range{Lo: lo, Hi: hi, KeysOnly: true})
	defer it.Close()
	b := kv.Batch{Async: true}
	for it.Next() {
		if !b.Fits(e.limits, 1, len(it.Key())) {
			if err := e.Apply(ctx, &b); err != nil {
				return err
			}
			b.Reset()
			b.Async = true
		}
		b.Delete(it.Key())
	}
	if err := it.Err(); err != nil {
		return err
	}
	return e.Apply(ctx, &b)
}

package mvcc

import (
	"context"
	"errors"
	"sort"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/lock"
)

// A transaction that writes in bulk does not hold a lock on each row to its end. What it has written ahead names it, and
// what it is about to write is claimed in lists. Who meets what is written waits for the end of the transaction itself, by the lock
// that it holds on its own id, and who meets a list for the end of that; then they look again.

// identity returns the transaction as others meet it in what it writes, and locks its id.
func (t *Txn) identity() *largeTxn {
	if t.self == nil {
		t.self = newLargeTxn(t.id)
		t.token = t.s.locks.Owner(t.id, t.o.PID, t.owner)
		// Nobody else can have it yet.
		_, _ = t.token.Lock(context.Background(), t.self.lockKey(), lock.Exclusive, lock.Wait{No: true})
	}
	return t.self
}

func (l *largeTxn) lockKey() lock.Key { return lock.Key{Kind: lock.Transaction, A: l.id()} }

// awaitEnd waits for the end of a transaction that has written a row.
func (t *Txn) awaitEnd(ctx context.Context, l *largeTxn, w lock.Wait) error {
	if l.stuck.Load() {
		return errStuck
	}
	return t.await(ctx, l.lockKey(), w)
}

// await waits until a key is nobody's.
func (t *Txn) await(ctx context.Context, k lock.Key, w lock.Wait) error {
	mark := t.owner.Mark()
	_, err := t.owner.Lock(ctx, k, lock.Shared, w)
	if err == nil {
		t.owner.ReleaseTo(mark)
	}
	return err
}

// errStuck: nobody can tell any more what the row is.
var errStuck = errors.New("a transaction that wrote the row could not be rolled back; restart the server")

// lockSettled locks a key and returns its committed version. Where a running transaction has written the key ahead, or
// claimed it, that one does not hold the lock any more: it is waited for, without the lock, so that it may have it again.
func (t *Txn) lockSettled(ctx context.Context, v *view, ks catalog.Keyspace, k lock.Key, mode lock.Mode, w lock.Wait) (c committedRow, added bool, err error) {
	for {
		mark := t.owner.Mark()
		if added, err = t.owner.Lock(ctx, k, mode, w); err != nil {
			return c, false, err
		}
		if l := t.s.claims.find(keys.Space{Layer: k.A, Keyspace: k.B}, stringBytes(k.S), mode, t.self); l != nil {
			t.owner.ReleaseTo(mark)
			if err = t.await(ctx, l.lockKey(), w); err != nil {
				return c, false, err
			}
			continue
		}
		if c, err = t.committed(ctx, v, ks, stringBytes(k.S)); err != nil {
			return c, added, err
		}
		if c.writer == nil || c.live && !c.gone && mode == lock.Mode(catalog.ForKeyShare) && !c.writer.strong(ks) {
			return c, added, nil
		}
		t.owner.ReleaseTo(mark)
		if err = t.awaitEnd(ctx, c.writer, w); err != nil {
			return c, false, err
		}
	}
}

// unlock gives up the locks on keys that are in the store now under the transaction's name. Those taken before a savepoint
// that the write came after stay: they must outlive a rollback to it.
func (t *Txn) unlock(parts []flightPart) {
	if len(parts) == 0 || t.owner.Mark() < fewestLocks {
		return
	}
	marks := make([]*int, len(t.savepoints))
	at := make([]int, len(t.savepoints))
	for i := range t.savepoints {
		marks[i], at[i] = &t.savepoints[i].locks, t.savepoints[i].locks
	}
	trees := make(map[keys.Space]flightPart, len(parts))
	for _, p := range parts {
		trees[p.w.Space] = p
	}
	probe := &write{}
	t.owner.ReleaseIf(func(i int, k lock.Key, mode lock.Mode) bool {
		if k.Kind != lock.Row {
			return false
		}
		p, ok := trees[keys.Space{Layer: k.A, Keyspace: k.B}]
		if !ok {
			return false
		}
		probe.key = stringBytes(k.S)
		x, ok := p.tree.Get(probe)
		if !ok || i < t.lockedSince(x.seq, at) {
			return false
		}
		if mode == lock.Mode(catalog.ForUpdate) && !x.deleted {
			t.self.strengthen(k.B)
		}
		return true
	}, marks)
}

// lockedSince returns the place of the first lock after the last savepoint before a write.
func (t *Txn) lockedSince(seq uint64, marks []int) int {
	n := sort.Search(len(t.savepoints), func(i int) bool { return t.savepoints[i].seq >= seq })
	if n == 0 {
		return 0
	}
	return marks[n-1]
}

// fewestLocks is how many locks are not worth the trouble.
const fewestLocks = 1024

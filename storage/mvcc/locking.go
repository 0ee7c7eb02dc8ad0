package mvcc

import (
	"context"
	"errors"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/lock"
)

var tableModes = [...]string{
	"", "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
	"ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
}

var (
	rowModes      = [...]string{"", "AccessShareLock", "RowShareLock", "ExclusiveLock", "AccessExclusiveLock"}
	advisoryModes = [...]string{"", "ShareLock", "ExclusiveLock"}
)

func (t *Txn) waitOption(w catalog.LockWait) lock.Wait {
	return lock.Wait{No: w != catalog.Wait, Timeout: t.lockTimeout}
}

func rowLockKey(v *view, ks catalog.Keyspace, key []byte) lock.Key {
	return lock.Key{Kind: lock.Row, A: v.layer.id, B: ks, S: string(key)}
}

// lockKey locks the key of a row, an index entry or a descriptor.
func (t *Txn) lockKey(ctx context.Context, v *view, ks catalog.Keyspace, key []byte, mode lock.Mode, table *catalog.Table, wait catalog.LockWait) error {
	_, err := t.owner.Lock(ctx, rowLockKey(v, ks, key), mode, t.waitOption(wait))
	return t.s.lockError(err, table, true)
}

// LockTable implements storage.Txn. Under READ COMMITTED the transaction goes on with what is committed once it has the
// lock, so that it sees the table as those before it left it.
func (t *Txn) LockTable(ctx context.Context, sv storage.View, id catalog.OID, mode catalog.TableLock, wait catalog.LockWait) error {
	if err := t.check(); err != nil {
		return err
	}
	v, err := t.own(sv)
	if err != nil {
		return err
	}
	added, err := t.lockTable(ctx, v, id, mode, wait)
	if err == nil && added && (!t.begun || t.o.Isolation == storage.ReadCommitted) {
		t.catchUp()
	}
	return err
}

// LockTables implements storage.Txn.
func (t *Txn) LockTables(ctx context.Context, sv storage.View, locks []storage.TableLock) error {
	if err := t.check(); err != nil {
		return err
	}
	v, err := t.own(sv)
	if err != nil {
		return err
	}
	if v.readOnly {
		return nil
	}
	fresh := false
	for _, l := range locks {
		added, err := t.lockTable(ctx, v, l.Table, l.Mode, catalog.Wait)
		if err != nil {
			return err
		}
		fresh = fresh || added
	}
	if fresh && t.s.seq.published.Load() != t.snap {
		if t.begun && t.o.Isolation != storage.ReadCommitted {
			return t.sameTables(ctx, v, locks)
		}
		t.catchUp()
	}
	return nil
}

func (t *Txn) lockTable(ctx context.Context, v *view, id catalog.OID, mode catalog.TableLock, wait catalog.LockWait) (added bool, err error) {
	k := lock.Key{Kind: lock.Table, A: v.layer.id, B: uint64(id)}
	added, err = t.owner.Lock(ctx, k, lock.Mode(mode), lock.Wait{No: true})
	if !errors.Is(err, lock.ErrBusy) {
		return added, err
	}
	if wait == catalog.Wait {
		added, err = t.owner.Lock(ctx, k, lock.Mode(mode), t.waitOption(wait))
	}
	if err == nil {
		return added, nil
	}
	if d := (*lock.Deadlock)(nil); errors.As(err, &d) {
		return false, t.s.errDeadlock(d)
	}
	var table *catalog.Table
	if o, _ := v.Catalog().RelationByOID(id); o != nil {
		table, _ = o.(*catalog.Table)
	}
	return false, t.s.lockError(err, table, false)
}

// catchUp moves the transaction to what is committed now.
func (t *Txn) catchUp() {
	if t.s.seq.published.Load() == t.snap {
		return
	}
	t.takeSnapshot()
	for _, v := range t.views {
		v.move()
	}
}

// sameTables refuses to write to tables whose descriptors have changed since the transaction's snapshot: what it wrote by
// the old ones would lack entries of new indexes, or go where a rewritten table is no more.
func (t *Txn) sameTables(ctx context.Context, v *view, locks []storage.TableLock) error {
	bound := v.chain[0].bound
	if from, scn := v.layer.catalogAt(t.s.seq.published.Load()); from != v.layer || scn <= bound {
		return nil
	}
	for _, l := range locks {
		if l.Mode < catalog.RowExclusive {
			continue
		}
		c, err := t.committed(ctx, v, catalogSpace, objectKey(l.Table))
		switch {
		case err != nil:
			return storeError(err)
		case c.ver > bound && !c.live:
			return errSerialize("delete")
		case c.ver > bound:
			return errSerialize("update")
		}
	}
	return nil
}

// LockSequence implements storage.Txn.
func (t *Txn) LockSequence(ctx context.Context, sv storage.View, seq *catalog.Sequence) (*catalog.Sequence, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	v, err := t.own(sv)
	if err != nil {
		return nil, err
	}
	added, err := t.lockTable(ctx, v, seq.OID, catalog.RowExclusive, catalog.Wait)
	if err != nil {
		return nil, err
	}
	if added {
		t.keepLock()
	}
	from, scn := v.layer.catalogAt(t.s.seq.published.Load())
	if from != v.layer || scn <= v.chain[0].bound || v.Catalog().Object(seq.OID) != v.base.Object(seq.OID) {
		return seq, nil // nothing has changed since, or the transaction has changed it itself
	}
	c, err := t.committed(ctx, v, catalogSpace, objectKey(seq.OID))
	if err != nil {
		return nil, storeError(err)
	}
	if !c.live {
		return nil, nil
	}
	o, err := decodeObject(c.payload)
	if err != nil {
		return nil, err
	}
	now, _ := o.(*catalog.Sequence)
	return now, nil
}

// keepLock has the lock that was taken last stay to the end of the transaction, whatever is rolled back to.
func (t *Txn) keepLock() {
	if len(t.savepoints) == 0 {
		return
	}
	t.owner.KeepLast()
	for i := range t.savepoints {
		t.savepoints[i].locks++
	}
}

// LockAdvisory implements storage.Txn.
func (t *Txn) LockAdvisory(ctx context.Context, k storage.AdvisoryKey, shared bool, wait catalog.LockWait) (bool, error) {
	if err := t.check(); err != nil {
		return false, err
	}
	return t.s.lockAdvisory(ctx, t.owner, k, shared, t.waitOption(wait))
}

func (s *Store) lockAdvisory(ctx context.Context, o *lock.Owner, k storage.AdvisoryKey, shared bool, w lock.Wait) (bool, error) {
	_, err := o.Lock(ctx, advisoryKey(k), advisoryMode(shared), w)
	if errors.Is(err, lock.ErrBusy) {
		return false, nil
	}
	return err == nil, s.lockError(err, nil, false)
}

func advisoryKey(k storage.AdvisoryKey) lock.Key {
	a := uint64(k.Database) << 1
	if k.Pair {
		a |= 1
	}
	x := lock.Key{Kind: lock.Advisory, A: a, B: uint64(k.Key)}
	if k.Constraint != 0 {
		x.S = string(objectKey(k.Constraint))
	}
	return x
}

func advisoryOf(k lock.Key) storage.AdvisoryKey {
	a := storage.AdvisoryKey{Database: catalog.OID(k.A >> 1), Key: int64(k.B), Pair: k.A&1 != 0}
	if k.S != "" {
		a.Constraint = oidOf([]byte(k.S))
	}
	return a
}

func advisoryMode(shared bool) lock.Mode {
	if shared {
		return lock.Shared
	}
	return lock.Exclusive
}

// lockSession implements storage.LockSession.
type lockSession struct {
	s     *Store
	owner *lock.Owner
}

// Session implements storage.Store.
func (s *Store) Session(pid int32) storage.LockSession {
	return &lockSession{s, s.locks.Owner(0, pid, nil)}
}

func (l *lockSession) Lock(ctx context.Context, k storage.AdvisoryKey, shared bool, wait catalog.LockWait, patience time.Duration) (bool, error) {
	return l.s.lockAdvisory(ctx, l.owner, k, shared, lock.Wait{No: wait != catalog.Wait, Timeout: patience})
}

func (l *lockSession) Unlock(k storage.AdvisoryKey, shared bool) bool {
	return l.owner.Unlock(advisoryKey(k), advisoryMode(shared))
}

func (l *lockSession) UnlockAll() { l.owner.ReleaseTo(0) }

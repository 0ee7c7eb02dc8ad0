package mvcc

import (
	"context"
	"encoding/binary"
	"errors"

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
	return lockError(err, table, true)
}

// LockTable implements storage.Txn. A transaction that had to wait under READ COMMITTED goes on with what is committed
// by then, so that it sees the table as those before it left it.
func (t *Txn) LockTable(ctx context.Context, sv storage.View, id catalog.OID, mode catalog.TableLock, wait catalog.LockWait) error {
	if err := t.check(); err != nil {
		return err
	}
	v, err := t.own(sv)
	if err != nil {
		return err
	}
	k := lock.Key{Kind: lock.Table, A: v.layer.id, B: uint64(id)}
	if v.branch != nil {
		k.S = databaseKey(v.branch.Database)
	}
	_, err = t.owner.Lock(ctx, k, lock.Mode(mode), lock.Wait{No: true})
	if !errors.Is(err, lock.ErrBusy) {
		return err
	}
	var table *catalog.Table
	if o, _ := v.Catalog().RelationByOID(id); o != nil {
		table, _ = o.(*catalog.Table)
	}
	if wait != catalog.Wait {
		return lockError(err, table, false)
	}
	if _, err := t.owner.Lock(ctx, k, lock.Mode(mode), t.waitOption(wait)); err != nil {
		return lockError(err, table, false)
	}
	if t.o.Isolation == storage.ReadCommitted {
		t.snapshot()
		for _, v := range t.views {
			v.move()
		}
	}
	return nil
}

// databaseKey keeps the strings of the few databases' lock keys short: they are compared often.
func databaseKey(id catalog.OID) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], id)
	return string(b[:])
}

func databaseOf(s string) catalog.OID {
	if len(s) != 4 {
		return 0
	}
	return oidOf([]byte(s))
}

// LockAdvisory implements storage.Txn.
func (t *Txn) LockAdvisory(ctx context.Context, k storage.AdvisoryKey, shared bool, wait catalog.LockWait) (bool, error) {
	if err := t.check(); err != nil {
		return false, err
	}
	return lockAdvisory(ctx, t.owner, k, shared, t.waitOption(wait))
}

func lockAdvisory(ctx context.Context, o *lock.Owner, k storage.AdvisoryKey, shared bool, w lock.Wait) (bool, error) {
	_, err := o.Lock(ctx, advisoryKey(k), advisoryMode(shared), w)
	if errors.Is(err, lock.ErrBusy) {
		return false, nil
	}
	return err == nil, lockError(err, nil, false)
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
type lockSession struct{ owner *lock.Owner }

// Session implements storage.Store.
func (s *Store) Session(pid int32) storage.LockSession {
	return &lockSession{s.locks.Owner(0, pid, nil)}
}

func (l *lockSession) Lock(ctx context.Context, k storage.AdvisoryKey, shared bool, wait catalog.LockWait) (bool, error) {
	return lockAdvisory(ctx, l.owner, k, shared, lock.Wait{No: wait != catalog.Wait})
}

func (l *lockSession) Unlock(k storage.AdvisoryKey, shared bool) bool {
	return l.owner.Unlock(advisoryKey(k), advisoryMode(shared))
}

func (l *lockSession) UnlockAll() { l.owner.ReleaseTo(0) }

// Locks implements storage.Store.
func (s *Store) Locks() []storage.LockInfo {
	var out []storage.LockInfo
	for _, i := range s.locks.List() {
		x := storage.LockInfo{Granted: i.Granted, PID: i.PID, Txn: i.Txn}
		switch i.Key.Kind {
		case lock.Table:
			x.Kind, x.Mode, x.Relation = "relation", tableModes[i.Mode], catalog.OID(i.Key.B)
			x.Database = databaseOf(i.Key.S)
			x.Branch = s.branchOf(i.Key.A)
		case lock.Advisory:
			x.Kind, x.Mode, x.Advisory = "advisory", advisoryModes[i.Mode], advisoryOf(i.Key)
			x.Database = x.Advisory.Database
		default:
			x.Kind, x.Mode, x.Keyspace, x.Key = "tuple", rowModes[i.Mode], i.Key.B, i.Key.S
			x.Branch = s.branchOf(i.Key.A)
		}
		out = append(out, x)
	}
	return out
}

func (s *Store) branchOf(layer uint64) uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if l := s.layers[layer]; l != nil {
		return l.branch
	}
	return 0
}

package mvcc

import (
	"maps"
	"slices"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/lock"
)

// Locks implements storage.Store. As in PostgreSQL, a row lock shows only where somebody waits for it: as a wait for its
// holder's transaction, and as the place in the queue for the row.
func (s *Store) Locks() []storage.LockInfo {
	var out []storage.LockInfo
	writers := map[uint64]int32{} // transactions that hold or want row locks
	for _, i := range s.locks.List() {
		x := storage.LockInfo{Granted: i.Granted, Fast: i.Fast, PID: i.PID, Txn: i.Txn, Since: i.Since}
		for _, b := range i.Blockers {
			x.BlockedBy = append(x.BlockedBy, b.PID)
		}
		switch i.Key.Kind {
		case lock.Table:
			x.Kind, x.Mode, x.Relation = "relation", tableModes[i.Mode], catalog.OID(i.Key.B)
			x.Branch, x.Database = s.branchOf(i.Key.A)
		case lock.Advisory:
			x.Kind, x.Mode, x.Advisory = "advisory", advisoryModes[i.Mode], advisoryOf(i.Key)
			x.Database = x.Advisory.Database
		case lock.Transaction:
			if x.On = i.Key.A; i.Granted && i.Mode == lock.Exclusive {
				writers[i.Txn] = i.PID
				continue
			}
			x.Kind, x.Mode = "transactionid", advisoryModes[i.Mode]
		default:
			writers[i.Txn] = i.PID
			if i.Granted {
				continue
			}
			out = append(out, s.rowWait(i, x)...)
			continue
		}
		out = append(out, x)
	}
	ids := slices.Sorted(maps.Keys(writers))
	for _, id := range ids {
		out = append(out, storage.LockInfo{Kind: "transactionid", Mode: "ExclusiveLock", Granted: true, PID: writers[id], Txn: id, On: id})
	}
	return s.virtual(out, ids)
}

// rowWait is how a wait for a row shows: the first waits for the transaction in its way, with the row's queue behind it.
func (s *Store) rowWait(i lock.Info, x storage.LockInfo) []storage.LockInfo {
	q := x
	q.Kind, q.Mode, q.Keyspace, q.Key = "tuple", rowModes[i.Mode], i.Key.B, i.Key.S
	q.Branch, q.Database = s.branchOf(i.Key.A)
	if i.Place > 0 || len(i.Blockers) == 0 {
		if n := len(i.Blockers); n > 0 && i.Blockers[n-1].Waits {
			q.BlockedBy = nil // for the row's queue, it waits for those before it alone
			for _, b := range i.Blockers {
				if b.Waits {
					q.BlockedBy = append(q.BlockedBy, b.PID)
				}
			}
		}
		return []storage.LockInfo{q}
	}
	q.Granted, q.BlockedBy, q.Since = true, nil, time.Time{}
	x.Kind, x.Mode, x.On = "transactionid", "ShareLock", i.Blockers[0].Txn
	return []storage.LockInfo{q, x}
}

// virtual adds the lock that each transaction holds on itself. What the oldest of the writers does is beyond all snapshots that
// were taken since it began.
func (s *Store) virtual(out []storage.LockInfo, writers []uint64) []storage.LockInfo {
	s.txns.mu.Lock()
	defer s.txns.mu.Unlock()
	for t := range s.txns.txns {
		if t.o.PID != 0 {
			horizon := t.since.Load()
			if len(writers) > 0 {
				horizon = min(horizon, writers[0])
			}
			out = append(out, storage.LockInfo{Kind: "virtualxid", Mode: "ExclusiveLock", Granted: true, Fast: true, PID: t.o.PID, Txn: t.id, On: t.id,
				Horizon: horizon, Keeps: t.keeps.Load()})
		}
	}
	return out
}

// branchOf returns the branch, with its database, that a layer belongs to.
func (s *Store) branchOf(layer uint64) (uint64, catalog.OID) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := s.layers[layer]
	if l == nil {
		return 0, 0
	}
	if b := s.branches[l.branch]; b != nil {
		return l.branch, b.Database
	}
	return l.branch, 0
}

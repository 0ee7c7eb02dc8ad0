package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// inUse says what the session still does with a table of a branch that DDL is about to change; "": nothing.
func (s *Session) inUse(ctx context.Context, v storage.View, table catalog.OID) (string, error) {
	on := v.Branch().ID
	for _, x := range s.txn.running {
		if reads, err := x.reads(ctx, on, table); err != nil || reads {
			return "it is being used by active queries in this session", err
		}
	}
	for _, p := range s.portals {
		if !p.declared || p.owner != s.txn || p.run == nil {
			continue
		}
		if reads, err := p.run.reads(ctx, on, table); err != nil || reads { // to its end, maybe: it is open until it is closed
			return "it is being used by active queries in this session", err
		}
	}
	if s.txn.isDue(s.txn.deferred, table) {
		return "it has pending trigger events", nil
	}
	for f := s.frame; f != nil; f = f.outer {
		if s.txn.isDue(f.deferred, table) {
			return "it has pending trigger events", nil
		}
	}
	return "", nil
}

// isDue reports whether a deferred check of a table is among those of a list.
func (t *txn) isDue(list []deferredCheck, table catalog.OID) bool {
	for _, d := range list {
		if d.table == table && t.isDeferred(d.constraint) {
			return true
		}
	}
	return false
}

// reads reports whether the execution reads or changes a table of the branch as it is now.
func (x *execution) reads(ctx context.Context, branch uint64, table catalog.OID) (bool, error) {
	for _, l := range x.plan.Locks {
		if l.OID != table {
			continue
		}
		v := x.home
		if l.Ref != noRef || v == nil {
			var err error
			if v, err = x.txn.View(ctx, l.Ref); err != nil {
				return false, err
			}
		}
		if v.Branch().ID == branch && !v.ReadOnly() {
			return true, nil
		}
	}
	return false, nil
}

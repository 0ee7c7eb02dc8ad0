package mvcc

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// Stats implements storage.Branches.
func (b branches) Stats(ctx context.Context, db catalog.OID, name string) (st storage.BranchStats, err error) {
	s := b.s
	x, err := s.branch(db, name)
	if err != nil {
		return st, err
	}
	now := s.seq.published.Load()
	l := x.at(now)
	cat, err := s.catalogAt(ctx, l, now, s.database(db))
	if err != nil {
		return st, storeError(err)
	}
	chain := l.chain(now)
	for _, o := range cat.Objects() {
		t, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		st.Tables++
		for _, k := range chain {
			if sp := k.space(t.Rows); sp != nil {
				st.Rows += sp.rows.Load()
			}
		}
		if sp := l.space(t.Rows); sp != nil && l.parent != nil {
			st.Inserts += sp.ins.Load()
			st.Updates += sp.upd.Load()
			st.Deletes += sp.del.Load()
		}
	}
	st.Changes = st.Inserts + st.Updates + st.Deletes
	for _, k := range chain {
		n, err := s.bytes(ctx, k.layer)
		if err != nil {
			return st, storeError(err)
		}
		st.SizeBytes += n
	}
	return st, storeError(s.distance(ctx, x, l, now, &st))
}

// distance counts the transactions since the fork on the branch and on its source.
func (s *Store) distance(ctx context.Context, x *branch, l *layer, now uint64, st *storage.BranchStats) error {
	if l.parent == nil {
		return nil
	}
	if err := s.eachLog(ctx, l, 0, now, func(_ uint64, h logHeader) bool {
		if len(h.tables) > 0 || h.txn != 0 {
			st.Ahead++
		}
		return true
	}); err != nil {
		return err
	}
	return s.eachLog(ctx, l.parent, l.fork, now, func(uint64, logHeader) bool {
		st.Behind++
		return true
	})
}

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
		n := int64(0)
		for _, k := range chain {
			added, err := s.rowsOf(ctx, k, t.Rows)
			if err != nil {
				return st, storeError(err)
			}
			n += added
		}
		st.Rows += max(n, 0)
	}
	if l.parent != nil {
		st.Inserts, st.Updates, st.Deletes = l.changes.inserts.Load(), l.changes.updates.Load(), l.changes.deletes.Load()
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

// rowsOf is what a layer adds to a table's rows for who reads it up to a bound. So far back that only a scan could tell, it is what the
// layer has now.
func (s *Store) rowsOf(ctx context.Context, k link, ks catalog.Keyspace) (int64, error) {
	n, ok, err := s.countLayer(ctx, k.layer, ks, k.bound)
	if sp := k.space(ks); err == nil && !ok && sp != nil {
		n = sp.rows.Load()
	}
	return n, err
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

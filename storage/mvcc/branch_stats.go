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
	rows := map[catalog.Keyspace]int64{}
	for _, o := range cat.Objects() {
		if t, ok := o.(*catalog.Table); ok {
			st.Tables++
			rows[t.Rows] = 0
		}
	}
	for _, k := range chain {
		if err := s.addRows(ctx, k, rows); err != nil {
			return st, storeError(err)
		}
	}
	for _, n := range rows {
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

// addRows adds what a layer has of keyspaces for who reads it up to a bound. Its log is read once for all that memory does not tell; what is
// too far back even for that is as the layer has it now.
func (s *Store) addRows(ctx context.Context, k link, rows map[catalog.Keyspace]int64) error {
	type count struct {
		n     int64
		floor uint64 // up to where the log has to be read
	}
	unknown := map[catalog.Keyspace]*count{}
	last := uint64(0)
	for ks := range rows {
		sp := k.space(ks)
		if sp == nil {
			continue
		}
		n, floor, ok := sp.rowsAt(k.bound)
		if ok {
			rows[ks] += n
			continue
		}
		unknown[ks] = &count{n, floor}
		last = max(last, floor)
	}
	if len(unknown) == 0 {
		return nil
	}
	read := 0
	err := s.eachLog(ctx, k.layer, k.bound, last, func(scn uint64, h logHeader) bool {
		for _, t := range h.tables {
			if c := unknown[t.keyspace]; c != nil && scn <= c.floor {
				c.n -= t.inserts - t.deletes
			}
		}
		read++
		return read <= tallyLogs
	})
	known := read <= tallyLogs && !k.cut.Load() && k.bound >= k.trimmed.Load()
	for ks, c := range unknown {
		sp := k.space(ks)
		if known && err == nil {
			sp.keepPast(k.bound, c.n)
			rows[ks] += c.n
		} else {
			rows[ks] += sp.rows.Load()
		}
	}
	return err
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

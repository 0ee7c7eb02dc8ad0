package mvcc

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
)

// WrittenRows yields the keys of rows of some tables that anything in the past of one view has written which another has not grown
// from: on whatever branch that was, and whether the rows are still there or not. Where a log does not reach back, it is the rows that the
// layer has. It costs what was written there.
func (t *Txn) WrittenRows(ctx context.Context, from, to storage.View, tables []catalog.OID) (storage.RowKeys, error) {
	if err := t.noteCompared(from, to); err != nil {
		return nil, err
	}
	known, err := t.ancestries([]storage.View{from})
	if err != nil {
		return nil, err
	}
	grown, err := t.ancestries([]storage.View{to})
	if err != nil {
		return nil, err
	}
	set := &keySet{limit: int(t.s.o.SpillBytes), dir: t.s.o.TempDir}
	spaces := rowSpaces(tables, from, to)
	for l, bound := range grown {
		if known[l] >= bound {
			continue
		}
		if err = t.s.writtenIn(ctx, stretch{l, known[l], bound}, tables, spaces, set); err != nil {
			break
		}
	}
	if err == nil {
		err = t.ownWritten(ctx, known, grown, tables, set)
	}
	if err != nil {
		set.close()
		return nil, storeError(err)
	}
	return set.list(), nil
}

// rowSpaces are where views have the rows of tables.
func rowSpaces(tables []catalog.OID, views ...storage.View) (out []uint64) {
	for _, v := range views {
		for _, id := range tables {
			if x, ok := v.Catalog().Object(id).(*catalog.Table); ok {
				out = append(out, x.Rows)
			}
		}
	}
	return out
}

// writtenIn adds the keys of rows of some tables that were written in a stretch; known is where the rows are now: they may have been
// elsewhere, which the log tells.
func (s *Store) writtenIn(ctx context.Context, p stretch, tables []catalog.OID, known []uint64, set *keySet) error {
	add := func(_ keys.Space, key []byte, _ bool) bool { return set.add(key) }
	if p.from < p.trimmed.Load() {
		for _, ks := range known {
			if err := s.changedIn(ctx, p, ks, add); err != nil {
				return err
			}
		}
		return set.err
	}
	var spaces []uint64
	err := s.eachLog(ctx, p.layer, p.from, p.to, func(_ uint64, h logHeader) bool {
		for _, c := range h.tables {
			if slices.Contains(tables, c.table) && !slices.Contains(spaces, c.keyspace) {
				spaces = append(spaces, c.keyspace)
			}
		}
		return true
	})
	if err != nil || spaces == nil {
		return err
	}
	err = s.eachChange(ctx, p.layer, p.from, p.to, func(sp keys.Space, key []byte, del bool) bool {
		return !slices.Contains(spaces, sp.Keyspace) || add(sp, key, del)
	})
	if err == nil {
		err = set.err
	}
	return err
}

// ownWritten adds what the transaction itself has written.
func (t *Txn) ownWritten(ctx context.Context, known, grown ancestry, tables []catalog.OID, set *keySet) error {
	spaces := map[keys.Space]bool{}
	for _, w := range t.order {
		if _, ok := grown[w.layer]; !ok || known[w.layer] >= grown[w.layer] || !w.rows || !slices.Contains(tables, w.table) {
			continue
		}
		spaces[w.Space] = true
		w.each(func(x *write) bool { return set.add(x.key) })
	}
	if t.large != nil && len(spaces) > 0 {
		err := t.s.eachChunk(ctx, t.id, func(sp keys.Space, key []byte, _ bool) bool { return !spaces[sp] || set.add(key) })
		if err != nil {
			return err
		}
	}
	return set.err
}

package mvcc

import (
	"bytes"
	"context"
	"sync"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// statsTable keeps what ANALYZE found in a layer's tables, by the keyspace of their rows. A layer that has none of its own
// shows those of its parent. They are no part of history: an answer does not depend on them, and no transaction is made
// for them.
type statsTable struct {
	mu sync.Mutex
	m  map[catalog.Keyspace]*tableStats
}

// tableStats are one table's statistics: as bytes once read, and decoded for the descriptor that asked last.
type tableStats struct {
	raw     []byte // nil: not read yet
	table   *catalog.Table
	decoded *statistics.Table
}

func (l *layer) stats(ks catalog.Keyspace) *tableStats {
	l.statistics.mu.Lock()
	defer l.statistics.mu.Unlock()
	return l.statistics.m[ks]
}

func (l *layer) setStats(ks catalog.Keyspace, x *tableStats) {
	l.statistics.mu.Lock()
	defer l.statistics.mu.Unlock()
	if l.statistics.m == nil {
		l.statistics.m = map[catalog.Keyspace]*tableStats{}
	}
	l.statistics.m[ks] = x
}

// loadStatistics finds out which tables were analyzed; what was found is read when it is asked for.
func (s *Store) loadStatistics(ctx context.Context) error {
	prefix := keys.MetaStatistics.Append(nil)
	it := s.kv.Scan(ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix), KeysOnly: true})
	defer it.Close()
	for it.Next() {
		id, rest, _ := keys.ID(it.Key()[len(prefix):])
		ks, _, ok := keys.ID(rest)
		if l := s.layers[id]; l != nil && ok {
			l.setStats(ks, &tableStats{})
		}
	}
	return it.Err()
}

// Statistics implements storage.Txn.
func (t *Txn) Statistics(sv storage.View, table *catalog.Table) *statistics.Table {
	v, err := t.own(sv)
	if err != nil {
		return nil
	}
	for l := v.layer; l != nil; l = l.parent {
		if x := t.s.layerStats(l, table); x != nil {
			return x
		}
	}
	return nil
}

// layerStats are those that a layer has of its own; nil for none, and for such as cannot be read: plans do without.
func (s *Store) layerStats(l *layer, table *catalog.Table) *statistics.Table {
	x := l.stats(table.Rows)
	if x == nil || x.table == table {
		if x == nil {
			return nil
		}
		return x.decoded
	}
	raw := x.raw
	if raw == nil {
		val, ok, err := s.kv.Get(context.Background(), keys.MetaStatistics.Append(nil, l.id, table.Rows), nil)
		if err != nil || !ok {
			return nil
		}
		raw = bytes.Clone(val)
	}
	decoded, err := statistics.Decode(raw, table)
	if err != nil {
		decoded = nil
	}
	l.setStats(table.Rows, &tableStats{raw: raw, table: table, decoded: decoded})
	return decoded
}

// SaveStatistics implements storage.Txn.
func (t *Txn) SaveStatistics(ctx context.Context, sv storage.View, table *catalog.Table, x *statistics.Table) error {
	v, err := t.own(sv)
	switch {
	case err != nil:
		return err
	case v.readOnly: // a transaction that is may save them: they are no part of what it does
		return errPast()
	}
	if sp := v.layer.space(table.Rows); sp != nil {
		x.Changes = sp.changes.all()
	}
	var raw []byte
	b := kv.Batch{Async: true}
	for _, n := range []int{statistics.Target, statistics.Target / 10, 0} {
		if n < statistics.Target {
			x.Shorten(n)
		}
		if raw, err = x.Encode(); err != nil {
			return err
		}
		b.Reset()
		b.Async = true
		b.Put(keys.MetaStatistics.Append(nil, v.layer.id, table.Rows), raw)
		if b.Check(t.s.kv.Limits()) == nil {
			break
		}
	}
	if err := t.s.kv.Apply(ctx, &b); err != nil {
		return storeError(err)
	}
	v.layer.setStats(table.Rows, &tableStats{raw: raw, table: table, decoded: x})
	return nil
}

// staleSet has the tables that were written to since they were last looked at for new statistics.
type staleSet struct {
	mu sync.Mutex
	m  map[*space]catalog.OID
}

func (x *staleSet) add(sp *space, table catalog.OID) {
	if sp.stale.Swap(true) {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.m == nil {
		x.m = map[*space]catalog.OID{}
	}
	x.m[sp] = table
}

func (x *staleSet) take() map[*space]catalog.OID {
	x.mu.Lock()
	defer x.mu.Unlock()
	m := x.m
	x.m = nil
	for sp := range m {
		sp.stale.Store(false)
	}
	return m
}

// Bulk implements storage.Store.
func (s *Store) Bulk() bool { return s.large.open.Load() > 0 }

// Stale implements storage.Store.
func (s *Store) Stale(least int64, share float64) (out []storage.StaleTable) {
	for sp, table := range s.stale.take() {
		l := s.layerOf(sp.Layer)
		if l == nil {
			continue
		}
		s.mu.RLock()
		b := s.branches[l.branch]
		current := b != nil && b.Deleted.IsZero() && b.now() == l
		s.mu.RUnlock()
		if !current {
			continue
		}
		done := sp.analyzed.Load()
		if x := s.layerStats(l, &catalog.Table{Rows: sp.Keyspace}); x != nil {
			done = max(done, x.Changes)
		}
		rows := int64(0)
		for p := l; p != nil; p = p.parent {
			if q := p.space(sp.Keyspace); q != nil {
				rows += q.rows.Load()
			}
		}
		now := sp.changes.all()
		if now-done <= least+int64(share*float64(max(0, rows))) {
			s.stale.add(sp, table)
			continue
		}
		sp.analyzed.Store(now)
		out = append(out, storage.StaleTable{Database: b.Database, Branch: b.Name, Table: table, Changes: now - done})
	}
	return out
}

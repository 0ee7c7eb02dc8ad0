package mvcc

import (
	"context"
	"maps"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
)

// stretch is a part of a layer's log that two views do not share: what was committed in (from, to].
type stretch struct {
	*layer
	from, to uint64
}

// apart returns the stretches that only one of two chains sees.
func apart(a, b []link) (out []stretch) {
	bounds := func(chain []link) map[*layer]uint64 {
		m := make(map[*layer]uint64, len(chain))
		for _, l := range chain {
			m[l.layer] = l.bound
		}
		return m
	}
	x, y := bounds(a), bounds(b)
	for l, to := range x {
		if other := y[l]; other != to {
			out = append(out, stretch{l, min(to, other), max(to, other)})
		}
	}
	for l, to := range y {
		if _, ok := x[l]; !ok {
			out = append(out, stretch{l, 0, to})
		}
	}
	return out
}

func (t *Txn) apart(from, to storage.View) ([]stretch, error) {
	if err := t.noteCompared(from, to); err != nil {
		return nil, err
	}
	a, err := t.own(from)
	if err != nil {
		return nil, err
	}
	b, err := t.own(to)
	if err != nil {
		return nil, err
	}
	return apart(a.chain, b.chain), nil
}

// ChangedKeys returns, in order, the keys of a keyspace that may differ between two views, at a cost that follows the
// number of changes between them and not the size of the data. Writes of the transaction itself count as changes. all is
// always false: history tells of every change. It is for keyspaces with few keys; ChangedRows is for others.
func (t *Txn) ChangedKeys(ctx context.Context, from, to storage.View, ks catalog.Keyspace) (list []string, all bool, err error) {
	var set keySet
	if err := t.changedKeys(ctx, from, to, ks, &set); err != nil {
		return nil, false, storeError(err)
	}
	return set.sorted(), false, nil
}

// ChangedRows yields the keys that ChangedKeys returns. Beyond what a transaction may hold in memory they lie in temporary
// files.
func (t *Txn) ChangedRows(ctx context.Context, from, to storage.View, ks catalog.Keyspace) (storage.RowKeys, error) {
	set := &keySet{limit: int(t.s.o.SpillBytes), dir: t.s.o.TempDir}
	if err := t.changedKeys(ctx, from, to, ks, set); err != nil {
		set.close()
		return nil, storeError(err)
	}
	return set.list(), nil
}

func (t *Txn) changedKeys(ctx context.Context, from, to storage.View, ks catalog.Keyspace, set *keySet) error {
	parts, err := t.apart(from, to)
	if err != nil {
		return err
	}
	add := func(sp keys.Space, key []byte, _ bool) bool {
		return sp.Keyspace != ks || set.add(key)
	}
	for _, p := range parts {
		if sp := p.space(ks); sp == nil || ks != catalogSpace && sp.changed.Load() <= p.from {
			continue
		}
		if err := t.s.changedIn(ctx, p, ks, add); err != nil {
			return err
		}
	}
	for _, w := range t.order {
		if w.Keyspace == ks {
			w.each(func(x *write) bool { return add(w.Space, x.key, false) })
		}
	}
	if t.large != nil {
		if err := t.s.eachChunk(ctx, t.id, add); err != nil {
			return err
		}
	}
	return set.err
}

// ChangedTables returns the OIDs of the tables that either view has and whose rows changed between them, where they are: a change that
// was taken back later counts. It costs what the catalogs have, and of the logs what is after the last changes.
func (t *Txn) ChangedTables(ctx context.Context, from, to storage.View) ([]catalog.OID, error) {
	parts, err := t.apart(from, to)
	if err != nil {
		return nil, err
	}
	set, tables := map[catalog.OID]struct{}{}, tablesBySpace(from, to)
	for _, p := range parts {
		if p.from < p.trimmed.Load() {
			t.changedTrimmed(p, from, to, set)
		} else if err := t.s.changedTables(ctx, p, tables, set); err != nil {
			return nil, storeError(err)
		}
	}
	for _, w := range t.order {
		if w.table != 0 && w.any() {
			set[w.table] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

// tablesBySpace returns the tables of views by the keyspaces of their rows.
func tablesBySpace(views ...storage.View) map[uint64]catalog.OID {
	m := map[uint64]catalog.OID{}
	for _, v := range views {
		for _, o := range v.Catalog().Objects() {
			if x, ok := o.(*catalog.Table); ok && x.Rows != 0 {
				m[x.Rows] = x.OID
			}
		}
	}
	return m
}

// changedTables adds the tables of which rows were written in a stretch. Of most, memory knows when that was last; the log is read, newest
// first, for those that were written to after the stretch or before the store was opened.
func (s *Store) changedTables(ctx context.Context, p stretch, tables map[uint64]catalog.OID, set map[catalog.OID]struct{}) error {
	unsure := map[uint64]struct{}{}
	newest := uint64(0)
	for ks, sp := range *p.spaces.Load() {
		id, ok := tables[ks]
		at := sp.changed.Load()
		if _, known := set[id]; !ok || known || at <= p.from {
			continue
		}
		if at > s.loaded && at <= p.to {
			set[id] = struct{}{}
			continue
		}
		unsure[ks] = struct{}{}
		newest = max(newest, at)
	}
	if len(unsure) == 0 {
		return nil
	}
	return s.eachLog(ctx, p.layer, p.from, min(p.to, newest), func(_ uint64, h logHeader) bool {
		for _, c := range h.tables {
			if _, ok := unsure[c.keyspace]; ok {
				set[tables[c.keyspace]] = struct{}{}
				delete(unsure, c.keyspace)
			}
		}
		return len(unsure) > 0
	})
}

// changedIn calls f for the keys of a keyspace that were written in a stretch, and perhaps for others. Where the log does not
// reach back, all that the layer has is taken: a key that differs between two states that can be read has a version there.
func (s *Store) changedIn(ctx context.Context, p stretch, ks uint64, f func(sp keys.Space, key []byte, del bool) bool) error {
	sp := p.space(ks)
	if sp == nil {
		return nil
	}
	if p.from >= p.trimmed.Load() {
		if ks == catalogSpace {
			return s.catalogChanges(ctx, p, f)
		}
		return s.eachChange(ctx, p.layer, p.from, p.to, f)
	}
	if _, err := s.eachVersion(ctx, sp.prefix, func(key []byte, _ *version) bool {
		return f(sp.Space, key[len(sp.prefix):], false) && false
	}); err != nil {
		return err
	}
	past := sp.AppendHistory(nil, nil)
	_, err := s.eachVersion(ctx, past, func(key []byte, _ *version) bool {
		k, _, _ := keys.SplitHistory(key[len(past):])
		return f(sp.Space, k, false) && false
	})
	return err
}

// catalogChanges calls f for what those transactions of a stretch wrote that changed the catalog.
func (s *Store) catalogChanges(ctx context.Context, p stretch, f func(sp keys.Space, key []byte, del bool) bool) error {
	for _, scn := range p.catalogsIn(p.from, p.to) {
		if err := s.eachChange(ctx, p.layer, scn-1, scn, f); err != nil {
			return err
		}
	}
	return nil
}

// changedTrimmed adds the tables of which a layer has anything.
func (t *Txn) changedTrimmed(p stretch, from, to storage.View, set map[catalog.OID]struct{}) {
	for _, v := range []storage.View{from, to} {
		for _, o := range v.Catalog().Objects() {
			if x, ok := o.(*catalog.Table); ok && p.space(x.Rows) != nil {
				set[x.OID] = struct{}{}
			}
		}
	}
}

// ChangedObjects returns the OIDs of the catalog's objects that may differ between two views.
func (t *Txn) ChangedObjects(ctx context.Context, from, to storage.View) ([]catalog.OID, error) {
	list, _, err := t.ChangedKeys(ctx, from, to, catalogSpace)
	if err != nil {
		return nil, err
	}
	out := make([]catalog.OID, len(list))
	for i, k := range list {
		out[i] = oidOf([]byte(k))
	}
	return out, nil
}

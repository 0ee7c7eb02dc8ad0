package mvcc

import (
	"context"
	"encoding/binary"
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

// Changes returns, in order, the keys of a keyspace that may differ between two views, at a cost that follows the number
// of changes between them and not the size of the data. Writes of the transaction itself count as changes.
func (t *Txn) Changes(ctx context.Context, from, to storage.View, ks catalog.Keyspace) ([]string, error) {
	parts, err := t.apart(from, to)
	if err != nil {
		return nil, err
	}
	set := map[string]struct{}{}
	add := func(sp keys.Space, key []byte, _ bool) bool {
		if sp.Keyspace == ks {
			set[string(key)] = struct{}{}
		}
		return true
	}
	for _, p := range parts {
		if p.space(ks) == nil {
			continue
		}
		if err := t.s.eachChange(ctx, p.layer, p.from, p.to, add); err != nil {
			return nil, storeError(err)
		}
	}
	for _, w := range t.order {
		if w.Keyspace == ks {
			w.tree.Scan(func(x *write) bool { return add(w.Space, x.key, false) })
		}
	}
	if t.large != nil {
		if err := t.s.eachChunk(ctx, t.id, add); err != nil {
			return nil, storeError(err)
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

// ChangedTables returns the OIDs of the tables whose rows changed between two views, as the log tells: a change that was
// taken back later counts. catalogs says that descriptors changed.
func (t *Txn) ChangedTables(ctx context.Context, from, to storage.View) (tables []catalog.OID, catalogs bool, err error) {
	parts, err := t.apart(from, to)
	if err != nil {
		return nil, false, err
	}
	set := map[catalog.OID]struct{}{}
	for _, p := range parts {
		err := t.s.eachLog(ctx, p.layer, p.from, p.to, func(_ uint64, h logHeader) bool {
			for _, c := range h.tables {
				set[c.table] = struct{}{}
			}
			return true
		})
		if err != nil {
			return nil, false, storeError(err)
		}
	}
	for _, w := range t.order {
		if w.table != 0 && (w.tree.Len() > 0 || w.flushed) {
			set[w.table] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(set)), from.Catalog() != to.Catalog(), nil
}

// CommonBase returns a read-only view of the newest state that two views have both grown from: the fork.
func (t *Txn) CommonBase(a, b storage.View) (storage.View, error) {
	x, err := t.own(a)
	if err != nil {
		return nil, err
	}
	y, err := t.own(b)
	if err != nil {
		return nil, err
	}
	for _, l := range x.chain {
		for _, m := range y.chain {
			if l.layer == m.layer {
				at := min(l.bound, m.bound)
				base := &view{t: t, branch: x.branch, layer: l.layer, readOnly: true, ref: catalog.Ref{Point: "\x00"}}
				return t.addView(base, at), nil
			}
		}
	}
	return nil, errPoint("base", "does not exist: the branches have no common history")
}

// MergeRecord says that a branch took in another's state at an SCN.
type MergeRecord struct {
	SCN       storage.SCN // of the merge, on the target
	Source    uint64      // branch id
	SourceSCN storage.SCN
}

// RecordMerge keeps, with the commit of this transaction, that the branch of a view took in a source branch at an SCN.
func (t *Txn) RecordMerge(target storage.View, source uint64, at storage.SCN) error {
	v, err := t.writable(target)
	if err != nil {
		return err
	}
	t.merges = append(t.merges, mergeNote{v.branch.ID, source, at})
	return nil
}

type mergeNote struct {
	target, source uint64
	at             uint64
}

// Merges returns the merges of one branch into another, oldest first.
func (s *Store) Merges(ctx context.Context, source, target uint64) (out []MergeRecord, err error) {
	err = s.each(ctx, keys.MetaMerge.Append(nil, target, source), func(rest, val []byte) error {
		scn, _, _ := keys.ID(rest)
		at, n := binary.Uvarint(val)
		if n <= 0 {
			return errCorrupt(val)
		}
		out = append(out, MergeRecord{scn, source, at})
		return nil
	})
	return out, storeError(err)
}

// putMerges adds the notes of merges to a commit.
func (c *committer) putMerges() {
	for _, m := range c.t.merges {
		c.batch.Put(keys.MetaMerge.Append(nil, m.target, m.source, c.ver), binary.AppendUvarint(nil, m.at))
	}
}

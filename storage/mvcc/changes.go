package mvcc

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// interval is a part of a layer's history: the transactions with SCN in (from, to]. own takes the running transaction's
// writes too.
type interval struct {
	*layer
	from, to uint64
	own      bool
}

// between lists the parts of history in which two views differ, and whether they have any history in common.
func between(a, b *view) (parts []interval, common bool) {
	i, j := meet(a.chain, b.chain)
	if i < 0 {
		return nil, false
	}
	for _, l := range a.chain[:i] {
		parts = append(parts, interval{l.layer, l.fork, l.bound, !a.readOnly})
	}
	for _, l := range b.chain[:j] {
		parts = append(parts, interval{l.layer, l.fork, l.bound, !b.readOnly})
	}
	lo, hi := a.chain[i].bound, b.chain[j].bound
	own := !a.readOnly && i == 0 || !b.readOnly && j == 0
	if lo != hi || own {
		parts = append(parts, interval{a.chain[i].layer, min(lo, hi), max(lo, hi), own})
	}
	return parts, true
}

// meet finds the topmost layer that both chains have.
func meet(a, b []link) (i, j int) {
	for i := range a {
		for j := range b {
			if a[i].layer == b[j].layer {
				return i, j
			}
		}
	}
	return -1, -1
}

// ChangedKeys lists, in order, the keys of a keyspace that may differ between two views. all is true when there is no
// history in common and every key may.
func (t *Txn) ChangedKeys(ctx context.Context, from, to storage.View, ks catalog.Keyspace) (list []string, all bool, err error) {
	a, b, err := t.pair(from, to)
	if err != nil {
		return nil, false, err
	}
	parts, common := between(a, b)
	if !common {
		return nil, true, nil
	}
	set := map[string]struct{}{}
	for _, p := range parts {
		if err := t.changedIn(ctx, p, ks, set); err != nil {
			return nil, false, err
		}
	}
	list = make([]string, 0, len(set))
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list, false, nil
}

func (t *Txn) pair(from, to storage.View) (a, b *view, err error) {
	if a, err = t.own(from); err != nil {
		return nil, nil, err
	}
	b, err = t.own(to)
	return a, b, err
}

// changedIn adds the keys that a part of history wrote. The heads of a layer tell all that is in it, once each; the log
// tells what was written in an interval.
func (t *Txn) changedIn(ctx context.Context, p interval, ks catalog.Keyspace, set map[string]struct{}) error {
	if w := t.spaces[keys.Space{Layer: p.id, Keyspace: ks}]; w != nil && p.own {
		w.tree.Scan(func(x *write) bool {
			set[string(x.key)] = struct{}{}
			return true
		})
	}
	sp := p.space(ks)
	if sp == nil {
		return nil
	}
	if last, _ := p.lastCommit(); p.from <= p.fork && p.to >= last {
		it := t.s.kv.Scan(ctx, kv.Range{Lo: sp.prefix, Hi: kv.PrefixEnd(sp.prefix)})
		defer it.Close()
		for it.Next() {
			set[string(it.Key()[len(sp.prefix):])] = struct{}{}
		}
		return it.Err()
	}
	return t.s.eachChange(ctx, p.layer, p.from, p.to, func(s keys.Space, key []byte, _ bool) bool {
		if s.Keyspace == ks {
			set[string(key)] = struct{}{}
		}
		return true
	})
}

// ChangedTables lists the tables of either view whose rows may differ between the two.
func (t *Txn) ChangedTables(_ context.Context, from, to storage.View) ([]catalog.OID, error) {
	a, b, err := t.pair(from, to)
	if err != nil {
		return nil, err
	}
	parts, common := between(a, b)
	touched := func(x *catalog.Table) bool {
		if !common {
			return true
		}
		for _, p := range parts {
			w := t.spaces[keys.Space{Layer: p.id, Keyspace: x.Rows}]
			if p.space(x.Rows) != nil || w != nil && p.own {
				return true
			}
		}
		return false
	}
	var out []catalog.OID
	other := from.Catalog()
	for _, o := range to.Catalog().Objects() {
		if x, ok := o.(*catalog.Table); ok {
			y, _ := other.Object(x.OID).(*catalog.Table)
			if y == nil || y.Rows != x.Rows || touched(x) {
				out = append(out, x.OID)
			}
		}
	}
	for _, o := range other.Objects() {
		if _, ok := o.(*catalog.Table); ok && to.Catalog().Object(o.Head().OID) == nil {
			out = append(out, o.Head().OID)
		}
	}
	return out, nil
}

// mergeRecord says that a merge took in a branch as it was at an SCN.
type mergeRecord struct{ branch, scn uint64 }

// Base returns the view in which two branches last agreed: what the last merge between them took in, else where one was
// forked from the other or both from a third.
func (t *Txn) Base(ctx context.Context, source, target storage.View) (storage.View, error) {
	a, b, err := t.pair(source, target)
	if err != nil {
		return nil, err
	}
	m, err := t.s.lastMerge(ctx, a.branch.ID, b.branch.ID)
	if err != nil {
		return nil, err
	}
	if m.branch != 0 {
		return t.At(m.branch, m.scn)
	}
	i, j := meet(a.chain, b.chain)
	if i < 0 {
		return nil, pgerr.New("55000", "branches \"%s\" and \"%s\" have no common history", a.branch.Name, b.branch.Name)
	}
	l := a.chain[i]
	return t.At(l.branch, min(l.bound, b.chain[j].bound))
}

// RecordMerge keeps, with the transaction's commit, that it merged source as seen by view into target.
func (t *Txn) RecordMerge(source, target storage.View) error {
	a, b, err := t.pair(source, target)
	if err != nil {
		return err
	}
	t.merges = append(t.merges, merged{target: b.branch.ID, record: mergeRecord{a.branch.ID, a.At()}})
	return nil
}

// merged is a merge that the transaction's commit records.
type merged struct {
	target uint64
	record mergeRecord
}

// putMerges adds the records of the transaction's merges to its commit.
func (c *committer) putMerges() {
	for _, m := range c.t.merges {
		val := binary.AppendUvarint(binary.AppendUvarint(nil, m.record.branch), m.record.scn)
		c.batch.Put(keys.MetaMerge.Append(nil, min(m.target, m.record.branch), max(m.target, m.record.branch), c.ver), val)
	}
}

// lastMerge returns the newest merge between two branches, in either direction.
func (s *Store) lastMerge(ctx context.Context, a, b uint64) (m mergeRecord, err error) {
	prefix := keys.MetaMerge.Append(nil, min(a, b), max(a, b))
	it := s.kv.Scan(ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix), Reverse: true})
	defer it.Close()
	if it.Next() {
		d := decoder{b: it.Value()}
		m.branch, m.scn = d.uvarint(), d.uvarint()
		return m, d.err
	}
	return m, it.Err()
}

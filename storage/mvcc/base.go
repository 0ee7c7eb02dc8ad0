package mvcc

import (
	"context"
	"encoding/binary"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
)

// mergeNote says that a branch took in another's state at an SCN.
type mergeNote struct {
	target, source uint64 // branch ids
	at             uint64 // SCN of the source
}

// RecordMerge keeps, with the commit of this transaction, that the target's branch took in the source's at its point.
func (t *Txn) RecordMerge(source, target storage.View) error {
	to, err := t.writable(target)
	if err != nil {
		return err
	}
	from, err := t.own(source)
	if err != nil {
		return err
	}
	if from.branch == nil || to.branch == nil {
		return pgerr.Internal("merge without a branch")
	}
	t.merges = append(t.merges, mergeNote{to.branch.ID, from.branch.ID, source.At()})
	return nil
}

// putMerges adds the notes of merges to a commit.
func (c *committer) putMerges() {
	for _, m := range c.t.merges {
		c.batch.Put(keys.MetaMerge.Append(nil, m.target, m.source, c.ver), binary.AppendUvarint(nil, m.at))
	}
}

// lastMerge returns the SCN of the newest merge of one branch into another that both still have in their history, and
// what of the source it took; 0: there is none.
func (s *Store) lastMerge(ctx context.Context, source, target *view) (scn, at uint64, err error) {
	err = s.each(ctx, keys.MetaMerge.Append(nil, target.branch.ID, source.branch.ID), func(rest, val []byte) error {
		m, _, ok := keys.ID(rest)
		a, n := binary.Uvarint(val)
		if !ok || n <= 0 {
			return errCorrupt(val)
		}
		if target.has(m) && source.has(a) {
			scn, at = m, a
		}
		return nil
	})
	return scn, at, storeError(err)
}

// has reports whether what the view's branch was at an SCN belongs to what the view has grown from.
func (v *view) has(scn uint64) bool {
	l := v.branch.at(scn)
	for _, x := range v.chain {
		if x.layer == l {
			return scn <= x.bound
		}
	}
	return false
}

// Base returns a view of the newest state from which two branches have both grown: what one took of the other at the
// last merge between them, in either direction, or else the fork.
func (t *Txn) Base(ctx context.Context, source, target storage.View) (storage.View, error) {
	from, err := t.own(source)
	if err != nil {
		return nil, err
	}
	to, err := t.own(target)
	if err != nil {
		return nil, err
	}
	scn, at, err := t.s.lastMerge(ctx, from, to)
	if err != nil {
		return nil, err
	}
	back, backAt, err := t.s.lastMerge(ctx, to, from)
	if err != nil {
		return nil, err
	}
	switch {
	case scn == 0 && back == 0:
		return t.forkOf(from, to)
	case scn >= back:
		return t.pointOf(from.branch, from.branch.at(at), at), nil
	default:
		return t.pointOf(to.branch, to.branch.at(backAt), backAt), nil
	}
}

// forkOf returns a view of what two chains have in common.
func (t *Txn) forkOf(from, to *view) (storage.View, error) {
	for _, l := range from.chain {
		for _, m := range to.chain {
			if l.layer == m.layer {
				return t.pointOf(from.branch, l.layer, min(l.bound, m.bound)), nil
			}
		}
	}
	return nil, pgerr.New(pgerrcode.InvalidParameterValue, "branches \"%s\" and \"%s\" have no common history", from.branch.Name, to.branch.Name)
}

// pointOf returns a read-only view of a layer at an SCN.
func (t *Txn) pointOf(b *branch, l *layer, at uint64) storage.View {
	return t.addView(&view{t: t, branch: b, layer: l, readOnly: true, ref: catalog.Ref{Point: "\x00"}}, at)
}

package mvcc

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

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

	from *layer // of the source, and
	seq  uint64 // how far the transaction had written, when it merged
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
	seq := t.seq
	if from.readOnly { // it did not see what this transaction wrote to the source
		seq = 0
	}
	t.merges = append(t.merges, mergeNote{to.branch.ID, from.branch.ID, source.At(), from.layer, seq})
	return nil
}

// putMerges adds the notes of merges to a commit.
func (c *committer) putMerges() {
	for i := range c.t.merges {
		m := &c.t.merges[i]
		if c.t.mergedOwn(*m) {
			m.at = c.ver
		}
		c.batch.Put(keys.MetaMerge.Append(nil, m.target, m.source, c.ver), binary.AppendUvarint(nil, m.at))
	}
}

// mergedOwn reports whether the merge took in writes of its own transaction to the source, and all of them: then it took
// the source as it is at the commit.
func (t *Txn) mergedOwn(m mergeNote) bool {
	own := false
	for _, w := range t.order {
		if w.layer != m.from {
			continue
		}
		if w.flushed { // order unknown: rather merge again what is there already than never what is not
			return false
		}
		later := false
		w.each(func(x *write) bool {
			own, later = true, x.seq > m.seq
			return !later
		})
		if later {
			return false
		}
	}
	return own
}

// Bases returns views of the newest states that two sets of views have both grown from: each has in it what it forked
// from and what it merged, and what those had in them in turn. None of them contains another; the youngest is first.
func (t *Txn) Bases(ctx context.Context, a, b []storage.View) ([]storage.View, error) {
	x, err := t.ancestries(ctx, a)
	if err != nil {
		return nil, err
	}
	y, err := t.ancestries(ctx, b)
	if err != nil {
		return nil, err
	}
	best, err := t.newestCommon(ctx, x, y)
	if err != nil {
		return nil, err
	}
	if len(best) == 0 {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue, "branches \"%s\" and \"%s\" have no common history", a[0].Branch().Name, b[0].Branch().Name)
	}
	var out []storage.View
	for _, l := range best {
		br := t.s.branchByID(l.branch)
		if br == nil {
			br = a[0].(*view).branch
		}
		out = append(out, t.pointOf(br, l.layer, l.bound))
	}
	return out, nil
}

// Unmerged reports whether a state has anything in its past, be it a merge that changed no row, that another has not.
func (t *Txn) Unmerged(ctx context.Context, source, target storage.View) (bool, error) {
	x, err := t.ancestries(ctx, []storage.View{source})
	if err != nil {
		return false, err
	}
	y, err := t.ancestries(ctx, []storage.View{target})
	if err != nil {
		return false, err
	}
	for _, w := range t.order {
		if _, ok := x[w.layer]; ok && y[w.layer] < x[w.layer] {
			return true, nil
		}
	}
	for l, bound := range x {
		known := y[l]
		if known >= bound {
			continue
		}
		found := known < l.trimmed.Load() // who knows
		err := t.s.eachLog(ctx, l, known, bound, func(uint64, logHeader) bool {
			found = true
			return false
		})
		if err != nil {
			return false, storeError(err)
		}
		merged, err := t.s.mergedInto(ctx, link{l, bound}, known)
		if found || len(merged) > 0 || err != nil {
			return true, err
		}
	}
	return false, nil
}

// ancestries joins what views have grown from.
func (t *Txn) ancestries(ctx context.Context, list []storage.View) (ancestry, error) {
	all := ancestry{}
	for _, v := range list {
		own, err := t.own(v)
		if err != nil {
			return nil, err
		}
		a, err := t.ancestry(ctx, own)
		if err != nil {
			return nil, err
		}
		for l, scn := range a {
			all[l] = max(all[l], scn)
		}
	}
	return all, nil
}

// newestCommon picks, of the states that two ancestries share, those that no other contains, the youngest first.
func (t *Txn) newestCommon(ctx context.Context, x, y ancestry) ([]link, error) {
	var common []link
	for l, a := range x {
		if b, ok := y[l]; ok {
			common = append(common, link{l, min(a, b)})
		}
	}
	slices.SortFunc(common, func(a, b link) int {
		return cmp.Or(cmp.Compare(b.bound, a.bound), cmp.Compare(b.id, a.id))
	})
	grown := make([]ancestry, len(common))
	for i, c := range common {
		grown[i] = ancestry{}
		if err := t.grow(ctx, grown[i], c.chain(c.bound)); err != nil {
			return nil, err
		}
	}
	var best []link
	for i, c := range common {
		if c.bound == 0 && len(common) > 1 && i > 0 {
			continue
		}
		if !contained(i, common, grown) {
			best = append(best, c)
		}
	}
	return best, nil
}

// contained reports whether another of the states has the i-th in it.
func contained(i int, common []link, grown []ancestry) bool {
	for j := range common {
		if j == i || !grown[j].has(common[i]) {
			continue
		}
		if !grown[i].has(common[j]) || j < i { // of two that contain each other, the first
			return true
		}
	}
	return false
}

// ancestry is what a state has grown from: of each layer, the SCN up to which it is in it.
type ancestry map[*layer]uint64

func (a ancestry) has(l link) bool { return a[l.layer] >= l.bound && l.bound > 0 }

// ancestry returns what a view has grown from, merges of this transaction included.
func (t *Txn) ancestry(ctx context.Context, v *view) (ancestry, error) {
	a := ancestry{}
	if err := t.grow(ctx, a, v.chain); err != nil {
		return nil, err
	}
	for _, m := range t.merges {
		if v.readOnly || v.branch == nil || m.target != v.branch.ID {
			continue
		}
		if err := t.grow(ctx, a, m.from.chain(m.at)); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// grow adds the layers of a chain, and of everything that was merged into them, to an ancestry.
func (t *Txn) grow(ctx context.Context, a ancestry, chain []link) error {
	for len(chain) > 0 {
		l := chain[0]
		chain = chain[1:]
		known, ok := a[l.layer]
		if ok && known >= l.bound {
			continue
		}
		a[l.layer] = l.bound
		merged, err := t.s.mergedInto(ctx, l, known)
		if err != nil {
			return err
		}
		chain = append(chain, merged...)
	}
	return nil
}

// mergedInto returns the states that were merged into a layer after an SCN, up to the link's bound.
func (s *Store) mergedInto(ctx context.Context, l link, after uint64) (out []link, err error) {
	target := s.branchByID(l.branch)
	if target == nil {
		return nil, nil
	}
	err = s.each(ctx, keys.MetaMerge.Append(nil, target.ID), func(rest, val []byte) error {
		source, rest, ok1 := keys.ID(rest)
		scn, _, ok2 := keys.ID(rest)
		at, n := binary.Uvarint(val)
		if !ok1 || !ok2 || n <= 0 {
			return errCorrupt(val)
		}
		if b := s.branchByID(source); b != nil && scn > after && scn <= l.bound && target.at(scn) == l.layer {
			out = append(out, b.at(at).chain(at)...)
		}
		return nil
	})
	return out, storeError(err)
}

func (s *Store) branchByID(id uint64) *branch {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.branches[id]
}

// pointOf returns a read-only view of a layer at an SCN.
func (t *Txn) pointOf(b *branch, l *layer, at uint64) storage.View {
	return t.addView(&view{t: t, branch: b, layer: l, readOnly: true, ref: catalog.Ref{Point: "\x00"}}, at)
}

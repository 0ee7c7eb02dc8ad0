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

	into, from *layer // of the target and the source, and
	seq        uint64 // how far the transaction had written, when it merged
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
	t.merges = append(t.merges, mergeNote{to.branch.ID, from.branch.ID, source.At(), to.layer, from.layer, seq})
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
	x, err := t.ancestries(a)
	if err != nil {
		return nil, err
	}
	y, err := t.ancestries(b)
	if err != nil {
		return nil, err
	}
	best, err := t.s.withNews(ctx, t.s.lineage(t.s.branchByID).newestCommon(x, y))
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

// State returns a read-only view of a branch at an SCN; nil where it is gone. One that was dropped is there as long as others need it.
func (t *Txn) State(id uint64, at storage.SCN) storage.View {
	b := t.s.branchByID(id)
	if b == nil || at < b.oldest() {
		return nil
	}
	l := b.at(at)
	if l == nil {
		return nil
	}
	return t.pointOf(b, l, at)
}

// Taken implements storage.Branches.
func (b branches) Taken(tx storage.Txn, of storage.View, scn storage.SCN) (out []storage.View, err error) {
	t, ok := tx.(*Txn)
	if !ok {
		return nil, pgerr.Internal("transaction %T is not the store's", tx)
	}
	v, err := t.own(of)
	if err != nil {
		return nil, err
	}
	l := v.branchLayer(scn)
	for _, r := range b.s.taken.between(l.branch, scn-1, scn) {
		if source := b.s.branchByID(r.source); r.into == l && source != nil && r.at >= source.oldest() {
			out = append(out, t.pointOf(source, r.from, r.at))
		}
	}
	return out, nil
}

// Unmerged reports whether a state has anything in its past, be it a merge that changed no row, that another has not.
func (t *Txn) Unmerged(ctx context.Context, source, target storage.View) (bool, error) {
	x, err := t.ancestries([]storage.View{source})
	if err != nil {
		return false, err
	}
	y, err := t.ancestries([]storage.View{target})
	if err != nil {
		return false, err
	}
	for _, w := range t.order {
		if _, ok := x[w.layer]; ok && y[w.layer] < x[w.layer] {
			return true, nil
		}
	}
	return t.s.news(ctx, x, y)
}

// news reports whether an ancestry has any commit, or merge, that another has not.
func (s *Store) news(ctx context.Context, x, y ancestry) (bool, error) {
	for l, bound := range x {
		known := y[l]
		if known >= bound {
			continue
		}
		found := known < l.trimmed.Load() // who knows
		err := s.eachLog(ctx, l, known, bound, func(uint64, logHeader) bool {
			found = true
			return false
		})
		if err != nil {
			return false, storeError(err)
		}
		s.lineage(s.branchByID)(link{l, bound}, known, func([]link) { found = true })
		if found {
			return true, nil
		}
	}
	return false, nil
}

// withNews leaves out of some states those that have nothing in them that another has not: states of one layer may be the same, though
// one is called by a later SCN.
func (s *Store) withNews(ctx context.Context, list []link) ([]link, error) {
	if len(list) < 2 {
		return list, nil
	}
	g := s.lineage(s.branchByID)
	grown := make([]ancestry, len(list))
	for i, l := range list {
		grown[i] = ancestry{}
		g.grow(grown[i], l.chain(l.bound))
	}
	var out []link
	var kept []ancestry
	for i, l := range list {
		old := false
		for _, a := range append(slices.Clone(kept), grown[i+1:]...) {
			news, err := s.news(ctx, grown[i], a)
			if err != nil {
				return nil, err
			}
			old = old || !news
		}
		if !old {
			out, kept = append(out, l), append(kept, grown[i])
		}
	}
	return out, nil
}

// ancestries joins what views have grown from.
func (t *Txn) ancestries(list []storage.View) (ancestry, error) {
	all := ancestry{}
	for _, v := range list {
		own, err := t.own(v)
		if err != nil {
			return nil, err
		}
		for l, scn := range t.ancestry(own) {
			all[l] = max(all[l], scn)
		}
	}
	return all, nil
}

// newestCommon picks, of the states that two ancestries share, those that no other contains, the youngest first. What contains
// another is not older than it: so it is enough to look at those picked before, which are few, and at each of them from the others.
func (g lineage) newestCommon(x, y ancestry) []link {
	var common []link
	for l, a := range x {
		if b, ok := y[l]; ok {
			common = append(common, link{l, min(a, b)})
		}
	}
	slices.SortFunc(common, func(a, b link) int {
		return cmp.Or(cmp.Compare(b.bound, a.bound), cmp.Compare(b.id, a.id))
	})
	var best []link
	var grown []ancestry
	for i, c := range common {
		if c.bound == 0 && i > 0 || slices.ContainsFunc(grown, func(a ancestry) bool { return a.has(c) }) {
			continue
		}
		a := ancestry{}
		g.grow(a, c.chain(c.bound))
		best, grown = append(best, c), append(grown, a)
	}
	var out []link
	for i, c := range best {
		if !contained(i, best, grown) {
			out = append(out, c)
		}
	}
	return out
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
func (t *Txn) ancestry(v *view) ancestry {
	a := ancestry{}
	g := t.s.lineage(t.s.branchByID)
	g.grow(a, v.chain)
	for _, m := range t.merges {
		if v.readOnly || v.branch == nil || m.target != v.branch.ID {
			continue
		}
		g.grow(a, m.from.chain(m.at))
	}
	return a
}

// grow adds the layers of a chain, and of everything that was merged into them, to an ancestry.
func (g lineage) grow(a ancestry, chain []link) {
	todo := slices.Clone(chain)
	for len(todo) > 0 {
		l := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		known, ok := a[l.layer]
		if ok && known >= l.bound {
			continue
		}
		a[l.layer] = l.bound
		g(l, known, func(c []link) { todo = append(todo, c...) })
	}
}

// lineage calls f for the states that were merged into a layer after an SCN, up to the link's bound.
type lineage func(l link, after uint64, f func(chain []link))

// lineage returns what the records of merges say; find knows the branches.
func (s *Store) lineage(find func(id uint64) *branch) lineage {
	return func(l link, after uint64, f func(chain []link)) {
		target := find(l.branch)
		if target == nil {
			return
		}
		for _, r := range s.taken.between(target.ID, after, l.bound) {
			if r.into == l.layer && find(r.source) != nil {
				f(r.from.chain(r.at))
			}
		}
	}
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

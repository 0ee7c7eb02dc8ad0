package mvcc

import (
	"cmp"
	"context"
	"slices"
)

// extent is what of a layer can be read: intervals of SCNs, ascending and disjoint. A version that meets none of them
// can be seen by nobody.
type extent []glimpse

// glimpse is an interval of SCNs; both ends are in it.
type glimpse struct{ from, to uint64 }

// meets reports whether some SCN in [start, end) can be read.
func (e extent) meets(start, end uint64) bool {
	i, ok := slices.BinarySearchFunc(e, start, func(v glimpse, s uint64) int { return cmp.Compare(v.to, s) })
	return ok || i < len(e) && e[i].from < end
}

// whole reports whether everything can be read that will ever be there.
func (e extent) whole() bool { return len(e) == 1 && e[0].from == 0 && e[0].to >= latest }

// join sorts intervals and joins those that touch.
func (e extent) join() extent {
	slices.SortFunc(e, func(a, b glimpse) int { return cmp.Compare(a.from, b.from) })
	out := e[:0]
	for _, v := range e {
		if n := len(out); n > 0 && v.from <= out[n-1].to+1 {
			out[n-1].to = max(out[n-1].to, v.to)
			continue
		}
		out = append(out, v)
	}
	return out
}

// sights gathers what can be read of all layers.
type sights map[*layer]extent

func (v sights) add(l *layer, from, to uint64) {
	if from <= to {
		v[l] = append(v[l], glimpse{from, to})
	}
}

// branch adds what can be read by a branch's name: the past that it keeps, layer by layer.
func (v sights) branch(b *branch, low uint64) {
	for i, l := range b.layers {
		from, to := b.era(i)
		v.add(l, max(from, low), to)
	}
}

// parents adds what layers show of those below them.
func (v sights) parents() {
	todo := make([]*layer, 0, len(v))
	for l := range v {
		todo = append(todo, l)
	}
	done := map[*layer]bool{}
	for len(todo) > 0 {
		l := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if done[l] || l.parent == nil {
			continue
		}
		done[l] = true
		v.add(l.parent, l.fork, l.fork)
		if f := l.flat.Load(); f != nil {
			v.add(f, 0, latest)
		}
		todo = append(todo, l.parent)
	}
}

// sights finds what can be read. without tells of branches to be left out. The caller has raised the branches' low points
// before. It reads pins last: who resolved a point before and has ended since has left one, or does not need it. A transaction sees all
// branches of its database at its snapshot, whether it has looked at one before or not, and those that it uses at fixed points too.
func (s *Store) sights(ctx context.Context, without func(*branch) bool) (sights, error) {
	published := s.seq.published.Load()
	moving, sighted := s.txns.moving(published), s.txns.sighted(published)
	users := s.used()
	pins, err := s.allPins(ctx)
	if err != nil {
		return nil, err
	}
	merged := s.taken.points()
	s.mu.RLock()
	defer s.mu.RUnlock()
	v := sights{}
	for _, b := range s.branches {
		if !without(b) {
			v.branch(b, min(s.lowLocked(b), moving.from(b.Database)))
		}
	}
	for _, p := range append(pins, merged...) {
		if b := s.branches[p.Branch]; b != nil && !without(b) {
			v.add(b.at(p.SCN), p.SCN, p.SCN)
		}
	}
	for _, l := range append(users, s.usedLocked()...) {
		v.add(l, sighted.from(s.databaseLocked(l)), latest)
	}
	for l := range s.building {
		v.add(l, 0, latest)
	}
	v.add(s.global, 0, latest)
	v.close()
	return v, nil
}

// close adds what the layers show of those below them, and puts the intervals in order.
func (v sights) close() {
	v.parents()
	for l, e := range v {
		v[l] = e.join()
	}
}

func (s *Store) used() []*layer {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.usedLocked()
}

// usedLocked returns the layers that running transactions have views of.
func (s *Store) usedLocked() (list []*layer) {
	for _, l := range s.layers {
		if l.users.Load() > 0 {
			list = append(list, l)
		}
	}
	return list
}

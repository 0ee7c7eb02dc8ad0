package mvcc

// manyTips is how many branches are compared with each other because they share a layer that could go.
const manyTips = 16

// meetings returns those of the layers which a merge of two branches, as they are now, would start from: branches that were rebased
// share what they were before, though none of them shows it. The caller holds mu.
func (s *Store) meetings(gone map[*layer]bool) (out []*layer) {
	g := s.lineage(func(id uint64) *branch { return s.branches[id] })
	for l, tips := range s.sharing(g, gone) {
		if len(tips) > manyTips || g.anyMeet(l, tips) {
			out = append(out, l)
		}
	}
	return out
}

// sharing returns what the branches have grown from that have one of the layers in it.
func (s *Store) sharing(g lineage, gone map[*layer]bool) map[*layer][]ancestry {
	shared := map[*layer][]ancestry{}
	for _, b := range s.branches {
		a := ancestry{}
		g.grow(a, b.now().chain(latest))
		for l := range a {
			if gone[l] {
				shared[l] = append(shared[l], a)
			}
		}
	}
	return shared
}

// anyMeet reports whether a merge of two of the states starts from the layer.
func (g lineage) anyMeet(l *layer, tips []ancestry) bool {
	for i, a := range tips {
		for _, b := range tips[:i] {
			if g.meet(l, a, b) {
				return true
			}
		}
	}
	return false
}

// meet reports whether a merge of two states starts from the layer: it is where they part, or one of several such places, or
// where two of these do.
func (g lineage) meet(l *layer, a, b ancestry) bool {
	before := ancestry{}
	for i, k := range g.newestCommon(a, b) {
		if k.layer == l {
			return true
		}
		own := ancestry{}
		g.grow(own, k.chain(k.bound))
		if i > 0 && g.meet(l, before, own) {
			return true
		}
		g.grow(before, k.chain(k.bound))
	}
	return false
}

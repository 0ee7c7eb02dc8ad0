package mvcc

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/rowandb/rowan/storage/keys"
)

// graft rewrites the records of merges that took in what is on layers which go, as records of what those had from others: a
// merge counts on from what was ever taken in, be it by way of a layer that is gone. Records of merges into such layers go. It takes out of
// gone what cannot be told so, adds the records to the batch, and returns the lists that change. The caller holds s.mu.
func (c *collector) graft(gone map[*layer]bool) map[uint64][]mergeRecord {
	for _, l := range c.s.meetings(gone) {
		keep(gone, l)
	}
	for len(gone) > 0 {
		changed, stuck := c.s.grafts(gone)
		if stuck == nil {
			return c.putGrafts(changed)
		}
		keep(gone, stuck)
	}
	return nil
}

// keep takes a layer, and what it builds on, out of those that go.
func keep(gone map[*layer]bool, l *layer) {
	for ; l != nil; l = l.parent {
		delete(gone, l)
		delete(gone, l.flat.Load())
	}
}

// grafts returns the lists as they will be; stuck is a layer that cannot go.
func (s *Store) grafts(gone map[*layer]bool) (changed map[uint64][]mergeRecord, stuck *layer) {
	lists := s.taken.lists()
	changed = map[uint64][]mergeRecord{}
	for target, list := range lists {
		if !slices.ContainsFunc(list, func(r mergeRecord) bool { return gone[r.into] || gone[r.from] }) {
			continue
		}
		out := []mergeRecord{}
		for _, r := range list {
			switch {
			case gone[r.into]:
			case !gone[r.from]:
				var ok bool
				if out, ok = addGrafts(out, r); !ok { // a graft of the same transaction is in the way
					return nil, firstGone(list, r.scn, gone)
				}
			default:
				more, ok := s.expand(r, lists, gone)
				if ok {
					out, ok = addGrafts(out, more...)
				}
				if !ok {
					return nil, r.from
				}
			}
		}
		changed[target] = out
	}
	return changed, nil
}

// firstGone finds a layer that goes, from which something was taken in at an SCN.
func firstGone(list []mergeRecord, scn uint64, gone map[*layer]bool) *layer {
	for _, r := range list {
		if r.scn == scn && gone[r.from] {
			return r.from
		}
	}
	return nil
}

// addGrafts adds records of one transaction to the end of a list. Of two of one merge from one layer the later state counts; from one branch it can take in
// the state of one layer only, or ok is false.
func addGrafts(list []mergeRecord, more ...mergeRecord) (out []mergeRecord, ok bool) {
	for _, r := range more {
		i := len(list) - 1
		for i >= 0 && list[i].scn == r.scn && list[i].source != r.source {
			i--
		}
		switch {
		case i < 0 || list[i].scn != r.scn:
			list = append(list, r)
		case list[i].from != r.from:
			return nil, false
		default:
			list[i].at = max(list[i].at, r.at)
		}
	}
	return list, true
}

// expand returns what a merge took in by way of a layer that goes, as merges of what stays.
func (s *Store) expand(r mergeRecord, lists map[uint64][]mergeRecord, gone map[*layer]bool) (out []mergeRecord, ok bool) {
	shown := r.into.chain(r.scn)
	todo := []link{{r.from, r.at}}
	done := map[*layer]uint64{}
	for len(todo) > 0 {
		l := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if known, ok := done[l.layer]; ok && known >= l.bound {
			continue
		}
		done[l.layer] = l.bound
		if gone[l.layer] {
			if l.parent != nil {
				todo = append(todo, link{l.parent, min(l.bound, l.fork)})
			}
			for _, q := range lists[l.branch] {
				if q.into == l.layer && q.scn <= l.bound && q.from != nil {
					todo = append(todo, link{q.from, q.at})
				}
			}
			continue
		}
		if slices.ContainsFunc(shown, func(k link) bool { return k.layer == l.layer && k.bound >= l.bound }) {
			continue
		}
		b := s.branches[l.branch]
		if b == nil { // forgotten: nobody asks what was taken in of it
			continue
		}
		if b.at(l.bound) != l.layer {
			return nil, false
		}
		var fits bool
		if out, fits = addGrafts(out, mergeRecord{r.scn, l.branch, l.bound, r.into, l.layer}); !fits {
			return nil, false
		}
	}
	return out, true
}

// putGrafts adds to the batch what of the records changes.
func (c *collector) putGrafts(changed map[uint64][]mergeRecord) map[uint64][]mergeRecord {
	type key struct{ source, scn uint64 }
	for target, list := range changed {
		old := map[key]uint64{}
		for _, r := range c.s.taken.between(target, 0, latest) {
			old[key{r.source, r.scn}] = r.at
		}
		for _, r := range list {
			k := key{r.source, r.scn}
			if at, ok := old[k]; !ok || at != r.at {
				c.batch.Put(keys.MetaMerge.Append(nil, target, r.source, r.scn), binary.AppendUvarint(nil, r.at))
			}
			delete(old, k)
		}
		for k := range maps.Keys(old) {
			c.remove(keys.MetaMerge.Append(nil, target, k.source, k.scn), 0)
		}
	}
	return changed
}

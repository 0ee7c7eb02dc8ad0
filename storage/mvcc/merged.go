package mvcc

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/rowandb/rowan/storage/keys"
)

// takenIn is what has been merged into what, by branch: the base of a merge is found from it without reading the store.
type takenIn struct {
	mu   sync.RWMutex
	at   map[uint64]uint64        // of a source, up to which SCN of its own it has been merged somewhere
	into map[uint64][]mergeRecord // of a target, in the order of their SCNs
}

// mergeRecord says that at an SCN a branch took in what another, or itself on an earlier layer, was at an SCN.
type mergeRecord struct {
	scn, source, at uint64
	into, from      *layer // of the target and the source then
}

func (t *takenIn) note(target uint64, r mergeRecord) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == nil {
		t.at, t.into = map[uint64]uint64{}, map[uint64][]mergeRecord{}
	}
	t.at[r.source] = max(t.at[r.source], r.at)
	list := append(t.into[target], r)
	if n := len(list); n > 1 && list[n-2].scn > r.scn { // in another order than they come, which is rare
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b mergeRecord) int { return cmp.Compare(a.scn, b.scn) })
	}
	t.into[target] = list
}

// all reports whether the branch's last commit, at head, has been merged somewhere.
func (t *takenIn) all(branch, head uint64) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	at, ok := t.at[branch]
	return ok && at >= head
}

// between returns the merges into a branch with SCNs in (after, upTo]. The list is not to be changed.
func (t *takenIn) between(target, after, upTo uint64) []mergeRecord {
	t.mu.RLock()
	list := t.into[target]
	t.mu.RUnlock()
	place := func(scn uint64) int {
		return sort.Search(len(list), func(i int) bool { return list[i].scn > scn })
	}
	return list[min(place(after), place(upTo)):place(upTo)]
}

// points returns the states that merges took in: the next merge starts from there. That of a branch's own earlier layer, which a
// rebase took in, is not among them: whoever else comes from that layer, by a fork or a merge, keeps the state that he comes from.
func (t *takenIn) points() (list []pin) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for target, records := range t.into {
		for _, r := range records {
			if r.source != target {
				list = append(list, pin{Branch: r.source, SCN: r.at})
			}
		}
	}
	return list
}

// lists returns all records, by target. They are not to be changed.
func (t *takenIn) lists() map[uint64][]mergeRecord {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return maps.Clone(t.into)
}

// replace puts lists in the place of those of some targets.
func (t *takenIn) replace(lists map[uint64][]mergeRecord) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.Copy(t.into, lists)
}

// loadTakenIn reads the notes of all merges.
func (s *Store) loadTakenIn(ctx context.Context) error {
	return s.each(ctx, keys.MetaMerge.Append(nil), func(rest, val []byte) error {
		target, rest, ok1 := keys.ID(rest)
		source, rest, ok2 := keys.ID(rest)
		scn, _, ok3 := keys.ID(rest)
		at, n := binary.Uvarint(val)
		if !ok1 || !ok2 || !ok3 || n <= 0 {
			return errCorrupt(val)
		}
		r := mergeRecord{scn: scn, source: source, at: at}
		if b := s.branches[target]; b != nil {
			r.into = b.at(scn)
		}
		if b := s.branches[source]; b != nil {
			r.from = b.at(at)
		}
		s.taken.note(target, r)
		return nil
	})
}

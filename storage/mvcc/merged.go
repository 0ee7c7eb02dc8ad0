package mvcc

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/rowandb/rowan/storage/keys"
)

// takenIn remembers up to which SCN of theirs branches have been merged into others: it tells who has nothing left to give.
type takenIn struct {
	mu sync.Mutex
	at map[uint64]uint64 // by branch
}

func (t *takenIn) note(branch, at uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == nil {
		t.at = map[uint64]uint64{}
	}
	t.at[branch] = max(t.at[branch], at)
}

// all reports whether the branch's last commit, at head, has been merged somewhere.
func (t *takenIn) all(branch, head uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.at[branch]
	return ok && at >= head
}

// loadTakenIn reads the notes of all merges.
func (s *Store) loadTakenIn(ctx context.Context) error {
	return s.each(ctx, keys.MetaMerge.Append(nil), func(rest, val []byte) error {
		_, rest, ok1 := keys.ID(rest)
		source, _, ok2 := keys.ID(rest)
		at, n := binary.Uvarint(val)
		if !ok1 || !ok2 || n <= 0 {
			return errCorrupt(val)
		}
		s.taken.note(source, at)
		return nil
	})
}

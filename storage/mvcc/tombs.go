package mvcc

import (
	"context"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/rowandb/rowan/storage/keys"
)

// tombs are the tombstones of a space that the cleaner has yet to look at, by the hashes of their keys. Entries of indexes
// are put without a look at what stands there; by these a commit knows where a tombstone may, and counts bytes right.
type tombs struct {
	mu sync.Mutex
	m  map[uint64]struct{}
}

func (t *tombs) add(key []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m == nil {
		t.m = map[uint64]struct{}{}
	}
	t.m[xxhash.Sum64(key)] = struct{}{}
}

func (t *tombs) remove(key []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.m, xxhash.Sum64(key))
}

// may reports whether a tombstone of the key may be there; false is certain.
func (t *tombs) may(key []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.m) == 0 {
		return false
	}
	_, ok := t.m[xxhash.Sum64(key)]
	return ok
}

// replaced returns how many bytes of key and value the head of a write takes the place of; head is its key. The cleaner does
// not remove tombstones meanwhile, but may have removed the one that the write has found.
func (c *committer) replaced(sp *space, x *write, head []byte) int {
	look := false
	switch {
	case c.ver&keys.Marker != 0: // sizes are measured after large transactions
	case x.below == belowUnknown:
		look = c.s.cleaner.vague() || sp.tombs.may(x.key)
	case x.below == belowTombstone:
		v, err := parseVersion(x.base)
		look = err != nil || (&reader{s: c.s}).scn(&v) <= sp.cleaned.Load()
	}
	base := x.base
	if look {
		var err error
		if base, _, err = c.s.kv.Get(context.Background(), head, nil); err != nil {
			sp.size.forget()
		}
	}
	if len(base) == 0 {
		return 0
	}
	return len(head) + len(base)
}

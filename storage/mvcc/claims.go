package mvcc

import (
	"bytes"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/lock"
)

// claimTable has the keys of rows that transactions are writing in bulk: a list for each batch in the place of a lock for
// each row. A list stands until the rows are in the store, where their heads name the writer. Who wants to write a row
// locks it first and looks here then; who adds a list looks for locks afterwards. So one of two sees the other.
type claimTable struct {
	lists atomic.Int64 // how many there are
	mu    sync.RWMutex
	m     map[keys.Space][]*claimList
}

// claimList is the keys of one batch, in order.
type claimList struct {
	keys.Space
	by   *largeTxn
	n    uint64    // it is the transaction's n-th, from 1
	mode lock.Mode // that each of them would be locked in
	seq  uint64    // writes of the transaction before it
	buf  []byte
	ends []uint32 // of the keys in buf
}

func (l *claimList) key(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = l.ends[i-1]
	}
	return l.buf[from:l.ends[i]:l.ends[i]]
}

func (l *claimList) first() []byte { return l.key(0) }
func (l *claimList) last() []byte  { return l.key(len(l.ends) - 1) }

func (l *claimList) has(key []byte) bool {
	if bytes.Compare(key, l.first()) < 0 || bytes.Compare(key, l.last()) > 0 {
		return false
	}
	_, ok := sort.Find(len(l.ends), func(i int) int { return bytes.Compare(key, l.key(i)) })
	return ok
}

// add adds a list, and reports whether no other transaction's overlaps it.
func (c *claimTable) add(l *claimList) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	free := true
	for _, x := range c.m[l.Space] {
		free = free && (x.by == l.by || bytes.Compare(x.last(), l.first()) < 0 || bytes.Compare(l.last(), x.first()) < 0)
	}
	if c.m == nil {
		c.m = map[keys.Space][]*claimList{}
	}
	c.m[l.Space] = append(c.m[l.Space], l)
	c.lists.Add(1)
	return free
}

func (c *claimTable) remove(lists []*claimList) {
	if len(lists) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range lists {
		left := slices.DeleteFunc(c.m[l.Space], func(x *claimList) bool { return x == l })
		if c.m[l.Space] = left; len(left) == 0 {
			delete(c.m, l.Space)
		}
	}
	c.lists.Add(-int64(len(lists)))
}

// yields reports whether the rows may be locked beside: who refers to one by key does not mind what else of it changes.
func (l *claimList) yields(mode lock.Mode) bool {
	return mode == lock.Mode(catalog.ForKeyShare) && l.mode < lock.Mode(catalog.ForUpdate)
}

// lockKey is what the transaction holds as long as the list stands.
func (l *claimList) lockKey() lock.Key {
	k := l.by.lockKey()
	k.B = l.n
	return k
}

// find returns the list of another transaction than self that has a key and does not let it be locked.
func (c *claimTable) find(sp keys.Space, key []byte, mode lock.Mode, self *largeTxn) *claimList {
	if c.lists.Load() == 0 {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, l := range c.m[sp] {
		if l.by != self && !l.yields(mode) && l.has(key) {
			return l
		}
	}
	return nil
}

// meets reports whether another transaction than self has claimed keys in a range; both its ends are in it.
func (c *claimTable) meets(sp keys.Space, lo, hi []byte, self *largeTxn) bool {
	if c.lists.Load() == 0 {
		return false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.ContainsFunc(c.m[sp], func(l *claimList) bool {
		return l.by != self && bytes.Compare(l.first(), hi) <= 0 && bytes.Compare(lo, l.last()) <= 0
	})
}

// releaseClaims gives up the claims made after a write.
func (t *Txn) releaseClaims(since uint64) {
	i := len(t.claims)
	for i > 0 && t.claims[i-1].seq >= since {
		i--
	}
	t.unclaim(t.claims[i:])
	t.claims = t.claims[:i]
}

// unclaim takes lists away, and wakes those who wait for them.
func (t *Txn) unclaim(lists []*claimList) {
	t.s.claims.remove(lists)
	for _, l := range lists {
		t.token.Unlock(l.lockKey(), lock.Exclusive)
	}
}

package mvcc

import (
	"container/list"
	"slices"
	"sync"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// columnCache keeps columns of whole tables as they were decoded, for the next who reads all of them: a table that is read
// again and again is not taken apart again and again. An entry is what one scan saw through one chain of layers. A scan
// that sees another state, later, earlier, or of another branch, takes the entry and puts the rows in which the two differ,
// as the logs of the layers tell, in their places (column_patch.go): its cost follows the number of changes. Entries are
// shared by scans and never change; those that came from one another share their batches.
//
// A scan fills the cache when there is room, or when the table was read as a whole before and little was written to it since:
// what is read once, or rewritten all the time, drives nothing out.
type columnCache struct {
	mu    sync.Mutex
	max   int64
	held  int64
	order list.List                  // of *cachedTable, most recent first
	m     map[uint64][]*list.Element // by keyspace of rows
}

// cachedTable is some columns of all rows of a table, in the order of their keys.
type cachedTable struct {
	ks      uint64
	chain   []link     // what was seen
	shape   *scanShape // stored columns only
	rows    int
	batches []*cachedBatch
}

// cachedBatch is some rows that follow each other. There are no empty ones.
type cachedBatch struct {
	n     int
	keys  keyColumn
	vers  []uint64
	cols  []*vector.Vector
	bytes int64
	users int // entries that the cache holds; under its mutex
}

const (
	// cacheRows is the least number of rows worth keeping.
	cacheRows = 8 * vector.Size
	// cacheStates is how many states of a table are kept at most.
	cacheStates = 6
	// patchShare is which part of a table's rows may differ for an entry to be of use: looking a row up costs about as much as
	// scanning so many.
	patchShare = 16
)

// whole reports whether the scan is of all rows of a table, in order, in a table worth keeping.
func (s *scanner) whole() bool {
	if s.ix != nil || s.keys != nil || s.sample != nil || s.limit > 0 || len(s.shape.stored) == 0 {
		return false
	}
	if len(s.spans) != 1 || s.spans[0].reverse || len(s.spans[0].lo)+len(s.spans[0].hi) > 0 {
		return false
	}
	if s.t.large != nil || s.w != nil && s.w.flushed || s.t.s.o.CacheBytes < 0 { // own writes that are in the store already
		return false
	}
	rows, _, _ := s.counters()
	return rows >= s.t.s.o.CacheRows
}

// counters returns how many rows the scan is about to see, how often they were written to, and the topmost space.
func (s *scanner) counters() (rows, writes int64, top *space) {
	for _, l := range s.chain {
		if sp := l.space(s.rowKS); sp != nil {
			rows += sp.rows.Load()
			writes += sp.changes.all()
			if top == nil {
				top = sp
			}
		}
	}
	return rows, writes, top
}

// useCache takes the rows from the cache, or begins to fill it.
func (s *scanner) useCache() error {
	if !s.whole() {
		return nil
	}
	x, err := s.cachedState()
	if err != nil {
		return storeError(err)
	}
	if x != nil {
		s.cached = newCacheScan(s, x)
		return nil
	}
	rows, writes, top := s.counters()
	if top == nil {
		return nil
	}
	before := top.read.Swap(1 + writes)
	again := before != 0 && writes-(before-1) <= rows/patchShare
	if s.w == nil && s.t.s.columns.takes(rows*s.shape.rowBytes(), again) {
		s.filling = newTableBuilder(s.rowKS, s.chain, s.shape.storedOnly())
		s.filling.again = again
	}
	return nil
}

// rowBytes is about what a row takes in the cache.
func (s *scanShape) rowBytes() (n int64) {
	n = 24 // key and version
	for _, p := range s.stored {
		if n += 8; s.types[p].Class == types.ClassString {
			n += 16
		}
	}
	return n
}

// storedOnly returns the shape without system columns.
func (s *scanShape) storedOnly() *scanShape {
	if len(s.system) == 0 {
		return s
	}
	out := &scanShape{fields: s.fields}
	for i, p := range s.stored {
		out.columns, out.types, out.stored = append(out.columns, s.columns[p]), append(out.types, s.types[p]), append(out.stored, i)
	}
	return out
}

// find returns the entry with the columns of a shape that is nearest to what a chain shows, and where the two are apart.
func (c *columnCache) find(ks uint64, chain []link, shape *scanShape) (best *cachedTable, parts []stretch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var at *list.Element
	least := ^uint64(0)
	for _, el := range c.m[ks] {
		x := el.Value.(*cachedTable)
		if !x.covers(shape) {
			continue
		}
		p := x.apart(chain)
		far := uint64(0)
		for _, s := range p {
			far += s.to - s.from
		}
		if at == nil || far < least {
			at, best, parts, least = el, x, p, far
		}
	}
	if at != nil {
		c.order.MoveToFront(at)
	}
	return best, parts
}

// apart returns where commits may have made the entry differ from what a chain shows.
func (x *cachedTable) apart(chain []link) []stretch {
	return slices.DeleteFunc(apart(x.chain, chain), func(p stretch) bool {
		sp := p.space(x.ks)
		return sp == nil || sp.changed.Load() <= p.from
	})
}

func (x *cachedTable) covers(shape *scanShape) bool {
	for _, p := range shape.stored {
		k := slices.Index(x.shape.columns, shape.columns[p])
		if k < 0 || !x.shape.types[k].Same(shape.types[p]) || x.shape.types[k].Mod != shape.types[p].Mod {
			return false
		}
	}
	return true
}

// takes reports whether the cache would take so much of a table. One that is read for the first time must not drive others out.
func (c *columnCache) takes(bytes int64, again bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes <= c.max/2 && (again || bytes <= c.max-c.held)
}

// put keeps an entry. The ones used longest ago make room, and those that nobody has used yet before them.
func (c *columnCache) put(x *cachedTable, used bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[uint64][]*list.Element{}
	}
	el := c.order.PushBack(x)
	if used {
		c.order.MoveToFront(el)
	}
	c.m[x.ks] = append(c.m[x.ks], el)
	for _, b := range x.batches {
		if b.users++; b.users == 1 {
			c.held += b.bytes
		}
	}
	if len(c.m[x.ks]) > cacheStates {
		for el := c.order.Back(); el != nil; el = el.Prev() {
			if el.Value.(*cachedTable).ks == x.ks {
				c.drop(el)
				break
			}
		}
	}
	for c.held > c.max && c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
}

func (c *columnCache) drop(el *list.Element) {
	x := c.order.Remove(el).(*cachedTable)
	for _, b := range x.batches {
		if b.users--; b.users == 0 {
			c.held -= b.bytes
		}
	}
	left := slices.DeleteFunc(c.m[x.ks], func(e *list.Element) bool { return e == el })
	if c.m[x.ks] = left; len(left) == 0 {
		delete(c.m, x.ks)
	}
}

// keep takes what a filling scan gives; the last batch is nil.
func (s *scanner) keep(b *scanBatch, err error) {
	c := &s.t.s.columns
	switch {
	case err != nil:
		s.filling = nil
	case b == nil:
		c.put(s.filling.table(), s.filling.again)
		s.filling = nil
	default:
		if s.filling.batch(&cachedBatch{n: b.batch.N, keys: b.keys, vers: b.vers, cols: b.stored}); s.filling.bytes > c.max/2 {
			s.filling = nil // too large a table
		}
	}
}

// touched notes a commit that wrote to the space, before its SCN is published.
func (sp *space) touched(scn uint64) {
	for old := sp.changed.Load(); old < scn && !sp.changed.CompareAndSwap(old, scn); {
		old = sp.changed.Load()
	}
}

// Cached returns how many bytes of tables are kept decoded in memory.
func (s *Store) Cached() int64 {
	s.columns.mu.Lock()
	defer s.columns.mu.Unlock()
	return s.columns.held
}

package mvcc

import (
	"container/list"
	"context"
	"slices"
	"sync"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// columnCache keeps columns of whole tables as they were decoded, for the next who reads all of them: a table that is read
// again and again is not taken apart again and again. It holds what one scan at one SCN gave; that is what any scan gives
// at an SCN from which no commit that wrote to the table parts it. Entries are shared by scans and never change.
//
// A scan fills it when the table was read as a whole before and not written to since: what is read once, or written to all
// the time, costs nothing here.
type columnCache struct {
	mu    sync.Mutex
	max   int64
	held  int64
	order list.List // of *cachedColumns, most recent first
	m     map[*space][]*list.Element
}

// cachedColumns are columns of all rows of a space, in the order of its keys.
type cachedColumns struct {
	sp      *space
	at      uint64
	columns []catalog.ColumnID
	types   []types.Type
	batches []cachedBatch
	bytes   int64
}

type cachedBatch struct {
	n    int
	cols []*vector.Vector
}

// cacheRows is the least number of rows worth keeping.
const cacheRows = 8 * vector.Size

// wholeScan finds the one space in which all rows of the table are and the SCN at which it is read. A scan of a part, of
// several layers, of keys and versions, or beside own writes is not for the cache.
func (s *scanner) wholeScan() (*space, uint64) {
	if s.ix != nil || s.keys != nil || s.sample != nil || s.limit > 0 || s.w != nil || len(s.shape.system) > 0 || len(s.shape.columns) == 0 {
		return nil, 0
	}
	if len(s.spans) != 1 || s.spans[0].reverse || len(s.spans[0].lo)+len(s.spans[0].hi) > 0 {
		return nil, 0
	}
	var found *space
	var at uint64
	for _, l := range s.chain {
		if sp := l.space(s.rowKS); sp != nil {
			if found != nil {
				return nil, 0
			}
			found, at = sp, l.bound
		}
	}
	if found == nil || s.t.s.o.CacheBytes < 0 || found.rows.Load() < s.t.s.o.CacheRows {
		return nil, 0
	}
	return found, at
}

// useCache takes the rows from the cache, or begins to fill it.
func (s *scanner) useCache() {
	sp, at := s.wholeScan()
	if sp == nil {
		return
	}
	c := &s.t.s.columns
	if x := c.find(sp, at, s.shape); x != nil {
		s.cached = &cacheScan{from: x, pick: positions(x.columns, s.shape.columns)}
		return
	}
	if before := sp.read.Swap(at); before != 0 && before >= sp.changed.Load() && at >= sp.changed.Load() {
		s.filling = &cachedColumns{sp: sp, at: at, columns: s.shape.columns, types: s.shape.types}
	}
}

func positions(have, want []catalog.ColumnID) []int {
	out := make([]int, len(want))
	for i, id := range want {
		out[i] = slices.Index(have, id)
	}
	return out
}

// find returns an entry with the columns that holds at an SCN.
func (c *columnCache) find(sp *space, at uint64, shape *scanShape) *cachedColumns {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, el := range c.m[sp] {
		x := el.Value.(*cachedColumns)
		changed := sp.changed.Load()
		if (x.at == at || x.at >= changed && at >= changed) && x.covers(shape) {
			c.order.MoveToFront(el)
			return x
		}
	}
	return nil
}

func (x *cachedColumns) covers(shape *scanShape) bool {
	for i, id := range shape.columns {
		k := slices.Index(x.columns, id)
		if k < 0 || !x.types[k].Same(shape.types[i]) || x.types[k].Mod != shape.types[i].Mod {
			return false
		}
	}
	return true
}

// put keeps an entry, and drops those of the same space that are outdated and the ones used longest ago.
func (c *columnCache) put(x *cachedColumns) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[*space][]*list.Element{}
	}
	for _, el := range slices.Clone(c.m[x.sp]) {
		if el.Value.(*cachedColumns).at < x.sp.changed.Load() {
			c.drop(el)
		}
	}
	c.m[x.sp] = append(c.m[x.sp], c.order.PushFront(x))
	c.held += x.bytes
	for c.held > c.max && c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
}

func (c *columnCache) drop(el *list.Element) {
	x := c.order.Remove(el).(*cachedColumns)
	c.held -= x.bytes
	left := slices.DeleteFunc(c.m[x.sp], func(e *list.Element) bool { return e == el })
	if c.m[x.sp] = left; len(left) == 0 {
		delete(c.m, x.sp)
	}
}

// forget drops what a commit has outdated: nobody new can read at a point before it but in the past.
func (c *columnCache) forget(sp *space) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, el := range slices.Clone(c.m[sp]) {
		c.drop(el)
	}
}

// keep takes what a filling scan gives; the last batch is nil.
func (s *scanner) keep(b *vector.Batch, err error) {
	c := &s.t.s.columns
	switch {
	case err != nil || b != nil && !s.filling.fill(b, c.max/2):
		s.filling = nil
	case b == nil:
		c.put(s.filling)
		s.filling = nil
	}
}

// fill copies a batch; it gives up on a table that is too large.
func (x *cachedColumns) fill(b *vector.Batch, most int64) bool {
	k := cachedBatch{n: b.N, cols: make([]*vector.Vector, len(b.Cols))}
	for i, v := range b.Cols {
		w := &vector.Vector{}
		w.Reset(v.Type)
		w.AppendFrom(v, nil, b.N)
		k.cols[i] = w
		x.bytes += w.Bytes()
	}
	x.batches = append(x.batches, k)
	return x.bytes <= most
}

// cacheScan yields the batches of an entry.
type cacheScan struct {
	from *cachedColumns
	pick []int
	next int
	cols []*vector.Vector
	out  vector.Batch
}

func (s *cacheScan) take(ctx context.Context) (*vector.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if s.next == len(s.from.batches) {
		return nil, nil
	}
	b := &s.from.batches[s.next]
	s.next++
	s.cols = s.cols[:0]
	for _, p := range s.pick {
		s.cols = append(s.cols, b.cols[p])
	}
	s.out = vector.Batch{Cols: s.cols, N: b.n}
	return &s.out, nil
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

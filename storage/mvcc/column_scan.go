package mvcc

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/types/vector"
)

// cacheScan yields the batches of an entry.
type cacheScan struct {
	s    *scanner
	from *cachedTable
	pick []int // positions in the entry, -1: a system column
	next int
	cols []*vector.Vector
	out  vector.Batch
}

func newCacheScan(s *scanner, x *cachedTable) *cacheScan {
	c := &cacheScan{s: s, from: x, pick: make([]int, len(s.shape.columns)), cols: make([]*vector.Vector, len(s.shape.columns))}
	for i, id := range s.shape.columns {
		c.pick[i] = slices.Index(x.shape.columns, id)
	}
	return c
}

func (c *cacheScan) take(ctx context.Context) (*vector.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if c.next == len(c.from.batches) {
		return nil, nil
	}
	b := c.from.batches[c.next]
	c.next++
	for i, p := range c.pick {
		if p >= 0 {
			c.cols[i] = b.cols[p]
		}
	}
	if len(c.s.shape.system) > 0 {
		c.system(b)
	}
	c.out = vector.Batch{Cols: c.cols, N: b.n}
	return &c.out, nil
}

// system makes the system columns of a batch, in the memory that the scanner has for them.
func (c *cacheScan) system(b *cachedBatch) {
	mine := c.s.batch
	mine.reset(c.s.shape)
	for i := range b.n {
		c.s.addSystem(mine, b.keys.at(i), b.vers[i])
	}
	for _, p := range c.s.shape.system {
		c.cols[p] = &mine.vecs[p]
	}
}

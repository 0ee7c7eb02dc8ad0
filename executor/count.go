package executor

import (
	"context"
	"time"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types/vector"
)

// counter measures an operator for EXPLAIN ANALYZE. Times include those of the inputs, as PostgreSQL shows them.
type counter struct {
	op.Operator
	c       *op.Count
	started bool
}

// count wraps an operator. A node that is built again, as the inside of a nested loop is, goes on with the same counts.
func count(n physical.Node, o op.Operator, counts *op.Counts) op.Operator {
	if counts.ByNode == nil {
		counts.ByNode = map[physical.Node]*op.Count{}
	}
	c := counts.ByNode[n]
	if c == nil {
		c = &op.Count{}
		counts.ByNode[n] = c
	}
	c.Loops++
	return &counter{Operator: o, c: c}
}

// Next implements op.Operator.
func (c *counter) Next(ctx context.Context) (*vector.Batch, error) {
	begin := time.Now()
	b, err := c.Operator.Next(ctx)
	spent := time.Since(begin).Nanoseconds()
	c.c.Nanos += spent
	if !c.started {
		c.started = true
		c.c.StartupNanos += spent
	}
	if b != nil {
		c.c.Rows += int64(b.Live())
	}
	return b, err
}

// Close implements op.Operator.
func (c *counter) Close() error {
	if m, ok := c.Operator.(op.Measured); ok {
		m.Measure(c.c)
	}
	return c.Operator.Close()
}

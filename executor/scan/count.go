package scan

import (
	"context"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Count answers count(*) over a whole table: from the count that storage keeps, or by reading keys when it keeps none for
// this view.
type Count struct {
	env  *op.Env
	node *physical.CountRows
	done bool
	vec  vector.Vector
	out  vector.Batch
}

// NewCount makes the operator.
func NewCount(n *physical.CountRows, env *op.Env) (op.Operator, error) {
	return &Count{env: env, node: n}, nil
}

// Next implements op.Operator.
func (c *Count) Next(ctx context.Context) (*vector.Batch, error) {
	if c.done {
		return nil, nil
	}
	n, err := c.count(ctx)
	if err != nil {
		return nil, err
	}
	c.done = true
	c.vec.SetConst(c.node.Cols[0].Type, types.Int(n))
	c.vec.Const = false
	c.out = vector.Batch{Cols: []*vector.Vector{&c.vec}, N: 1}
	return &c.out, nil
}

func (c *Count) count(ctx context.Context) (int64, error) {
	view, err := c.env.View(ctx, c.node.Ref)
	if err != nil {
		return 0, err
	}
	r := storage.ScanRequest{View: view, Table: c.node.Table}
	if n, ok, err := c.env.Txn.CountRows(ctx, r); ok || err != nil {
		return n, err
	}
	s, err := c.env.Txn.Scan(ctx, r)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for {
		b, err := s.Next(ctx)
		if b == nil || err != nil {
			if e := s.Close(); err == nil {
				err = e
			}
			return total, err
		}
		total += int64(b.Live())
	}
}

// Close implements op.Operator.
func (c *Count) Close() error { return nil }

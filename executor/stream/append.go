package stream

import (
	"context"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types/vector"
)

// Append yields its inputs one after another. An input is built when the one before it is done.
type Append struct {
	env  *op.Env
	rest []physical.Node
	cur  op.Operator
}

// NewAppend makes the operator.
func NewAppend(n *physical.Append, env *op.Env) (op.Operator, error) {
	return &Append{env: env, rest: n.Children}, nil
}

// Next implements op.Operator.
func (a *Append) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		if a.cur == nil {
			if len(a.rest) == 0 {
				return nil, nil
			}
			cur, err := a.env.Build(a.rest[0], a.env)
			if err != nil {
				return nil, err
			}
			a.cur, a.rest = cur, a.rest[1:]
		}
		b, err := a.cur.Next(ctx)
		if b != nil || err != nil {
			return b, err
		}
		if err := a.Close(); err != nil {
			return nil, err
		}
	}
}

// Close implements op.Operator.
func (a *Append) Close() error {
	if a.cur == nil {
		return nil
	}
	cur := a.cur
	a.cur = nil
	return cur.Close()
}

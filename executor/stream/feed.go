package stream

import (
	"context"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types/vector"
)

// Feed yields the rows that the session feeds in.
type Feed struct{ env *op.Env }

// NewFeed makes the operator.
func NewFeed(_ *physical.Feed, env *op.Env) (op.Operator, error) {
	if env.Feed == nil {
		return nil, pgerr.Internal("nothing feeds this plan")
	}
	return &Feed{env: env}, nil
}

// Next implements op.Operator.
func (f *Feed) Next(ctx context.Context) (*vector.Batch, error) { return f.env.Feed(ctx) }

// Close implements op.Operator.
func (*Feed) Close() error { return nil }

package executor

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types/vector"
)

// Run executes a plan and gives its batches to sink, which may be nil. rows is the number of rows given out or, of INSERT,
// UPDATE and DELETE without RETURNING, of rows changed: these are not given to sink.
func Run(ctx context.Context, plan physical.Node, env *op.Env, sink func(*vector.Batch) error) (rows int64, err error) {
	o, err := Build(plan, env)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	if Silent(plan) {
		sink = nil
	}
	for {
		b, err := o.Next(ctx)
		if b == nil || err != nil {
			return rows, err
		}
		rows += int64(b.Live())
		if sink == nil {
			continue
		}
		if err := sink(b); err != nil {
			return rows, err
		}
	}
}

// Silent reports whether a plan changes rows and returns none: its batches have no columns and only count.
func Silent(n physical.Node) bool {
	switch n := n.(type) {
	case *physical.Insert:
		return n.Returning == nil
	case *physical.Update:
		return n.Returning == nil
	case *physical.Delete:
		return n.Returning == nil
	case *physical.With:
		return Silent(n.Body)
	}
	return false
}

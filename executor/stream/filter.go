// Package stream has the operators that pass rows on: Filter, Project, ProjectSet, Limit, Append, Values, FunctionScan, and
// WITH, whose CTEs are kept to be read more than once. They keep no rows but for those of CTEs.
//
// executor.Build makes them. An operator's batch is its own and holds until its next call of Next.
package stream

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types/vector"
)

// Filter keeps rows for which all conditions are true: it only sets the selection.
type Filter struct {
	input   op.Operator
	conds   *eval.Filter
	removed int64
	out     vector.Batch
}

// NewFilter makes the operator.
func NewFilter(n *physical.Filter, env *op.Env) (op.Operator, error) {
	input, err := env.Build(n.Input, env)
	if err != nil {
		return nil, err
	}
	conds, err := eval.CompileFilter(n.Conds, env)
	if err != nil {
		input.Close()
		return nil, err
	}
	return &Filter{input: input, conds: conds}, nil
}

// Next implements op.Operator.
func (f *Filter) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := f.input.Next(ctx)
		if b == nil || err != nil {
			return nil, err
		}
		sel, err := f.conds.Select(b)
		if err != nil {
			return nil, err
		}
		if sel != nil {
			f.removed += int64(b.Live() - len(sel))
		}
		if sel != nil && len(sel) == 0 {
			continue
		}
		f.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: sel}
		return &f.out, nil
	}
}

// Measure implements op.Measured.
func (f *Filter) Measure(c *op.Count) { c.Removed += f.removed }

// Close implements op.Operator.
func (f *Filter) Close() error { return f.input.Close() }

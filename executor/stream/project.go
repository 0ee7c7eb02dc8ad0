package stream

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types/vector"
)

// Project computes columns.
type Project struct {
	input op.Operator
	prog  *eval.Program
	out   vector.Batch
}

// NewProject makes the operator.
func NewProject(n *physical.Project, env *op.Env) (op.Operator, error) {
	input, err := env.Build(n.Input, env)
	if err != nil {
		return nil, err
	}
	prog, err := eval.Compile(n.Exprs, env)
	if err != nil {
		input.Close()
		return nil, err
	}
	return &Project{input: input, prog: prog}, nil
}

// Next implements op.Operator.
func (p *Project) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		b, err := p.input.Next(ctx)
		if b == nil || err != nil {
			return nil, err
		}
		if b.Live() == 0 {
			continue
		}
		cols, err := p.prog.Run(b)
		if err != nil {
			return nil, err
		}
		p.out = vector.Batch{Cols: cols, N: b.N, Sel: b.Sel}
		return &p.out, nil
	}
}

// Close implements op.Operator.
func (p *Project) Close() error { return p.input.Close() }

// Package eval computes bound expressions over batches.
//
// Compile turns expressions into a flat program of steps over numbered registers, which are vectors used again for every
// batch. A step computes the rows of a selection; rows outside hold garbage. AND, OR, CASE and COALESCE hold the steps of
// their later arms as blocks and run them for the rows that still need them: what PostgreSQL does not evaluate is not
// evaluated here. Constants, parameters and the enclosing subquery's arguments are Const vectors, and calls of constant
// arguments are computed once a batch.
//
// It knows no storage and no operators; subqueries are run through op.Env.Build. All operators call it, and the planner
// folds constants with Fold. A Program belongs to one execution and one goroutine.
package eval

import (
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// ref names a vector: a register, or (negative) the input's column ^ref.
type ref int32

// step computes its output register for the rows of sel, or all n when sel is nil. It is not run for no rows.
type step interface {
	run(p *Program, n int, sel []uint16) error
}

// Program computes a list of expressions.
type Program struct {
	env   *op.Env
	kenv  *kernel.Env
	steps []step
	regs  []vector.Vector
	in    []*vector.Vector
	refs  []ref
	types []types.Type
	out   []*vector.Vector
}

// Compile makes a program for exprs, lowered. The parameters' values and those of outer references are taken from env now.
func Compile(exprs []expr.Expr, env *op.Env) (*Program, error) {
	p := &Program{env: env, kenv: kernelEnv(env), refs: make([]ref, len(exprs)), out: make([]*vector.Vector, len(exprs))}
	p.types = make([]types.Type, len(exprs))
	c := compiler{p: p}
	for i, e := range exprs {
		r, err := c.expr(e)
		if err != nil {
			return nil, err
		}
		p.refs[i], p.types[i] = r, e.Type()
	}
	p.steps = c.steps
	return p, nil
}

// Run computes the expressions for the batch's live rows and returns one vector each, with the batch's row numbers. They
// hold until the next call, as long as the batch does.
func (p *Program) Run(b *vector.Batch) ([]*vector.Vector, error) {
	if b.Live() == 0 {
		return p.nothing(b), nil
	}
	p.in = b.Cols
	if err := p.block(p.steps, b.N, b.Sel); err != nil {
		return nil, err
	}
	for i, r := range p.refs {
		p.out[i] = p.vec(r)
	}
	return p.out, nil
}

// nothing returns vectors of garbage for a batch without live rows.
func (p *Program) nothing(b *vector.Batch) []*vector.Vector {
	for i, r := range p.refs {
		if r < 0 {
			p.out[i] = b.Cols[^r]
			continue
		}
		if v := &p.regs[r]; !v.Const {
			v.Resize(p.types[i], b.N)
		}
		p.out[i] = &p.regs[r]
	}
	return p.out
}

// Plain reports whether expression i is a column of the input and nothing else, and which.
func (p *Program) Plain(i int) (column int, ok bool) { return int(^p.refs[i]), p.refs[i] < 0 }

func (p *Program) vec(r ref) *vector.Vector {
	if r < 0 {
		return p.in[^r]
	}
	return &p.regs[r]
}

func (p *Program) block(steps []step, n int, sel []uint16) error {
	for _, s := range steps {
		if err := s.run(p, n, sel); err != nil {
			return err
		}
	}
	return nil
}

// one is the batch of one row without columns, over which expressions without input are computed.
var one = &vector.Batch{N: 1}

// Value computes an expression that has no input.
func Value(e expr.Expr, env *op.Env) (types.Datum, error) {
	switch e := e.(type) {
	case *expr.Const:
		return e.Value, nil
	case *expr.Param:
		return param(env, e.Index), nil
	case *expr.Outer:
		return outer(env, e.Index)
	}
	p, err := Compile([]expr.Expr{e}, env)
	if err != nil {
		return types.Null, err
	}
	out, err := p.Run(one)
	if err != nil {
		return types.Null, err
	}
	return out[0].Datum(0), nil
}

// Fold computes a constant expression, for the planner. A nil env stands for a fresh session's formats.
func Fold(e expr.Expr, env *kernel.Env) (types.Datum, error) {
	d, err := Value(e, &op.Env{Kernel: env})
	return d.Clone(), err
}

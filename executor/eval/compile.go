package eval

import (
	"context"
	"sync"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var boolean = types.Of(types.Builtin(types.OIDBool))

// compiler appends steps to the block being compiled.
type compiler struct {
	p     *Program
	steps []step
}

func (c *compiler) emit(s step) { c.steps = append(c.steps, s) }

// register adds a register.
func (c *compiler) register() ref {
	c.p.regs = append(c.p.regs, vector.Vector{})
	return ref(len(c.p.regs) - 1)
}

func (c *compiler) constant(t types.Type, d types.Datum) ref {
	r := c.register()
	setConst(&c.p.regs[r], t, d)
	return r
}

// setConst makes v a constant that borrows d's string.
func setConst(v *vector.Vector, t types.Type, d types.Datum) {
	v.Reset(t)
	v.AppendBorrowed(d)
	v.Const = true
}

// arm is an expression compiled into a block of its own.
type arm struct {
	steps []step
	ref   ref
}

func (c *compiler) arm(e expr.Expr) (arm, error) {
	saved := c.steps
	c.steps = nil
	r, err := c.expr(e)
	a := arm{steps: c.steps, ref: r}
	c.steps = saved
	return a, err
}

func (c *compiler) arms(es []expr.Expr) ([]arm, error) {
	out := make([]arm, len(es))
	for i, e := range es {
		var err error
		if out[i], err = c.arm(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *compiler) list(es []expr.Expr) ([]ref, error) {
	out := make([]ref, len(es))
	for i, e := range es {
		var err error
		if out[i], err = c.expr(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// expr compiles e and returns where its value will be.
func (c *compiler) expr(e expr.Expr) (ref, error) {
	switch e := e.(type) {
	case *expr.Slot:
		return ref(^e.Index), nil
	case *expr.CurrentValue:
		return ^ref(0), nil
	case *expr.Const:
		return c.constant(e.T, e.Value), nil
	case *expr.Param:
		return c.constant(e.T, param(c.p.env, e.Index)), nil
	case *expr.Outer:
		d, err := outer(c.p.env, e.Index)
		return c.constant(e.T, d), err
	case *expr.Call:
		return c.call(e)
	case *expr.Relabel:
		return c.relabel(e)
	case *expr.IOCast:
		return c.ioCast(e)
	case *expr.ArrayCast:
		return c.arrayCast(e)
	case *expr.DomainCast:
		return c.domainCast(e)
	case *expr.Bool:
		return c.logic(e)
	case *expr.NullTest:
		return c.nullTest(e)
	case *expr.BoolTest:
		return c.boolTest(e)
	case *expr.Distinct:
		return c.distinct(e)
	case *expr.Case:
		return c.caseExpr(e)
	case *expr.Coalesce:
		return c.coalesce(e)
	case *expr.MinMax:
		return c.minMax(e)
	case *expr.NullIf:
		return c.nullIf(e)
	case *expr.ArrayCompare:
		return c.arrayCompare(e)
	case *expr.Array:
		return c.array(e)
	case *expr.Row:
		return c.row(e)
	case *expr.Field:
		return c.field(e)
	case *expr.Subscript:
		return c.subscript(e)
	case *expr.Subquery:
		return c.subquery(e)
	case *expr.Column, *expr.Default, *expr.Aggregate:
	}
	return 0, pgerr.Internal("expression %T cannot be computed here", e)
}

func param(env *op.Env, i int) types.Datum {
	if i >= len(env.Params) {
		return types.Null
	}
	return env.Params[i]
}

func outer(env *op.Env, i int) (types.Datum, error) {
	if i >= len(env.Outer) {
		return types.Null, pgerr.Internal("outer reference %d of %d", i, len(env.Outer))
	}
	return env.Outer[i], nil
}

var defaultKernelEnv = sync.OnceValue(func() *kernel.Env {
	return &kernel.Env{Ctx: context.Background(), Format: types.DefaultFormat()}
})

func kernelEnv(env *op.Env) *kernel.Env {
	if env.Kernel != nil {
		return env.Kernel
	}
	return defaultKernelEnv()
}

// Kernel returns the code of a function for given types.
func Kernel(proc *builtin.Proc, args []types.Type, result types.Type) (kernel.Kernel, error) {
	if proc.User {
		return kernel.User(proc, args, result), nil
	}
	k, ok := kernel.Lookup(proc.Source)
	if !ok {
		return k, pgerr.Unsupported("function %s", proc.Name)
	}
	if k.Bind == nil {
		return k, nil
	}
	return k.Bind(args, result)
}

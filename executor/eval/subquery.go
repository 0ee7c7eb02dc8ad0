package eval

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// subqueryStep runs a subquery for each row, or, without arguments, once in the execution of the statement.
type subqueryStep struct {
	e    *expr.Subquery
	plan physical.Node
	args []ref
	out  ref
}

func (c *compiler) subquery(e *expr.Subquery) (ref, error) {
	plan, ok := e.Plan.(physical.Node)
	if !ok || c.p.env.Build == nil {
		return 0, pgerr.Internal("a subquery cannot be run here")
	}
	if e.Kind == expr.SubAny || e.Kind == expr.SubAll {
		return c.quantified(e, plan)
	}
	args, err := c.list(e.Args)
	if err != nil {
		return 0, err
	}
	s := &subqueryStep{e: e, plan: plan, args: args, out: c.register()}
	c.emit(s)
	return s.out, nil
}

func (s *subqueryStep) run(p *Program, n int, sel []uint16) error {
	if len(s.args) == 0 {
		d, err := p.once(s.e, func() (any, error) { return s.value(p, nil) })
		if err == nil {
			setConst(&p.regs[s.out], s.e.T, d.(types.Datum))
		}
		return err
	}
	p.regs[s.out].Resize(s.e.T, n)
	return each(n, sel, func(i int) error {
		d, err := s.value(p, p.row(s.args, i))
		if err == nil {
			p.regs[s.out].Set(i, d)
		}
		return err
	})
}

// row copies row i of some vectors.
func (p *Program) row(refs []ref, i int) []types.Datum {
	out := make([]types.Datum, len(refs))
	for k, r := range refs {
		out[k] = p.vec(r).Datum(i).Clone()
	}
	return out
}

// once returns what f gave when it was first asked for e in this execution of the statement.
func (p *Program) once(e *expr.Subquery, f func() (any, error)) (any, error) {
	if x, ok := p.env.Once[e]; ok {
		return x, nil
	}
	x, err := f()
	if err == nil && p.env.Once != nil {
		p.env.Once[e] = x
	}
	return x, err
}

// value runs the subquery with arguments and returns its value, which does not borrow.
func (s *subqueryStep) value(p *Program, args []types.Datum) (types.Datum, error) {
	switch s.e.Kind {
	case expr.SubExists:
		found := false
		err := p.subplan(s.plan, args, func(b *vector.Batch) (bool, error) {
			found = true
			return false, nil
		})
		return types.Bool(found), err
	case expr.SubArray:
		return s.collect(p, args)
	default:
		return s.single(p, args)
	}
}

// single is the value of the only column, or the record of all columns, of the only row.
func (s *subqueryStep) single(p *Program, args []types.Datum) (types.Datum, error) {
	value, rows := types.Null, 0
	err := p.subplan(s.plan, args, func(b *vector.Batch) (bool, error) {
		if rows += b.Live(); rows > 1 {
			return false, pgerr.New(pgerrcode.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		i := b.Row(0)
		if s.e.Kind != expr.SubRow {
			value = b.Cols[0].Datum(i).Clone()
			return true, nil
		}
		fields := make([]types.Datum, len(b.Cols))
		for k, v := range b.Cols {
			fields[k] = v.Datum(i)
		}
		value = s.record(fields)
		return true, nil
	})
	return value, err
}

// record makes the subquery's row a record.
func (s *subqueryStep) record(fields []types.Datum) types.Datum {
	cols := s.plan.Output()
	ts := make([]types.Type, len(cols))
	for i, c := range cols {
		ts[i] = c.Type
	}
	return packRow(ts, fields)
}

func (s *subqueryStep) collect(p *Program, args []types.Datum) (types.Datum, error) {
	var elems []types.Datum
	err := p.subplan(s.plan, args, func(b *vector.Batch) (bool, error) {
		for k := range b.Live() {
			elems = append(elems, b.Cols[0].Datum(b.Row(k)).Clone())
		}
		return true, nil
	})
	if err != nil {
		return types.Null, err
	}
	return makeSubqueryArray(s.e.T, s.plan.Output()[0].Type, elems)
}

// subplan runs a plan with arguments and gives its batches to f until f says no more.
func (p *Program) subplan(plan physical.Node, args []types.Datum, f func(b *vector.Batch) (bool, error)) error {
	env := *p.env
	env.Outer = args
	o, err := env.Build(plan, &env)
	if err != nil {
		return err
	}
	ctx := p.kenv.Ctx
	if ctx == nil {
		ctx = context.Background()
	}
	for {
		b, err := o.Next(ctx)
		if err != nil || b == nil {
			return first(err, o.Close())
		}
		if b.Live() == 0 {
			continue
		}
		more, err := f(b)
		if err != nil || !more {
			return first(err, o.Close())
		}
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

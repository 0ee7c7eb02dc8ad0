package stream

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// projectSet computes columns, some of them by set-returning calls: a row is repeated as often as the longest set has
// rows, and shorter sets give NULLs.
type projectSet struct {
	*generator
	input  op.Operator
	prog   *eval.Program
	cols   []setColumn
	single int // the only set's column, -1 when there are several
	ctx    context.Context
}

// setColumn is an output column: the program's column at, or a call whose arguments begin there.
type setColumn struct {
	at   int
	set  *eval.Set
	args []types.Datum
	rows []types.Datum // of the current row's set
	typ  types.Type
}

// NewProjectSet makes the operator.
func NewProjectSet(n *physical.ProjectSet, env *op.Env) (op.Operator, error) {
	p := &projectSet{single: -1}
	var exprs []expr.Expr
	sets := 0
	for i, e := range n.Exprs {
		c := setColumn{at: len(exprs), typ: e.Type()}
		if call, ok := e.(*expr.Call); ok && call.Proc.Set {
			var err error
			if c.set, err = eval.CompileSet(call, env); err != nil {
				return nil, err
			}
			c.args = make([]types.Datum, len(call.Args))
			exprs = append(exprs, call.Args...)
			p.single = i
			sets++
		} else {
			exprs = append(exprs, e)
		}
		p.cols = append(p.cols, c)
	}
	if sets != 1 {
		p.single = -1
	}
	var err error
	if p.prog, err = eval.Compile(exprs, env); err != nil {
		return nil, err
	}
	if p.input, err = env.Build(n.Input, env); err != nil {
		return nil, err
	}
	ts := make([]types.Type, len(n.Cols))
	for i, c := range n.Cols {
		ts[i] = c.Type
	}
	p.generator = newGenerator(ts, p.run)
	return p, nil
}

// Next implements op.Operator.
func (p *projectSet) Next(ctx context.Context) (*vector.Batch, error) {
	p.ctx = ctx
	return p.generator.Next(ctx)
}

func (p *projectSet) run(g *generator) error {
	for {
		b, err := p.input.Next(p.ctx)
		if b == nil || err != nil {
			return err
		}
		cols, err := p.prog.Run(b)
		if err != nil {
			return err
		}
		for k := range b.Live() {
			i := b.Row(k)
			if p.single >= 0 {
				err = p.one(g, cols, i)
			} else {
				err = p.several(g, cols, i)
			}
			if err != nil || g.done {
				return err
			}
		}
	}
}

// one streams the rows of the only set.
func (p *projectSet) one(g *generator, cols []*vector.Vector, i int) error {
	c := &p.cols[p.single]
	return c.run(cols, i, func(d types.Datum) bool {
		for k := range p.cols {
			if k == p.single {
				g.vecs[k].Append(d)
			} else {
				g.vecs[k].Append(cols[p.cols[k].at].Datum(i))
			}
		}
		return g.add()
	})
}

// several computes the sets of row i and puts them side by side.
func (p *projectSet) several(g *generator, cols []*vector.Vector, i int) error {
	longest := 0
	for k := range p.cols {
		c := &p.cols[k]
		if c.set == nil {
			continue
		}
		c.rows = c.rows[:0]
		err := c.run(cols, i, func(d types.Datum) bool {
			c.rows = append(c.rows, d.Clone())
			return true
		})
		if err != nil {
			return err
		}
		longest = max(longest, len(c.rows))
	}
	for r := range longest {
		for k := range p.cols {
			switch c := &p.cols[k]; {
			case c.set == nil:
				g.vecs[k].Append(cols[c.at].Datum(i))
			case r < len(c.rows):
				g.vecs[k].Append(c.rows[r])
			default:
				g.vecs[k].AppendNull()
			}
		}
		if !g.add() {
			return nil
		}
	}
	return nil
}

// run calls the set for row i. A row of several columns becomes a record.
func (c *setColumn) run(cols []*vector.Vector, i int, yield func(types.Datum) bool) error {
	for k := range c.args {
		c.args[k] = cols[c.at+k].Datum(i)
	}
	return c.set.Run(c.args, func(row []types.Datum) bool {
		if len(row) == 1 {
			return yield(row[0])
		}
		return yield(eval.MakeRecord(c.typ, row))
	})
}

// Close implements op.Operator.
func (p *projectSet) Close() error {
	p.generator.Close()
	return p.input.Close()
}

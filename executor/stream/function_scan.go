package stream

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// NewFunctionScan makes the operator: a function's rows alone, or those of several side by side.
func NewFunctionScan(n *physical.FunctionScan, env *op.Env) (op.Operator, error) {
	if len(n.Calls) != len(n.Widths) {
		return nil, pgerr.Internal("function scan with %d calls and %d widths", len(n.Calls), len(n.Widths))
	}
	parts := make([]op.Operator, len(n.Calls))
	at := 0
	for i, c := range n.Calls {
		ts := make([]types.Type, n.Widths[i])
		for k := range ts {
			ts[k] = n.Cols[at].Type
			at++
		}
		parts[i] = newGenerator(ts, func(g *generator) error { return callSet(c, env, g) })
	}
	if len(parts) == 1 && !n.Ordinality {
		return parts[0], nil
	}
	return newZip(n, parts), nil
}

// callSet gives a call's rows to g: those of a set, or the one value of a plain expression.
func callSet(e expr.Expr, env *op.Env, g *generator) error {
	call, ok := e.(*expr.Call)
	if !ok || !call.Proc.Set {
		d, err := eval.Value(e, env)
		if err != nil {
			return err
		}
		g.put(e.Type(), d)
		g.add()
		return nil
	}
	set, err := eval.CompileSet(call, env)
	if err != nil {
		return err
	}
	args := make([]types.Datum, len(call.Args))
	for i, a := range call.Args {
		if args[i], err = eval.Value(a, env); err != nil {
			return err
		}
	}
	return set.Run(args, func(row []types.Datum) bool {
		if len(row) == 1 {
			g.put(e.Type(), row[0])
		} else {
			g.spread(row)
		}
		return g.add()
	})
}

// put appends a value: as the only column, or a record's fields as the columns.
func (g *generator) put(t types.Type, d types.Datum) {
	if len(g.vecs) == 1 && (!isRecord(t) || g.vecs[0].Type.ID() == t.ID()) {
		g.vecs[0].Append(d)
		return
	}
	g.spread(eval.RecordFields(t, d, len(g.vecs)))
}

func (g *generator) spread(row []types.Datum) {
	for i := range g.vecs {
		if i < len(row) {
			g.vecs[i].Append(row[i])
		} else {
			g.vecs[i].AppendNull()
		}
	}
}

func isRecord(t types.Type) bool {
	return t.Kind == types.KindComposite || t.ID() == types.OIDRecord
}

// zip puts the rows of several inputs side by side, NULLs where one has ended, and numbers them.
type zip struct {
	parts   []op.Operator
	batches []*vector.Batch
	pos     []int
	starts  []int // first column of each input
	ord     bool
	n       int64
	vecs    []vector.Vector
	out     vector.Batch
}

func newZip(n *physical.FunctionScan, parts []op.Operator) *zip {
	z := &zip{parts: parts, batches: make([]*vector.Batch, len(parts)), pos: make([]int, len(parts)), ord: n.Ordinality}
	at := 0
	for _, w := range n.Widths {
		z.starts = append(z.starts, at)
		at += w
	}
	z.vecs = make([]vector.Vector, len(n.Cols))
	for i := range z.vecs {
		z.vecs[i].Type = n.Cols[i].Type
		z.out.Cols = append(z.out.Cols, &z.vecs[i])
	}
	return z
}

// Next implements op.Operator.
func (z *zip) Next(ctx context.Context) (*vector.Batch, error) {
	for i := range z.vecs {
		z.vecs[i].Reset(z.vecs[i].Type)
	}
	for z.out.N = 0; z.out.N < vector.Size; z.out.N++ {
		any, err := z.fill(ctx)
		if err != nil {
			return nil, err
		}
		if !any {
			break
		}
		z.row()
	}
	if z.out.N == 0 {
		return nil, nil
	}
	return &z.out, nil
}

// fill makes sure that each input that has not ended has a row; it reports whether any has.
func (z *zip) fill(ctx context.Context) (bool, error) {
	any := false
	for i, p := range z.parts {
		if p != nil && (z.batches[i] == nil || z.pos[i] == z.batches[i].N) {
			b, err := p.Next(ctx)
			if err != nil {
				return false, err
			}
			z.batches[i], z.pos[i] = b, 0
			if b == nil {
				if err := p.Close(); err != nil {
					return false, err
				}
				z.parts[i] = nil
			}
		}
		any = any || z.batches[i] != nil
	}
	return any, nil
}

func (z *zip) row() {
	for i, b := range z.batches {
		if b == nil {
			continue
		}
		at := z.starts[i]
		for _, v := range b.Cols {
			z.vecs[at].Append(v.Datum(z.pos[i]))
			at++
		}
		z.pos[i]++
	}
	z.n++
	if z.ord {
		z.vecs[len(z.vecs)-1].Append(types.Int(z.n))
	}
	for i := range z.vecs {
		if z.vecs[i].Len() == z.out.N {
			z.vecs[i].AppendNull()
		}
	}
}

// Close implements op.Operator.
func (z *zip) Close() error {
	var errs []error
	for _, p := range z.parts {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

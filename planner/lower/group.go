package lower

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

func (l *lowerer) aggregate(n *logical.Aggregate, f *frame) (rel, error) {
	if r, ok := l.countRows(n); ok {
		return r, nil
	}
	in, err := l.lower(n.Input, f)
	if err != nil {
		return rel{}, err
	}
	s := scopeOf(in, f)
	p := &physical.HashAggregate{Base: base(n.Cols, l.cost.aggregate(n, in.node)), Input: in.node, Sets: n.Sets}
	if p.Groups, err = l.exprs(n.Groups, s); err != nil {
		return rel{}, err
	}
	for _, a := range n.Aggs {
		e, err := l.expr(a, s)
		if err != nil {
			return rel{}, err
		}
		p.Aggs = append(p.Aggs, e.(*expr.Aggregate))
	}
	return rel{p, n.Cols}, nil
}

// window sorts the input by partition and order, then computes the functions.
func (l *lowerer) window(n *logical.Window, f *frame) (rel, error) {
	in, err := l.windowInput(n, f)
	if err != nil {
		return rel{}, err
	}
	s := scopeOf(in, f)
	cols := append(in.cols[:len(in.cols):len(in.cols)], n.Cols...)
	p := &physical.Window{Base: base(cols, l.cost.window(n, in.node)), Input: in.node}
	if p.Partition, err = l.exprs(n.Partition, s); err != nil {
		return rel{}, err
	}
	if p.Order, err = l.keys(n.Order, s); err != nil {
		return rel{}, err
	}
	if p.Frame, err = l.windowFrame(n.Frame, s); err != nil {
		return rel{}, err
	}
	if p.Funcs, err = l.windowFuncs(n.Funcs, s); err != nil {
		return rel{}, err
	}
	return rel{p, cols}, nil
}

func (l *lowerer) windowInput(n *logical.Window, f *frame) (rel, error) {
	var keys []expr.SortKey
	for _, p := range n.Partition {
		keys = append(keys, expr.SortKey{Expr: p})
	}
	keys = append(keys, n.Order...)
	if len(keys) == 0 {
		return l.lower(n.Input, f)
	}
	return l.sort(&logical.Sort{Input: n.Input, Keys: keys}, f)
}

func (l *lowerer) windowFrame(n logical.Frame, s *scope) (physical.Frame, error) {
	p := physical.Frame{Mode: n.Mode, Exclude: n.Exclude}
	p.Start.Kind, p.End.Kind = n.Start.Kind, n.End.Kind
	var err error
	if p.Start.Offset, err = l.expr(n.Start.Offset, s); err != nil {
		return p, err
	}
	p.End.Offset, err = l.expr(n.End.Offset, s)
	return p, err
}

func (l *lowerer) windowFuncs(funcs []logical.WindowFunc, s *scope) ([]physical.WindowFunc, error) {
	out := make([]physical.WindowFunc, len(funcs))
	for i, w := range funcs {
		args, err := l.exprs(w.Args, s)
		if err != nil {
			return nil, err
		}
		filter, err := l.expr(w.Filter, s)
		if err != nil {
			return nil, err
		}
		out[i] = physical.WindowFunc{Proc: w.Proc, Args: args, Filter: filter, Aggregate: w.Aggregate, T: w.T}
	}
	return out, nil
}

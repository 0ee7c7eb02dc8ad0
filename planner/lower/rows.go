package lower

import (
	"slices"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

func (l *lowerer) values(n *logical.Values, f *frame) (rel, error) {
	s := columnsScope(f)
	rows := make([][]expr.Expr, len(n.Rows))
	for i, r := range n.Rows {
		var err error
		if rows[i], err = l.exprs(r, s); err != nil {
			return rel{}, err
		}
	}
	return rel{&physical.Values{Base: base(n.Cols, l.cost.values(n)), Rows: rows}, n.Cols}, nil
}

func (l *lowerer) functionScan(n *logical.FunctionScan, f *frame) (rel, error) {
	s := columnsScope(f)
	p := &physical.FunctionScan{Base: base(n.Cols, l.cost.functionScan(n)), Ordinality: n.Ordinality, Alias: n.Alias}
	for _, c := range n.Calls {
		e, err := l.expr(c.Call, s)
		if err != nil {
			return rel{}, err
		}
		p.Calls, p.Widths = append(p.Calls, e), append(p.Widths, c.Width)
	}
	return rel{p, n.Cols}, nil
}

func (l *lowerer) filter(n *logical.Filter, f *frame) (rel, error) {
	in, err := l.lower(narrowed(n), f)
	if err != nil {
		return rel{}, err
	}
	return l.filterOver(n, in, f)
}

// narrowed is the input of a filter. A function that can leave out rows by the values of columns is told those that the filter asks for.
func narrowed(n *logical.Filter) logical.Node {
	scan, ok := n.Input.(*logical.FunctionScan)
	if !ok || len(scan.Calls) != 1 || len(scan.Calls[0].Asked) == 0 {
		return n.Input
	}
	call, ok := scan.Calls[0].Call.(*expr.Call)
	if !ok {
		return n.Input
	}
	c, s := *call, *scan
	c.Args, s.Calls = slices.Clone(call.Args), slices.Clone(scan.Calls)
	for column, arg := range s.Calls[0].Asked {
		if v := valueAsked(n.Conds, column); v != nil && expr.IsNullConst(c.Args[arg]) {
			c.Args[arg] = &expr.IOCast{Arg: v, T: c.Args[arg].Type(), Form: expr.FormImplicitCast}
		}
	}
	s.Calls[0].Call = &c
	return &s
}

// valueAsked finds the value that a column must have by one of some conditions, where it is the same for the whole query; or nil.
func valueAsked(conds []expr.Expr, column expr.ColumnID) expr.Expr {
	for i, e := range conds {
		for _, s := range appendSargs(nil, e, i, expr.SetOf(column)) {
			c, ok := s.key.(*expr.Column)
			if ok && c.ID == column && s.kind == sargEqual && len(logical.Used(s.value)) == 0 && !expr.HasSubquery(s.value) {
				return s.value
			}
		}
	}
	return nil
}

func (l *lowerer) filterOver(n *logical.Filter, in rel, f *frame) (rel, error) {
	conds, err := l.exprs(n.Conds, scopeOf(in, f))
	if err != nil {
		return rel{}, err
	}
	p := &physical.Filter{Base: base(in.cols, l.cost.filter(n, in.node)), Input: in.node, Conds: conds}
	return rel{p, in.cols}, nil
}

func (l *lowerer) project(n *logical.Project, f *frame) (rel, error) {
	in, err := l.lower(n.Input, f)
	if err != nil {
		return rel{}, err
	}
	return l.projectOver(n, in, f)
}

func (l *lowerer) projectOver(n *logical.Project, in rel, f *frame) (rel, error) {
	exprs, err := l.exprs(n.Exprs, scopeOf(in, f))
	if err != nil {
		return rel{}, err
	}
	if passesThrough(exprs, in) {
		return rel{in.node, n.Cols}, nil
	}
	p := &physical.Project{Base: base(n.Cols, l.cost.project(n, in.node)), Input: in.node, Exprs: exprs}
	return rel{p, n.Cols}, nil
}

// passesThrough reports whether a projection gives its input unchanged. Then only the ids differ, and the names of the
// root's columns, which the session takes from the logical plan.
func passesThrough(exprs []expr.Expr, in rel) bool {
	if len(exprs) != len(in.cols) {
		return false
	}
	for i, e := range exprs {
		if s, ok := e.(*expr.Slot); !ok || s.Index != i {
			return false
		}
	}
	return true
}

func (l *lowerer) projectSet(n *logical.ProjectSet, f *frame) (rel, error) {
	in, err := l.lower(n.Input, f)
	if err != nil {
		return rel{}, err
	}
	exprs, err := l.exprs(n.Exprs, scopeOf(in, f))
	if err != nil {
		return rel{}, err
	}
	p := &physical.ProjectSet{Base: base(n.Cols, l.cost.projectSet(n, in.node)), Input: in.node, Exprs: exprs}
	return rel{p, n.Cols}, nil
}

func (l *lowerer) limit(n *logical.Limit, f *frame) (rel, error) {
	in, err := l.limited(n, f)
	if err != nil {
		return rel{}, err
	}
	s := columnsScope(f)
	p := &physical.Limit{Base: base(in.cols, l.cost.limit(n, in.node)), Input: in.node, WithTies: n.WithTies}
	if p.Count, err = l.expr(n.Count, s); err != nil {
		return rel{}, err
	}
	if p.Offset, err = l.expr(n.Offset, s); err != nil {
		return rel{}, err
	}
	if p.Keys, err = l.keys(n.Keys, scopeOf(in, f)); err != nil {
		return rel{}, err
	}
	return rel{p, in.cols}, nil
}

// limited lowers a Limit's input; a Sort directly below need keep only the rows that the Limit lets through.
func (l *lowerer) limited(n *logical.Limit, f *frame) (rel, error) {
	sort, ok := n.Input.(*logical.Sort)
	if ok && !n.WithTies && n.Count != nil {
		return l.sortLimit(sort, n, f)
	}
	in, err := l.lower(n.Input, f)
	if s, ok := in.node.(*physical.TableScan); ok && err == nil && n.Count != nil && !n.WithTies {
		hint(s, constRows(n.Count)+constRows(n.Offset))
	}
	return in, err
}

// hint tells a scan how few rows are wanted, if none of those it reads are filtered out.
func hint(s *physical.TableScan, rows float64) {
	if rows > 0 && rows < 1<<20 && len(s.Filter) == 0 {
		s.Limit = int(rows)
	}
}

func (l *lowerer) distinct(n *logical.Distinct, f *frame) (rel, error) {
	var in rel
	var err error
	if n.On == nil {
		in, err = l.exact(n.Input, f)
	} else {
		in, err = l.lower(n.Input, f)
	}
	if err != nil {
		return rel{}, err
	}
	on, err := l.exprs(n.On, scopeOf(in, f))
	if err != nil {
		return rel{}, err
	}
	return rel{&physical.Distinct{Base: base(in.cols, l.cost.distinct(n, in.node)), Input: in.node, On: on}, in.cols}, nil
}

// feedRows is how many rows COPY is taken to bring.
const feedRows = 1000

func (l *lowerer) feed(n *logical.Feed) (rel, error) {
	est := physical.Cost{Total: feedRows * cpuTuple, Rows: feedRows, Width: l.cost.width(n.Cols)}
	return rel{&physical.Feed{Base: base(n.Cols, est)}, n.Cols}, nil
}

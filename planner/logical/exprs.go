package logical

import "github.com/rowandb/rowan/planner/expr"

// MapExprs returns n with f applied to each of its own expressions; n itself when none changed. f must keep an
// *expr.Aggregate an *expr.Aggregate.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	m := &exprMapper{f: f}
	switch n := n.(type) {
	case *Scan:
		return edited(m, n, func(c *Scan) { c.Filter = m.list(c.Filter) })
	case *Values:
		return edited(m, n, func(c *Values) { c.Rows = m.rows(c.Rows) })
	case *FunctionScan:
		return edited(m, n, func(c *FunctionScan) { c.Calls = m.calls(c.Calls) })
	case *Filter:
		return edited(m, n, func(c *Filter) { c.Conds = m.list(c.Conds) })
	case *Project:
		return edited(m, n, func(c *Project) { c.Exprs = m.list(c.Exprs) })
	case *ProjectSet:
		return edited(m, n, func(c *ProjectSet) { c.Exprs = m.list(c.Exprs) })
	case *Join:
		return edited(m, n, func(c *Join) { c.Conds = m.list(c.Conds) })
	case *Aggregate:
		return edited(m, n, func(c *Aggregate) { c.Groups, c.Aggs = m.list(c.Groups), m.aggs(c.Aggs) })
	case *Window:
		return edited(m, n, m.window)
	case *Sort:
		return edited(m, n, func(c *Sort) { c.Keys = m.keys(c.Keys) })
	case *Limit:
		return edited(m, n, func(c *Limit) {
			c.Count, c.Offset, c.Keys = m.one(c.Count), m.one(c.Offset), m.keys(c.Keys)
		})
	case *Distinct:
		return edited(m, n, func(c *Distinct) { c.On = m.list(c.On) })
	case *Insert:
		return edited(m, n, m.insert)
	case *Update:
		return edited(m, n, func(c *Update) {
			c.Checks, c.ReturnExprs, c.Triggers = m.checks(c.Checks), m.list(c.ReturnExprs), m.triggers(c.Triggers)
		})
	case *Delete:
		return edited(m, n, func(c *Delete) { c.ReturnExprs, c.Triggers = m.list(c.ReturnExprs), m.triggers(c.Triggers) })
	case *SetOp, *With, *CTEScan, *Lock:
	}
	return n
}

// Exprs lists a node's own expressions.
func Exprs(n Node) []expr.Expr {
	var out []expr.Expr
	MapExprs(n, func(e expr.Expr) expr.Expr {
		out = append(out, e)
		return e
	})
	return out
}

type exprMapper struct {
	f       func(expr.Expr) expr.Expr
	changed bool
}

func edited[T any, P interface {
	*T
	Node
}](m *exprMapper, n P, set func(P)) Node {
	c := *n
	set(&c)
	if !m.changed {
		return n
	}
	return P(&c)
}

func (m *exprMapper) one(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	got := m.f(e)
	if got != e {
		m.changed = true
	}
	return got
}

func (m *exprMapper) list(in []expr.Expr) []expr.Expr {
	if in == nil {
		return nil
	}
	out := make([]expr.Expr, len(in))
	for i, e := range in {
		out[i] = m.one(e)
	}
	return out
}

func (m *exprMapper) rows(in [][]expr.Expr) [][]expr.Expr {
	out := make([][]expr.Expr, len(in))
	for i, r := range in {
		out[i] = m.list(r)
	}
	return out
}

func (m *exprMapper) calls(in []TableFunction) []TableFunction {
	out := make([]TableFunction, len(in))
	for i, c := range in {
		c.Call = m.one(c.Call)
		out[i] = c
	}
	return out
}

func (m *exprMapper) aggs(in []*expr.Aggregate) []*expr.Aggregate {
	out := make([]*expr.Aggregate, len(in))
	for i, a := range in {
		out[i], _ = m.one(a).(*expr.Aggregate)
	}
	return out
}

func (m *exprMapper) keys(in []expr.SortKey) []expr.SortKey {
	if in == nil {
		return nil
	}
	out := make([]expr.SortKey, len(in))
	for i, k := range in {
		out[i] = expr.SortKey{Expr: m.one(k.Expr), Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return out
}

func (m *exprMapper) checks(in []RowCheck) []RowCheck {
	out := make([]RowCheck, len(in))
	for i, c := range in {
		out[i] = RowCheck{Name: c.Name, Expr: m.one(c.Expr)}
	}
	return out
}

func (m *exprMapper) window(c *Window) {
	c.Partition, c.Order = m.list(c.Partition), m.keys(c.Order)
	c.Frame.Start.Offset, c.Frame.End.Offset = m.one(c.Frame.Start.Offset), m.one(c.Frame.End.Offset)
	funcs := make([]WindowFunc, len(c.Funcs))
	for i, w := range c.Funcs {
		w.Args, w.Filter = m.list(w.Args), m.one(w.Filter)
		funcs[i] = w
	}
	c.Funcs = funcs
}

func (m *exprMapper) insert(c *Insert) {
	c.Checks, c.ReturnExprs, c.Triggers = m.checks(c.Checks), m.list(c.ReturnExprs), m.triggers(c.Triggers)
	if c.Conflict == nil {
		return
	}
	o := *c.Conflict
	o.Olds, o.Sets, o.Where, o.Checks = m.list(o.Olds), m.list(o.Sets), m.one(o.Where), m.checks(o.Checks)
	o.Triggers = m.triggers(o.Triggers)
	c.Conflict = &o
}

package physical

import (
	"github.com/rowandb/rowan/planner/expr"
)

// simple describes the nodes that need few words.
func (x *explainer) simple(n Node, outer []string) *entry {
	switch n := n.(type) {
	case *Values:
		return x.values(n)
	case *FunctionScan:
		return x.functionScan(n, outer)
	case *CTEScan:
		return x.cteScan(n)
	case *CountRows:
		e := plain("Row Count", n)
		e.title = "Row Count on " + expr.QuoteIdent(n.Table.Name)
		e.attr("Relation Name", n.Table.Name)
		e.elsewhere(n.Ref)
		return e
	case *ProjectSet:
		e := x.over("ProjectSet", n, n.Input, outer)
		e.names, e.computed = x.outputs(n.Exprs, inputOf(outer, e.children[0]))
		return e
	case *Window:
		return x.window(n, outer)
	case *Sort:
		e := x.over("Sort", n, n.Input, outer)
		e.add("Sort Key", x.keys(n.Keys, inputOf(outer, e.children[0])))
		return e
	case *Limit:
		return x.over("Limit", n, n.Input, outer)
	case *Distinct:
		return x.distinct(n, outer)
	case *Append:
		e := plain("Append", n)
		for _, c := range n.Children {
			e.children = append(e.children, x.child(c, outer, "Member"))
		}
		if len(e.children) > 0 && len(e.children[0].names) == len(e.names) {
			e.names, e.computed = e.children[0].names, e.children[0].computed
		}
		return e
	case *SetOp:
		return x.setOp(n, outer)
	case *Lock:
		return x.over("LockRows", n, n.Input, outer)
	}
	return plain("Result", n)
}

// outputs names computed columns by their expressions.
func (x *explainer) outputs(es []expr.Expr, in inputs) ([]string, []bool) {
	names, computed := make([]string, len(es)), make([]bool, len(es))
	for i, e := range es {
		names[i], computed[i] = x.expr(e, in), true
		if s, ok := e.(*expr.Slot); ok && s.Index < len(in.names) {
			names[i], computed[i] = in.names[s.Index], in.computed[s.Index]
		}
	}
	return names, computed
}

// project is not shown: its input computes the columns, as PostgreSQL's nodes do. Subqueries in it belong to the input.
func (x *explainer) project(n *Project, outer []string) *entry {
	e := x.describe(n.Input, outer)
	saved := x.pending
	x.pending = nil
	e.names, e.computed = x.outputs(n.Exprs, inputOf(outer, e))
	e.children = append(e.children, x.pending...)
	x.pending = saved
	e.cost.Total, e.cost.Width = n.Estimate.Total, n.Estimate.Width
	return e
}

// filter is shown with what it filters, if that can have a Filter of its own.
func (x *explainer) filter(n *Filter, outer []string) *entry {
	e := x.describe(n.Input, outer)
	saved := x.pending
	x.pending = nil
	own := inputOf(outer, e)
	if e.bare != nil {
		own.names = e.bare
	}
	cond := x.conds(n.Conds, own)
	sub := x.pending
	x.pending = saved
	if !filters(e.kind) || hasProp(e, "Filter") {
		e.rel = "Subquery"
		e = &entry{title: "Subquery Scan", kind: "Subquery Scan", node: n, names: e.names, computed: e.computed, children: []*entry{e}}
	}
	e.cost, e.node = n.Estimate, n
	e.children = append(e.children, sub...)
	e.add("Filter", cond)
	return e
}

func filters(kind string) bool {
	switch kind {
	case "Seq Scan", "Index Scan", "Index Only Scan", "Function Scan", "CTE Scan", "WorkTable Scan", "Values Scan", "Aggregate",
		"Hash Join", "Nested Loop", "Result":
		return true
	}
	return false
}

func hasProp(e *entry, label string) bool {
	for _, p := range e.props {
		if p.label == label {
			return true
		}
	}
	return false
}

func (x *explainer) aggregate(n *HashAggregate, outer []string) *entry {
	e := plain("Aggregate", n)
	in := x.child(n.Input, outer, "Outer")
	e.children = []*entry{in}
	s := inputOf(outer, in)
	groups := x.list(n.Groups, s)
	strategy := "Plain"
	switch {
	case n.Sets != nil:
		e.title, strategy = "MixedAggregate", "Mixed"
		x.groupingSets(e, n, groups)
	case len(groups) > 0:
		e.title, strategy = "HashAggregate", "Hashed"
		e.add("Group Key", groups)
	}
	e.attr("Strategy", strategy)
	e.attr("Partial Mode", "Simple")
	aggs := make([]expr.Expr, len(n.Aggs))
	for i, a := range n.Aggs {
		aggs[i] = a
	}
	gn, gc := x.outputs(n.Groups, s)
	an, ac := x.outputs(aggs, s)
	e.names, e.computed = append(gn, an...), append(gc, ac...)
	return e
}

func (x *explainer) groupingSets(e *entry, n *HashAggregate, groups []string) {
	for _, set := range n.Sets {
		if len(set) == 0 {
			e.props = append(e.props, attr{label: "Group Key", value: "()"})
			continue
		}
		var keys []string
		for _, i := range set {
			keys = append(keys, groups[i])
		}
		e.add("Hash Key", keys)
	}
}

func (x *explainer) distinct(n *Distinct, outer []string) *entry {
	if n.On != nil {
		return x.over("Unique", n, n.Input, outer)
	}
	e := x.over("Aggregate", n, n.Input, outer)
	e.title = "HashAggregate"
	e.attr("Strategy", "Hashed")
	e.attr("Partial Mode", "Simple")
	keys := make([]string, len(e.names))
	for i, name := range e.names {
		keys[i] = name
		if e.computed[i] {
			keys[i] = "(" + name + ")"
		}
	}
	e.add("Group Key", keys)
	return e
}

func (x *explainer) window(n *Window, outer []string) *entry {
	e := plain("WindowAgg", n)
	in := x.child(n.Input, outer, "Outer")
	e.children = []*entry{in}
	e.names = append(in.names[:len(in.names):len(in.names)], make([]string, len(n.Funcs))...)
	e.computed = append(in.computed[:len(in.computed):len(in.computed)], make([]bool, len(n.Funcs))...)
	for i, f := range n.Funcs {
		call := &expr.Aggregate{Proc: f.Proc, Args: f.Args, Filter: f.Filter, T: f.T}
		at := len(in.names) + i
		e.names[at], e.computed[at] = x.expr(call, inputOf(outer, in))+" OVER (?)", true
		if len(f.Args) == 0 && !f.Aggregate {
			e.names[at] = expr.QuoteIdent(f.Proc.Name) + "() OVER (?)"
		}
	}
	return e
}

func (x *explainer) setOp(n *SetOp, outer []string) *entry {
	e := plain("SetOp", n)
	command := "Intersect"
	if n.Except {
		command = "Except"
	}
	if n.All {
		command += " All"
	}
	e.title = "HashSetOp " + command
	e.attr("Strategy", "Hashed")
	e.attr("Command", command)
	e.children = []*entry{x.child(n.Left, outer, "Outer"), x.child(n.Right, outer, "Inner")}
	return e
}

// with shows the body, with the CTEs before its own children.
func (x *explainer) with(n *With, outer []string) *entry {
	var ctes []*entry
	for _, c := range n.CTEs {
		e := x.cte(c, outer)
		e.rel, e.subplan = "InitPlan", "CTE "+c.Name
		ctes = append(ctes, e)
	}
	body := x.describe(n.Body, outer)
	body.children = append(ctes, body.children...)
	body.cost.Startup, body.cost.Total = n.Estimate.Startup, n.Estimate.Total
	return body
}

func (x *explainer) cte(c *CTE, outer []string) *entry {
	root := x.child(c.Root, outer, "Outer")
	if c.Recursive == nil {
		return root
	}
	rec := x.child(c.Recursive, outer, "Inner")
	cost := root.cost
	cost.Total += 10 * rec.cost.Total
	cost.Rows += 10 * rec.cost.Rows
	return &entry{title: "Recursive Union", kind: "Recursive Union", cost: cost, names: root.names, computed: root.computed,
		children: []*entry{root, rec}}
}

func (x *explainer) modify(n Node, word, table string, input Node, outer []string) *entry {
	e := plain("ModifyTable", n)
	e.title = word + " on " + expr.QuoteIdent(table)
	e.attr("Operation", word)
	e.attr("Relation Name", table)
	e.attr("Alias", table)
	e.children = []*entry{x.child(input, outer, "Outer")}
	return e
}

func (x *explainer) insert(n *Insert, outer []string) *entry {
	e := x.modify(n, "Insert", n.Table.Name, n.Input, outer)
	c := n.Conflict
	if c == nil {
		return e
	}
	if c.Nothing {
		e.add("Conflict Resolution", "NOTHING")
	} else {
		e.add("Conflict Resolution", "UPDATE")
	}
	var names []string
	for _, oid := range c.Arbiters {
		if ix := n.Table.Index(oid); ix != nil {
			names = append(names, ix.Name)
		}
	}
	e.add("Conflict Arbiter Indexes", names)
	if c.Where != nil {
		e.add("Conflict Filter", x.expr(c.Where, inputs{}))
	}
	return e
}

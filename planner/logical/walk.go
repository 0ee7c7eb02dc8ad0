package logical

import (
	"slices"

	"github.com/rowandb/rowan/planner/expr"
)

// MapInputs returns n with f applied to each input, the plans of a With's CTEs included; n itself when none changed.
// CTEScans keep pointing to the CTE they were bound to: what identifies it is its ID.
func MapInputs(n Node, f func(Node) Node) Node {
	switch n := n.(type) {
	case *Scan, *Values, *FunctionScan, *CTEScan:
		return n
	case *Filter:
		return unary(n, n.Input, f, func(c *Filter, in Node) { c.Input = in })
	case *Project:
		return unary(n, n.Input, f, func(c *Project, in Node) { c.Input = in })
	case *ProjectSet:
		return unary(n, n.Input, f, func(c *ProjectSet, in Node) { c.Input = in })
	case *Join:
		return binary(n, n.Left, n.Right, f, func(c *Join, l, r Node) { c.Left, c.Right = l, r })
	case *Aggregate:
		return unary(n, n.Input, f, func(c *Aggregate, in Node) { c.Input = in })
	case *Window:
		return unary(n, n.Input, f, func(c *Window, in Node) { c.Input = in })
	case *Sort:
		return unary(n, n.Input, f, func(c *Sort, in Node) { c.Input = in })
	case *Limit:
		return unary(n, n.Input, f, func(c *Limit, in Node) { c.Input = in })
	case *Distinct:
		return unary(n, n.Input, f, func(c *Distinct, in Node) { c.Input = in })
	case *SetOp:
		return binary(n, n.Left, n.Right, f, func(c *SetOp, l, r Node) { c.Left, c.Right = l, r })
	case *With:
		return mapWith(n, f)
	case *Lock:
		return unary(n, n.Input, f, func(c *Lock, in Node) { c.Input = in })
	case *Insert:
		return unary(n, n.Input, f, func(c *Insert, in Node) { c.Input = in })
	case *Update:
		return unary(n, n.Input, f, func(c *Update, in Node) { c.Input = in })
	case *Delete:
		return unary(n, n.Input, f, func(c *Delete, in Node) { c.Input = in })
	}
	return n
}

func unary[T any, P interface {
	*T
	Node
}](n P, in Node, f func(Node) Node, set func(P, Node)) Node {
	got := f(in)
	if got == in {
		return n
	}
	c := *n
	set(&c, got)
	return P(&c)
}

func binary[T any, P interface {
	*T
	Node
}](n P, l, r Node, f func(Node) Node, set func(P, Node, Node)) Node {
	gl, gr := f(l), f(r)
	if gl == l && gr == r {
		return n
	}
	c := *n
	set(&c, gl, gr)
	return P(&c)
}

func mapWith(n *With, f func(Node) Node) Node {
	changed := false
	ctes := make([]*CTE, len(n.CTEs))
	for i, c := range n.CTEs {
		d := *c
		d.Plan = f(c.Plan)
		if c.Recursive != nil {
			d.Recursive = f(c.Recursive)
		}
		ctes[i] = c
		if d.Plan != c.Plan || d.Recursive != c.Recursive {
			ctes[i], changed = &d, true
		}
	}
	body := f(n.Body)
	if !changed && body == n.Body {
		return n
	}
	return &With{CTEs: ctes, Body: body}
}

// Children lists the inputs and the plans of CTEs.
func Children(n Node) []Node {
	w, ok := n.(*With)
	if !ok {
		return n.Inputs()
	}
	var out []Node
	for _, c := range w.CTEs {
		out = append(out, c.Plan)
		if c.Recursive != nil {
			out = append(out, c.Recursive)
		}
	}
	return append(out, w.Body)
}

// Walk calls f for n and the nodes below it, parents first; f returns whether to go below. Plans of subqueries are not
// entered.
func Walk(n Node, f func(Node) bool) {
	if !f(n) {
		return
	}
	for _, c := range Children(n) {
		Walk(c, f)
	}
}

// WalkAll calls f for all nodes of a plan, those of subqueries included.
func WalkAll(n Node, f func(Node)) {
	Walk(n, func(x Node) bool {
		f(x)
		for _, e := range Exprs(x) {
			expr.Walk(e, func(y expr.Expr) bool {
				if s, ok := y.(*expr.Subquery); ok {
					if p, ok := s.Plan.(Node); ok {
						WalkAll(p, f)
					}
				}
				return true
			})
		}
		return true
	})
}

// Rewrite rebuilds a plan from the leaves up, the plans of subqueries in its expressions included: f gets each node with
// everything below it already rewritten.
func Rewrite(n Node, f func(Node) Node) Node {
	n = MapInputs(n, func(c Node) Node { return Rewrite(c, f) })
	n = MapExprs(n, func(e expr.Expr) expr.Expr {
		return MapSubqueries(e, func(p Node) Node { return Rewrite(p, f) })
	})
	return f(n)
}

// MapSubqueries applies f to the plan of every subquery in e.
func MapSubqueries(e expr.Expr, f func(Node) Node) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		s, ok := x.(*expr.Subquery)
		if !ok {
			return x
		}
		plan, ok := s.Plan.(Node)
		if !ok {
			return x
		}
		got := f(plan)
		if got == plan {
			return x
		}
		c := *s
		c.Plan = got
		return &c
	})
}

// SameColumns reports whether two lists have the same ids in the same order.
func SameColumns(a, b []Column) bool {
	return slices.EqualFunc(a, b, func(x, y Column) bool { return x.ID == y.ID })
}

package optimize

import (
	"slices"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// simplifyBooleans brings conditions into the form that other rules look for: lists of conjuncts, NOT pushed into
// comparisons, what all arms of an OR share taken out of it; a condition that is never true empties its input.
//
//	WHERE NOT (a < b)                      -- a >= b: both are NULL for NULLs
//	WHERE (k = 1 AND x) OR (k = 1 AND y)   -- k = 1 AND (x OR y): now an index on k serves
//	SELECT NOT (a < b) IS NULL FROM t      -- not only conditions: three-valued logic is kept throughout
//	a LEFT JOIN b ON false                 -- the rows of a stay: only a filter empties its input
func simplifyBooleans(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		n = logical.MapExprs(n, func(e expr.Expr) expr.Expr { return expr.Rewrite(e, simplifyNode) })
		switch n := n.(type) {
		case *logical.Filter:
			return simplifyFilter(n)
		case *logical.Join:
			if conds, changed := conjuncts(n.Conds); changed {
				c := *n
				c.Conds = conds
				return &c
			}
		case *logical.Scan:
			if conds, changed := conjuncts(n.Filter); changed {
				c := *n
				c.Filter = conds
				return &c
			}
		}
		return n
	})
}

func simplifyFilter(n *logical.Filter) logical.Node {
	conds, changed := conjuncts(n.Conds)
	for _, c := range conds {
		if expr.IsFalseOrNull(c) && !logical.VolatilePlan(n.Input) {
			return nothing(n.Columns())
		}
	}
	if len(conds) == 0 {
		return n.Input
	}
	if !changed {
		return n
	}
	return &logical.Filter{Input: n.Input, Conds: conds}
}

// conjuncts splits conditions, drops those that are true and those that stand there already.
func conjuncts(in []expr.Expr) (out []expr.Expr, changed bool) {
	for _, c := range in {
		for _, e := range expr.Conjuncts(c, nil) {
			known := slices.ContainsFunc(out, func(o expr.Expr) bool { return expr.Equal(o, e) })
			if !expr.IsTrue(e) && (!known || logical.Volatile(e)) {
				out = append(out, e)
			}
		}
	}
	return out, !slices.EqualFunc(in, out, func(a, b expr.Expr) bool { return a == b })
}

func simplifyNode(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Call); ok {
		return constantRight(c)
	}
	b, ok := e.(*expr.Bool)
	if !ok {
		return e
	}
	switch b.Op {
	case expr.Not:
		return negated(b)
	case expr.Or:
		return factored(b)
	case expr.And:
		if flat := expr.Conjuncts(b, nil); len(flat) != len(b.Args) {
			return &expr.Bool{Op: expr.And, Args: flat}
		}
	}
	return e
}

// constantRight turns 5 < x into x > 5, where rules and indexes look for it.
func constantRight(c *expr.Call) expr.Expr {
	if c.Form != expr.FormOperator || c.Op == nil || c.Op.Commutator == 0 || len(c.Args) != 2 || !c.T.Same(expr.Truth(true).T) ||
		!expr.IsConstant(c.Args[0]) || expr.IsConstant(c.Args[1]) {
		return c
	}
	op := builtin.OperatorByOID(c.Op.Commutator)
	if op == nil || builtin.ProcByOID(op.Proc) == nil {
		return c
	}
	n := *c
	n.Op, n.Proc, n.Args = op, builtin.ProcByOID(op.Proc), []expr.Expr{c.Args[1], c.Args[0]}
	return &n
}

// negated removes a NOT where its argument has an opposite.
func negated(b *expr.Bool) expr.Expr {
	switch a := b.Args[0].(type) {
	case *expr.Bool:
		if a.Op == expr.Not {
			return a.Args[0]
		}
		op := expr.And
		if a.Op == expr.And {
			op = expr.Or
		}
		args := make([]expr.Expr, len(a.Args))
		for i, x := range a.Args {
			args[i] = negated(&expr.Bool{Op: expr.Not, Args: []expr.Expr{x}})
		}
		return &expr.Bool{Op: op, Args: args}
	case *expr.NullTest:
		return &expr.NullTest{Arg: a.Arg, Not: !a.Not}
	case *expr.BoolTest:
		return &expr.BoolTest{Arg: a.Arg, Want: a.Want, Not: !a.Not}
	case *expr.Distinct:
		return &expr.Distinct{Left: a.Left, Right: a.Right, Equal: a.Equal, Not: !a.Not}
	case *expr.Call:
		if c, ok := opposite(a); ok {
			return c
		}
	}
	return b
}

// opposite is the call of the operator's negator.
func opposite(c *expr.Call) (expr.Expr, bool) {
	if c.Form != expr.FormOperator || c.Op == nil || c.Op.Negator == 0 {
		return nil, false
	}
	op := builtin.OperatorByOID(c.Op.Negator)
	if op == nil || builtin.ProcByOID(op.Proc) == nil {
		return nil, false
	}
	n := *c
	n.Op, n.Proc = op, builtin.ProcByOID(op.Proc)
	return &n, true
}

// factored takes out of an OR the conjuncts that all its arms have.
func factored(b *expr.Bool) expr.Expr {
	arms := expr.Disjuncts(b, nil)
	var common []expr.Expr
	for _, c := range expr.Conjuncts(arms[0], nil) {
		if !logical.Volatile(c) && inAll(c, arms[1:]) {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		if len(arms) != len(b.Args) {
			return &expr.Bool{Op: expr.Or, Args: arms}
		}
		return b
	}
	rest := make([]expr.Expr, 0, len(arms))
	for _, a := range arms {
		left := slices.DeleteFunc(expr.Conjuncts(a, nil), func(c expr.Expr) bool {
			return slices.ContainsFunc(common, func(o expr.Expr) bool { return expr.Equal(o, c) })
		})
		if len(left) == 0 {
			return expr.JoinAnd(common) // this arm asks for nothing more
		}
		rest = append(rest, expr.JoinAnd(left))
	}
	return expr.JoinAnd(append(common, expr.JoinOr(rest)))
}

func inAll(c expr.Expr, arms []expr.Expr) bool {
	for _, a := range arms {
		if !slices.ContainsFunc(expr.Conjuncts(a, nil), func(o expr.Expr) bool { return expr.Equal(o, c) }) {
			return false
		}
	}
	return true
}

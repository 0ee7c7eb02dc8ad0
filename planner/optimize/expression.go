package optimize

import "github.com/rowandb/rowan/planner/expr"

// Expression brings a single expression into the form that the conditions of an optimized plan have, so that it can be
// compared with them.
func Expression(e expr.Expr, fold Fold) expr.Expr {
	c := &Context{fold: fold}
	return expr.Rewrite(expr.Rewrite(e, c.foldNode), simplifyNode)
}

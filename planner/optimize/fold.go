package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// foldConstants computes what is the same in every execution of the plan.
//
// A plan may be kept and run again, so only immutable functions are folded:
//
//	SELECT * FROM t WHERE at > now()      -- stable: another value in the next execution
//	SELECT random() FROM t                -- volatile: another value in each row
//	SELECT CASE WHEN x = 0 THEN 0 ELSE 1/0 END  -- 1/0 fails to fold, and must fail only if it is reached: it stays
func foldConstants(n logical.Node, c *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		return logical.MapExprs(n, func(e expr.Expr) expr.Expr {
			return expr.Rewrite(e, c.foldNode)
		})
	})
}

// foldNode folds one node whose children are folded.
func (c *Context) foldNode(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Const, *expr.Aggregate, *expr.Subquery, *expr.Row:
		return e
	case *expr.Case:
		return foldCase(x)
	case *expr.Coalesce:
		return foldCoalesce(x)
	case *expr.Bool:
		return foldBool(x)
	case *expr.Call:
		if nullInput(x) {
			return expr.NullOf(x.T)
		}
	}
	if c.fold == nil || !expr.IsFoldable(e) {
		return e
	}
	d, err := c.fold(e)
	if err != nil {
		c.fails(e, err)
		return e
	}
	return &expr.Const{Value: d.Clone(), T: e.Type()}
}

// fails remembers that a constant expression cannot be computed.
func (c *Context) fails(e expr.Expr, err error) {
	if c.failed == nil {
		c.failed = map[expr.Expr]error{}
	}
	c.failed[e] = err
}

// failure returns the error of a statement that is sure to end in one: a SELECT without FROM that computes a constant
// which cannot be computed. It is reported before the statement runs, as PostgreSQL does.
func (c *Context) failure(n logical.Node) error {
	p, ok := n.(*logical.Project)
	if !ok || len(c.failed) == 0 {
		return nil
	}
	if v, ok := p.Input.(*logical.Values); !ok || len(v.Rows) != 1 || len(v.Cols) > 0 {
		return nil
	}
	for _, e := range p.Exprs {
		if err := c.reached(e); err != nil {
			return err
		}
	}
	return nil
}

// reached looks for a failed constant that evaluating e is sure to reach.
func (c *Context) reached(e expr.Expr) error {
	if err := c.failed[e]; err != nil {
		return err
	}
	switch e := e.(type) {
	case *expr.Call:
		for _, a := range e.Args {
			if err := c.reached(a); err != nil {
				return err
			}
		}
	case *expr.Relabel:
		return c.reached(e.Arg)
	case *expr.IOCast:
		return c.reached(e.Arg)
	}
	return nil
}

// nullInput reports whether a strict function has a NULL argument.
func nullInput(c *expr.Call) bool {
	if !c.Proc.Strict || c.Proc.Set {
		return false
	}
	for _, a := range c.Args {
		if expr.IsNullConst(a) {
			return true
		}
	}
	return false
}

func foldCase(e *expr.Case) expr.Expr {
	var whens []expr.When
	for _, w := range e.Whens {
		if expr.IsFalseOrNull(w.Cond) {
			continue
		}
		if expr.IsTrue(w.Cond) {
			if len(whens) == 0 {
				return w.Then
			}
			return &expr.Case{Whens: whens, Else: w.Then, T: e.T, Simple: e.Simple}
		}
		whens = append(whens, w)
	}
	switch len(whens) {
	case len(e.Whens):
		return e
	case 0:
		return e.Else
	}
	return &expr.Case{Whens: whens, Else: e.Else, T: e.T, Simple: e.Simple}
}

// foldCoalesce drops NULLs and what stands behind a constant.
func foldCoalesce(e *expr.Coalesce) expr.Expr {
	var args []expr.Expr
	for _, a := range e.Args {
		if expr.IsNullConst(a) {
			continue
		}
		args = append(args, a)
		if _, ok := a.(*expr.Const); ok {
			break
		}
	}
	switch len(args) {
	case len(e.Args):
		return e
	case 0:
		return expr.NullOf(e.T)
	case 1:
		return args[0]
	}
	return &expr.Coalesce{Args: args, T: e.T}
}

// foldBool applies the constants of AND, OR and NOT.
func foldBool(e *expr.Bool) expr.Expr {
	if e.Op == expr.Not {
		c, ok := e.Args[0].(*expr.Const)
		switch {
		case !ok:
			return e
		case c.Value.Null:
			return c
		}
		return expr.Truth(c.Value.I == 0)
	}
	var args []expr.Expr
	null := false
	for _, a := range e.Args {
		c, ok := a.(*expr.Const)
		switch {
		case !ok:
			args = append(args, a)
		case c.Value.Null:
			null = true
		case (c.Value.I != 0) == (e.Op == expr.Or):
			return expr.Truth(e.Op == expr.Or)
		}
	}
	if null {
		args = append(args, expr.NullOf(e.Type()))
	}
	if len(args) == len(e.Args) {
		return e
	}
	if e.Op == expr.And {
		return expr.JoinAnd(args)
	}
	return expr.JoinOr(args)
}

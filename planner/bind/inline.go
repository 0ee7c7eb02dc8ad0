package bind

import (
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// Inliner puts the bodies of users' functions in the place of their calls, where that gives the same values. Whether it does
// is decided as PostgreSQL decides it, since its users count on which functions cost nothing.
type Inliner struct {
	Catalog Catalog
	Options Options
	// Bound collects what the bodies take: privileges, locks, branches and points.
	Bound *Bound
	// Err is the first error in a body.
	Err error

	columns int // numbers of columns taken
	ctes    int // numbers of CTEs taken
	depth   int // of functions in FROM
}

// Plan inlines in a whole plan.
func (in *Inliner) Plan(n logical.Node) (logical.Node, error) {
	in.columns, in.ctes = int(logical.MaxColumn(n)), 1<<20
	n = logical.Rewrite(n, func(n logical.Node) logical.Node {
		n = logical.MapExprs(n, func(e expr.Expr) expr.Expr { return in.Expr(e) })
		if f, ok := n.(*logical.FunctionScan); ok {
			return in.scan(f)
		}
		return n
	})
	return n, in.Err
}

// Expr inlines in an expression, innermost calls first.
func (in *Inliner) Expr(e expr.Expr) expr.Expr { return in.expr(e, nil) }

// callers are the functions whose bodies are being inlined, innermost last.
type callers []types.OID

func (c callers) has(id types.OID) bool {
	for _, x := range c {
		if x == id {
			return true
		}
	}
	return false
}

func (in *Inliner) expr(e expr.Expr, active callers) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Call)
		if !ok || !c.Proc.User || in.Err != nil || active.has(c.Proc.OID) {
			return x
		}
		if body := in.call(c); body != nil {
			return in.expr(body, append(active[:len(active):len(active)], c.Proc.OID))
		}
		return x
	})
}

// call is the body of a function with the call's arguments in it; nil: it must be called.
func (in *Inliner) call(c *expr.Call) expr.Expr {
	p, f := c.Proc, c.Proc.Function
	if p.Set || p.Kind != 'f' || f.Language != "sql" || f.Security || len(f.Config) > 0 || p.Returns == types.OIDRecord || p.Returns == types.OIDVoid {
		return nil
	}
	b, node := in.body(p, c.Args, c.T)
	if node == nil || b.Whole != isRow(baseType(c.T.Def)) {
		return nil
	}
	body := onlyExpr(node)
	if body == nil || expr.HasSubquery(body) || body.Type().ID() != c.T.ID() || !asVolatile(p, body) || p.Strict && !strict(body) || !in.usable(p, body, c.Args) {
		return nil
	}
	in.take(b)
	return withArgs(body, c.Args)
}

// body binds a function's only statement for these arguments; nil: it is not one query.
func (in *Inliner) body(p *builtin.Proc, args []expr.Expr, result types.Type) (*Bound, logical.Node) {
	stmts, err := BodyStatements(p.Function)
	if err != nil {
		in.fail(p, err)
		return nil, nil
	}
	if len(stmts) != 1 || stmts[0].Node.GetSelectStmt() == nil {
		return nil, nil
	}
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	o := in.Options
	o.Body, o.Ref = BodyOf(p.Function, ts, result), p.Ref
	o.Body.Last, o.Body.Check = true, true
	o.columns, o.ctes, o.Late, o.Args = in.columns, in.ctes, true, nil
	params := ts
	b, err := Bind(stmts[0], in.Catalog, &params, o)
	if err != nil {
		in.fail(p, err)
		return nil, nil
	}
	if b.Node == nil || !b.ReadOnly && b.changes || b.ByArgs { // what depends on arguments' values is planned when it has them
		return nil, nil
	}
	return b, b.Node
}

func (in *Inliner) fail(p *builtin.Proc, err error) {
	if in.Err != nil {
		return
	}
	e := *pgerr.From(err)
	e.Relocate(-1)
	e.Where = "SQL function \"" + p.Name + "\" during inlining"
	in.Err = &e
}

// take notes what an inlined body needs.
func (in *Inliner) take(b *Bound) {
	in.columns = max(in.columns, int(logical.MaxColumn(b.Node)))
	in.ctes = max(in.ctes, b.ctes)
	if in.Bound == nil {
		return
	}
	in.Bound.Access = append(in.Bound.Access, b.Access...)
	in.Bound.Locks = append(in.Bound.Locks, b.Locks...)
	in.Bound.Refs = append(in.Bound.Refs, b.Refs...)
	in.Bound.Once = in.Bound.Once || b.Once
}

// onlyExpr is the value of a SELECT of one expression and nothing else; nil for any other query.
func onlyExpr(n logical.Node) expr.Expr {
	p, ok := n.(*logical.Project)
	if !ok || len(p.Exprs) != 1 {
		return nil
	}
	switch in := p.Input.(type) {
	case *logical.Values:
		if len(in.Cols) == 0 && len(in.Rows) == 1 {
			return p.Exprs[0]
		}
	case *logical.Project:
		if e := onlyExpr(in); e != nil {
			return expr.Substitute(p.Exprs[0], map[expr.ColumnID]expr.Expr{in.Cols[0].ID: e})
		}
	}
	return nil
}

// asVolatile reports whether a body is as little volatile as its function says to be.
func asVolatile(p *builtin.Proc, body expr.Expr) bool {
	switch p.Volatile {
	case 'i':
		return expr.VolatilityOf(body) == expr.Immutable
	case 's':
		return expr.VolatilityOf(body) < expr.Volatile
	}
	return true
}

// usable reports whether the arguments may stand where the body has its parameters: one that is used more than once must be
// cheap and always the same, and a strict function must use all.
func (in *Inliner) usable(p *builtin.Proc, body expr.Expr, args []expr.Expr) bool {
	uses := make([]int, len(args))
	expr.Walk(body, func(x expr.Expr) bool {
		if a, ok := x.(*expr.Param); ok {
			uses[a.Index]++
		}
		return true
	})
	for i, n := range uses {
		switch {
		case n == 0 && p.Strict:
			return false
		case n > 1 && (expr.HasSubquery(args[i]) || expr.ContainsVolatile(args[i]) || callCost(args[i]) > 10):
			return false
		}
	}
	return true
}

// callCost is what PostgreSQL takes an expression to cost, in calls of simple functions.
func callCost(e expr.Expr) float32 {
	cost := float32(0)
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			cost += max(x.Proc.Cost, 1)
		case *expr.ArrayCompare, *expr.IOCast, *expr.ArrayCast:
			cost += 10
		}
		return true
	})
	return cost
}

// withArgs puts arguments in the place of parameters.
func withArgs(body expr.Expr, args []expr.Expr) expr.Expr {
	return expr.Rewrite(body, func(x expr.Expr) expr.Expr {
		if p, ok := x.(*expr.Param); ok {
			return args[p.Index]
		}
		return x
	})
}

// strict reports whether an expression is NULL as soon as any of its parameters is.
func strict(e expr.Expr) bool {
	return !expr.Any(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			return !x.Proc.Strict
		case *expr.ArrayCompare:
			return true
		case *expr.Bool:
			return x.Op != expr.Not
		case *expr.NullTest, *expr.BoolTest, *expr.Distinct, *expr.Case, *expr.Coalesce, *expr.MinMax, *expr.NullIf, *expr.Array, *expr.Row, *expr.Subquery:
			return true
		}
		return false
	})
}

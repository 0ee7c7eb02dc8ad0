package bind

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// scan puts the query of a function that returns a set in the place of its scan in FROM; the scan itself where it must be
// called.
func (in *Inliner) scan(f *logical.FunctionScan) logical.Node {
	if in.Err != nil || len(f.Calls) != 1 || f.Ordinality {
		return f
	}
	c, ok := f.Calls[0].Call.(*expr.Call)
	if e := f.Calls[0].Call; !ok && len(f.Cols) == 1 && e.Type().ID() == f.Cols[0].Type.ID() { // a value that is no call any more
		return &logical.Project{Input: &logical.Values{Rows: [][]expr.Expr{{}}}, Cols: f.Cols, Exprs: []expr.Expr{e}}
	}
	if !ok || !c.Proc.User || !c.Proc.Set {
		return f
	}
	p, fn := c.Proc, c.Proc.Function
	if p.Kind != 'f' || fn.Language != "sql" || p.Strict || p.Volatile == 'v' || p.Returns == types.OIDVoid || fn.Security || len(fn.Config) > 0 {
		return f
	}
	for _, a := range c.Args {
		if expr.ContainsVolatile(a) || expr.HasSubquery(a) {
			return f
		}
	}
	b, body := in.body(p, c.Args, c.T)
	if body == nil || b.Whole {
		return f
	}
	cols := body.Columns()
	if len(cols) != len(f.Cols) {
		return f
	}
	for i, col := range cols {
		if col.Type.ID() != f.Cols[i].Type.ID() {
			return f
		}
	}
	in.take(b)
	body = logical.Rewrite(body, func(n logical.Node) logical.Node {
		return logical.MapExprs(n, func(e expr.Expr) expr.Expr { return withArgs(e, c.Args) })
	})
	out := &logical.Project{Cols: f.Cols}
	for _, col := range cols {
		out.Exprs = append(out.Exprs, columnOf(col))
	}
	out.Input = in.inside(body)
	return out
}

// inside inlines the calls of a body that has been inlined. One of the function itself is left, else there were no end.
func (in *Inliner) inside(body logical.Node) logical.Node {
	if in.depth++; in.depth > maxInlined {
		in.depth--
		return body
	}
	defer func() { in.depth-- }()
	return logical.Rewrite(body, func(n logical.Node) logical.Node {
		n = logical.MapExprs(n, func(e expr.Expr) expr.Expr { return in.Expr(e) })
		if f, ok := n.(*logical.FunctionScan); ok {
			return in.scan(f)
		}
		return n
	})
}

// maxInlined is how deep functions in FROM are inlined into each other.
const maxInlined = 16

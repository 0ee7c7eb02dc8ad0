package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// inlineCTEs puts a common table expression that is read once in the place where it is read, so that filters reach it.
//
//	WITH c AS (SELECT random()) SELECT * FROM c a, c b     -- read twice: computed once, both see the same
//	WITH c AS MATERIALIZED (SELECT …) SELECT * FROM c       -- asked not to
//	WITH RECURSIVE c AS (… UNION …) …                       -- not a plain query
//	WITH c AS (DELETE … RETURNING *) SELECT 1               -- runs though nobody reads it
//	WITH c AS (SELECT nextval('s')) SELECT (SELECT * FROM c) FROM t  -- volatile: would run for every row
func inlineCTEs(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		w, ok := n.(*logical.With)
		if !ok {
			return n
		}
		for i := 0; i < len(w.CTEs); {
			next, done := inlineCTE(w, i)
			if !done {
				i++
				continue
			}
			w = next
		}
		if len(w.CTEs) == 0 {
			return w.Body
		}
		if logical.Node(w) == n {
			return n
		}
		return w
	})
}

// inlineCTE takes CTE i out of w if it may be inlined or nobody reads it.
func inlineCTE(w *logical.With, i int) (*logical.With, bool) {
	c := w.CTEs[i]
	if c.Recursive != nil || c.Modifies || c.Materialized {
		return nil, false
	}
	uses := usesOf(w, c.ID)
	if uses > 1 || uses == 1 && logical.VolatilePlan(c.Plan) {
		return nil, false
	}
	out := &logical.With{Body: w.Body}
	out.CTEs = append(append(out.CTEs, w.CTEs[:i]...), w.CTEs[i+1:]...)
	if uses == 0 {
		return out, true // PostgreSQL does not run what nobody reads either
	}
	replaced := logical.Rewrite(out, func(n logical.Node) logical.Node {
		s, ok := n.(*logical.CTEScan)
		if !ok || s.CTE.ID != c.ID {
			return n
		}
		return renamed(c.Plan, s.Cols)
	})
	return replaced.(*logical.With), true
}

// renamed projects a plan's columns under other ids.
func renamed(n logical.Node, cols []logical.Column) logical.Node {
	p := &logical.Project{Input: n, Cols: cols}
	for i := range cols {
		p.Exprs = append(p.Exprs, expr.Expr(column(n.Columns()[i])))
	}
	return p
}

// usesOf counts the scans of a CTE, in subqueries too.
func usesOf(n logical.Node, id int) int {
	uses := 0
	logical.WalkAll(n, func(x logical.Node) {
		if s, ok := x.(*logical.CTEScan); ok && s.CTE.ID == id {
			uses++
		}
	})
	return uses
}

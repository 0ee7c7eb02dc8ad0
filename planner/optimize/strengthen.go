package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// strengthenJoins makes an outer join an inner one where the rows that only the outer one has are filtered out above.
//
//	SELECT * FROM a LEFT JOIN b ON a.x = b.x WHERE b.y > 1          -- NULL > 1 is not true: inner join
//	SELECT * FROM a LEFT JOIN b ON a.x = b.x WHERE b.y IS NULL      -- those rows are just what is asked for: stays
//	SELECT * FROM a LEFT JOIN b ON a.x = b.x WHERE coalesce(b.y, 2) > 1  -- coalesce is not strict: stays
//	SELECT * FROM a FULL JOIN b ON a.x = b.x WHERE a.y > 1          -- left join: rows of b alone go, rows of a alone stay
func strengthenJoins(n logical.Node, _ *Context) logical.Node {
	n = strengthen(n, nil)
	return logical.Rewrite(n, func(x logical.Node) logical.Node {
		return logical.MapExprs(x, func(e expr.Expr) expr.Expr {
			return logical.MapSubqueries(e, func(p logical.Node) logical.Node { return strengthen(p, nil) })
		})
	})
}

// strengthen goes down with the conditions that rows must pass above n.
func strengthen(n logical.Node, conds []expr.Expr) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		conds = append(conds[:len(conds):len(conds)], n.Conds...)
		return logical.MapInputs(n, func(c logical.Node) logical.Node { return strengthen(c, conds) })
	case *logical.Project:
		m := definitions(n)
		below := make([]expr.Expr, 0, len(conds))
		for _, c := range conds {
			below = append(below, expr.Substitute(c, m))
		}
		return logical.MapInputs(n, func(c logical.Node) logical.Node { return strengthen(c, below) })
	case *logical.Sort:
		return logical.MapInputs(n, func(c logical.Node) logical.Node { return strengthen(c, conds) })
	case *logical.Join:
		return strengthenJoin(n, conds)
	}
	return logical.MapInputs(n, func(c logical.Node) logical.Node { return strengthen(c, nil) })
}

func strengthenJoin(n *logical.Join, conds []expr.Expr) logical.Node {
	out := *n
	left, right := logical.IDs(n.Left.Columns()), logical.IDs(n.Right.Columns())
	if (n.Kind == logical.Left || n.Kind == logical.Full) && rejectsNulls(conds, right) {
		out.Kind = map[logical.JoinKind]logical.JoinKind{logical.Left: logical.Inner, logical.Full: logical.Right}[out.Kind]
	}
	if (n.Kind == logical.Right || n.Kind == logical.Full) && rejectsNulls(conds, left) {
		out.Kind = map[logical.JoinKind]logical.JoinKind{logical.Right: logical.Inner, logical.Full: logical.Left}[out.Kind]
		if n.Kind == logical.Full && rejectsNulls(conds, right) {
			out.Kind = logical.Inner
		}
	}
	both := append(conds[:len(conds):len(conds)], n.Conds...)
	forLeft, forRight := conds, []expr.Expr(nil)
	switch out.Kind {
	case logical.Inner:
		forLeft, forRight = both, both
	case logical.Semi:
		forLeft, forRight = both, n.Conds
	case logical.Left:
		forRight = n.Conds
	case logical.Anti:
		if !n.NullAware {
			forRight = n.Conds
		}
	case logical.Right:
		forLeft, forRight = n.Conds, conds
	case logical.Full:
		forLeft = nil
	}
	out.Left, out.Right = strengthen(n.Left, forLeft), strengthen(n.Right, forRight)
	if out.Kind == n.Kind && out.Left == n.Left && out.Right == n.Right {
		return n
	}
	return &out
}

// rejectsNulls reports whether a row whose columns in cols are all NULL fails one of the conditions.
func rejectsNulls(conds []expr.Expr, cols expr.ColumnSet) bool {
	for _, c := range conds {
		if rejects(c, cols) {
			return true
		}
	}
	return false
}

// rejects reports whether e is not true when all of cols are NULL.
func rejects(e expr.Expr, cols expr.ColumnSet) bool {
	switch e := e.(type) {
	case *expr.Bool:
		switch e.Op {
		case expr.And:
			return rejectsNulls(e.Args, cols)
		case expr.Or:
			for _, a := range e.Args {
				if !rejects(a, cols) {
					return false
				}
			}
			return true
		}
		return nullFrom(e.Args[0], cols)
	case *expr.NullTest:
		return e.Not && nullFrom(e.Arg, cols)
	case *expr.BoolTest:
		return !e.Not && e.Want != 'u' && nullFrom(e.Arg, cols)
	case *expr.Const:
		return expr.IsFalseOrNull(e)
	}
	return nullFrom(e, cols)
}

// nullFrom reports whether e is NULL when all of cols are.
func nullFrom(e expr.Expr, cols expr.ColumnSet) bool {
	switch e := e.(type) {
	case *expr.Column:
		return cols.Has(e.ID)
	case *expr.Call:
		if !e.Proc.Strict || e.Proc.Set {
			return false
		}
		for _, a := range e.Args {
			if nullFrom(a, cols) {
				return true
			}
		}
	case *expr.Relabel:
		return nullFrom(e.Arg, cols)
	case *expr.IOCast:
		return nullFrom(e.Arg, cols)
	case *expr.ArrayCast:
		return nullFrom(e.Arg, cols)
	case *expr.ArrayCompare:
		return !e.All && e.Proc.Strict && nullFrom(e.Left, cols)
	}
	return false
}

// definitions maps a projection's columns to what they stand for.
func definitions(n *logical.Project) map[expr.ColumnID]expr.Expr {
	m := make(map[expr.ColumnID]expr.Expr, len(n.Cols))
	for i, c := range n.Cols {
		if ref, ok := n.Exprs[i].(*expr.Column); !ok || ref.ID != c.ID {
			m[c.ID] = n.Exprs[i]
		}
	}
	return m
}

package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// removeSorts drops orders that nobody can see, and keys that order nothing.
//
//	SELECT count(*) FROM (SELECT * FROM t ORDER BY x) s             -- a count has no order
//	SELECT array_agg(x) FROM (SELECT * FROM t ORDER BY x) s         -- stays: the array has one
//	SELECT * FROM (SELECT * FROM t ORDER BY x LIMIT 5) s ORDER BY y -- stays: it decides which five
//	SELECT * FROM (SELECT * FROM t ORDER BY x) s                    -- stays: users rely on it, as in PostgreSQL
func removeSorts(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		switch x := n.(type) {
		case *logical.Sort:
			return trimSort(x)
		case *logical.Aggregate:
			for _, a := range x.Aggs {
				if !orderBlind(a) {
					return n
				}
			}
			return logical.MapInputs(n, unsorted)
		case *logical.SetOp:
			if !x.All {
				return logical.MapInputs(n, unsorted)
			}
		case *logical.Join:
			if x.Kind == logical.Semi || x.Kind == logical.Anti {
				c := *x
				c.Right = unsorted(x.Right)
				if c.Right != x.Right {
					return &c
				}
			}
		}
		return logical.MapExprs(n, func(e expr.Expr) expr.Expr { return expr.Rewrite(e, unsortSubquery) })
	})
}

// unsortSubquery drops the order of a subquery of which only the set of rows matters.
func unsortSubquery(e expr.Expr) expr.Expr {
	q, ok := e.(*expr.Subquery)
	if !ok || q.Kind != expr.SubExists && q.Kind != expr.SubAny && q.Kind != expr.SubAll {
		return e
	}
	p, ok := q.Plan.(logical.Node)
	if !ok {
		return e
	}
	got := unsorted(p)
	if got == p {
		return e
	}
	c := *q
	c.Plan = got
	return &c
}

// unsorted drops a Sort at the top of n.
func unsorted(n logical.Node) logical.Node {
	switch x := n.(type) {
	case *logical.Sort:
		return unsorted(x.Input)
	case *logical.Project, *logical.Filter:
		return logical.MapInputs(n, unsorted)
	}
	return n
}

// trimSort drops keys that are constant or stand there already, and an order below that this one replaces.
func trimSort(n *logical.Sort) logical.Node {
	var keys []expr.SortKey
	for _, k := range n.Keys {
		known := false
		for _, o := range keys {
			known = known || expr.Equal(o.Expr, k.Expr)
		}
		if !expr.IsConstant(k.Expr) && (!known || logical.Volatile(k.Expr)) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return n.Input
	}
	if len(keys) == len(n.Keys) {
		return n
	}
	return &logical.Sort{Input: n.Input, Keys: keys}
}

// orderBlind reports whether an aggregate gives the same value, to the last bit, for any order of its input.
func orderBlind(a *expr.Aggregate) bool {
	switch a.Proc.Name {
	case "count", "min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or":
		return true
	}
	return false
}

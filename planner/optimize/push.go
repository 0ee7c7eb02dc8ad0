package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// pushFilters moves conditions as close to the tables as they go, into the scans where possible; conditions of inner
// joins and filters are one pool.
//
//	SELECT * FROM a LEFT JOIN b ON a.x = b.x WHERE b.y IS NULL   -- stays above: below the join it would filter other rows
//	SELECT * FROM a LEFT JOIN b ON a.x = b.x AND a.y = 1         -- stays in ON: rows of a that fail it are still output
//	SELECT * FROM (SELECT x, count(*) c FROM t GROUP BY x) s WHERE c > 1  -- stays above: it filters groups
//	SELECT * FROM (SELECT x FROM t LIMIT 5) s WHERE x > 1        -- stays above: the limit comes first
//	SELECT * FROM (SELECT x, row_number() OVER (ORDER BY y) FROM t) s WHERE x > 1 -- stays: it would change the numbers
//	SELECT * FROM (SELECT random() r FROM t) s WHERE r > 0.5     -- stays: r must be one value per row
func pushFilters(n logical.Node, _ *Context) logical.Node {
	n = push(n, nil)
	return logical.Rewrite(n, func(x logical.Node) logical.Node {
		return logical.MapExprs(x, func(e expr.Expr) expr.Expr {
			return logical.MapSubqueries(e, func(p logical.Node) logical.Node { return push(p, nil) })
		})
	})
}

// push returns n filtered by conds, with the filtering done as far down as possible.
func push(n logical.Node, conds []expr.Expr) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		return push(n.Input, append(n.Conds[:len(n.Conds):len(n.Conds)], conds...))
	case *logical.Scan:
		return pushScan(n, conds)
	case *logical.Project:
		return pushProject(n, conds)
	case *logical.Join:
		return pushJoin(n, conds)
	case *logical.Aggregate:
		return pushAggregate(n, conds)
	case *logical.Window:
		return pushWindow(n, conds)
	case *logical.Sort:
		return logical.MapInputs(n, func(c logical.Node) logical.Node { return push(c, conds) })
	case *logical.Distinct:
		return pushDistinct(n, conds)
	case *logical.SetOp:
		return pushSetOp(n, conds)
	case *logical.With:
		return pushWith(n, conds)
	}
	return filtered(logical.MapInputs(n, func(c logical.Node) logical.Node { return push(c, nil) }), conds)
}

// part splits conditions by a predicate.
func part(conds []expr.Expr, ok func(expr.Expr) bool) (yes, no []expr.Expr) {
	for _, c := range conds {
		if ok(c) {
			yes = append(yes, c)
		} else {
			no = append(no, c)
		}
	}
	return yes, no
}

// pushScan puts conditions into the scan. Those with subqueries are dearer and stay behind it, but for scalar ones that
// run once: an index may serve x = (SELECT …).
func pushScan(n *logical.Scan, conds []expr.Expr) logical.Node {
	below, above := part(conds, func(e expr.Expr) bool { return !repeats(e) && !expr.ReturnsSet(e) })
	below, never := nullTested(n, below)
	switch {
	case never:
		return nothing(n.Cols)
	case len(below) == 0:
		return filtered(n, above)
	}
	c := *n
	c.Filter = append(n.Filter[:len(n.Filter):len(n.Filter)], below...)
	return filtered(&c, above)
}

// nullTested drops tests of columns that are declared NOT NULL; never says that one of them cannot succeed.
func nullTested(n *logical.Scan, conds []expr.Expr) (rest []expr.Expr, never bool) {
	for _, e := range conds {
		t, ok := e.(*expr.NullTest)
		if !ok {
			rest = append(rest, e)
			continue
		}
		c, ok := t.Arg.(*expr.Column)
		switch {
		case !ok || !neverNull(n, c.ID):
			rest = append(rest, e)
		case !t.Not:
			never = true
		}
	}
	return rest, never
}

// repeats reports whether e has a subquery that runs for each row, or whose whole result is searched for each.
func repeats(e expr.Expr) bool {
	return expr.Any(e, func(x expr.Expr) bool {
		q, ok := x.(*expr.Subquery)
		if !ok {
			return false
		}
		p, ok := q.Plan.(logical.Node)
		return !ok || q.Kind != expr.SubScalar || len(logical.Free(p)) > 0
	})
}

// pushProject rewrites conditions in terms of the projection's input. What a condition uses must be computable twice:
// not volatile, and not a subquery, which would run twice.
func pushProject(n *logical.Project, conds []expr.Expr) logical.Node {
	defs := definitions(n)
	below, above := part(conds, func(e expr.Expr) bool {
		if logical.Volatile(e) {
			return false
		}
		for id := range logical.Used(e) {
			if d, ok := defs[id]; ok && (logical.Volatile(d) || expr.HasSubquery(d)) {
				return false
			}
		}
		return true
	})
	for i, c := range below {
		below[i] = logical.Substitute(c, defs)
	}
	return filtered(logical.MapInputs(n, func(c logical.Node) logical.Node { return push(c, below) }), above)
}

// pushAggregate pushes what depends on grouping columns only. An aggregate without groups has its row whatever the input
// is, and with several grouping sets a column may be NULL that is not so below.
func pushAggregate(n *logical.Aggregate, conds []expr.Expr) logical.Node {
	defs := map[expr.ColumnID]expr.Expr{}
	groups := expr.ColumnSet{}
	for i, g := range n.Groups {
		defs[n.Cols[i].ID] = g
		groups.Add(n.Cols[i].ID)
	}
	below, above := part(conds, func(e expr.Expr) bool {
		used := logical.Used(e)
		return len(n.Groups) > 0 && n.Sets == nil && !logical.Volatile(e) && used.Intersects(groups) &&
			!used.Intersects(logical.IDs(n.Cols[len(n.Groups):])) && !logical.Volatile(expr.JoinAnd(n.Groups))
	})
	for i, c := range below {
		below[i] = logical.Substitute(c, defs)
	}
	return filtered(logical.MapInputs(n, func(c logical.Node) logical.Node { return push(c, below) }), above)
}

// pushWindow pushes what depends on partitioning columns only: whole partitions go.
func pushWindow(n *logical.Window, conds []expr.Expr) logical.Node {
	keys := expr.ColumnSet{}
	for _, p := range n.Partition {
		if c, ok := p.(*expr.Column); ok {
			keys.Add(c.ID)
		}
	}
	below, above := part(conds, func(e expr.Expr) bool {
		used := logical.Used(e)
		return !logical.Volatile(e) && len(used) > 0 && used.SubsetOf(keys)
	})
	return filtered(logical.MapInputs(n, func(c logical.Node) logical.Node { return push(c, below) }), above)
}

// pushDistinct pushes what cannot tell duplicates apart: with ON, what depends on the ON columns only.
func pushDistinct(n *logical.Distinct, conds []expr.Expr) logical.Node {
	keys := logical.IDs(n.Columns())
	if n.On != nil {
		keys = expr.ColumnSet{}
		for _, e := range n.On {
			if c, ok := e.(*expr.Column); ok {
				keys.Add(c.ID)
			}
		}
	}
	below, above := part(conds, func(e expr.Expr) bool {
		return !logical.Volatile(e) && logical.Used(e).SubsetOf(keys)
	})
	return filtered(logical.MapInputs(n, func(c logical.Node) logical.Node { return push(c, below) }), above)
}

// pushSetOp pushes conditions into both sides under the sides' own columns.
func pushSetOp(n *logical.SetOp, conds []expr.Expr) logical.Node {
	below, above := part(conds, func(e expr.Expr) bool { return !logical.Volatile(e) })
	c := *n
	c.Left, c.Right = pushSide(n, n.Left, below), pushSide(n, n.Right, below)
	return filtered(&c, above)
}

func pushSide(n *logical.SetOp, side logical.Node, conds []expr.Expr) logical.Node {
	m := map[expr.ColumnID]expr.Expr{}
	for i, c := range side.Columns() {
		m[n.Cols[i].ID] = column(c)
	}
	mine := make([]expr.Expr, len(conds))
	for i, c := range conds {
		mine[i] = logical.Substitute(c, m)
	}
	return push(side, mine)
}

func pushWith(n *logical.With, conds []expr.Expr) logical.Node {
	w := logical.MapInputs(n, func(c logical.Node) logical.Node {
		if c == n.Body {
			return push(c, conds)
		}
		return push(c, nil)
	})
	return w
}

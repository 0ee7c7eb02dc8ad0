package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// unnestSubqueries turns EXISTS, IN and their negations, where they are conditions of a filter, into semi and anti joins.
//
//	SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x)   -- semi join on b.x = a.x
//	SELECT * FROM a WHERE x NOT IN (SELECT y FROM b)                 -- null-aware anti join: a NULL among y empties the result
//	SELECT * FROM a WHERE x NOT IN (SELECT y FROM b WHERE b.z = a.z) -- stays: which NULLs count differs from row to row
//	SELECT EXISTS (SELECT 1 FROM b WHERE b.x = a.x) OR a.y FROM a    -- stays: its value is wanted, not only whether it is true
//	SELECT * FROM a WHERE EXISTS (SELECT sum(y) FROM b WHERE b.x = a.x) -- always true: the aggregate's one row
//	… WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x LIMIT 1 OFFSET 1) -- stays: the limit counts rows of each a.x
func unnestSubqueries(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		f, ok := n.(*logical.Filter)
		if !ok || ordered(f.Input) {
			return n
		}
		in := f.Input
		var rest []expr.Expr
		for _, c := range f.Conds {
			if j, ok := unnested(in, c); ok {
				in = j
			} else {
				rest = append(rest, c)
			}
		}
		if len(rest) == len(f.Conds) {
			return n
		}
		return filtered(in, rest)
	})
}

// ordered reports whether n's rows come in an order that somebody asked for, which a join might lose.
func ordered(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Sort:
		return true
	case *logical.Limit, *logical.Filter, *logical.Project, *logical.Distinct:
		return ordered(n.Inputs()[0])
	}
	return false
}

// unnested makes the join for one condition.
func unnested(in logical.Node, cond expr.Expr) (logical.Node, bool) {
	negated := false
	if b, ok := cond.(*expr.Bool); ok && b.Op == expr.Not {
		cond, negated = b.Args[0], true
	}
	q, ok := cond.(*expr.Subquery)
	if !ok {
		return nil, false
	}
	plan, ok := q.Plan.(logical.Node)
	if !ok || logical.VolatilePlan(plan) || hasTarget(plan) {
		return nil, false
	}
	switch {
	case q.Kind == expr.SubExists:
		return semiJoin(in, plan, nil, negated)
	case q.Kind == expr.SubAny && !negated:
		return semiJoin(in, plan, expr.Conjuncts(q.Test, nil), false)
	case q.Kind == expr.SubAny:
		return nullAwareJoin(in, plan, q)
	}
	return nil, false
}

// hasTarget reports whether rows of the plan are locked or changed above it.
func hasTarget(n logical.Node) bool {
	found := false
	logical.WalkAll(n, func(x logical.Node) {
		s, ok := x.(*logical.Scan)
		found = found || ok && s.Target
	})
	return found
}

func semiJoin(in, plan logical.Node, test []expr.Expr, anti bool) (logical.Node, bool) {
	outer := logical.IDs(in.Columns())
	if len(test) == 0 {
		plan = stripExists(plan)
	}
	plan, conds, ok := pullCorrelated(plan)
	if !ok || logical.UsedAll(test).Intersects(logical.Free(plan)) {
		return nil, false
	}
	for _, c := range append(conds, test...) {
		if expr.HasSubquery(c) {
			return nil, false
		}
	}
	kind := logical.Semi
	if anti {
		kind = logical.Anti
	}
	if len(conds)+len(test) == 0 || !logical.UsedAll(append(conds, test...)).Intersects(outer) {
		return nil, false // not correlated: evaluated once as it is
	}
	return &logical.Join{Kind: kind, Left: in, Right: plan, Conds: append(conds, test...)}, true
}

// nullAwareJoin makes the anti join of NOT IN, for one equality over an uncorrelated subquery.
func nullAwareJoin(in, plan logical.Node, q *expr.Subquery) (logical.Node, bool) {
	c, ok := q.Test.(*expr.Call)
	if !ok || c.Op == nil || c.Op.Name != "=" || !c.Op.CanHash || len(q.TestColumns) != 1 || len(logical.Free(plan)) > 0 {
		return nil, false
	}
	outer, inner := logical.Used(c.Args[0]), logical.Used(c.Args[1])
	right := expr.SetOf(q.TestColumns[0])
	swapped := outer.Has(q.TestColumns[0])
	if swapped {
		outer, inner = inner, outer
	}
	left := logical.IDs(in.Columns())
	if outer.Intersects(right) || !inner.SubsetOf(right) || !outer.SubsetOf(left) || len(outer) == 0 || len(inner) == 0 || logical.Volatile(c) || expr.HasSubquery(c) {
		return nil, false
	}
	return &logical.Join{Kind: logical.Anti, Left: in, Right: plan, Conds: []expr.Expr{c}, NullAware: true}, true
}

// stripExists removes what does not change whether a plan has rows.
func stripExists(n logical.Node) logical.Node {
	for {
		switch x := n.(type) {
		case *logical.Sort:
			n = x.Input
		case *logical.Distinct:
			n = x.Input
		case *logical.Project:
			n = x.Input
		case *logical.Limit:
			c, ok := x.Count.(*expr.Const)
			if x.Offset != nil || x.Count != nil && (!ok || !c.Value.Null && c.Value.I < 1) {
				return n
			}
			n = x.Input
		default:
			return n
		}
	}
}

// pullCorrelated takes the conditions that refer to outer columns out of a plan, so that they can become conditions of
// a join. It fails when outer columns are used elsewhere. Columns that the pulled conditions use are added to the plan's
// output.
func pullCorrelated(n logical.Node) (logical.Node, []expr.Expr, bool) {
	free := logical.Free(n)
	if len(free) == 0 {
		return n, nil, true
	}
	p := &puller{free: free}
	out := p.pull(n)
	if len(logical.Free(out)) > 0 {
		return nil, nil, false
	}
	inner := logical.UsedAll(p.conds)
	for id := range free {
		delete(inner, id)
	}
	if !inner.SubsetOf(logical.IDs(out.Columns())) {
		return nil, nil, false
	}
	return out, p.conds, true
}

type puller struct {
	free  expr.ColumnSet
	conds []expr.Expr
}

// pull removes correlated conditions from filters, inner joins and scans. It goes only through nodes for which filtering
// above is filtering below.
func (p *puller) pull(n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		rest := p.take(n.Conds)
		return filtered(p.pull(n.Input), rest)
	case *logical.Scan:
		c := *n
		c.Filter = p.take(n.Filter)
		return &c
	case *logical.Project:
		before := len(p.conds)
		in := p.pull(n.Input)
		return widened(n, in, p.conds[before:], p.free)
	case *logical.Join:
		if n.Kind != logical.Inner || n.Lateral {
			return n
		}
		c := *n
		c.Conds = p.take(n.Conds)
		c.Left, c.Right = p.pull(n.Left), p.pull(n.Right)
		return &c
	case *logical.Sort:
		return &logical.Sort{Input: p.pull(n.Input), Keys: n.Keys}
	}
	return n
}

func (p *puller) take(conds []expr.Expr) (rest []expr.Expr) {
	for _, c := range conds {
		if logical.Used(c).Intersects(p.free) {
			p.conds = append(p.conds, c)
		} else {
			rest = append(rest, c)
		}
	}
	return rest
}

// widened is a Project over in that also outputs what conditions pulled from below use.
func widened(n *logical.Project, in logical.Node, conds []expr.Expr, free expr.ColumnSet) logical.Node {
	c := *n
	c.Input = in
	have := logical.IDs(n.Cols)
	used := logical.UsedAll(conds)
	for _, col := range in.Columns() {
		if used.Has(col.ID) && !have.Has(col.ID) && !free.Has(col.ID) {
			c.Cols = append(c.Cols[:len(c.Cols):len(c.Cols)], col)
			c.Exprs = append(c.Exprs[:len(c.Exprs):len(c.Exprs)], column(col))
		}
	}
	return &c
}

package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// unnestAggregates computes a scalar subquery that is one aggregate over rows equal to the outer row in some columns once
// for all groups, and joins the groups.
//
//	SELECT * FROM o WHERE price > (SELECT avg(price) FROM o i WHERE i.kind = o.kind)  -- left join of avg by kind
//	SELECT (SELECT count(*) FROM i WHERE i.k = o.k) FROM o  -- a group without rows counts 0, not NULL
//	… (SELECT avg(price) FROM i WHERE i.at < o.at)          -- stays: not an equality, no groups
//	… (SELECT price FROM i WHERE i.k = o.k)                 -- stays: more than one row must be an error
//	… FROM o WHERE id = 7, with an index on i.k             -- stays: one look-up beats all groups
func unnestAggregates(root logical.Node, c *Context) logical.Node {
	return logical.Rewrite(root, func(n logical.Node) logical.Node {
		switch n := n.(type) {
		case *logical.Filter:
			if ordered(n.Input) {
				return n
			}
			u := &aggregateUnnester{c: c, root: root, in: n.Input}
			conds := u.rewrite(n.Conds)
			if !u.changed {
				return n
			}
			return restored(&logical.Filter{Input: u.in, Conds: conds}, n.Columns())
		case *logical.Project:
			if ordered(n.Input) {
				return n
			}
			u := &aggregateUnnester{c: c, root: root, in: n.Input}
			exprs := u.rewrite(n.Exprs)
			if !u.changed {
				return n
			}
			return &logical.Project{Input: u.in, Cols: n.Cols, Exprs: exprs}
		}
		return n
	})
}

type aggregateUnnester struct {
	c       *Context
	root    logical.Node
	in      logical.Node
	changed bool
}

func (u *aggregateUnnester) rewrite(es []expr.Expr) []expr.Expr {
	return expr.RewriteAll(es, func(e expr.Expr) expr.Expr {
		q, ok := e.(*expr.Subquery)
		if !ok || q.Kind != expr.SubScalar {
			return e
		}
		if r, ok := u.unnest(q); ok {
			u.changed = true
			return r
		}
		return e
	})
}

// unnest joins a subquery's groups to the input and returns what stands for its value.
func (u *aggregateUnnester) unnest(q *expr.Subquery) (expr.Expr, bool) {
	value, agg, ok := aggregateShape(q)
	if !ok {
		return nil, false
	}
	outer := logical.IDs(u.in.Columns())
	if free := logical.Free(agg); len(free) == 0 || !free.SubsetOf(outer) {
		return nil, false
	}
	below, conds, ok := pullCorrelated(agg.Input)
	if !ok || logical.UsedAll(logical.Exprs(agg)).Intersects(outer) {
		return nil, false
	}
	keys, ok := groupKeys(conds, outer)
	if !ok || !u.worthwhile(below, keys) {
		return nil, false
	}
	return u.joinGroups(value, agg, below, keys), true
}

// aggregateShape recognises a plan that is one expression over one ungrouped aggregate.
func aggregateShape(q *expr.Subquery) (expr.Expr, *logical.Aggregate, bool) {
	plan, _ := q.Plan.(logical.Node)
	var value expr.Expr
	if p, ok := plan.(*logical.Project); ok && len(p.Exprs) == 1 {
		value, plan = p.Exprs[0], p.Input
	}
	agg, ok := plan.(*logical.Aggregate)
	if !ok || len(agg.Groups) > 0 || agg.Sets != nil || logical.VolatilePlan(agg) || hasTarget(agg) {
		return nil, nil, false
	}
	if value == nil {
		value = column(agg.Cols[0])
	}
	if logical.Volatile(value) || expr.HasSubquery(value) || !logical.Used(value).SubsetOf(logical.IDs(agg.Cols)) {
		return nil, nil, false
	}
	for _, a := range agg.Aggs {
		if _, ok := emptyValue(a); !ok {
			return nil, nil, false
		}
	}
	return value, agg, true
}

// emptyValue is what an aggregate gives for no rows: NULL (nil), or 0 for count.
func emptyValue(a *expr.Aggregate) (expr.Expr, bool) {
	switch a.Proc.Name {
	case "count", "regr_count":
		return &expr.Const{Value: types.Int(0), T: a.T}, true
	case "sum", "avg", "min", "max", "bool_and", "bool_or", "every", "string_agg", "array_agg", "stddev", "variance",
		"stddev_pop", "stddev_samp", "var_pop", "var_samp", "json_agg", "jsonb_agg", "bit_and", "bit_or":
		return nil, true
	}
	return nil, false
}

// groupKey is one equality between the groups and the outer row.
type groupKey struct {
	inner, outer expr.Expr
	call         *expr.Call
	innerFirst   bool
}

func groupKeys(conds []expr.Expr, outer expr.ColumnSet) ([]groupKey, bool) {
	var keys []groupKey
	for _, cond := range conds {
		c, ok := cond.(*expr.Call)
		if !ok || c.Op == nil || c.Op.Name != "=" || !c.Op.CanHash || len(c.Args) != 2 || expr.HasSubquery(c) {
			return nil, false
		}
		a, b := logical.Used(c.Args[0]), logical.Used(c.Args[1])
		switch {
		case !a.Intersects(outer) && b.SubsetOf(outer) && len(a) > 0:
			keys = append(keys, groupKey{c.Args[0], c.Args[1], c, true})
		case !b.Intersects(outer) && a.SubsetOf(outer) && len(b) > 0:
			keys = append(keys, groupKey{c.Args[1], c.Args[0], c, false})
		default:
			return nil, false
		}
	}
	return keys, len(keys) > 0
}

// worthwhile compares running the subquery for every outer row with grouping all its rows once.
func (u *aggregateUnnester) worthwhile(below logical.Node, keys []groupKey) bool {
	outer, all := u.c.model.Rows(u.in), u.c.model.Rows(below)
	perRow := all
	if s, ok := below.(*logical.Scan); ok && indexedOn(s, keys) {
		perRow = 1 + u.c.model.GroupSize(keys[0].inner, all)
	}
	return outer*perRow > all+outer
}

// indexedOn reports whether an index of the scan's table begins with one of the keys.
func indexedOn(s *logical.Scan, keys []groupKey) bool {
	for _, k := range keys {
		ref, ok := k.inner.(*expr.Column)
		if !ok {
			continue
		}
		for i, c := range s.Cols {
			if c.ID == ref.ID && leadsIndex(s.Table, s.Source[i]) {
				return true
			}
		}
	}
	return false
}

// joinGroups replaces the input by its left join with the groups.
func (u *aggregateUnnester) joinGroups(value expr.Expr, agg *logical.Aggregate, below logical.Node, keys []groupKey) expr.Expr {
	groups := &logical.Aggregate{Input: below, Aggs: agg.Aggs}
	var conds []expr.Expr
	for _, k := range keys {
		col := logical.Column{ID: u.c.newColumn(u.root), Name: "key", Type: k.inner.Type()}
		groups.Groups, groups.Cols = append(groups.Groups, k.inner), append(groups.Cols, col)
		call := *k.call
		call.Args = []expr.Expr{k.outer, column(col)}
		if k.innerFirst {
			call.Args = []expr.Expr{column(col), k.outer}
		}
		conds = append(conds, &call)
	}
	groups.Cols = append(groups.Cols, agg.Cols...)
	u.in = &logical.Join{Kind: logical.Left, Left: u.in, Right: groups, Conds: conds}
	return withEmptyValues(value, agg)
}

// withEmptyValues makes counts of absent groups 0.
func withEmptyValues(value expr.Expr, agg *logical.Aggregate) expr.Expr {
	m := map[expr.ColumnID]expr.Expr{}
	for i, a := range agg.Aggs {
		if v, _ := emptyValue(a); v != nil {
			m[agg.Cols[i].ID] = &expr.Coalesce{Args: []expr.Expr{column(agg.Cols[i]), v}, T: a.T}
		}
	}
	return expr.Substitute(value, m)
}

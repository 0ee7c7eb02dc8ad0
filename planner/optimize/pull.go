package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// pullProjects moves projections above joins, so that joins stand next to each other and to the tables' scans.
//
//	SELECT * FROM a JOIN (SELECT x AS y FROM b) s ON a.x = s.y        -- joins b itself
//	SELECT * FROM a LEFT JOIN (SELECT x, 1 AS one FROM b) s ON …      -- stays: above the join, one would not be NULL
//	SELECT * FROM a JOIN (SELECT random() AS r FROM b) s ON …         -- stays: one value for each row of b
//	SELECT * FROM a JOIN (SELECT slow(x) AS y FROM b) s ON …          -- stays: the join may multiply rows
func pullProjects(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		j, ok := n.(*logical.Join)
		if !ok {
			return n
		}
		return pullFrom(j)
	})
}

func pullFrom(j *logical.Join) logical.Node {
	defs := map[expr.ColumnID]expr.Expr{}
	out := *j
	if p, ok := pullable(j.Left, j.Kind == logical.Right || j.Kind == logical.Full); ok {
		define(defs, p)
		out.Left = p.Input
		if j.Lateral {
			out.Right = logical.SubstitutePlan(j.Right, defs)
		}
	}
	if p, ok := pullable(out.Right, j.Kind != logical.Inner && j.Kind != logical.Right); ok {
		define(defs, p)
		out.Right = p.Input
	}
	if len(defs) == 0 && out.Left == j.Left && out.Right == j.Right {
		return j
	}
	out.Conds = make([]expr.Expr, len(j.Conds))
	for i, c := range j.Conds {
		out.Conds[i] = logical.Substitute(c, defs)
	}
	if out.Kind == logical.Inner {
		out.Conds, _ = conjuncts(out.Conds)
	}
	p := &logical.Project{Input: &out, Cols: j.Columns()}
	for _, c := range p.Cols {
		p.Exprs = append(p.Exprs, expr.Substitute(column(c), defs))
	}
	return p
}

// define adds what a projection's columns stand for.
func define(defs map[expr.ColumnID]expr.Expr, p *logical.Project) {
	for i, c := range p.Cols {
		if ref, ok := p.Exprs[i].(*expr.Column); !ok || ref.ID != c.ID {
			defs[c.ID] = p.Exprs[i]
		}
	}
}

// pullable reports whether a side is a projection that may be computed after the join: of columns, and of constants on a
// side whose rows the join does not extend with NULLs.
func pullable(n logical.Node, extended bool) (*logical.Project, bool) {
	p, ok := n.(*logical.Project)
	if !ok {
		return nil, false
	}
	for _, e := range p.Exprs {
		_, isColumn := e.(*expr.Column)
		if !isColumn && (extended || !cheap(e)) {
			return nil, false
		}
	}
	// What the projection takes from an outer query or a lateral left side is not its input's to give.
	if !logical.UsedAll(p.Exprs).SubsetOf(logical.IDs(p.Input.Columns())) {
		return nil, false
	}
	return p, true
}

package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// mergeProjects makes one projection of two on top of each other.
//
//	SELECT x + 1 FROM (SELECT a * 2 AS x FROM t) s             -- a * 2 + 1
//	SELECT x + x FROM (SELECT slow(a) AS x FROM t) s           -- stays: slow(a) would be called twice
//	SELECT x + 1 FROM (SELECT random() AS x FROM t) s          -- stays: volatile
func mergeProjects(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		outer, ok := n.(*logical.Project)
		if !ok {
			return n
		}
		inner, ok := outer.Input.(*logical.Project)
		if !ok || !mergeable(outer, inner) {
			return n
		}
		defs := definitions(inner)
		p := &logical.Project{Input: inner.Input, Cols: outer.Cols, Exprs: make([]expr.Expr, len(outer.Exprs))}
		for i, e := range outer.Exprs {
			p.Exprs[i] = logical.Substitute(e, defs)
		}
		return p
	})
}

// mergeable reports whether no expression of inner would be computed more often than before.
func mergeable(outer, inner *logical.Project) bool {
	uses := map[expr.ColumnID]int{}
	for _, e := range outer.Exprs {
		countUses(e, uses)
	}
	for i, c := range inner.Cols {
		e := inner.Exprs[i]
		if cheap(e) || uses[c.ID] == 0 && !logical.Volatile(e) {
			continue
		}
		if uses[c.ID] > 1 || logical.Volatile(e) || expr.HasSubquery(e) {
			return false
		}
	}
	return true
}

// countUses counts references; one inside a subquery counts as many, since it is computed for each of its rows.
func countUses(e expr.Expr, uses map[expr.ColumnID]int) {
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Column:
			uses[x.ID]++
		case *expr.Subquery:
			for id := range logical.Used(x) {
				uses[id] += 2
			}
		}
		return true
	})
}

func cheap(e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.Column, *expr.Const, *expr.Param:
		return true
	case *expr.Relabel:
		return cheap(e.Arg)
	}
	return false
}

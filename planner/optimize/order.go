package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// maxOrdered is how many relations are ordered; above it the order of the text stays.
const maxOrdered = 10

// orderJoins picks the order of inner joins greedily: it begins with the smallest relation and always adds the one that
// gives the fewest rows, a cross product only when nothing else is left.
//
//	FROM big, small, mid WHERE big.a = small.a AND small.b = mid.b   -- small first, then what it is joined to
//	FROM a LEFT JOIN b ON … LEFT JOIN c ON …                         -- outer joins are relations of their own: stay
//	FROM a, LATERAL (SELECT … WHERE x = a.x) s                       -- s needs a's row: stays
func orderJoins(n logical.Node, c *Context) logical.Node {
	return orderIn(n, c, false)
}

// orderIn orders the joins of a plan and of its subqueries. inTree says that n is part of a join tree that is being
// ordered as a whole.
func orderIn(n logical.Node, c *Context, inTree bool) logical.Node {
	j, ok := n.(*logical.Join)
	if ok && orderable(j) {
		out := logical.MapInputs(n, func(x logical.Node) logical.Node {
			return orderIn(x, c, true)
		})
		if inTree {
			return out
		}
		return c.order(out.(*logical.Join))
	}
	n = logical.MapInputs(n, func(x logical.Node) logical.Node { return orderIn(x, c, false) })
	return logical.MapExprs(n, func(e expr.Expr) expr.Expr {
		return logical.MapSubqueries(e, func(p logical.Node) logical.Node { return orderIn(p, c, false) })
	})
}

func orderable(j *logical.Join) bool { return j.Kind == logical.Inner && !j.Lateral }

// flatten lists the relations and conditions of a tree of inner joins.
func flatten(n logical.Node, rels []logical.Node, conds []expr.Expr) ([]logical.Node, []expr.Expr) {
	j, ok := n.(*logical.Join)
	if !ok || !orderable(j) {
		return append(rels, n), conds
	}
	rels, conds = flatten(j.Left, rels, append(conds, j.Conds...))
	return flatten(j.Right, rels, conds)
}

func (c *Context) order(n *logical.Join) logical.Node {
	rels, conds := flatten(n, nil, nil)
	if len(rels) < 3 || len(rels) > maxOrdered {
		return n // two relations: lower picks the side to build
	}
	g := &greedy{c: c, conds: conds, used: make([]expr.ColumnSet, len(conds)), placed: make([]bool, len(conds))}
	have := logical.IDs(n.Columns())
	for i, e := range conds {
		g.used[i] = logical.Used(e)
		for id := range g.used[i] {
			if !have.Has(id) {
				delete(g.used[i], id) // an outer query's column is there all the time
			}
		}
	}
	return restored(g.run(rels), n.Columns())
}

// greedy is the search for one tree.
type greedy struct {
	c      *Context
	conds  []expr.Expr
	used   []expr.ColumnSet
	placed []bool
}

func (g *greedy) run(rels []logical.Node) logical.Node {
	first := 0
	for i, r := range rels {
		if g.c.model.Rows(r) < g.c.model.Rows(rels[first]) {
			first = i
		}
	}
	tree := rels[first]
	rest := append(append([]logical.Node{}, rels[:first]...), rels[first+1:]...)
	for len(rest) > 0 {
		i := g.next(tree, rest)
		tree = g.join(tree, rest[i])
		rest = append(rest[:i:i], rest[i+1:]...)
	}
	return filtered(tree, g.unplaced())
}

// next is the relation to be added: among those that a condition links to the tree, if any, the one with the fewest rows
// after joining.
func (g *greedy) next(tree logical.Node, rest []logical.Node) int {
	best, bestRows, bestLinked := -1, 0.0, false
	for i, r := range rest {
		conds := g.between(tree, r)
		linked := len(conds) > 0
		if bestLinked && !linked {
			continue
		}
		rows := g.c.model.Rows(&logical.Join{Kind: logical.Inner, Left: tree, Right: r, Conds: g.exprs(conds)})
		if best < 0 || linked && !bestLinked || rows < bestRows {
			best, bestRows, bestLinked = i, rows, linked
		}
	}
	return best
}

// between lists the conditions that can be checked once r is joined to the tree, and not before.
func (g *greedy) between(tree, r logical.Node) []int {
	have := logical.IDs(tree.Columns())
	right := logical.IDs(r.Columns())
	have.Union(right)
	var out []int
	for i, u := range g.used {
		if !g.placed[i] && u.SubsetOf(have) && u.Intersects(right) {
			out = append(out, i)
		}
	}
	return out
}

func (g *greedy) exprs(which []int) []expr.Expr {
	out := make([]expr.Expr, len(which))
	for i, w := range which {
		out[i] = g.conds[w]
	}
	return out
}

func (g *greedy) join(tree, r logical.Node) logical.Node {
	which := g.between(tree, r)
	for _, i := range which {
		g.placed[i] = true
	}
	return &logical.Join{Kind: logical.Inner, Left: tree, Right: r, Conds: g.exprs(which)}
}

func (g *greedy) unplaced() []expr.Expr {
	var out []expr.Expr
	for i, p := range g.placed {
		if !p {
			out = append(out, g.conds[i])
		}
	}
	return out
}

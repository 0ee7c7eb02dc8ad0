package optimize

import (
	"slices"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// pushJoin distributes conditions over a join's sides as its kind allows.
func pushJoin(n *logical.Join, conds []expr.Expr) logical.Node {
	s := &joinSplit{left: logical.IDs(n.Left.Columns()), right: logical.IDs(n.Right.Columns())}
	switch n.Kind {
	case logical.Inner:
		s.inner(n, conds)
	case logical.Left:
		s.outer(n, conds)
	case logical.Right:
		s.flip()
		s.outer(n, conds)
		s.flip()
	case logical.Full:
		s.on, s.above = n.Conds, conds
	case logical.Semi, logical.Anti:
		s.semi(n, conds)
	}
	out := *n
	out.Conds = s.on
	out.Left, out.Right = push(n.Left, s.toLeft), push(n.Right, s.toRight)
	return filtered(&out, s.above)
}

// joinSplit says where each condition goes.
type joinSplit struct {
	left, right                expr.ColumnSet
	toLeft, toRight, on, above []expr.Expr
}

func (s *joinSplit) flip() {
	s.left, s.right = s.right, s.left
	s.toLeft, s.toRight = s.toRight, s.toLeft
}

// side says which inputs a condition depends on. One that depends on neither counts as the left's.
func (s *joinSplit) side(e expr.Expr) (left, right bool) {
	used := logical.Used(e)
	right = used.Intersects(s.right)
	return used.Intersects(s.left) || !right, right
}

func (s *joinSplit) inner(n *logical.Join, conds []expr.Expr) {
	pool := append(n.Conds[:len(n.Conds):len(n.Conds)], conds...)
	pool = append(pool, implied(pool, gather(n, nil))...)
	for _, c := range pool {
		switch l, r := s.side(c); {
		case logical.Volatile(c):
			s.above = append(s.above, c)
		case l && r:
			s.on = append(s.on, c)
		case l:
			s.toLeft = append(s.toLeft, c)
		default:
			s.toRight = append(s.toRight, c)
		}
	}
}

// outer is the left join: the left side's rows all stay.
func (s *joinSplit) outer(n *logical.Join, conds []expr.Expr) {
	for _, c := range conds {
		if _, r := s.side(c); r || logical.Volatile(c) {
			s.above = append(s.above, c)
		} else {
			s.toLeft = append(s.toLeft, c)
		}
	}
	// With a.x = 1 above and a.x = b.x in ON, only rows with b.x = 1 can match.
	on := append(n.Conds[:len(n.Conds):len(n.Conds)], implied(n.Conds, s.toLeft)...)
	for _, c := range on {
		if l, _ := s.side(c); l || logical.Volatile(c) {
			if slices.Contains(n.Conds, c) {
				s.on = append(s.on, c)
			}
		} else {
			s.toRight = append(s.toRight, c)
		}
	}
}

func (s *joinSplit) semi(n *logical.Join, conds []expr.Expr) {
	for _, c := range conds {
		if logical.Volatile(c) {
			s.above = append(s.above, c)
		} else {
			s.toLeft = append(s.toLeft, c)
		}
	}
	if n.NullAware {
		s.on = n.Conds
		return
	}
	for _, c := range n.Conds {
		switch l, r := s.side(c); {
		case logical.Volatile(c) || l && r:
			s.on = append(s.on, c)
		case r:
			s.toRight = append(s.toRight, c)
		case n.Kind == logical.Semi:
			s.toLeft = append(s.toLeft, c)
		default:
			s.on = append(s.on, c)
		}
	}
}

// gather lists the conditions that hold for all rows of an inner join's inputs.
func gather(n logical.Node, out []expr.Expr) []expr.Expr {
	switch n := n.(type) {
	case *logical.Filter:
		return gather(n.Input, append(out, n.Conds...))
	case *logical.Scan:
		return append(out, n.Filter...)
	case *logical.Join:
		switch n.Kind {
		case logical.Inner:
			return gather(n.Right, gather(n.Left, append(out, n.Conds...)))
		case logical.Left, logical.Semi, logical.Anti:
			return gather(n.Left, out)
		}
	}
	return out
}

// implied lists what follows from equalities in conds between columns and equalities, in conds or known, of a column with
// a constant: from a = b and a = 1 follows b = 1.
func implied(conds, known []expr.Expr) []expr.Expr {
	all := append(known[:len(known):len(known)], conds...)
	var out []expr.Expr
	for again := true; again; {
		again = false
		for _, link := range all {
			a, b, op := columnsEqual(link)
			if op == nil {
				continue
			}
			for _, c := range all {
				next := equalTo(c, a, b, op)
				if next == nil {
					next = equalTo(c, b, a, op)
				}
				if next != nil && !containsExpr(all, next) {
					all, out, again = append(all, next), append(out, next), true
				}
			}
		}
	}
	return out
}

func containsExpr(es []expr.Expr, e expr.Expr) bool {
	return slices.ContainsFunc(es, func(o expr.Expr) bool { return expr.Equal(o, e) })
}

// columnsEqual recognises a = b between two columns of one type.
func columnsEqual(e expr.Expr) (a, b *expr.Column, op *builtin.Operator) {
	c, ok := e.(*expr.Call)
	if !ok || c.Op == nil || c.Op.Name != "=" || len(c.Args) != 2 {
		return nil, nil, nil
	}
	a, ok1 := c.Args[0].(*expr.Column)
	b, ok2 := c.Args[1].(*expr.Column)
	if !ok1 || !ok2 || !a.T.Same(b.T) || a.ID == b.ID {
		return nil, nil, nil
	}
	return a, b, c.Op
}

// equalTo makes to = k of from = k, k being constant and the operator the one that links the columns.
func equalTo(e expr.Expr, from, to *expr.Column, op *builtin.Operator) expr.Expr {
	c, ok := e.(*expr.Call)
	if !ok || c.Op != op || len(c.Args) != 2 {
		return nil
	}
	col, ok := c.Args[0].(*expr.Column)
	if !ok || col.ID != from.ID || !expr.IsConstant(c.Args[1]) {
		return nil
	}
	n := *c
	n.Args = []expr.Expr{to, c.Args[1]}
	return &n
}

package logical

import (
	"fmt"

	"github.com/rowandb/rowan/planner/expr"
)

// MaxColumn is the largest column id in a plan, the plans of subqueries included.
func MaxColumn(n Node) expr.ColumnID {
	var last expr.ColumnID
	made := expr.ColumnSet{}
	WalkAll(n, func(x Node) {
		produced(made, x)
		for _, e := range Exprs(x) {
			addUsed(made, e)
		}
	})
	for id := range made {
		last = max(last, id)
	}
	return last
}

// Check verifies that every column that a plan refers to is produced below the reference, or by an enclosing query
// (outer). It serves tests and the builds that check invariants.
func Check(n Node, outer expr.ColumnSet) error {
	have := expr.ColumnSet{}
	have.Union(outer)
	for _, c := range Children(n) {
		if err := checkChild(n, c, outer); err != nil {
			return err
		}
		have.Union(IDs(c.Columns()))
	}
	if j, ok := n.(*Join); ok {
		have.Union(IDs(j.Right.Columns()))
	}
	if _, ok := n.(*Scan); ok {
		have.Union(IDs(n.Columns()))
	}
	switch n.(type) {
	case *Insert, *Update, *Delete:
		produced(have, n)
	}
	for _, e := range Exprs(n) {
		for id := range Used(e) {
			if !have.Has(id) {
				return fmt.Errorf("%T refers to column #%d, which nothing below it produces", n, id)
			}
		}
		if err := checkSubqueries(e, have); err != nil {
			return err
		}
	}
	return checkShape(n)
}

func checkChild(n, c Node, outer expr.ColumnSet) error {
	j, ok := n.(*Join)
	if !ok || !j.Lateral || c != j.Right {
		return Check(c, outer)
	}
	seen := expr.ColumnSet{}
	seen.Union(outer)
	seen.Union(IDs(j.Left.Columns()))
	return Check(c, seen)
}

func checkSubqueries(e expr.Expr, have expr.ColumnSet) error {
	var failed error
	expr.Walk(e, func(x expr.Expr) bool {
		s, ok := x.(*expr.Subquery)
		if !ok || failed != nil {
			return failed == nil
		}
		if p, ok := s.Plan.(Node); ok {
			failed = Check(p, have)
		}
		return true
	})
	return failed
}

func checkShape(n Node) error {
	cols, exprs := len(n.Columns()), 0
	switch n := n.(type) {
	case *Project:
		exprs = len(n.Exprs)
	case *ProjectSet:
		exprs = len(n.Exprs)
	case *Aggregate:
		exprs = len(n.Groups) + len(n.Aggs)
	case *Scan:
		exprs = len(n.Source)
	case *SetOp:
		if l, r := len(n.Left.Columns()), len(n.Right.Columns()); l != cols || r != cols {
			return fmt.Errorf("SetOp of %d columns over %d and %d", cols, l, r)
		}
		return nil
	default:
		return nil
	}
	if cols != exprs {
		return fmt.Errorf("%T has %d columns for %d expressions", n, cols, exprs)
	}
	return nil
}

package logical

import "github.com/rowandb/rowan/planner/expr"

// IDs is the set of a list of columns.
func IDs(cols []Column) expr.ColumnSet {
	s := make(expr.ColumnSet, len(cols))
	for _, c := range cols {
		s.Add(c.ID)
	}
	return s
}

// Used is the set of columns that e refers to, those included that the plans of its subqueries take from outside.
func Used(e expr.Expr) expr.ColumnSet {
	s := expr.ColumnSet{}
	addUsed(s, e)
	return s
}

// UsedAll is Used for a list.
func UsedAll(es []expr.Expr) expr.ColumnSet {
	s := expr.ColumnSet{}
	for _, e := range es {
		addUsed(s, e)
	}
	return s
}

func addUsed(s expr.ColumnSet, e expr.Expr) {
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Column:
			s.Add(x.ID)
		case *expr.Subquery:
			addSubquery(s, x)
			return false
		}
		return true
	})
}

func addSubquery(s expr.ColumnSet, q *expr.Subquery) {
	inner := expr.ColumnSet{}
	for _, a := range q.Args {
		addUsed(inner, a)
	}
	if q.Test != nil {
		addUsed(inner, q.Test)
	}
	if p, ok := q.Plan.(Node); ok {
		inner.Union(Free(p))
	}
	for _, id := range q.TestColumns {
		delete(inner, id)
	}
	s.Union(inner)
}

// Free is the set of columns that a plan refers to and does not produce itself: what makes it correlated or lateral.
func Free(n Node) expr.ColumnSet {
	used, made := expr.ColumnSet{}, expr.ColumnSet{}
	Walk(n, func(x Node) bool {
		produced(made, x)
		for _, e := range Exprs(x) {
			addUsed(used, e)
		}
		return true
	})
	for id := range made {
		delete(used, id)
	}
	return used
}

// produced adds the columns that the node itself makes.
func produced(made expr.ColumnSet, n Node) {
	for _, c := range n.Columns() {
		made.Add(c.ID)
	}
	lists := [][]Column{}
	switch n := n.(type) {
	case *Window:
		lists = append(lists, n.Cols)
	case *Insert:
		lists = append(lists, n.NewCols)
		if n.Conflict != nil {
			lists = append(lists, n.Conflict.OldCols, n.Conflict.UpdCols)
		}
	case *Update:
		lists = append(lists, n.OldCols, n.NewCols)
	case *Delete:
		lists = append(lists, n.OldCols)
	case *With:
		for _, c := range n.CTEs {
			lists = append(lists, c.Cols)
		}
	}
	for _, l := range lists {
		for _, c := range l {
			made.Add(c.ID)
		}
	}
}

// Substitute replaces columns by expressions in e, the plans of its subqueries included.
func Substitute(e expr.Expr, m map[expr.ColumnID]expr.Expr) expr.Expr {
	if len(m) == 0 || e == nil {
		return e
	}
	e = expr.Substitute(e, m)
	return MapSubqueries(e, func(p Node) Node { return SubstitutePlan(p, m) })
}

// SubstitutePlan is Substitute for all expressions of a plan.
func SubstitutePlan(n Node, m map[expr.ColumnID]expr.Expr) Node {
	n = MapInputs(n, func(c Node) Node { return SubstitutePlan(c, m) })
	return MapExprs(n, func(e expr.Expr) expr.Expr { return Substitute(e, m) })
}

// Volatile reports whether e calls a volatile function, in the plans of its subqueries too, or changes data.
func Volatile(e expr.Expr) bool {
	return expr.Any(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Subquery); ok {
			p, isPlan := s.Plan.(Node)
			return isPlan && VolatilePlan(p)
		}
		return shallowVolatile(x)
	})
}

func shallowVolatile(x expr.Expr) bool {
	switch x := x.(type) {
	case *expr.Call:
		return x.Proc.Volatile == 'v'
	case *expr.ArrayCompare:
		return x.Proc.Volatile == 'v'
	case *expr.ArrayCast, *expr.DomainCast:
		return expr.ContainsVolatile(x)
	}
	return false
}

// VolatilePlan reports whether running a plan again could give other rows or has effects: it calls a volatile function,
// locks or changes rows.
func VolatilePlan(n Node) bool {
	found := false
	Walk(n, func(x Node) bool {
		switch x.(type) {
		case *Insert, *Update, *Delete, *Lock:
			found = true
		}
		for _, e := range Exprs(x) {
			found = found || Volatile(e)
		}
		return !found
	})
	return found
}

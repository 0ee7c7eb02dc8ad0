package optimize

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// pruneColumns leaves out columns and expressions that nothing above uses.
//
//	SELECT a FROM (SELECT a, slow(b) FROM t) s                -- slow is not called, b not read
//	SELECT a FROM (SELECT a, unnest(b) FROM t) s              -- stays: it says how often a is repeated
//	SELECT a FROM (SELECT DISTINCT a, b FROM t) s             -- stays: b keeps rows apart
//	SELECT a FROM (SELECT a, b FROM t UNION SELECT …) s       -- stays likewise; UNION ALL loses b
//	SELECT a FROM (SELECT a, nextval('s') FROM t) s           -- stays: it has an effect
func pruneColumns(n logical.Node, _ *Context) logical.Node {
	return prune(n, logical.IDs(n.Columns()), true)
}

// prune returns n with at least the columns needed. With exact the output stays just as it is, which whoever reads
// columns by position needs.
func prune(n logical.Node, need expr.ColumnSet, exact bool) logical.Node {
	if exact {
		need = logical.IDs(n.Columns())
	}
	n = logical.MapExprs(n, pruneSubqueries)
	switch n := n.(type) {
	case *logical.Scan:
		return pruneScan(n, need, exact)
	case *logical.Project:
		return pruneProject(n, need, exact)
	case *logical.Aggregate:
		return pruneAggregate(n, need, exact)
	case *logical.Window:
		return pruneWindow(n, need, exact)
	case *logical.Join:
		return pruneJoin(n, need, exact)
	case *logical.SetOp:
		return pruneSetOp(n, need, exact)
	case *logical.Filter, *logical.Sort, *logical.Limit, *logical.Lock:
		return pruneThrough(n, need, exact)
	case *logical.Distinct:
		if n.On == nil {
			return through(n, nil, true)
		}
		return pruneThrough(n, need, exact)
	case *logical.With:
		return logical.MapInputs(n, func(c logical.Node) logical.Node {
			if c == n.Body {
				return prune(c, need, exact)
			}
			return prune(c, nil, true)
		})
	case *logical.Insert:
		return through(n, nil, true)
	case *logical.Update:
		return through(n, changedColumns(n.OldCols, n.NewCols, n.ReturnExprs), false)
	case *logical.Delete:
		return through(n, changedColumns(n.OldCols, nil, n.ReturnExprs), false)
	case *logical.ProjectSet:
		return through(n, logical.UsedAll(n.Exprs), false)
	}
	return n
}

// pruneSubqueries prunes the plans of subqueries. EXISTS reads no column.
func pruneSubqueries(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		q, ok := x.(*expr.Subquery)
		if !ok {
			return x
		}
		p, ok := q.Plan.(logical.Node)
		if !ok {
			return x
		}
		got := prune(p, nil, q.Kind != expr.SubExists)
		if got == p {
			return x
		}
		c := *q
		c.Plan = got
		return &c
	})
}

func through(n logical.Node, need expr.ColumnSet, exact bool) logical.Node {
	return logical.MapInputs(n, func(c logical.Node) logical.Node { return prune(c, need, exact) })
}

// with is the set of the columns needed above and those that expressions use.
func with(need expr.ColumnSet, es []expr.Expr) expr.ColumnSet {
	s := logical.UsedAll(es)
	s.Union(need)
	return s
}

// pruneThrough is for nodes that output their input's columns.
func pruneThrough(n logical.Node, need expr.ColumnSet, exact bool) logical.Node {
	below := with(need, logical.Exprs(n))
	if l, ok := n.(*logical.Lock); ok {
		for _, t := range l.Targets {
			below.Add(t.RowKey)
			if !t.Kept {
				below.Add(t.Version)
			}
		}
	}
	got := through(n, below, false)
	if exact {
		return restored(got, n.Columns())
	}
	return got
}

func changedColumns(oldCols, newCols []logical.Column, returning []expr.Expr) expr.ColumnSet {
	s := logical.UsedAll(returning)
	s.Union(logical.IDs(oldCols))
	s.Union(logical.IDs(newCols))
	return s
}

func pruneScan(n *logical.Scan, need expr.ColumnSet, exact bool) logical.Node {
	need = with(need, n.Filter)
	if exact || logical.IDs(n.Cols).SubsetOf(need) {
		return n
	}
	c := *n
	c.Cols, c.Source = nil, nil
	for i, col := range n.Cols {
		if need.Has(col.ID) {
			c.Cols, c.Source = append(c.Cols, col), append(c.Source, n.Source[i])
		}
	}
	return &c
}

func pruneProject(n *logical.Project, need expr.ColumnSet, exact bool) logical.Node {
	out := &logical.Project{}
	same := true
	for i, col := range n.Cols {
		if !exact && !need.Has(col.ID) && !logical.Volatile(n.Exprs[i]) {
			continue
		}
		out.Cols, out.Exprs = append(out.Cols, col), append(out.Exprs, n.Exprs[i])
		ref, ok := n.Exprs[i].(*expr.Column)
		same = same && ok && ref.ID == col.ID
	}
	in := prune(n.Input, logical.UsedAll(out.Exprs), false)
	if same && (!exact || logical.SameColumns(in.Columns(), out.Cols)) {
		return in // it only left out or moved columns
	}
	if in == n.Input && len(out.Cols) == len(n.Cols) {
		return n
	}
	out.Input = in
	return out
}

func pruneAggregate(n *logical.Aggregate, need expr.ColumnSet, exact bool) logical.Node {
	c := *n
	g := len(n.Groups)
	c.Aggs, c.Cols = nil, n.Cols[:g:g]
	for i, a := range n.Aggs {
		if exact || need.Has(n.Cols[g+i].ID) {
			c.Aggs, c.Cols = append(c.Aggs, a), append(c.Cols, n.Cols[g+i])
		}
	}
	if len(c.Aggs) == len(n.Aggs) {
		return through(n, logical.UsedAll(logical.Exprs(n)), false)
	}
	return through(&c, logical.UsedAll(logical.Exprs(&c)), false)
}

func pruneWindow(n *logical.Window, need expr.ColumnSet, exact bool) logical.Node {
	c := *n
	c.Funcs, c.Cols = nil, nil
	for i, w := range n.Funcs {
		if exact || need.Has(n.Cols[i].ID) {
			c.Funcs, c.Cols = append(c.Funcs, w), append(c.Cols, n.Cols[i])
		}
	}
	if len(c.Funcs) == 0 && !exact {
		return prune(n.Input, need, false)
	}
	got := through(&c, with(need, logical.Exprs(&c)), false)
	if exact {
		return restored(got, n.Columns())
	}
	return got
}

func pruneJoin(n *logical.Join, need expr.ColumnSet, exact bool) logical.Node {
	below := with(need, n.Conds)
	if n.Lateral {
		below.Union(logical.Free(n.Right))
	}
	got := through(n, below, false)
	if exact {
		return restored(got, n.Columns())
	}
	return got
}

// pruneSetOp prunes UNION ALL by position; the others compare whole rows.
func pruneSetOp(n *logical.SetOp, need expr.ColumnSet, exact bool) logical.Node {
	if exact || n.Kind != logical.Union || !n.All || logical.IDs(n.Cols).SubsetOf(need) {
		return through(n, nil, true)
	}
	c := *n
	c.Cols = nil
	var left, right []logical.Column
	for i, col := range n.Cols {
		if need.Has(col.ID) {
			c.Cols = append(c.Cols, col)
			left, right = append(left, n.Left.Columns()[i]), append(right, n.Right.Columns()[i])
		}
	}
	c.Left, c.Right = prune(restored(n.Left, left), nil, true), prune(restored(n.Right, right), nil, true)
	return &c
}

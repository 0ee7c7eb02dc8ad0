package optimize

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// removeDistincts drops DISTINCT where rows are distinct anyway.
//
//	SELECT DISTINCT id, name FROM t          -- id is the primary key
//	SELECT DISTINCT u FROM t                 -- stays when u is unique but may be NULL: NULLs may repeat
//	SELECT DISTINCT x FROM t GROUP BY x      -- groups are distinct
//	SELECT DISTINCT x FROM t GROUP BY x, y   -- stays: y is gone
func removeDistincts(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		d, ok := n.(*logical.Distinct)
		if !ok || d.On != nil || !distinctRows(d.Input, logical.IDs(d.Columns())) {
			return n
		}
		return d.Input
	})
}

// distinctRows reports whether no two rows of n agree in cols.
func distinctRows(n logical.Node, cols expr.ColumnSet) bool {
	switch n := n.(type) {
	case *logical.Filter, *logical.Sort, *logical.Limit:
		return distinctRows(n.Inputs()[0], cols)
	case *logical.Project:
		passed := expr.ColumnSet{}
		for i, c := range n.Cols {
			if ref, ok := n.Exprs[i].(*expr.Column); ok && cols.Has(c.ID) {
				passed.Add(ref.ID)
			}
		}
		return distinctRows(n.Input, passed)
	case *logical.Aggregate:
		if n.Sets != nil {
			return false
		}
		return logical.IDs(n.Cols[:len(n.Groups)]).SubsetOf(cols)
	case *logical.Scan:
		return hasKey(n, cols)
	case *logical.Join:
		if n.Kind == logical.Semi || n.Kind == logical.Anti {
			return distinctRows(n.Left, cols)
		}
	case *logical.SetOp:
		return !n.All && logical.IDs(n.Cols).SubsetOf(cols)
	}
	return false
}

// hasKey reports whether cols hold a unique key of a scan whose columns are not null.
func hasKey(n *logical.Scan, cols expr.ColumnSet) bool {
	have := map[catalog.ColumnID]bool{}
	for i, c := range n.Cols {
		if cols.Has(c.ID) {
			have[n.Source[i]] = true
		}
	}
	for _, ix := range n.Table.Indexes {
		if ix.Unique && ix.Predicate == 0 && keyWithin(n.Table, ix, have) {
			return true
		}
	}
	return false
}

func keyWithin(t *catalog.Table, ix *catalog.Index, have map[catalog.ColumnID]bool) bool {
	for _, k := range ix.Columns {
		c := t.ColumnByID(k.Column)
		if !have[k.Column] || c == nil || !c.NotNull && !ix.Primary && !ix.NullsNotDistinct {
			return false
		}
	}
	return len(ix.Columns) > 0
}

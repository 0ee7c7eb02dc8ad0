package optimize

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// minMaxByIndex reads the least or greatest value of an indexed column from the end of the index.
//
//	SELECT max(id) FROM t                     -- the last key
//	SELECT min(x) FROM t WHERE y = 3          -- needs an index on (y, x); without one all rows are read once: stays
//	SELECT min(x), max(y) FROM t              -- stays: two orders
//	SELECT max(x) FROM t GROUP BY y           -- stays: one value for each group
func minMaxByIndex(n logical.Node, _ *Context) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		a, ok := n.(*logical.Aggregate)
		if !ok || len(a.Groups) > 0 || a.Sets != nil || len(a.Aggs) != 1 {
			return n
		}
		s, ok := a.Input.(*logical.Scan)
		arg := extreme(a.Aggs[0])
		if !ok || arg == nil || s.Table.Virtual || s.Target || !orderedBy(s, arg.ID) {
			return n
		}
		scan := *s
		if !neverNull(s, arg.ID) {
			scan.Filter = append(s.Filter[:len(s.Filter):len(s.Filter)], &expr.NullTest{Arg: arg, Not: true})
		}
		desc := a.Aggs[0].Proc.Name == "max"
		c := *a
		c.Input = &logical.Limit{
			Input: &logical.Sort{Input: &scan, Keys: []expr.SortKey{{Expr: arg, Desc: desc, NullsFirst: desc}}},
			Count: &expr.Const{Value: types.Int(1), T: types.Of(types.Builtin(types.OIDInt8))},
		}
		return &c
	})
}

// neverNull reports whether a scan's column is declared NOT NULL.
func neverNull(s *logical.Scan, id expr.ColumnID) bool {
	for i, c := range s.Cols {
		if c.ID == id {
			col := s.Table.ColumnByID(s.Source[i])
			return col != nil && col.NotNull
		}
	}
	return false
}

// extreme is the column whose minimum or maximum an aggregate is, or nil.
func extreme(a *expr.Aggregate) *expr.Column {
	if a.Proc.Name != "min" && a.Proc.Name != "max" || a.Proc.User || len(a.Args) != 1 || a.Filter != nil {
		return nil
	}
	c, _ := a.Args[0].(*expr.Column)
	return c
}

// orderedBy reports whether an index of the scan's table gives the column in order: it comes first, or after columns
// that the filter fixes.
func orderedBy(s *logical.Scan, id expr.ColumnID) bool {
	source := map[catalog.ColumnID]expr.ColumnID{}
	for i, c := range s.Cols {
		source[s.Source[i]] = c.ID
	}
	fixed := fixedColumns(s.Filter)
	for _, ix := range s.Table.Indexes {
		if ix.Predicate != 0 {
			continue
		}
		for _, k := range ix.Columns {
			col, ok := source[k.Column]
			if ok && col == id {
				return k.OpClass == ""
			}
			if !ok || !fixed.Has(col) {
				break
			}
		}
	}
	return false
}

// fixedColumns lists the columns that conditions set equal to a constant.
func fixedColumns(conds []expr.Expr) expr.ColumnSet {
	s := expr.ColumnSet{}
	for _, e := range conds {
		c, ok := e.(*expr.Call)
		if !ok || c.Op == nil || c.Op.Name != "=" || len(c.Args) != 2 {
			continue
		}
		if col, ok := c.Args[0].(*expr.Column); ok && expr.IsConstant(c.Args[1]) {
			s.Add(col.ID)
		}
	}
	return s
}

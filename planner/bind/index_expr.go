package bind

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// IndexExpr binds the SQL of a table's hidden column, an index's expression or predicate, over columns numbered as the
// table's own. It is what conditions of a query are compared with to see whether the index serves them.
func IndexExpr(t *catalog.Table, id catalog.ColumnID, c Catalog, o Options) (expr.Expr, error) {
	hidden := t.ColumnByID(id)
	if hidden == nil || hidden.Hidden == "" {
		return nil, nil
	}
	var params []types.Type
	b := &binder{cat: c, opts: o, params: &params, stmt: &parse.Statement{}, out: &Bound{}}
	w := &writer{q: b.child(nil), table: t}
	row := map[catalog.ColumnID]expr.Expr{}
	for i := range t.Columns {
		if col := &t.Columns[i]; !col.Dropped && col.Hidden == "" {
			w.targets = append(w.targets, col)
			row[col.ID] = &expr.Column{ID: expr.ColumnID(col.ID), T: w.typeOf(col), Name: col.Name, Pos: -1}
		}
	}
	return w.tableExpression(hidden.Hidden, kindIndexExpr, row)
}

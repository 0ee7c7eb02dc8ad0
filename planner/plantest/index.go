package plantest

import (
	"fmt"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// overTable takes the expression out of SELECT expression FROM table.
func overTable(n logical.Node, t *catalog.Table) (expr.Expr, error) {
	p, ok := n.(*logical.Project)
	if !ok || len(p.Exprs) != 1 {
		return nil, fmt.Errorf("not one expression: %T", n)
	}
	s, ok := p.Input.(*logical.Scan)
	if !ok {
		return nil, fmt.Errorf("not over a scan: %T", p.Input)
	}
	m := map[expr.ColumnID]expr.Expr{}
	for i, c := range s.Cols {
		m[c.ID] = &expr.Column{ID: expr.ColumnID(s.Source[i]), T: c.Type, Name: c.Name, Pos: -1}
	}
	return expr.Substitute(p.Exprs[0], m), nil
}

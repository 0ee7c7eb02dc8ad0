package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// subLink binds a subquery in an expression.
func (q *query) subLink(n *pg.SubLink) (expr.Expr, error) {
	pos := int(n.Location)
	if err := q.checkSubquery(pos); err != nil {
		return nil, err
	}
	node, _, err := q.b.bindQuery(n.Subselect, q)
	if err != nil {
		return nil, err
	}
	cols := node.Columns()
	switch n.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		return &expr.Subquery{Kind: expr.SubExists, Plan: node, T: typeBool}, nil
	case pg.SubLinkType_EXPR_SUBLINK:
		if len(cols) != 1 {
			return nil, pgerr.New(pgerrcode.SyntaxError, "subquery must return only one column").At(pos)
		}
		return &expr.Subquery{Kind: expr.SubScalar, Plan: node, T: cols[0].Type}, nil
	case pg.SubLinkType_ARRAY_SUBLINK:
		return q.b.arraySubquery(node, pos)
	case pg.SubLinkType_ANY_SUBLINK:
		return q.quantified(n, node, expr.SubAny)
	case pg.SubLinkType_ALL_SUBLINK:
		return q.quantified(n, node, expr.SubAll)
	}
	return nil, pgerr.Unsupported("this kind of subquery").At(pos)
}

func (b *binder) arraySubquery(node logical.Node, pos int) (expr.Expr, error) {
	cols := node.Columns()
	if len(cols) != 1 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "subquery must return only one column").At(pos)
	}
	array := b.arrayOf(cols[0].Type.Def)
	if array == nil {
		return nil, pgerr.New(pgerrcode.UndefinedObject, "could not find array type for data type %s", b.formatType(cols[0].Type.Def)).At(pos)
	}
	return &expr.Subquery{Kind: expr.SubArray, Plan: node, T: types.Type{Def: array, Mod: cols[0].Type.Mod}}, nil
}

// quantified binds x op ANY|ALL (subquery) and x IN (subquery).
func (q *query) quantified(n *pg.SubLink, node logical.Node, kind expr.SubqueryKind) (expr.Expr, error) {
	name, pos := []string{"="}, int(n.Location)
	if n.OperName != nil {
		name = stringList(n.OperName)
	}
	left, err := q.sides(n.Testexpr)
	if err != nil {
		return nil, err
	}
	cols := node.Columns()
	if len(left) < len(cols) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "subquery has too many columns").At(pos)
	}
	if len(left) > len(cols) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "subquery has too few columns").At(pos)
	}
	s := &expr.Subquery{Kind: kind, Plan: node, T: typeBool}
	right := make([]expr.Expr, len(cols))
	for i, c := range cols {
		right[i] = &expr.Column{ID: c.ID, T: c.Type, Name: c.Name, Pos: -1}
		s.TestColumns = append(s.TestColumns, c.ID)
	}
	s.Test, err = q.b.compareRows(name, left, right, pos)
	return s, err
}

// sides are the values on the left of a comparison with a subquery: the entries of a row, or the one value.
func (q *query) sides(n *pg.Node) ([]expr.Expr, error) {
	if r := n.GetRowExpr(); r != nil {
		return q.fields(r.Args)
	}
	e, err := q.expr(n)
	if err != nil {
		return nil, err
	}
	return []expr.Expr{e}, nil
}

// rowSubquery binds (a, b) op (subquery).
func (q *query) rowSubquery(l *pg.Node, name []string, sub *pg.SubLink, pos int) (expr.Expr, error) {
	left, err := q.sides(l)
	if err != nil {
		return nil, err
	}
	right, err := q.subqueryRow(sub, len(left), pos)
	if err != nil {
		return nil, err
	}
	return q.b.compareRows(name, left, right, pos)
}

// subqueryRow binds a subquery that yields one row of n values, and returns the values.
func (q *query) subqueryRow(sub *pg.SubLink, n, pos int) ([]expr.Expr, error) {
	row, err := q.rowOf(sub, pos)
	switch {
	case err != nil:
		return nil, err
	case len(row) > n:
		return nil, pgerr.New(pgerrcode.SyntaxError, "subquery has too many columns").At(pos)
	case len(row) < n:
		return nil, pgerr.New(pgerrcode.SyntaxError, "subquery has too few columns").At(pos)
	}
	return row, nil
}

// rowOf binds a subquery that yields one row, and returns the values.
func (q *query) rowOf(sub *pg.SubLink, pos int) ([]expr.Expr, error) {
	if err := q.checkSubquery(pos); err != nil {
		return nil, err
	}
	node, _, err := q.b.bindQuery(sub.Subselect, q)
	if err != nil {
		return nil, err
	}
	cols := node.Columns()
	fields := make([]types.Field, len(cols))
	for i, c := range cols {
		fields[i] = types.Field{Name: c.Name, Type: c.Type}
	}
	row := &expr.Subquery{Kind: expr.SubRow, Plan: node, T: recordOf(fields)}
	out := make([]expr.Expr, len(cols))
	for i, c := range cols {
		out[i] = &expr.Field{Arg: row, Index: i, Name: c.Name, T: c.Type}
	}
	return out, nil
}

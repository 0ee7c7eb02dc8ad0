package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// valuesStmt binds VALUES as a query of its own.
func (q *query) valuesStmt(s *pg.SelectStmt) (*result, error) {
	rows, err := q.valuesRows(s.ValuesLists, kindValues)
	if err != nil {
		return nil, err
	}
	v := &logical.Values{Rows: rows}
	fields := make([]Field, len(rows[0]))
	column := make([]expr.Expr, len(rows))
	nodes := make([]*pg.Node, len(rows))
	for c := range rows[0] {
		for r := range rows {
			column[r], nodes[r] = rows[r][c], s.ValuesLists[r].GetList().Items[c]
		}
		out, t, err := q.b.unify(column, "VALUES", nodes)
		if err != nil {
			return nil, err
		}
		for r := range rows {
			rows[r][c] = out[r]
		}
		name := "column" + itoa(c+1)
		v.Cols = append(v.Cols, logical.Column{ID: q.b.newColumn(q), Name: name, Type: t})
		fields[c] = Field{Name: name, Type: t}
	}
	if len(s.LockingClause) > 0 {
		return nil, lockRefused(s.LockingClause[0].GetLockingClause(), "cannot be applied to VALUES")
	}
	return q.orderResult(&result{node: v, fields: fields}, s)
}

// valuesRows binds the lists of VALUES, which must be equally long.
func (q *query) valuesRows(lists []*pg.Node, kind exprKind) ([][]expr.Expr, error) {
	old := q.kind
	q.kind = kind
	defer func() { q.kind = old }()
	rows := make([][]expr.Expr, len(lists))
	for i, l := range lists {
		items := l.GetList().GetItems()
		row := make([]expr.Expr, 0, len(items))
		for _, n := range items {
			if _, ok := isStar(n); ok {
				more, err := q.fields([]*pg.Node{n})
				if err != nil {
					return nil, err
				}
				row = append(row, more...)
				continue
			}
			e, err := q.expr(n)
			if err != nil {
				return nil, err
			}
			row = append(row, e)
		}
		if i > 0 && len(row) != len(rows[0]) {
			return nil, pgerr.New(pgerrcode.SyntaxError, "VALUES lists must all be the same length").At(location(items[0]))
		}
		rows[i] = row
	}
	return rows, nil
}

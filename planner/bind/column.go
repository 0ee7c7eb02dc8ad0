package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// columnRef binds a name: a column, a relation's column, or a whole row.
func (q *query) columnRef(n *pg.ColumnRef) (expr.Expr, error) {
	e, err := q.nameRef(n)
	q.b.traceColumn(n, e)
	return e, err
}

func (q *query) nameRef(n *pg.ColumnRef) (expr.Expr, error) {
	pos := int(n.Location)
	if err := q.checkColumn(pos); err != nil {
		return nil, err
	}
	if n.Fields[len(n.Fields)-1].GetAStar() != nil {
		return q.rowReference(n)
	}
	names := stringList(n.Fields)
	if body := q.b.body(); body != nil && body.Vars != nil {
		return q.variableFirst(n, names)
	}
	return q.columnName(n, names)
}

// columnName binds a name that is not a star.
func (q *query) columnName(n *pg.ColumnRef, names []string) (expr.Expr, error) {
	pos := int(n.Location)
	if len(names) == 1 {
		return q.plainColumn(names[0], pos)
	}
	schema, relation, column, err := q.b.columnName(names, pos)
	if err != nil {
		if e, _ := q.argument(names, pos); e != nil {
			return e, nil
		}
		return nil, err
	}
	it, _, err := q.relation(schema, relation, pos)
	if err != nil {
		return nil, err
	}
	if it == nil {
		if e, err := q.argument(names, pos); e != nil || err != nil {
			return e, err
		}
		return nil, q.missingRelation(relation, pos)
	}
	e, err := q.qualified(it, column, pos)
	if e != nil || err != nil {
		return e, err
	}
	if e, err = q.methodCall(it, column, pos); e != nil {
		return e, err
	}
	if e, err := q.argument(names, pos); e != nil || err != nil {
		return e, err
	}
	return nil, q.missingColumn(relation, column, pos)
}

// columnName splits [[database.]schema.]relation.column.
func (b *binder) columnName(names []string, pos int) (schema, relation, column string, err error) {
	switch len(names) {
	case 2:
		return "", names[0], names[1], nil
	case 3:
		return names[0], names[1], names[2], nil
	case 4:
		if names[0] != b.cat.Database() {
			return "", "", "", pgerr.New(pgerrcode.FeatureNotSupported, "cross-database references are not implemented: %s", strings.Join(names, ".")).At(pos)
		}
		return names[1], names[2], names[3], nil
	}
	return "", "", "", pgerr.New(pgerrcode.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(names, ".")).At(pos)
}

func (q *query) plainColumn(name string, pos int) (expr.Expr, error) {
	if q.value != nil && name == "value" {
		return q.value, nil
	}
	e, err := q.resolve(name, pos)
	if e != nil || err != nil {
		return e, err
	}
	it, _, err := q.relation("", name, pos)
	if err != nil {
		return nil, err
	}
	if it != nil {
		return q.wholeRow(it, pos)
	}
	if e, err := q.argument([]string{name}, pos); e != nil || err != nil {
		return e, err
	}
	return nil, q.missingColumn("", name, pos)
}

// methodCall is relation.function: the function called on the whole row.
func (q *query) methodCall(it *item, name string, pos int) (expr.Expr, error) {
	row, err := q.wholeRow(it, pos)
	if err != nil {
		return nil, err
	}
	c := &call{name: []string{name}, args: []expr.Expr{row}, pos: pos}
	o, err := q.b.overload(c)
	if code := pgerr.Code(err); code == pgerrcode.UndefinedFunction || code == pgerrcode.AmbiguousFunction {
		return nil, nil // not a function: the caller reports the column
	}
	if err != nil || o.cand == nil || o.cand.proc.Kind != 'f' {
		return nil, err
	}
	r, err := q.b.resolve(c, o.cand)
	if err != nil {
		return nil, err
	}
	return &expr.Call{Proc: r.proc, Args: r.args, T: r.result, Pos: pos}, nil
}

// rowReference is relation.* where a single value is wanted: the whole row.
func (q *query) rowReference(n *pg.ColumnRef) (expr.Expr, error) {
	pos := int(n.Location)
	names := stringList(n.Fields[:len(n.Fields)-1])
	if len(names) == 0 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "invalid use of \"*\"").At(pos)
	}
	it, err := q.starRelation(names, pos)
	if err != nil {
		if e, failed := q.argument(names, pos); e != nil || failed != nil {
			return e, failed
		}
		return nil, err
	}
	return q.wholeRow(it, pos)
}

func (q *query) starRelation(names []string, pos int) (*item, error) {
	schema, relation, _, err := q.b.columnName(append(names[:len(names):len(names)], "*"), pos)
	if err != nil {
		return nil, err
	}
	it, _, err := q.relation(schema, relation, pos)
	if err == nil && it == nil {
		err = q.missingRelation(relation, pos)
	}
	return it, err
}

// wholeRow makes a record of an item's columns. Of an item that an outer join may leave out, it is NULL then.
func (q *query) wholeRow(it *item, pos int) (expr.Expr, error) {
	if it.scalar {
		return it.column(0, pos), nil
	}
	row := &expr.Row{}
	var fields []types.Field
	for i := range it.cols {
		if it.cols[i].hidden {
			continue
		}
		e := it.column(i, pos)
		row.Fields = append(row.Fields, e)
		fields = append(fields, types.Field{Name: it.cols[i].name, Type: e.Type()})
	}
	row.T = q.rowType(it, fields)
	if it.nullable && it.scan != nil {
		key := it.system(catalog.ColRowKey, pos)
		return &expr.Case{
			Whens: []expr.When{{Cond: &expr.NullTest{Arg: key, Not: true}, Then: row}},
			Else:  expr.NullOf(row.T), T: row.T,
		}, nil
	}
	return row, nil
}

// rowType is the type of an item's rows: the relation's own, when it is one, else an anonymous record.
func (q *query) rowType(it *item, fields []types.Field) types.Type {
	if it.row != nil && len(it.row.Fields) == len(fields) {
		return types.Of(it.row)
	}
	if it.relation != 0 {
		if d := q.b.def(catalog.RowType(it.relation)); d != nil && len(d.Fields) == len(fields) {
			return types.Of(d)
		}
	}
	t := recordOf(fields)
	if it.name != "" {
		t.Name = it.name
	}
	return t
}

// recordOf makes an anonymous record type.
func recordOf(fields []types.Field) types.Type {
	d := *types.Builtin(types.OIDRecord)
	d.Fields = fields
	return types.Of(&d)
}

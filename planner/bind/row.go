package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// rowExpr binds ROW(…).
func (q *query) rowExpr(n *pg.RowExpr) (expr.Expr, error) {
	fields, err := q.fields(n.Args)
	if err != nil {
		return nil, err
	}
	if len(fields) > 1664 {
		return nil, pgerr.New(pgerrcode.TooManyColumns, "ROW expressions can have at most 1664 entries").At(int(n.Location))
	}
	defs := make([]types.Field, len(fields))
	written := slices.Clone(fields)
	for i, f := range fields {
		if fields[i], err = q.b.known(f); err != nil {
			return nil, err
		}
		defs[i] = types.Field{Name: "f" + itoa(i+1), Type: fields[i].Type()}
	}
	row := &expr.Row{Fields: fields, T: recordOf(defs)}
	if q.b.written == nil {
		q.b.written = map[*expr.Row][]expr.Expr{}
	}
	q.b.written[row] = written
	return row, nil
}

// fields binds the entries of a row, in which relation.* stands for all its columns.
func (q *query) fields(nodes []*pg.Node) ([]expr.Expr, error) {
	var out []expr.Expr
	for _, n := range nodes {
		if star, ok := isStar(n); ok {
			ts, err := q.expandStar(star, n)
			if err != nil {
				return nil, err
			}
			for _, t := range ts {
				out = append(out, t.e)
			}
			continue
		}
		e, err := q.expr(n)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// rowOperator compares two rows field by field.
func (q *query) rowOperator(name []string, l, r *pg.RowExpr, pos int) (expr.Expr, error) {
	left, err := q.fields(l.Args)
	if err != nil {
		return nil, err
	}
	right, err := q.fields(r.Args)
	if err != nil {
		return nil, err
	}
	return q.b.compareRows(name, left, right, pos)
}

func (b *binder) compareRows(name []string, left, right []expr.Expr, pos int) (expr.Expr, error) {
	if len(left) != len(right) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "unequal number of entries in row expressions").At(pos)
	}
	if len(left) == 0 {
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "cannot compare rows of zero length").At(pos)
	}
	op := name[len(name)-1]
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
	default:
		if len(left) == 1 {
			return b.apply(name, left[0], right[0], pos)
		}
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", op).
			WithHint("Row comparison operators must be associated with btree operator families.").At(pos)
	}
	if op == "=" || op == "<>" {
		return b.eachField(op, left, right, pos)
	}
	return b.orderRows(op, left, right, pos)
}

func (b *binder) eachField(op string, left, right []expr.Expr, pos int) (expr.Expr, error) {
	conds := make([]expr.Expr, len(left))
	for i := range left {
		c, err := b.compareField(op, left[i], right[i], i, pos)
		if err != nil {
			return nil, err
		}
		conds[i] = c
	}
	if op == "=" {
		return expr.JoinAnd(conds), nil
	}
	return expr.JoinOr(conds), nil
}

func (b *binder) compareField(op string, l, r expr.Expr, i, pos int) (expr.Expr, error) {
	c, err := b.apply([]string{op}, l, r, pos)
	if err != nil {
		return nil, err
	}
	if c.Type().ID() != types.OIDBool {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "row comparison operator must yield type boolean, not type %s", b.formatType(c.Type().Def)).At(pos)
	}
	return c, nil
}

// orderRows makes a < x OR (a = x AND (b < y OR …)): three-valued logic gives it the NULLs of row comparison.
func (b *binder) orderRows(op string, left, right []expr.Expr, pos int) (expr.Expr, error) {
	last := len(left) - 1
	out, err := b.compareField(op, left[last], right[last], last, pos)
	strict := op[:1]
	for i := last - 1; i >= 0 && err == nil; i-- {
		var less, same expr.Expr
		if less, err = b.compareField(strict, left[i], right[i], i, pos); err != nil {
			break
		}
		if same, err = b.compareField("=", left[i], right[i], i, pos); err != nil {
			break
		}
		tail := &expr.Bool{Op: expr.And, Args: []expr.Expr{same, out}}
		out = &expr.Bool{Op: expr.Or, Args: []expr.Expr{less, tail}}
	}
	return out, err
}

func (q *query) rowDistinct(l, r *pg.RowExpr, not bool, pos int) (expr.Expr, error) {
	left, err := q.fields(l.Args)
	if err != nil {
		return nil, err
	}
	right, err := q.fields(r.Args)
	if err != nil {
		return nil, err
	}
	if len(left) != len(right) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "unequal number of entries in row expressions").At(pos)
	}
	conds := make([]expr.Expr, len(left))
	for i := range left {
		if conds[i], err = q.b.distinctPair(left[i], right[i], not, pos); err != nil {
			return nil, err
		}
	}
	if not {
		return expr.JoinAnd(conds), nil
	}
	return expr.JoinOr(conds), nil
}

// coerceRow makes a record of another row type, field by field.
func (b *binder) coerceRow(e expr.Expr, t types.Type, c cast) (expr.Expr, error) {
	if fields := e.Type().Fields; t.OID == types.OIDRecord && t.Fields == nil && fields != nil {
		return &expr.Relabel{Arg: e, T: recordOf(fields), Form: c.form}, nil
	}
	if t.OID == types.OIDRecord && t.Fields == nil || isTrueArray(t.Def) || t.OID == types.OIDRecordArray {
		return &expr.Relabel{Arg: e, T: t, Form: c.form}, nil
	}
	cannot := pgerr.New(pgerrcode.CannotCoerce, "cannot cast type %s to %s", b.formatType(e.Type().Def), b.formatType(t.Def)).At(c.pos)
	row, ok := e.(*expr.Row)
	if !ok && t.Kind == types.KindComposite {
		return nil, cannot
	}
	if !ok {
		return &expr.Relabel{Arg: e, T: t, Form: c.form}, nil
	}
	fail := func(detail string) error { return cannot.WithDetail("%s", detail) }
	if len(row.Fields) < len(t.Fields) {
		return nil, fail("Input has too few columns.")
	}
	if len(row.Fields) > len(t.Fields) {
		return nil, fail("Input has too many columns.")
	}
	out := &expr.Row{Fields: make([]expr.Expr, len(row.Fields)), T: types.Of(t.Def)}
	given := row.Fields
	if w := b.written[row]; w != nil {
		given = w
	}
	for i, f := range given {
		v, ok, err := b.coerceTo(f, t.Fields[i].Type, cast{c.context, expr.FormImplicitCast, c.pos})
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fail("Cannot cast type " + b.formatType(f.Type().Def) + " to " + b.formatType(t.Fields[i].Type.Def) + " in column " + itoa(i+1) + ".")
		}
		out.Fields[i] = v
	}
	return out, nil
}

package bind

import (
	"strconv"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// in binds an expression as part of a clause.
func (q *query) in(kind exprKind, n *pg.Node) (expr.Expr, error) {
	old := q.kind
	q.kind = kind
	e, err := q.expr(n)
	q.kind = old
	return e, err
}

// where binds a condition as part of a clause; nil for none.
func (q *query) where(kind exprKind, n *pg.Node, what string) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := q.in(kind, n)
	if err != nil {
		return nil, err
	}
	return q.b.condition(e, what, location(n))
}

// expr binds an expression of any kind.
func (q *query) expr(n *pg.Node) (expr.Expr, error) {
	switch x := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return q.columnRef(x.ColumnRef)
	case *pg.Node_AConst:
		return q.b.constant(x.AConst)
	case *pg.Node_ParamRef:
		if body := q.b.body(); body != nil && body.Vars != nil {
			if e, err := q.variable([]string{"$" + itoa(int(x.ParamRef.Number))}, true, int(x.ParamRef.Location)); e != nil || err != nil {
				return e, err
			}
			return nil, pgerr.New(pgerrcode.UndefinedParameter, "there is no parameter $%d", x.ParamRef.Number).At(int(x.ParamRef.Location))
		}
		return q.b.param(int(x.ParamRef.Number), int(x.ParamRef.Location))
	case *pg.Node_AExpr:
		return q.operatorExpr(x.AExpr)
	case *pg.Node_BoolExpr:
		return q.boolExpr(x.BoolExpr)
	case *pg.Node_FuncCall:
		return q.funcCall(x.FuncCall)
	case *pg.Node_TypeCast:
		return q.typeCast(x.TypeCast)
	case *pg.Node_SubLink:
		e, err := q.subLink(x.SubLink)
		if sub, ok := e.(*expr.Subquery); ok && q.b.spelling() != nil {
			q.b.spelling().links[sub] = x.SubLink
		}
		return e, err
	case *pg.Node_NullTest:
		return q.nullTest(x.NullTest)
	case *pg.Node_CaseExpr:
		return q.caseExpr(x.CaseExpr)
	case *pg.Node_CoalesceExpr:
		return q.coalesce(x.CoalesceExpr)
	}
	return q.rarer(n)
}

// rarer is the rest of expr.
func (q *query) rarer(n *pg.Node) (expr.Expr, error) {
	switch x := n.GetNode().(type) {
	case *pg.Node_AIndirection:
		return q.indirection(x.AIndirection)
	case *pg.Node_AArrayExpr:
		return q.arrayExpr(x.AArrayExpr, nil)
	case *pg.Node_CollateClause:
		return q.collate(x.CollateClause)
	case *pg.Node_RowExpr:
		return q.rowExpr(x.RowExpr)
	case *pg.Node_MinMaxExpr:
		return q.minMax(x.MinMaxExpr)
	case *pg.Node_SqlvalueFunction:
		return q.valueFunction(x.SqlvalueFunction)
	case *pg.Node_BooleanTest:
		return q.boolTest(x.BooleanTest)
	case *pg.Node_GroupingFunc:
		return q.groupingFunc(x.GroupingFunc)
	case *pg.Node_NamedArgExpr:
		return q.expr(x.NamedArgExpr.Arg)
	case *pg.Node_SetToDefault:
		return nil, pgerr.New(pgerrcode.SyntaxError, "DEFAULT is not allowed in this context").At(int(x.SetToDefault.Location))
	case *pg.Node_XmlExpr:
		return nil, pgerr.Unsupported("XML").At(int(x.XmlExpr.Location))
	case *pg.Node_XmlSerialize:
		return nil, pgerr.Unsupported("XML").At(int(x.XmlSerialize.Location))
	case *pg.Node_CurrentOfExpr:
		return nil, pgerr.Unsupported("WHERE CURRENT OF")
	case nil:
		return nil, pgerr.Internal("missing expression")
	}
	return nil, pgerr.Unsupported("this kind of expression").At(location(n))
}

// constant binds a literal.
func (b *binder) constant(c *pg.A_Const) (expr.Expr, error) {
	pos := int(c.Location)
	if c.Isnull {
		k := &expr.Const{Value: types.Null, T: typeUnknown}
		b.place(k, pos)
		return k, nil
	}
	switch v := c.Val.(type) {
	case *pg.A_Const_Ival:
		return &expr.Const{Value: types.Int(int64(v.Ival.GetIval())), T: typeInt4}, nil
	case *pg.A_Const_Sval:
		return b.literal(v.Sval.GetSval(), pos), nil
	case *pg.A_Const_Fval:
		return b.number(v.Fval.GetFval(), pos)
	case *pg.A_Const_Boolval:
		return expr.Truth(v.Boolval.GetBoolval()), nil
	case *pg.A_Const_Bsval:
		return b.bitLiteral(v.Bsval.GetBsval(), pos)
	}
	return nil, pgerr.Internal("unknown kind of constant").At(pos)
}

// bitLiteral binds B'…' and X'…': the grammar leaves the letter in front.
func (b *binder) bitLiteral(s string, pos int) (expr.Expr, error) {
	return b.input(types.String(s), builtinType(types.OIDBit), pos)
}

// boolExpr binds AND, OR and NOT; nested ones of a kind become one.
func (q *query) boolExpr(n *pg.BoolExpr) (expr.Expr, error) {
	op, what := expr.And, "AND"
	switch n.Boolop {
	case pg.BoolExprType_OR_EXPR:
		op, what = expr.Or, "OR"
	case pg.BoolExprType_NOT_EXPR:
		op, what = expr.Not, "NOT"
	}
	args := make([]expr.Expr, 0, len(n.Args))
	for _, a := range n.Args {
		e, err := q.expr(a)
		if err != nil {
			return nil, err
		}
		if e, err = q.b.condition(e, what, location(a)); err != nil {
			return nil, err
		}
		if in, ok := e.(*expr.Bool); ok && in.Op == op && op != expr.Not {
			args = append(args, in.Args...)
			continue
		}
		args = append(args, e)
	}
	return &expr.Bool{Op: op, Args: args}, nil
}

func (q *query) nullTest(n *pg.NullTest) (expr.Expr, error) {
	e, err := q.expr(n.Arg)
	if err != nil {
		return nil, err
	}
	if _, open := e.(*expr.Param); !open {
		if e, err = q.b.known(e); err != nil {
			return nil, err
		}
	}
	return &expr.NullTest{Arg: e, Not: n.Nulltesttype == pg.NullTestType_IS_NOT_NULL}, nil
}

func (q *query) boolTest(n *pg.BooleanTest) (expr.Expr, error) {
	t := &expr.BoolTest{}
	var what string
	switch n.Booltesttype {
	case pg.BoolTestType_IS_TRUE:
		t.Want, what = 't', "IS TRUE"
	case pg.BoolTestType_IS_NOT_TRUE:
		t.Want, t.Not, what = 't', true, "IS NOT TRUE"
	case pg.BoolTestType_IS_FALSE:
		t.Want, what = 'f', "IS FALSE"
	case pg.BoolTestType_IS_NOT_FALSE:
		t.Want, t.Not, what = 'f', true, "IS NOT FALSE"
	case pg.BoolTestType_IS_UNKNOWN:
		t.Want, what = 'u', "IS UNKNOWN"
	default:
		t.Want, t.Not, what = 'u', true, "IS NOT UNKNOWN"
	}
	e, err := q.expr(n.Arg)
	if err != nil {
		return nil, err
	}
	t.Arg, err = q.b.condition(e, what, location(n.Arg))
	return t, err
}

// collate accepts the collations that order by code points, as everything here does.
func (q *query) collate(n *pg.CollateClause) (expr.Expr, error) {
	e, err := q.expr(n.Arg)
	if err != nil {
		return nil, err
	}
	pos := int(n.Location)
	if err := q.b.checkCollation(n, pos); err != nil {
		return nil, err
	}
	t := e.Type()
	if t.ID() == types.OIDUnknown {
		return q.b.known(e)
	}
	if d := baseType(t.Def); !collatable(d) {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "collations are not supported by type %s", q.b.formatType(t.Def)).At(pos)
	}
	return e, nil
}

func collatable(d *types.Def) bool {
	if isTrueArray(d) {
		d = d.Elem
	}
	switch d.OID {
	case types.OIDText, types.OIDVarchar, types.OIDBpchar, types.OIDName, types.OIDUnknown:
		return true
	}
	return isPolymorphic(d.OID)
}

// checkCollation refuses collations other than those of code point order.
func (b *binder) checkCollation(n *pg.CollateClause, pos int) error {
	names := stringList(n.Collname)
	switch name := names[len(names)-1]; name {
	case "C", "POSIX", "default", "ucs_basic", "C.UTF-8", "C.utf8":
		return nil
	case "en_US", "en_US.utf8", "en_US.UTF-8", "und-x-icu", "en-x-icu", "en-US-x-icu", "unicode":
		return pgerr.Unsupported("collation \"%s\"", name).At(pos)
	default:
		return pgerr.New(pgerrcode.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", nameText(n.Collname)).At(pos)
	}
}

// typeCast binds CAST(x AS t) and x::t.
func (q *query) typeCast(n *pg.TypeCast) (expr.Expr, error) {
	t, err := q.b.typeName(n.TypeName)
	if err != nil {
		return nil, err
	}
	if t.Kind == types.KindPseudo && t.OID == types.OIDUnknown {
		return q.expr(n.Arg)
	}
	var e expr.Expr
	if a := n.Arg.GetAArrayExpr(); a != nil && isArrayLike(baseType(t.Def)) {
		e, err = q.arrayExpr(a, baseType(t.Def))
	} else {
		e, err = q.expr(n.Arg)
	}
	if err != nil {
		return nil, err
	}
	pos := int(n.Location)
	if pos < 0 {
		pos = int(n.TypeName.Location)
	}
	namePos := pos
	if loc := location(n.Arg); loc >= 0 && n.Location < 0 {
		namePos = loc
	}
	return q.b.explicitCast(e, t, location(n.Arg), namePos)
}

// expression binds an expression of a descriptor that refers to no columns, such as a default.
func (b *binder) expression(text string) (expr.Expr, error) {
	n, err := parse.Expression(text)
	if err != nil {
		return nil, err
	}
	return b.unplaced(func() (expr.Expr, error) { return b.child(nil).in(kindDefault, n) })
}

// unplaced runs a binding of text that the user did not send: its positions mean nothing to him, and nothing of the function
// that is being bound is known to it.
func (b *binder) unplaced(f func() (expr.Expr, error)) (expr.Expr, error) {
	body := b.opts.Body
	b.opts.Body = nil
	e, err := f()
	b.opts.Body = body
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	return e, nil
}

func itoa(n int) string { return strconv.Itoa(n) }

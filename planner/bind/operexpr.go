package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// operatorExpr binds what the grammar calls an A_Expr: operators and constructs that stand for them.
func (q *query) operatorExpr(n *pg.A_Expr) (expr.Expr, error) {
	switch n.Kind {
	case pg.A_Expr_Kind_AEXPR_OP_ANY:
		return q.anyAll(n, false)
	case pg.A_Expr_Kind_AEXPR_OP_ALL:
		return q.anyAll(n, true)
	case pg.A_Expr_Kind_AEXPR_DISTINCT:
		return q.distinct(n, false)
	case pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return q.distinct(n, true)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return q.nullIf(n)
	case pg.A_Expr_Kind_AEXPR_IN:
		return q.inList(n)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return q.between(n)
	}
	return q.plainOperator(n)
}

// plainOperator is left op right, with rows compared field by field.
func (q *query) plainOperator(n *pg.A_Expr) (expr.Expr, error) {
	name, pos := stringList(n.Name), int(n.Location)
	lrow, rrow := n.Lexpr.GetRowExpr(), n.Rexpr.GetRowExpr()
	if sub := n.Rexpr.GetSubLink(); lrow != nil && sub != nil && sub.SubLinkType == pg.SubLinkType_EXPR_SUBLINK {
		return q.rowSubquery(n.Lexpr, name, sub, pos)
	}
	if lrow != nil && rrow != nil {
		return q.rowOperator(name, lrow, rrow, pos)
	}
	var left expr.Expr
	var err error
	if n.Lexpr != nil {
		if left, err = q.expr(n.Lexpr); err != nil {
			return nil, err
		}
	}
	right, err := q.expr(n.Rexpr)
	if err != nil {
		return nil, err
	}
	return q.b.apply(name, left, right, pos)
}

func (q *query) both(n *pg.A_Expr) (left, right expr.Expr, err error) {
	if left, err = q.expr(n.Lexpr); err != nil {
		return nil, nil, err
	}
	right, err = q.expr(n.Rexpr)
	return left, right, err
}

// anyAll is left op ANY|ALL (array).
func (q *query) anyAll(n *pg.A_Expr, all bool) (expr.Expr, error) {
	left, right, err := q.both(n)
	if err != nil {
		return nil, err
	}
	return q.b.arrayCompare(stringList(n.Name), left, right, all, int(n.Location))
}

func (b *binder) arrayCompare(name []string, left, right expr.Expr, all bool, pos int) (expr.Expr, error) {
	elem := typeUnknown.Def
	if at := baseType(right.Type().Def); at.OID != types.OIDUnknown {
		if !isArrayLike(at) {
			return nil, pgerr.New(pgerrcode.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(pos)
		}
		elem = at.Elem
	}
	op, err := b.operator(name, left.Type().Def, elem, pos)
	if err != nil {
		return nil, err
	}
	p := builtin.ProcByOID(op.Proc)
	if op.Result != types.OIDBool {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean").At(pos)
	}
	declared := []*types.Def{types.Builtin(op.Left), types.Builtin(op.Right)}
	if _, err := b.settleGenerics([]*types.Def{left.Type().Def, elem}, declared, typeBool.Def); err != nil {
		return nil, pgerr.From(err).At(pos)
	}
	if err := b.supported(p, pos); err != nil {
		return nil, err
	}
	array := right.Type().Def
	if !isPolymorphic(declared[1].OID) && !(isArrayLike(baseType(array)) && baseType(array).Elem.OID == declared[1].OID) {
		if array = b.arrayOf(declared[1]); array == nil {
			return nil, pgerr.New(pgerrcode.UndefinedObject, "could not find array type for data type %s", b.formatType(declared[1])).At(pos)
		}
	}
	args, err := b.arguments([]expr.Expr{left, right}, []*types.Def{declared[0], array}, pos)
	if err != nil {
		return nil, err
	}
	return &expr.ArrayCompare{Left: args[0], Array: args[1], Proc: p, Op: op, All: all}, nil
}

// distinct is IS [NOT] DISTINCT FROM.
func (q *query) distinct(n *pg.A_Expr, not bool) (expr.Expr, error) {
	if isNullConst(n.Rexpr) || isNullConst(n.Lexpr) {
		arg := n.Lexpr
		if !isNullConst(n.Rexpr) {
			arg = n.Rexpr
		}
		e, err := q.expr(arg)
		if err != nil {
			return nil, err
		}
		if _, open := e.(*expr.Param); !open {
			e, err = q.b.known(e)
		}
		return &expr.NullTest{Arg: e, Not: !not}, err
	}
	if l, r := n.Lexpr.GetRowExpr(), n.Rexpr.GetRowExpr(); l != nil && r != nil {
		return q.rowDistinct(l, r, not, int(n.Location))
	}
	left, right, err := q.both(n)
	if err != nil {
		return nil, err
	}
	return q.b.distinctPair(left, right, not, int(n.Location))
}

func (b *binder) distinctPair(left, right expr.Expr, not bool, pos int) (expr.Expr, error) {
	e, err := b.apply([]string{"="}, left, right, pos)
	if err != nil {
		return nil, err
	}
	c := e.(*expr.Call)
	if c.T.ID() != types.OIDBool {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "IS DISTINCT FROM requires = operator to yield boolean").At(pos)
	}
	return &expr.Distinct{Left: c.Args[0], Right: c.Args[1], Equal: c.Proc, Not: not}, nil
}

func isNullConst(n *pg.Node) bool { return n.GetAConst().GetIsnull() }

func (q *query) nullIf(n *pg.A_Expr) (expr.Expr, error) {
	left, right, err := q.both(n)
	if err != nil {
		return nil, err
	}
	e, err := q.b.apply(stringList(n.Name), left, right, int(n.Location))
	if err != nil {
		return nil, err
	}
	c := e.(*expr.Call)
	if c.T.ID() != types.OIDBool {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "NULLIF requires = operator to yield boolean").At(int(n.Location))
	}
	return &expr.NullIf{Left: c.Args[0], Right: c.Args[1], Equal: c.Proc, T: c.Args[0].Type()}, nil
}

// inList is x [NOT] IN (a, b, …): one array comparison for the elements that have a common type, else = joined by OR.
func (q *query) inList(n *pg.A_Expr) (expr.Expr, error) {
	name, pos := stringList(n.Name), int(n.Location)
	not := name[len(name)-1] == "<>"
	items := n.Rexpr.GetList().GetItems()
	if n.Lexpr.GetRowExpr() != nil {
		return q.inRows(n, items, not)
	}
	left, err := q.expr(n.Lexpr)
	if err != nil {
		return nil, err
	}
	es := make([]expr.Expr, len(items))
	for i, it := range items {
		if es[i], err = q.expr(it); err != nil {
			return nil, err
		}
	}
	var conds []expr.Expr
	plain, rest := splitConstant(es)
	if len(plain) > 1 {
		e, err := q.b.inArray(name, left, plain, not, pos)
		if err != nil {
			return nil, err
		}
		if e == nil {
			rest = es
		} else {
			conds = append(conds, e)
		}
	} else {
		rest = es
	}
	for _, e := range rest {
		c, err := q.b.apply(name, left, e, pos)
		if err != nil {
			return nil, err
		}
		if c, err = q.b.condition(c, "IN", pos); err != nil {
			return nil, err
		}
		conds = append(conds, c)
	}
	if not {
		return expr.JoinAnd(conds), nil
	}
	return expr.JoinOr(conds), nil
}

// splitConstant parts the expressions without columns from those with.
func splitConstant(es []expr.Expr) (plain, rest []expr.Expr) {
	for _, e := range es {
		if expr.Any(e, func(x expr.Expr) bool {
			switch x.(type) {
			case *expr.Column, *expr.Subquery:
				return true
			}
			return false
		}) {
			rest = append(rest, e)
		} else {
			plain = append(plain, e)
		}
	}
	return plain, rest
}

// inArray makes x = ANY (ARRAY[…]); nil when the elements have no common type.
func (b *binder) inArray(name []string, left expr.Expr, es []expr.Expr, not bool, pos int) (expr.Expr, error) {
	t, _ := b.commonType(append([]expr.Expr{left}, es...), "", nil)
	if t == nil || isRow(t) {
		return nil, nil
	}
	array := b.arrayOf(t)
	if array == nil || isTrueArray(t) {
		return nil, nil
	}
	elems := make([]expr.Expr, len(es))
	for i, e := range es {
		var err error
		if elems[i], err = b.toCommon(e, t, "IN", pos); err != nil {
			return nil, err
		}
	}
	return b.arrayCompare(name, left, &expr.Array{Elems: elems, T: types.Of(array)}, not, pos)
}

// inRows is (a, b) IN ((1, 2), …).
func (q *query) inRows(n *pg.A_Expr, items []*pg.Node, not bool) (expr.Expr, error) {
	var conds []expr.Expr
	for _, it := range items {
		e, err := q.operatorExpr(&pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP, Name: n.Name, Lexpr: n.Lexpr, Rexpr: it, Location: n.Location})
		if err != nil {
			return nil, err
		}
		conds = append(conds, e)
	}
	if not {
		return expr.JoinAnd(conds), nil
	}
	return expr.JoinOr(conds), nil
}

// between is x [NOT] BETWEEN [SYMMETRIC] a AND b, as the comparisons that it is short for.
func (q *query) between(n *pg.A_Expr) (expr.Expr, error) {
	bounds := n.Rexpr.GetList().GetItems()
	x, lo, hi := n.Lexpr, bounds[0], bounds[1]
	switch n.Kind {
	case pg.A_Expr_Kind_AEXPR_BETWEEN:
		return q.pair(n, expr.And, ">=", lo, "<=", hi, x)
	case pg.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		return q.pair(n, expr.Or, "<", lo, ">", hi, x)
	}
	op, outer, lower, upper := expr.And, expr.Or, ">=", "<="
	if n.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM {
		op, outer, lower, upper = expr.Or, expr.And, "<", ">"
	}
	a, err := q.pair(n, op, lower, lo, upper, hi, x)
	if err != nil {
		return nil, err
	}
	b, err := q.pair(n, op, lower, hi, upper, lo, x)
	if err != nil {
		return nil, err
	}
	return &expr.Bool{Op: outer, Args: []expr.Expr{a, b}}, nil
}

func (q *query) pair(n *pg.A_Expr, op expr.BoolOp, op1 string, a *pg.Node, op2 string, b, x *pg.Node) (expr.Expr, error) {
	one, err := q.operatorExpr(plainExpr(op1, x, a, n.Location))
	if err != nil {
		return nil, err
	}
	two, err := q.operatorExpr(plainExpr(op2, x, b, n.Location))
	if err != nil {
		return nil, err
	}
	return &expr.Bool{Op: op, Args: []expr.Expr{one, two}}, nil
}

func plainExpr(op string, l, r *pg.Node, at int32) *pg.A_Expr {
	return &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP, Name: []*pg.Node{pg.MakeStrNode(op)}, Lexpr: l, Rexpr: r, Location: at}
}

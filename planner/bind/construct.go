package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// without binds something in which no set-returning function may stand.
func (q *query) without(what string, f func() error) error {
	old := q.noSet
	q.noSet = what
	err := f()
	q.noSet = old
	return err
}

// caseExpr binds CASE. The result's type is settled with ELSE first, as PostgreSQL does.
func (q *query) caseExpr(n *pg.CaseExpr) (expr.Expr, error) {
	c := &expr.Case{Simple: n.Arg != nil}
	results, nodes := []expr.Expr{nil}, []*pg.Node{n.Defresult}
	err := q.without("CASE", func() error {
		operand, err := q.caseOperand(n.Arg)
		if err != nil {
			return err
		}
		for _, w := range n.Args {
			cw := w.GetCaseWhen()
			cond, err := q.caseCondition(operand, cw)
			if err != nil {
				return err
			}
			then, err := q.expr(cw.Result)
			if err != nil {
				return err
			}
			c.Whens = append(c.Whens, expr.When{Cond: cond})
			results, nodes = append(results, then), append(nodes, cw.Result)
		}
		if n.Defresult == nil {
			results[0] = &expr.Const{Value: types.Null, T: typeUnknown}
			return nil
		}
		results[0], err = q.expr(n.Defresult)
		return err
	})
	if err != nil {
		return nil, err
	}
	out, t, err := q.b.unify(results, "CASE", nodes)
	if err != nil {
		return nil, err
	}
	c.Else, c.T = out[0], t
	for i := range c.Whens {
		c.Whens[i].Then = out[i+1]
	}
	return c, nil
}

func (q *query) caseOperand(n *pg.Node) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := q.expr(n)
	if err != nil {
		return nil, err
	}
	return q.b.known(e)
}

func (q *query) caseCondition(operand expr.Expr, w *pg.CaseWhen) (expr.Expr, error) {
	e, err := q.expr(w.Expr)
	if err != nil {
		return nil, err
	}
	if operand != nil {
		if e, err = q.b.apply([]string{"="}, operand, e, int(w.Location)); err != nil {
			return nil, err
		}
	}
	return q.b.condition(e, "CASE/WHEN", location(w.Expr))
}

// list binds expressions in which no set-returning function may stand and coerces them to their common type.
func (q *query) list(nodes []*pg.Node, what string) ([]expr.Expr, types.Type, error) {
	es := make([]expr.Expr, len(nodes))
	err := q.without(what, func() error {
		for i, a := range nodes {
			e, err := q.expr(a)
			if err != nil {
				return err
			}
			es[i] = e
		}
		return nil
	})
	if err != nil {
		return nil, types.Type{}, err
	}
	return q.b.unify(es, what, nodes)
}

func (q *query) coalesce(n *pg.CoalesceExpr) (expr.Expr, error) {
	args, t, err := q.list(n.Args, "COALESCE")
	if err != nil {
		return nil, err
	}
	return &expr.Coalesce{Args: args, T: t}, nil
}

func (q *query) minMax(n *pg.MinMaxExpr) (expr.Expr, error) {
	m := &expr.MinMax{Greatest: n.Op == pg.MinMaxOp_IS_GREATEST}
	what := "LEAST"
	if m.Greatest {
		what = "GREATEST"
	}
	var err error
	if m.Args, m.T, err = q.list(n.Args, what); err != nil {
		return nil, err
	}
	op, err := q.b.operator([]string{"<"}, m.T.Def, m.T.Def, int(n.Location))
	if err != nil {
		return nil, pgerr.New(pgerrcode.UndefinedFunction, "could not identify a comparison function for type %s", q.b.formatType(m.T.Def)).At(int(n.Location))
	}
	m.Less = builtin.ProcByOID(op.Proc)
	return m, nil
}

// arrayExpr binds ARRAY[…]; target is the array type that a cast around it asks for, if any.
func (q *query) arrayExpr(n *pg.A_ArrayExpr, target *types.Def) (expr.Expr, error) {
	es := make([]expr.Expr, len(n.Elements))
	multi := false
	for i, el := range n.Elements {
		var err error
		if sub := el.GetAArrayExpr(); sub != nil {
			es[i], err = q.arrayExpr(sub, target)
			multi = true
		} else {
			es[i], err = q.expr(el)
			multi = multi || err == nil && isTrueArray(baseType(es[i].Type().Def))
		}
		if err != nil {
			return nil, err
		}
	}
	pos := int(n.Location)
	if target != nil {
		return q.b.arrayOfType(es, n.Elements, target, multi, pos)
	}
	if len(es) == 0 {
		return nil, pgerr.New(pgerrcode.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].").At(pos)
	}
	es, t, err := q.b.unify(es, "ARRAY", n.Elements)
	if err != nil {
		return nil, err
	}
	array := q.b.arrayOf(t.Def)
	if array == nil {
		return nil, pgerr.New(pgerrcode.UndefinedObject, "could not find array type for data type %s", q.b.formatType(t.Def)).At(pos)
	}
	return &expr.Array{Elems: es, Multi: multi, T: types.Type{Def: array, Mod: t.Mod}}, nil
}

// arrayOfType casts each element to the element type of the wanted array.
func (b *binder) arrayOfType(es []expr.Expr, nodes []*pg.Node, target *types.Def, multi bool, pos int) (expr.Expr, error) {
	want := types.Of(target.Elem)
	if multi {
		want = types.Of(target)
	}
	for i, e := range es {
		out, ok, err := b.coerceTo(e, want, cast{explicit, expr.FormCast, location(nodes[i])})
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, pgerr.New(pgerrcode.CannotCoerce, "cannot cast type %s to %s", b.formatType(e.Type().Def), b.formatType(want.Def)).At(location(nodes[i]))
		}
		es[i] = out
	}
	return &expr.Array{Elems: es, Multi: multi, T: types.Of(target)}, nil
}

// valueFunction binds CURRENT_DATE and its kin as calls of the functions that they are.
func (q *query) valueFunction(n *pg.SQLValueFunction) (expr.Expr, error) {
	pos := int(n.Location)
	now := &expr.Call{Proc: builtinProc("now"), T: builtinType(types.OIDTimestamptz), Form: expr.FormSQL, Pos: pos}
	switch n.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
		return q.b.momentAs(now, types.OIDTimestamptz, n)
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
		return q.b.momentAs(now, types.OIDDate, n)
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:
		return q.b.momentAs(now, types.OIDTimetz, n)
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:
		return q.b.momentAs(now, types.OIDTime, n)
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		return q.b.momentAs(now, types.OIDTimestamp, n)
	case pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		return nameCall("session_user", pos), nil
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
		return nameCall("current_database", pos), nil
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		return nameCall("current_schema", pos), nil
	}
	return nameCall("current_user", pos), nil
}

func builtinProc(name string) *builtin.Proc {
	for _, p := range builtin.ProcsByName(name) {
		if len(p.Args) == 0 {
			return p
		}
	}
	return nil
}

func nameCall(name string, pos int) expr.Expr {
	return &expr.Call{Proc: builtinProc(name), T: typeName, Form: expr.FormSQL, Pos: pos}
}

// momentAs casts now() to another date or time type, with a precision if one was given.
func (b *binder) momentAs(now expr.Expr, t types.OID, n *pg.SQLValueFunction) (expr.Expr, error) {
	target := builtinType(t)
	if n.Typmod >= 0 && hasPrecision(n.Op) {
		target.Mod = min(n.Typmod, 6)
	}
	e, _, err := b.coerceTo(now, target, cast{explicit, expr.FormSQL, int(n.Location)})
	return e, err
}

func hasPrecision(op pg.SQLValueFunctionOp) bool {
	switch op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N,
		pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		return true
	}
	return false
}

package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// maxTargets is PostgreSQL's limit on the entries of a select list.
const maxTargets = 1664

// selectList binds the select list into q.targets.
func (q *query) selectList(list []*pg.Node) error {
	ts, err := q.targetList(list, kindSelectTarget)
	if err != nil {
		return err
	}
	if len(ts) > maxTargets {
		return pgerr.New(pgerrcode.TooManyColumns, "target lists can have at most %d entries", maxTargets)
	}
	q.targets = ts
	return nil
}

// targetList binds a list of expressions with names, expanding stars.
func (q *query) targetList(list []*pg.Node, kind exprKind) ([]target, error) {
	old := q.kind
	q.kind = kind
	defer func() { q.kind = old }()
	out := make([]target, 0, len(list))
	for _, n := range list {
		rt := n.GetResTarget()
		if star, ok := isStar(rt.Val); ok {
			ts, err := q.expandStar(star, rt.Val)
			if err != nil {
				return nil, err
			}
			q.b.traceStar(rt, ts)
			out = append(out, ts...)
			continue
		}
		e, err := q.expr(rt.Val)
		if err != nil {
			return nil, err
		}
		if !q.keepUnknown {
			if e, err = q.b.known(e); err != nil {
				return nil, err
			}
		}
		name := rt.Name
		if name == "" {
			name = columnLabel(rt.Val)
		}
		if s, ok := e.(*expr.Subquery); ok && name == "?column?" && s.Kind == expr.SubScalar {
			name = s.Plan.(logical.Node).Columns()[0].Name
		}
		out = append(out, target{e: e, name: name, node: rt.Val})
	}
	return out, nil
}

// isStar recognises *, relation.* and (row).*.
func isStar(n *pg.Node) (*pg.Node, bool) {
	if c := n.GetColumnRef(); c != nil {
		return n, c.Fields[len(c.Fields)-1].GetAStar() != nil
	}
	if x := n.GetAIndirection(); x != nil {
		return n, x.Indirection[len(x.Indirection)-1].GetAStar() != nil
	}
	return nil, false
}

// expandStar makes one target of each column that a star stands for.
func (q *query) expandStar(star, n *pg.Node) ([]target, error) {
	if x := star.GetAIndirection(); x != nil {
		return q.expandRow(x)
	}
	c := star.GetColumnRef()
	pos := int(c.Location)
	if len(c.Fields) > 1 {
		names := stringList(c.Fields[:len(c.Fields)-1])
		it, err := q.starRelation(names, pos)
		if body := q.b.body(); err != nil && body != nil && body.Vars != nil {
			if ts, failed := q.variableRow(names, n, pos); ts != nil || failed != nil {
				return ts, failed
			}
		}
		if err != nil {
			return nil, err
		}
		return it.targets(n, pos), nil
	}
	var out []target
	any := false
	for _, it := range q.items {
		if !it.colsVisible || it.lateralOnly && !q.lateral {
			continue
		}
		any = true
		if err := q.touch(it, pos); err != nil {
			return nil, err
		}
		out = append(out, it.targets(n, pos)...)
	}
	if !any {
		return nil, pgerr.New(pgerrcode.SyntaxError, "SELECT * with no tables specified is not valid").At(pos)
	}
	return out, nil
}

// targets lists an item's columns.
func (it *item) targets(n *pg.Node, pos int) []target {
	out := make([]target, 0, len(it.cols))
	for i := range it.cols {
		if !it.cols[i].hidden {
			from, under := it.starOrigin(i)
			out = append(out, target{e: it.column(i, pos), name: it.cols[i].name, node: n, from: from, under: under})
		}
	}
	return out
}

// expandRow makes one target of each field of a composite value.
func (q *query) expandRow(n *pg.A_Indirection) ([]target, error) {
	inner := n.Arg
	if len(n.Indirection) > 1 {
		inner = &pg.Node{Node: &pg.Node_AIndirection{AIndirection: &pg.A_Indirection{Arg: n.Arg, Indirection: n.Indirection[:len(n.Indirection)-1]}}}
	}
	e, err := q.expr(inner)
	if err != nil {
		return nil, err
	}
	d := baseType(e.Type().Def)
	if !isRow(d) {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "type %s is not composite", q.b.formatType(d)).At(location(n.Arg))
	}
	if len(d.Fields) == 0 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "record type has not been registered")
	}
	out := make([]target, len(d.Fields))
	for i, f := range d.Fields {
		var fe expr.Expr = &expr.Field{Arg: e, Index: i, Name: f.Name, T: f.Type}
		if row, ok := e.(*expr.Row); ok {
			fe = row.Fields[i]
		}
		out[i] = target{e: fe, name: f.Name, node: n.Arg}
	}
	return out, nil
}

// columnLabel is the name that PostgreSQL gives to a column without one.
func columnLabel(n *pg.Node) string {
	if name, _ := labelOf(n); name != "" {
		return name
	}
	return "?column?"
}

// labelOf returns a name and how good it is: 2 is certain, 1 may be bettered.
func labelOf(n *pg.Node) (string, int) {
	switch x := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return lastName(x.ColumnRef.Fields)
	case *pg.Node_AIndirection:
		if name, _ := lastName(x.AIndirection.Indirection); name != "" {
			return name, 2
		}
		return labelOf(x.AIndirection.Arg)
	case *pg.Node_FuncCall:
		return lastName(x.FuncCall.Funcname)
	case *pg.Node_AExpr:
		if x.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", 2
		}
	case *pg.Node_TypeCast:
		if name, s := labelOf(x.TypeCast.Arg); s > 1 {
			return name, s
		}
		name, _ := lastName(x.TypeCast.TypeName.Names)
		return name, 1
	case *pg.Node_CollateClause:
		return labelOf(x.CollateClause.Arg)
	case *pg.Node_GroupingFunc:
		return "grouping", 2
	case *pg.Node_SubLink:
		return subLinkLabel(x.SubLink)
	case *pg.Node_CaseExpr:
		if name, s := labelOf(x.CaseExpr.Defresult); s > 1 {
			return name, s
		}
		return "case", 1
	case *pg.Node_AArrayExpr:
		return "array", 2
	case *pg.Node_RowExpr:
		return "row", 2
	case *pg.Node_CoalesceExpr:
		return "coalesce", 2
	case *pg.Node_MinMaxExpr:
		if x.MinMaxExpr.Op == pg.MinMaxOp_IS_GREATEST {
			return "greatest", 2
		}
		return "least", 2
	case *pg.Node_SqlvalueFunction:
		return valueFunctionLabels[x.SqlvalueFunction.Op], 2
	}
	return "", 0
}

func lastName(nodes []*pg.Node) (string, int) {
	for i := len(nodes) - 1; i >= 0; i-- {
		if s := nodes[i].GetString_(); s != nil {
			return s.Sval, 2
		}
	}
	return "", 0
}

func subLinkLabel(n *pg.SubLink) (string, int) {
	switch n.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		return "exists", 2
	case pg.SubLinkType_ARRAY_SUBLINK:
		return "array", 2
	case pg.SubLinkType_EXPR_SUBLINK:
		s := n.Subselect.GetSelectStmt()
		for s != nil && s.Larg != nil {
			s = s.Larg
		}
		if s != nil && len(s.TargetList) > 0 {
			if rt := s.TargetList[0].GetResTarget(); rt != nil {
				if rt.Name != "" {
					return rt.Name, 2
				}
				return columnLabel(rt.Val), 2
			}
		}
		if s != nil && s.ValuesLists != nil {
			return "column1", 2
		}
	}
	return "", 0
}

var valueFunctionLabels = map[pg.SQLValueFunctionOp]string{
	pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE: "current_date", pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME: "current_time",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N: "current_time", pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp", pg.SQLValueFunctionOp_SVFOP_LOCALTIME: "localtime",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N: "localtime", pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP: "localtimestamp",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N: "localtimestamp", pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE: "current_role",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_USER: "current_user", pg.SQLValueFunctionOp_SVFOP_USER: "user",
	pg.SQLValueFunctionOp_SVFOP_SESSION_USER: "session_user", pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG: "current_catalog",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA: "current_schema",
}

package bind

import pg "github.com/pganalyze/pg_query_go/v5"

// location is where an expression begins, as PostgreSQL's exprLocation has it; -1 when unknown.
func location(n *pg.Node) int {
	switch x := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return int(x.ColumnRef.Location)
	case *pg.Node_AConst:
		return int(x.AConst.Location)
	case *pg.Node_ParamRef:
		return int(x.ParamRef.Location)
	case *pg.Node_AExpr:
		return leftmost(int(x.AExpr.Location), location(x.AExpr.Lexpr))
	case *pg.Node_BoolExpr:
		if len(x.BoolExpr.Args) > 0 {
			return leftmost(int(x.BoolExpr.Location), location(x.BoolExpr.Args[0]))
		}
		return int(x.BoolExpr.Location)
	case *pg.Node_FuncCall:
		if len(x.FuncCall.Args) > 0 {
			return leftmost(int(x.FuncCall.Location), location(x.FuncCall.Args[0]))
		}
		return int(x.FuncCall.Location)
	case *pg.Node_TypeCast:
		at := location(x.TypeCast.Arg)
		at = leftmost(at, int(x.TypeCast.TypeName.GetLocation()))
		return leftmost(at, int(x.TypeCast.Location))
	case *pg.Node_NullTest:
		return leftmost(int(x.NullTest.Location), location(x.NullTest.Arg))
	case *pg.Node_BooleanTest:
		return leftmost(int(x.BooleanTest.Location), location(x.BooleanTest.Arg))
	case *pg.Node_SubLink:
		return leftmost(location(x.SubLink.Testexpr), int(x.SubLink.Location))
	case *pg.Node_AIndirection:
		return location(x.AIndirection.Arg)
	case *pg.Node_CollateClause:
		return leftmost(int(x.CollateClause.Location), location(x.CollateClause.Arg))
	}
	return rarerLocation(n)
}

func rarerLocation(n *pg.Node) int {
	switch x := n.GetNode().(type) {
	case *pg.Node_CaseExpr:
		return int(x.CaseExpr.Location)
	case *pg.Node_CoalesceExpr:
		return int(x.CoalesceExpr.Location)
	case *pg.Node_MinMaxExpr:
		return int(x.MinMaxExpr.Location)
	case *pg.Node_RowExpr:
		return int(x.RowExpr.Location)
	case *pg.Node_AArrayExpr:
		return int(x.AArrayExpr.Location)
	case *pg.Node_SqlvalueFunction:
		return int(x.SqlvalueFunction.Location)
	case *pg.Node_SetToDefault:
		return int(x.SetToDefault.Location)
	case *pg.Node_GroupingFunc:
		return int(x.GroupingFunc.Location)
	case *pg.Node_NamedArgExpr:
		return leftmost(int(x.NamedArgExpr.Location), location(x.NamedArgExpr.Arg))
	case *pg.Node_ResTarget:
		return int(x.ResTarget.Location)
	case *pg.Node_SortBy:
		return location(x.SortBy.Node)
	case *pg.Node_GroupingSet:
		return int(x.GroupingSet.Location)
	case *pg.Node_List:
		at := -1
		for _, it := range x.List.Items {
			at = leftmost(at, location(it))
		}
		return at
	}
	return -1
}

// leftmost is the smaller of two known locations.
func leftmost(a, b int) int {
	switch {
	case a < 0:
		return b
	case b < 0:
		return a
	}
	return min(a, b)
}

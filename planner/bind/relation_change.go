package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// changedRelations are the relations of Dolt's, which are functions here, that can be written. Those that end in _ go on with
// a table's name. For INSERT the columns are needed.
var changedRelations = map[string][]string{
	"dolt_conflicts_": nil, "dolt_constraint_violations_": nil,
	"dolt_rebase": {"rebase_order", "action", "commit_hash", "commit_message"}, "dolt_ignore": {"pattern", "ignored"},
}

// changedRelation is the full name of such a relation, and its columns; "" for any other, or where a table has the name.
func (b *binder) changedRelation(rv *pg.RangeVar) (name string, columns []string) {
	if relationFunction(rv) == nil {
		return "", nil
	}
	if kind, table := tableRelation(rv); kind != "" {
		name = kind + "_" + table
	} else if name = rv.Relname; rv.Schemaname == doltSchema {
		name = doltSchema + "_" + name
	}
	for k, cols := range changedRelations {
		if name != k && !(strings.HasSuffix(k, "_") && strings.HasPrefix(name, k)) {
			continue
		}
		if r, err := b.lookupRelation(rv); err == nil && r.object == nil {
			return name, cols
		}
	}
	return "", nil
}

// changeQuery is INSERT, UPDATE or DELETE of such a relation as a query that calls dolt_change for each row, with its command
// tag; nil for any other.
func (b *binder) changeQuery(n *pg.Node) (sel *pg.Node, tag string, err error) {
	switch s := n.Node.(type) {
	case *pg.Node_DeleteStmt:
		d := s.DeleteStmt
		if name, _ := b.changedRelation(d.Relation); name != "" {
			sel, err = changeRows(name, "DELETE", d.Relation, d.UsingClause, d.WhereClause, d.WithClause, nil, d.ReturningList)
		}
		return sel, "DELETE", err
	case *pg.Node_UpdateStmt:
		sel, err = b.updateRows(s.UpdateStmt)
		return sel, "UPDATE", err
	case *pg.Node_InsertStmt:
		sel, err = b.insertRows(s.InsertStmt)
		return sel, "INSERT", err
	}
	return nil, "", nil
}

// updateRows is an UPDATE: dolt_change gets what is assigned as an object.
func (b *binder) updateRows(s *pg.UpdateStmt) (*pg.Node, error) {
	name, _ := b.changedRelation(s.Relation)
	if name == "" {
		return nil, nil
	}
	var set []*pg.Node
	for _, t := range s.TargetList {
		r := t.GetResTarget()
		if r.GetVal().GetMultiAssignRef() != nil || len(r.GetIndirection()) > 0 {
			return nil, pgerr.Unsupported("this assignment to relation %s", name)
		}
		set = append(set, constant(r.Name), r.Val)
	}
	return changeRows(name, "UPDATE", s.Relation, s.FromClause, s.WhereClause, s.WithClause, pgCall("jsonb_build_object", set...), s.ReturningList)
}

// insertRows is an INSERT: its query, with the columns named, is what dolt_change is called for.
func (b *binder) insertRows(s *pg.InsertStmt) (*pg.Node, error) {
	name, columns := b.changedRelation(s.Relation)
	switch {
	case name == "":
		return nil, nil
	case columns == nil:
		return nil, pgerr.New(pgerrcode.WrongObjectType, "cannot insert into relation \"%s\"", name).At(int(s.Relation.Location))
	case len(s.ReturningList) > 0 || s.OnConflictClause != nil:
		return nil, pgerr.Unsupported("INSERT with RETURNING or ON CONFLICT into relation %s", name)
	case s.SelectStmt == nil:
		return nil, pgerr.Unsupported("INSERT of default values into relation %s", name)
	}
	if len(s.Cols) > 0 {
		columns = nil
		for _, c := range s.Cols {
			columns = append(columns, c.GetResTarget().GetName())
		}
	}
	given := len(s.SelectStmt.GetSelectStmt().GetTargetList())
	if rows := s.SelectStmt.GetSelectStmt().GetValuesLists(); len(rows) > 0 {
		given = len(rows[0].GetList().GetItems())
	}
	if given > len(columns) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "INSERT has more expressions than target columns").At(int(s.Relation.Location))
	}
	alias := &pg.Alias{Aliasname: "new"}
	for _, c := range columns[:given] {
		alias.Colnames = append(alias.Colnames, stringNode(c))
	}
	from := &pg.Node{Node: &pg.Node_RangeSubselect{RangeSubselect: &pg.RangeSubselect{Subquery: s.SelectStmt, Alias: alias}}}
	call := pgCall("dolt_change", constant(name), constant("INSERT"), null(), pgCall("to_jsonb", columnRef("new")))
	return callFrom(call, []*pg.Node{from}, nil, s.WithClause), nil
}

// changeRows is an UPDATE or DELETE: dolt_change is called for each row with what is to be set.
func changeRows(name, command string, rv *pg.RangeVar, from []*pg.Node, where *pg.Node, with *pg.WithClause, set *pg.Node, returning []*pg.Node) (*pg.Node, error) {
	if len(returning) > 0 {
		return nil, pgerr.Unsupported("%s with RETURNING of relation %s", command, name)
	}
	alias := rv.Relname
	if rv.Alias != nil {
		alias = rv.Alias.Aliasname
	}
	if set == nil {
		set = null()
	}
	call := pgCall("dolt_change", constant(name), constant(command), pgCall("to_jsonb", columnRef(alias)), set)
	return callFrom(call, append([]*pg.Node{{Node: &pg.Node_RangeVar{RangeVar: rv}}}, from...), where, with), nil
}

func callFrom(value *pg.Node, from []*pg.Node, where *pg.Node, with *pg.WithClause) *pg.Node {
	target := &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: value}}}
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{TargetList: []*pg.Node{target}, FromClause: from, WhereClause: where, WithClause: with,
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}}}
}

func pgCall(name string, args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{Funcname: []*pg.Node{stringNode("pg_catalog"), stringNode(name)}, Args: args,
		Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL}}}
}

func stringNode(s string) *pg.Node {
	return &pg.Node{Node: &pg.Node_String_{String_: &pg.String{Sval: s}}}
}

func columnRef(name string) *pg.Node {
	return &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: []*pg.Node{stringNode(name)}}}}
}

func constant(s string) *pg.Node {
	return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Sval{Sval: &pg.String{Sval: s}}}}}
}

func null() *pg.Node { return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Isnull: true}}} }

// commitDiff finds, in the condition of a query of dolt_commit_diff_<table>, what from_commit and to_commit are to be: the
// function that stands for the relation must know. What is not there stays NULL.
func commitDiff(from []*pg.Node, where *pg.Node) []*pg.Node {
	var out []*pg.Node
	for i, f := range from {
		rv := f.GetRangeVar()
		table, ok := commitDiffTable(rv)
		if !ok {
			continue
		}
		alias := rv.Alias
		if alias == nil {
			alias = &pg.Alias{Aliasname: rv.Relname}
		}
		args := []*pg.Node{constant(table), null(), null()}
		for k, column := range []string{"from_commit", "to_commit"} {
			if v := equalTo(where, column, alias.Aliasname); v != nil {
				args[k+1] = v
			}
		}
		if out == nil {
			out = slices.Clone(from)
		}
		items := &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: []*pg.Node{pgCall("dolt_commit_diff_of", args...)}}}}
		out[i] = &pg.Node{Node: &pg.Node_RangeFunction{RangeFunction: &pg.RangeFunction{Functions: []*pg.Node{items}, Alias: alias}}}
	}
	if out == nil {
		return from
	}
	return out
}

// commitDiffTable is the table of dolt_commit_diff_<table>, as functions read its name.
func commitDiffTable(rv *pg.RangeVar) (string, bool) {
	if rv == nil || rv.Catalogname != "" {
		return "", false
	}
	kind, table := tableRelation(rv)
	return table, kind == "dolt_commit_diff"
}

// equalTo finds column = value, the value without columns, among the conditions that must all hold.
func equalTo(where *pg.Node, column, alias string) *pg.Node {
	if b := where.GetBoolExpr(); b != nil && b.Boolop == pg.BoolExprType_AND_EXPR {
		for _, a := range b.Args {
			if v := equalTo(a, column, alias); v != nil {
				return v
			}
		}
	}
	e := where.GetAExpr()
	if e == nil || e.Kind != pg.A_Expr_Kind_AEXPR_OP || len(e.Name) != 1 || e.Name[0].GetString_().GetSval() != "=" {
		return nil
	}
	for _, side := range [][2]*pg.Node{{e.Lexpr, e.Rexpr}, {e.Rexpr, e.Lexpr}} {
		names := stringList(side[0].GetColumnRef().GetFields())
		if len(names) == 0 || names[len(names)-1] != column || len(names) == 2 && names[0] != alias || len(names) > 2 {
			continue
		}
		if side[1].GetAConst() != nil || side[1].GetFuncCall() != nil || side[1].GetTypeCast() != nil || side[1].GetParamRef() != nil {
			return side[1]
		}
	}
	return nil
}

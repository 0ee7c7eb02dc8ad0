package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// doltSchema is the schema in which users of Dolt look for its system tables: dolt.log is dolt_log.
const doltSchema = "dolt"

// relationFunction is the function of Rowan's whose rows stand for a relation that is not there, as a call without
// parentheses: rowan.branches is rowan.branches(), dolt.log is dolt_log(). nil: there is none.
func relationFunction(rv *pg.RangeVar) *pg.FuncCall {
	if rv.Catalogname != "" {
		return nil
	}
	if kind, table := tableRelation(rv); kind != "" {
		return callOf([]string{"pg_catalog", kind + "_of"}, rv, table)
	}
	schema, name := catalog.PgCatalog, rv.Relname
	names := []string{"pg_catalog", name}
	switch {
	case rv.Schemaname == "", rv.Schemaname == "pg_catalog", rv.Schemaname == "public" && strings.HasPrefix(name, doltSchema+"_"):
	case rv.Schemaname == "rowan":
		schema, names[0] = catalog.RowanSchema, "rowan"
	case rv.Schemaname == doltSchema:
		name = doltSchema + "_" + name
		names[1] = name
	default:
		return nil
	}
	if rowFunction(schema, name, 0) {
		return callOf(names, rv)
	}
	return nil
}

// tableRelations are the beginnings of names that go on with a table's.
var tableRelations = []string{"dolt_diff", "dolt_commit_diff", "dolt_history", "dolt_blame", "dolt_conflicts", "dolt_constraint_violations"}

// tableRelation splits the name of such a relation, which is in the schema of the table, in that of Dolt's or in none, into its kind and
// the table's name as functions read it: dolt_diff_t is dolt_diff_of('t'), app.dolt_diff_t is dolt_diff_of('app.t').
func tableRelation(rv *pg.RangeVar) (kind, table string) {
	name, schema := rv.Relname, ""
	switch rv.Schemaname {
	case "", "pg_catalog":
	case doltSchema:
		name = doltSchema + "_" + name
	case "rowan":
		return "", ""
	default:
		schema = types.QuoteIdent(rv.Schemaname) + "."
	}
	for _, kind := range tableRelations {
		table, ok := strings.CutPrefix(name, kind+"_")
		if !ok || table == "" || !rowFunction(catalog.PgCatalog, kind+"_of", 1) || schema == "" && rowFunction(catalog.PgCatalog, name, 0) {
			continue
		}
		if schema == "" && strings.Contains(table, ".") { // "dolt_diff_app.t"
			return kind, table
		}
		return kind, schema + types.QuoteIdent(table)
	}
	return "", ""
}

// rowFunction reports whether a function of Rowan's own returns rows and can be called with n arguments.
func rowFunction(schema catalog.OID, name string, n int) bool {
	for _, p := range builtin.ProcsByName(name) {
		if p.Schema == schema && builtin.IsRowan(p) && p.Set && len(p.Args)-p.NDefaults <= n && n <= len(p.Args) {
			return true
		}
	}
	return false
}

func callOf(names []string, rv *pg.RangeVar, args ...string) *pg.FuncCall {
	c := &pg.FuncCall{Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL, Location: rv.Location}
	for _, n := range names {
		c.Funcname = append(c.Funcname, &pg.Node{Node: &pg.Node_String_{String_: &pg.String{Sval: n}}})
	}
	for _, a := range args {
		c.Args = append(c.Args, &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Sval{Sval: &pg.String{Sval: a}}, Location: rv.Location}}})
	}
	return c
}

// functionRelation binds such a relation.
func (q *query) functionRelation(rv *pg.RangeVar, call *pg.FuncCall) (logical.Node, []*item, error) {
	alias := rv.Alias
	if alias == nil {
		alias = &pg.Alias{Aliasname: rv.Relname}
	}
	if _, table := tableRelation(rv); table != "" && rv.Catalogname == "" {
		q.b.traceOfTable(rv, table)
	}
	f := &pg.Node{Node: &pg.Node_FuncCall{FuncCall: call}}
	items := &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: []*pg.Node{f}}}}
	return q.rangeFunction(&pg.RangeFunction{Functions: []*pg.Node{items}, Alias: alias})
}

// traceOfTable notes the table that is a part of a relation's name.
func (b *binder) traceOfTable(rv *pg.RangeVar, table string) {
	if !b.tracing() {
		return
	}
	if name, err := b.tableName(table, 0, b.ref); err == nil {
		if r, err := b.lookupRelation(name); err == nil && r.object != nil {
			b.trace.ofTables[rv] = r
			b.traceRelation(name, r)
		}
	}
}

// nameOfTable writes the name of a relation that has a table's in it, which keeps what it was called as alias.
func nameOfTable(rv *pg.RangeVar, schema, table string) {
	kind, _ := tableRelation(rv)
	name := kind + "_" + table
	if rv.Alias == nil && name != rv.Relname {
		rv.Alias = &pg.Alias{Aliasname: rv.Relname}
	}
	rv.Schemaname, rv.Relname = schema, name
}

// callQuery is CALL of one of Dolt's functions, which are procedures there, as a query; nil for any other.
func callQuery(s *pg.CallStmt) *pg.Node {
	names := stringList(s.Funccall.GetFuncname())
	if len(names) != 1 || !strings.HasPrefix(names[0], doltSchema+"_") || len(builtin.ProcsByName(names[0])) == 0 {
		return nil
	}
	call := &pg.Node{Node: &pg.Node_FuncCall{FuncCall: s.Funccall}}
	target := &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: call, Location: s.Funccall.GetLocation()}}}
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{TargetList: []*pg.Node{target}, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}}}
}

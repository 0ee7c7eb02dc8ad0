package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/planner/expr"
)

// nameItems gives the FROM items of a query names that are unique in it and in the queries around it.
func (w *viewWriter) nameItems(q *query) {
	level := w.used[len(w.used)-1]
	taken := func(name string) bool {
		for _, l := range w.used {
			if l[name] {
				return true
			}
		}
		return false
	}
	for _, it := range q.all {
		if it.name == "" {
			continue
		}
		name := it.name
		for n := 1; taken(name); n++ {
			name = it.name + "_" + itoa(n)
		}
		level[name] = true
		w.names[it] = name
	}
}

// from writes the FROM clause.
func (w *viewWriter) from(list []*pg.Node) {
	for i, n := range list {
		if i == 0 {
			w.keyword(" FROM ", -indentStep, indentStep, 2)
			w.fromItem(n)
			continue
		}
		w.str(", ")
		text := w.aside(func() { w.fromItem(n) })
		switch {
		case strings.HasPrefix(text, "\n"):
			w.trim()
		case w.tooLong(text):
			w.keyword("", -indentStep, indentStep, indentValue)
		}
		w.str(text)
	}
}

func (w *viewWriter) fromItem(n *pg.Node) {
	if j := n.GetJoinExpr(); j != nil {
		w.join(j)
		return
	}
	it := w.b.trace.spelling.items[n]
	if it == nil {
		w.fail("this FROM item")
		return
	}
	switch x := n.Node.(type) {
	case *pg.Node_RangeVar:
		w.rangeVar(x.RangeVar, "", it)
	case *pg.Node_RangeTableSample:
		w.rangeVar(x.RangeTableSample.Relation.GetRangeVar(), asOfText(x.RangeTableSample), it)
	case *pg.Node_RangeSubselect:
		if x.RangeSubselect.Lateral {
			w.str("LATERAL ")
		}
		w.str("(")
		w.query(x.RangeSubselect.Subquery.GetSelectStmt(), nil, true)
		w.str(") ", expr.QuoteIdent(w.names[it]))
		w.columnAliases(x.RangeSubselect.Alias, it)
	case *pg.Node_RangeFunction:
		w.function(x.RangeFunction, it)
	default:
		w.fail("this FROM item")
	}
}

// rangeVar writes a relation and, between its name and its alias, the clause that says as of when it is read.
func (w *viewWriter) rangeVar(rv *pg.RangeVar, asOf string, it *item) {
	r := w.b.trace.relations[rv]
	if r == nil && rv.Schemaname == "" {
		w.str(expr.QuoteIdent(rv.Relname)) // of WITH
		if rv.Alias != nil || w.names[it] != rv.Relname {
			w.str(" ", expr.QuoteIdent(w.names[it]))
		}
		w.columnAliases(rv.Alias, it)
		return
	}
	if r == nil {
		w.fail("this relation")
		return
	}
	if rv.Catalogname != "" {
		w.str(expr.QuoteIdent(rv.Catalogname), ".", expr.QuoteIdent(rv.Schemaname), ".", expr.QuoteIdent(rv.Relname))
	} else if w.b.withoutSchema(rv) != rv {
		w.str(expr.QuoteIdent(rv.Schemaname), ".", expr.QuoteIdent(r.snap.SchemaName(r.object.Head().Schema)), ".", expr.QuoteIdent(rv.Relname))
	} else {
		w.str(w.form.Relation(r.object))
	}
	w.str(asOf)
	if rv.Alias != nil || w.names[it] != r.object.Head().Name {
		w.str(" ", expr.QuoteIdent(w.names[it]))
	}
	w.columnAliases(rv.Alias, it)
}

// columnAliases writes the columns' names where the alias gives any.
func (w *viewWriter) columnAliases(a *pg.Alias, it *item) {
	if len(a.GetColnames()) == 0 {
		return
	}
	w.allColumns(it)
}

func (w *viewWriter) allColumns(it *item) {
	var names []string
	for _, c := range it.cols {
		if !c.hidden {
			names = append(names, expr.QuoteIdent(c.name))
		}
	}
	w.str("(", strings.Join(names, ", "), ")")
}

// function writes a function in FROM, whose columns are always named.
func (w *viewWriter) function(n *pg.RangeFunction, it *item) {
	scan := w.b.trace.spelling.scans[it]
	if scan == nil || len(scan.Calls) != 1 || len(n.Coldeflist) > 0 || n.IsRowsfrom {
		w.fail("ROWS FROM or column definitions")
		return
	}
	if n.Lateral {
		w.str("LATERAL ")
	}
	w.str(w.operand(scan.Calls[0].Call))
	if n.Ordinality {
		w.str(" WITH ORDINALITY")
	}
	w.str(" ", expr.QuoteIdent(w.names[it]))
	w.allColumns(it)
}

var joinWords = map[pg.JoinType]string{pg.JoinType_JOIN_LEFT: " LEFT JOIN ", pg.JoinType_JOIN_RIGHT: " RIGHT JOIN ", pg.JoinType_JOIN_FULL: " FULL JOIN "}

func (w *viewWriter) join(j *pg.JoinExpr) {
	if j.IsNatural || j.Alias != nil || j.JoinUsingAlias != nil {
		w.fail("NATURAL JOIN or the alias of a join")
		return
	}
	pretty := w.form.SQL.Pretty
	if !pretty {
		w.str("(")
	}
	w.fromItem(j.Larg)
	cond := w.b.trace.spelling.joins[j]
	word := joinWords[j.Jointype]
	switch {
	case word != "":
	case cond != nil || len(j.UsingClause) > 0:
		word = " JOIN "
	default:
		word = " CROSS JOIN "
	}
	w.keyword(word, -indentStep, indentStep, indentJoin)
	paren := pretty && j.Rarg.GetJoinExpr() != nil
	if paren {
		w.str("(")
	}
	w.fromItem(j.Rarg)
	if paren {
		w.str(")")
	}
	w.joinCondition(j, cond)
	if !pretty {
		w.str(")")
	}
}

func (w *viewWriter) joinCondition(j *pg.JoinExpr, cond expr.Expr) {
	switch {
	case len(j.UsingClause) > 0:
		var names []string
		for _, n := range stringList(j.UsingClause) {
			names = append(names, expr.QuoteIdent(n))
		}
		w.str(" USING (", strings.Join(names, ", "), ")")
	case cond != nil && w.form.SQL.Pretty:
		w.str(" ON ", w.condition(cond))
	case cond != nil:
		w.str(" ON (", w.condition(cond), ")")
	case j.Jointype != pg.JoinType_JOIN_INNER:
		w.str(" ON TRUE")
	}
}

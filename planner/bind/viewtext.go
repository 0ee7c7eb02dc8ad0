package bind

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// ViewForm is how ViewText writes a view's query.
type ViewForm struct {
	SQL      expr.SQLOptions               // of expressions; Pretty governs the whole
	Relation func(o catalog.Object) string // a relation's name, with its schema where needed
	Columns  []string                      // the view's column names
	Wrap     int                           // lines are broken after so many characters; 0: after each target
}

// ViewText writes a view's query as pg_get_viewdef does, line by line, without the semicolon. It binds the stored text and
// writes what its names were found to mean. Constructs that it does not know are an error: the stored text stands for them.
func ViewText(sql string, c Catalog, o Options, form ViewForm) (string, error) {
	tree, err := parse.Query(sql)
	if err != nil {
		return "", err
	}
	var params []types.Type
	if o.Body != nil {
		params = slices.Clone(o.Body.Types)
	}
	o.AnyPoint = true
	b := &binder{cat: c, opts: o, params: &params, stmt: &parse.Statement{}, out: &Bound{}}
	b.trace = newTrace()
	b.trace.spelling = &spelling{queries: map[*pg.SelectStmt]*boundSelect{}, items: map[*pg.Node]*item{}, joins: map[*pg.JoinExpr]expr.Expr{},
		links: map[*expr.Subquery]*pg.SubLink{}, scans: map[*item]*logical.FunctionScan{}}
	if _, _, err := b.bindQuery(tree, nil); err != nil {
		return "", pgerr.From(err).Relocate(-1)
	}
	w := &viewWriter{b: b, form: form, names: map[*item]string{}}
	w.query(tree.GetSelectStmt(), form.Columns, true)
	return w.out.String(), w.err
}

// spelling is what a trace notes for ViewText: the bound forms of the clauses of a tree.
type spelling struct {
	queries map[*pg.SelectStmt]*boundSelect
	items   map[*pg.Node]*item
	joins   map[*pg.JoinExpr]expr.Expr
	links   map[*expr.Subquery]*pg.SubLink
	scans   map[*item]*logical.FunctionScan
}

// boundSelect is a bound SELECT, not yet put together.
type boundSelect struct {
	q             *query
	where, having expr.Expr
	tail          *tail
}

// spelling returns where to note bound clauses, nil when nobody wants them.
func (b *binder) spelling() *spelling {
	if b.trace == nil || b.views > 0 {
		return nil
	}
	return b.trace.spelling
}

// Indentation, as PostgreSQL has it.
const (
	indentStep  = 8
	indentJoin  = 4
	indentValue = 4
	indentLimit = 40
)

// viewWriter writes one view.
type viewWriter struct {
	b      *binder
	form   ViewForm
	out    strings.Builder
	indent int
	names  map[*item]string
	used   []map[string]bool // names of FROM items, by query level
	err    error
}

func (w *viewWriter) fail(what string) {
	if w.err == nil {
		w.err = pgerr.Unsupported("writing out %s", what)
	}
}

func (w *viewWriter) str(parts ...string) {
	for _, p := range parts {
		w.out.WriteString(p)
	}
}

// trim takes off the blanks at the end.
func (w *viewWriter) trim() {
	s := w.out.String()
	if t := strings.TrimRight(s, " "); len(t) != len(s) {
		w.out.Reset()
		w.out.WriteString(t)
	}
}

// keyword begins a line with a keyword.
func (w *viewWriter) keyword(word string, before, after, plus int) {
	w.indent += before
	w.trim()
	amount := max(w.indent, 0)
	if w.indent >= indentLimit {
		amount = (indentLimit + (w.indent-indentLimit)/(indentStep/2)) % indentLimit
	}
	w.str("\n", strings.Repeat(" ", amount+plus), word)
	w.indent = max(w.indent+after, 0)
}

// aside writes into a text of its own.
func (w *viewWriter) aside(f func()) string {
	old := w.out
	w.out = strings.Builder{}
	f()
	text := w.out.String()
	w.out = old
	return text
}

// tooLong reports whether text does not fit on the line that is being written.
func (w *viewWriter) tooLong(text string) bool {
	s := w.out.String()
	return len(s)-(strings.LastIndexByte(s, '\n')+1)+len(text) > w.form.Wrap
}

// query writes a query at its own level. columns are the names of its columns, nil for those it gives itself; visible says
// that they matter to what is around it.
func (w *viewWriter) query(s *pg.SelectStmt, columns []string, visible bool) {
	if s == nil {
		w.fail("this statement")
	}
	if w.err != nil {
		return
	}
	indent := w.indent
	defer func() { w.indent = indent }()
	switch {
	case len(s.LockingClause) > 0:
		w.fail("FOR UPDATE")
	case s.Op != pg.SetOperation_SETOP_NONE && s.Op != pg.SetOperation_SET_OPERATION_UNDEFINED:
		w.setOperation(s, columns, visible)
	case s.ValuesLists != nil:
		w.fail("VALUES")
	default:
		w.selectStmt(s, columns, visible)
	}
}

// with writes the WITH clause.
func (w *viewWriter) with(c *pg.WithClause) {
	if c == nil {
		return
	}
	w.indent += indentStep
	word := " WITH "
	if c.Recursive {
		word = " WITH RECURSIVE "
	}
	for _, n := range c.Ctes {
		cte := n.GetCommonTableExpr()
		w.str(word, expr.QuoteIdent(cte.Ctename))
		word = ", "
		if names := stringList(cte.Aliascolnames); len(names) > 0 {
			for i := range names {
				names[i] = expr.QuoteIdent(names[i])
			}
			w.str("(", strings.Join(names, ", "), ")")
		}
		w.str(" AS ", materialized[cte.Ctematerialized], "(")
		w.keyword("", 0, 0, 0)
		w.query(cte.Ctequery.GetSelectStmt(), nil, true)
		w.keyword("", 0, 0, 0)
		w.str(")")
	}
	w.indent -= indentStep
	w.keyword("", 0, 0, 0)
}

var materialized = map[pg.CTEMaterialize]string{pg.CTEMaterialize_CTEMaterializeAlways: "MATERIALIZED ", pg.CTEMaterialize_CTEMaterializeNever: "NOT MATERIALIZED "}

// selectStmt writes a plain SELECT.
func (w *viewWriter) selectStmt(s *pg.SelectStmt, columns []string, visible bool) {
	k := w.b.trace.spelling.queries[s]
	if k == nil {
		w.fail("this query")
		return
	}
	w.used = append(w.used, map[string]bool{})
	defer func() { w.used = w.used[:len(w.used)-1] }()
	w.nameItems(k.q)
	w.with(s.WithClause)
	w.indent += indentStep
	w.str(" SELECT")
	w.distinct(k)
	w.targets(k.q, columns, visible)
	w.from(s.FromClause)
	if k.where != nil {
		w.keyword(" WHERE ", -indentStep, indentStep, 1)
		w.str(w.condition(k.where))
	}
	w.group(k)
	if k.having != nil {
		w.keyword(" HAVING ", -indentStep, indentStep, 0)
		w.str(w.condition(k.having))
	}
	w.order(k)
	w.limit(k)
}

func (w *viewWriter) distinct(k *boundSelect) {
	switch {
	case k.tail.on != nil:
		w.str(" DISTINCT ON (")
		for i, at := range k.tail.on {
			if i > 0 {
				w.str(", ")
			}
			w.str(w.sortKey(k.q.targets[at].e))
		}
		w.str(")")
	case k.tail.distinct:
		w.str(" DISTINCT")
	}
}

// targets writes the select list.
func (w *viewWriter) targets(q *query, columns []string, visible bool) {
	n, multi := 0, false
	for i := range q.targets {
		t := &q.targets[i]
		if t.junk {
			continue
		}
		name := t.name
		if n < len(columns) {
			name = columns[n]
		}
		if n++; n > 1 {
			w.str(", ")
		} else {
			w.str(" ")
		}
		text := w.aside(func() { w.target(t, name, visible) })
		switch {
		case strings.HasPrefix(text, "\n"):
			w.trim()
		case n > 1 && (multi || w.tooLong(text)):
			w.keyword("", -indentStep, indentStep, indentValue)
		}
		multi = strings.Contains(text, "\n")
		w.str(text)
	}
}

// target writes one entry of the select list, with AS where the column is not called so by itself.
func (w *viewWriter) target(t *target, name string, visible bool) {
	text := w.operand(t.e)
	own := ""
	if c, ok := t.e.(*expr.Column); ok && w.b.info(c.ID).item != nil {
		own = w.columnName(c)
	} else if !visible {
		own = "?column?"
	}
	w.str(text)
	if name != own {
		w.str(" AS ", expr.QuoteIdent(name))
	}
}

func (w *viewWriter) group(k *boundSelect) {
	g := k.q.groups
	if g == nil || len(g.exprs) == 0 {
		return
	}
	if g.sets != nil {
		w.fail("GROUPING SETS")
		return
	}
	w.keyword(" GROUP BY ", -indentStep, indentStep, 1)
	for i, e := range g.exprs {
		if i > 0 {
			w.str(", ")
		}
		w.str(w.sortKey(e))
	}
}

func (w *viewWriter) order(k *boundSelect) {
	if len(k.tail.keys) == 0 {
		return
	}
	w.keyword(" ORDER BY ", -indentStep, indentStep, 1)
	for i, key := range k.tail.keys {
		if i > 0 {
			w.str(", ")
		}
		e := k.q.targets[key.target].e
		w.str(w.sortKey(e), expr.SortKey{Expr: e, Desc: key.desc, NullsFirst: key.nullsFirst}.Suffix())
	}
}

func (w *viewWriter) limit(k *boundSelect) {
	if k.tail.ties {
		w.fail("WITH TIES")
	}
	if k.tail.offset != nil {
		w.keyword(" OFFSET ", -indentStep, indentStep, 0)
		w.str(w.number(k.tail.offset))
	}
	if k.tail.count != nil {
		w.keyword(" LIMIT ", -indentStep, indentStep, 0)
		w.str(w.number(k.tail.count))
	}
}

// number writes what LIMIT takes: a constant without its type.
func (w *viewWriter) number(e expr.Expr) string {
	if c, ok := e.(*expr.Const); ok && !c.Value.Null {
		return types.Text(c.T, c.Value, types.DefaultFormat())
	}
	return w.condition(e)
}

// setOperation writes UNION and its kin.
func (w *viewWriter) setOperation(s *pg.SelectStmt, columns []string, visible bool) {
	if len(s.SortClause) > 0 || s.LimitCount != nil || s.LimitOffset != nil || s.WithClause != nil {
		w.fail("WITH, ORDER BY or LIMIT of a set operation")
		return
	}
	side := func(x *pg.SelectStmt, visible bool) {
		if _, isOp := setOperations[x.Op]; !isOp && (len(x.SortClause) > 0 || x.LimitCount != nil || x.LimitOffset != nil || x.WithClause != nil) {
			w.str("(")
			defer w.str(")")
		}
		w.query(x, columns, visible)
	}
	_, leftOp := setOperations[s.Larg.Op]
	sub := 0
	if leftOp && (s.Larg.Op != s.Op || s.Larg.All != s.All) {
		sub = indentStep
		w.str("(")
		w.keyword("", sub, 0, 0)
	}
	side(s.Larg, visible)
	if sub > 0 {
		w.keyword(") ", -sub, 0, 0)
	} else {
		w.keyword("", 0, 0, 0)
	}
	w.str(setOperations[s.Op].name, " ")
	if s.All {
		w.str("ALL ")
	}
	_, rightOp := setOperations[s.Rarg.Op]
	sub = 0
	if rightOp {
		w.str("(")
		sub = indentStep
	}
	w.keyword("", sub, 0, 0)
	side(s.Rarg, false)
	w.indent -= sub
	if rightOp {
		w.keyword(")", 0, 0, 0)
	}
}

package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// whenScope is a query level in which the columns of a table are to be had of the row before the event and of the one after
// it, under the names old and new.
type whenScope struct {
	q        *query
	old, new *item
	table    *catalog.Table
}

// whenScope numbers the columns anew.
func (b *binder) whenScope(t *catalog.Table) *whenScope {
	q := b.child(nil)
	w := &whenScope{q: q, table: t}
	version := func(name string) *item {
		it := &item{name: name, owner: q, relVisible: true, colsVisible: true}
		for _, c := range t.Live() {
			typ := c.Type
			if !typ.Known() {
				typ = types.Type{Def: b.def(c.TypeOID), Mod: c.Mod}
			}
			it.cols = append(it.cols, itemColumn{name: c.Name, typ: typ, id: b.newColumn(q)})
		}
		return it
	}
	w.old, w.new = version("old"), version("new")
	q.items = []*item{w.old, w.new}
	q.all = q.items
	return w
}

// columns are those of both rows, for a plan.
func (w *whenScope) columns() (old, now []logical.Column) {
	list := func(it *item) []logical.Column {
		out := make([]logical.Column, len(it.cols))
		for i, c := range it.cols {
			out[i] = logical.Column{ID: c.id, Name: c.name, Type: c.typ}
		}
		return out
	}
	return list(w.old), list(w.new)
}

// side is which of the rows a column is of, and which column of it; nil: of none.
func (w *whenScope) side(id expr.ColumnID) (*item, int) {
	for _, it := range w.q.items {
		for i := range it.cols {
			if it.cols[i].id == id {
				return it, i
			}
		}
	}
	return nil, 0
}

// whole is the row that an expression is all of; nil: it is none.
func (w *whenScope) whole(r *expr.Row) *item {
	if len(r.Fields) == 0 || w.q.b.written[r] != nil {
		return nil
	}
	c, ok := r.Fields[0].(*expr.Column)
	if !ok {
		return nil
	}
	it, _ := w.side(c.ID)
	return it
}

// form spells columns as old.a; rename gives them other names.
func (w *whenScope) form(f expr.SQLOptions, rename func(string) string) expr.SQLOptions {
	f.Column = func(c *expr.Column) string {
		it, i := w.side(c.ID)
		if it == nil {
			return expr.QuoteIdent(c.Name)
		}
		return it.name + "." + expr.QuoteIdent(rename(it.cols[i].name))
	}
	f.Row = func(r *expr.Row) string {
		if it := w.whole(r); it != nil {
			return it.name + ".*"
		}
		return ""
	}
	return f
}

func sameName(s string) string { return s }

// triggerWhen binds WHEN.
func (b *definer) triggerWhen(t *catalog.Trigger, o catalog.Object, n *pg.Node) error {
	if n == nil {
		return nil
	}
	table, ok := o.(*catalog.Table)
	if !ok {
		table = &catalog.Table{Header: *o.Head()}
		table.Columns = o.(*catalog.View).Columns
	}
	w := b.whenScope(table)
	if err := systemColumnsIn(t, n); err != nil {
		return err
	}
	e, err := w.q.where(kindTrigger, n, "WHEN")
	if err != nil {
		return err
	}
	if err := w.allowed(t, e); err != nil {
		return err
	}
	t.When = expr.SQL(e, w.form(b.storedForm(), sameName))
	s := stored{}
	b.gather(e, &s)
	t.Deps = s.deps
	w.eachColumn(e, func(it *item, i int, _ *expr.Column, _ bool) {
		d := catalog.Dep{Object: table.OID, Column: table.Column(it.cols[i].name).ID}
		if !slices.Contains(t.Deps, d) {
			t.Deps = append(t.Deps, d)
		}
	})
	return nil
}

// systemColumnsIn refuses the columns that every table has: the new row's are not known before it is written.
func systemColumnsIn(t *catalog.Trigger, n *pg.Node) error {
	var failed error
	visit(n, func(m proto.Message) {
		c, ok := m.(*pg.ColumnRef)
		if !ok || len(c.Fields) != 2 || failed != nil {
			return
		}
		names := stringList(c.Fields)
		if _, ok := systemColumns[names[1]]; !ok || names[0] != "old" && names[0] != "new" {
			return
		}
		failed = pgerr.Unsupported("a system column in a trigger's WHEN condition").At(int(c.Location))
		if names[0] == "new" && t.Timing == catalog.TriggerBefore {
			failed = pgerr.New(pgerrcode.FeatureNotSupported, "BEFORE trigger's WHEN condition cannot reference NEW system columns").At(int(c.Location))
		}
	})
	return failed
}

// eachColumn calls f for the columns that an expression reads. Of a whole row PostgreSQL notes no column: it can lose any.
func (w *whenScope) eachColumn(e expr.Expr, f func(it *item, i int, c *expr.Column, whole bool)) {
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Row:
			return w.whole(x) == nil
		case *expr.Column:
			if it, i := w.side(x.ID); it != nil {
				f(it, i, x, false)
			}
		}
		return true
	})
}

// allowed refuses what is not known when the trigger fires.
func (w *whenScope) allowed(t *catalog.Trigger, e expr.Expr) error {
	var failed *pgerr.Error
	use := func(it *item, pos int, generated *pgerr.Error) {
		if failed != nil {
			return
		}
		invalid := func(text string) *pgerr.Error {
			return pgerr.New(pgerrcode.InvalidObjectDefinition, "%s", text).At(pos)
		}
		switch {
		case !t.Row:
			failed = invalid("statement trigger's WHEN condition cannot reference column values")
		case it == w.old && t.Events&catalog.TriggerInsert != 0:
			failed = invalid("INSERT trigger's WHEN condition cannot reference OLD values")
		case it == w.new && t.Events&catalog.TriggerDelete != 0:
			failed = invalid("DELETE trigger's WHEN condition cannot reference NEW values")
		case it == w.new && t.Timing == catalog.TriggerBefore && generated != nil:
			failed = generated.At(pos)
		}
	}
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Row:
			if it := w.whole(x); it != nil {
				use(it, x.Fields[0].(*expr.Column).Pos, w.generated(""))
				return false
			}
		case *expr.Column:
			if it, i := w.side(x.ID); it != nil {
				use(it, x.Pos, w.generated(it.cols[i].name))
			}
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return nil
}

// generated is the error for a column, or with "" for a whole row, that is not computed yet; nil where it is.
func (w *whenScope) generated(column string) *pgerr.Error {
	e := pgerr.New(pgerrcode.InvalidObjectDefinition, "BEFORE trigger's WHEN condition cannot reference NEW generated columns")
	for _, c := range w.table.Live() {
		switch {
		case c.Generated == "":
		case column == "":
			return e.WithDetail("A whole-row reference is used and the table contains generated columns.")
		case c.Name == column:
			return e.WithDetail("Column \"%s\" is a generated column.", column)
		}
	}
	return nil
}

// bindWhen binds a stored condition.
func (w *whenScope) bindWhen(text string) (expr.Expr, error) {
	n, err := parse.Expression(text)
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	return w.q.b.unplaced(func() (expr.Expr, error) { return w.q.where(kindTrigger, n, "WHEN") })
}

// rebuildTriggers is rebuild for the conditions of triggers.
func (b *definer) rebuildTriggers(draft *catalog.Table, from, to string, out *[]command.Rewrite) error {
	for _, t := range draft.Triggers {
		if t.When == "" {
			continue
		}
		w := b.whenScope(draft)
		e, err := w.bindWhen(t.When)
		if err != nil {
			return err
		}
		text := expr.SQL(e, w.form(b.storedForm(), func(name string) string {
			if name == from {
				return to
			}
			return name
		}))
		if text != t.When {
			*out = append(*out, command.Rewrite{Object: draft.OID, Trigger: t.OID, Text: text})
		}
	}
	return nil
}

// SpellWhen writes a trigger's condition in another form, as Spell does expressions over one row.
func SpellWhen(text string, t *catalog.Table, c Catalog, o Options, form expr.SQLOptions) (string, error) {
	var params []types.Type
	b := &definer{binder: &binder{cat: c, opts: o, params: &params, stmt: &parse.Statement{}, out: &Bound{}}}
	w := b.whenScope(t)
	e, err := w.bindWhen(text)
	if err != nil {
		return "", err
	}
	return expr.SQL(e, w.form(form, sameName)), nil
}

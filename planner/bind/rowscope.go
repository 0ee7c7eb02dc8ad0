package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// writer is what INSERT, UPDATE and DELETE share: the table that they change.
type writer struct {
	q     *query
	table *catalog.Table
	ref   catalog.Ref
	// view says that the table stands for a view, whose INSTEAD OF triggers get the rows.
	view     bool
	relation *relation
	access   int                // which of Bound.Access is that to write
	given    []catalog.ColumnID // columns that the statement writes by name
	// targets are the columns of a row as plans have it: stored and hidden ones.
	targets []*catalog.Column
	// once: rows of subqueries in SET (a, b) = (SELECT …) are computed by a projection of their own, as rows has them.
	once bool
	rows []rowValue
}

// rowValue is a subquery's row, seen as a column.
type rowValue struct {
	col logical.Column
	e   expr.Expr
}

func (q *query) writer(rv *pg.RangeVar, verb string) (*writer, error) {
	if q.b.isTransitionTable(rv) {
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "relation \"%s\" cannot be the target of a modifying statement", rv.Relname)
	}
	r, t, err := q.b.tableOf(rv, verb)
	if err != nil {
		return nil, err
	}
	q.b.modify, q.b.changes = true, true
	q.b.traceRelation(rv, r)
	q.b.needs(r.object, r, writePrivilege[verb])
	_, view := r.object.(*catalog.View)
	w := &writer{q: q, table: t, ref: r.ref, view: view, relation: r, access: len(q.b.out.Access) - 1}
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			w.targets = append(w.targets, c)
		}
	}
	return w, nil
}

// writePrivilege is what the verbs of writing take.
var writePrivilege = map[string]byte{"insert into": catalog.PrivInsert, "copy to": catalog.PrivInsert, "update": catalog.PrivUpdate, "delete from": catalog.PrivDelete}

func (w *writer) ids() []catalog.ColumnID { return columnIDs(w.targets) }

func columnIDs(columns []*catalog.Column) []catalog.ColumnID {
	out := make([]catalog.ColumnID, len(columns))
	for i, c := range columns {
		out[i] = c.ID
	}
	return out
}

// newColumns numbers a version of the row.
func (w *writer) newColumns() []logical.Column {
	out := make([]logical.Column, len(w.targets))
	for i, c := range w.targets {
		out[i] = w.column(c)
	}
	return out
}

func (w *writer) column(c *catalog.Column) logical.Column {
	id := w.q.b.newColumn(w.q)
	w.q.b.info(id).origin = origin{w.table.OID, c.Num}
	return logical.Column{ID: id, Name: c.Name, Type: w.typeOf(c)}
}

// typeOf is a column's type; hidden columns may lack one in the descriptor.
func (w *writer) typeOf(c *catalog.Column) types.Type {
	if c.Type.Known() {
		return c.Type
	}
	return types.Type{Def: w.q.b.def(c.TypeOID), Mod: c.Mod}
}

// columnNamed finds a column that a statement names.
func (w *writer) columnNamed(name string, pos int) (*catalog.Column, error) {
	if c := w.table.Column(name); c != nil {
		return c, nil
	}
	if _, ok := systemColumns[name]; ok || name == "xmax" || name == "cmin" || name == "cmax" {
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "cannot assign to system column \"%s\"", name).At(pos)
	}
	return nil, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, w.table.Name).At(pos)
}

// assign coerces a value to a column's type, as INSERT and UPDATE do.
func (w *writer) assign(e expr.Expr, c *catalog.Column, pos int) (expr.Expr, error) {
	b := w.q.b
	t := w.typeOf(c)
	if e.Type().ID() == t.ID() && (t.Mod < 0 || e.Type().Mod == t.Mod) && t.OID != types.OIDRecord {
		return e, nil
	}
	out, ok, err := b.coerceTo(e, t, cast{assignment, expr.FormImplicitCast, pos})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s", c.Name, b.formatType(t.Def), b.formatType(e.Type().Def)).
			WithHint("You will need to rewrite or cast the expression.").At(pos)
	}
	return out, nil
}

// defaultOf is the value that a column gets when none is given. In a table of another branch names mean what they mean there, and
// sequences are as they are there.
func (w *writer) defaultOf(c *catalog.Column) (expr.Expr, error) {
	b := w.q.b
	old := b.ref
	b.ref = w.ref
	e, err := w.defaultHere(c)
	b.ref = old
	return e, err
}

func (w *writer) defaultHere(c *catalog.Column) (expr.Expr, error) {
	b := w.q.b
	t := w.typeOf(c)
	switch {
	case c.Identity != 0:
		return w.nextValue(c)
	case c.Default != "":
		e, err := b.expression(c.Default)
		if err != nil {
			return nil, err
		}
		return w.assign(e, c, -1)
	case t.Kind == types.KindDomain:
		if text := b.domainDefault(t.Def); text != "" {
			e, err := b.expression(text)
			if err != nil {
				return nil, err
			}
			return w.assign(e, c, -1)
		}
		return b.coerceLiteral(&expr.Const{Value: types.Null, T: typeUnknown}, t, cast{assignment, expr.FormImplicitCast, -1})
	}
	return expr.NullOf(t), nil
}

// domainDefault is a domain's default, or that of the domain below it.
func (b *binder) domainDefault(d *types.Def) string {
	for d != nil && d.Kind == types.KindDomain {
		if u := b.userType(d.OID); u != nil && u.Default != "" {
			return u.Default
		}
		if d.Base == nil {
			break
		}
		d = d.Base.Def
	}
	return ""
}

// nextValue is nextval of an identity column's sequence.
func (w *writer) nextValue(c *catalog.Column) (expr.Expr, error) {
	for _, p := range builtin.ProcsByName("nextval") {
		seq := &expr.Const{Value: types.Int(int64(c.Sequence)), T: builtinType(types.OIDRegclass)}
		return w.assign(onBranch(&expr.Call{Proc: p, Args: []expr.Expr{seq}, T: typeInt8, Pos: -1}, w.ref), c, -1)
	}
	return nil, pgerr.Internal("nextval is missing")
}

// scope is a query level in which the table's columns mean the given expressions.
func (w *writer) scope(row map[catalog.ColumnID]expr.Expr) *query {
	b := w.q.b
	q := b.child(nil)
	it := &item{name: w.table.Name, schema: w.table.Schema, table: w.table, owner: q, relVisible: true, colsVisible: true}
	for i := range w.table.Columns {
		c := &w.table.Columns[i]
		if e := row[c.ID]; e != nil && c.Hidden == "" {
			it.cols = append(it.cols, itemColumn{name: c.Name, typ: w.typeOf(c), e: e, index: i})
		}
	}
	q.items, q.all = []*item{it}, []*item{it}
	return q
}

// tableExpression binds an expression of the table's descriptor over a row.
func (w *writer) tableExpression(text string, kind exprKind, row map[catalog.ColumnID]expr.Expr) (expr.Expr, error) {
	n, err := parse.Expression(text)
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	b := w.q.b
	old := b.ref
	b.ref = w.ref // names mean what they mean where the table is
	e, err := b.unplaced(func() (expr.Expr, error) { return w.scope(row).in(kind, n) })
	b.ref = old
	return e, err
}

// compute adds the generated and hidden columns to a row that has all others: by substitution, so that a generated
// column's expression stands wherever the column is referred to.
func (w *writer) compute(row map[catalog.ColumnID]expr.Expr) error {
	for _, hidden := range []bool{false, true} {
		for _, c := range w.targets {
			text := c.Generated
			if hidden {
				text = c.Hidden
			}
			if text == "" || !hidden && c.Hidden != "" {
				continue
			}
			e, err := w.tableExpression(text, kindGenerated, row)
			if err != nil {
				return err
			}
			if row[c.ID], err = w.assign(e, c, -1); err != nil {
				return err
			}
		}
	}
	return nil
}

// computes reports whether the table has columns that are computed from others.
func (w *writer) computes() bool {
	return slices.ContainsFunc(w.targets, func(c *catalog.Column) bool { return c.Generated != "" || c.Hidden != "" })
}

func isComputed(c *catalog.Column) bool { return c.Generated != "" || c.Hidden != "" }

// rowOf maps the table's columns to references to plan columns, one per target.
func (w *writer) rowOf(cols []logical.Column) map[catalog.ColumnID]expr.Expr {
	row := make(map[catalog.ColumnID]expr.Expr, len(cols))
	for i, c := range w.targets {
		row[c.ID] = columnOf(cols[i])
	}
	return row
}

// checks binds the table's CHECK constraints over a new row, in the order of their names, as PostgreSQL tests them.
func (w *writer) checks(cols []logical.Column) ([]logical.RowCheck, error) {
	var out []logical.RowCheck
	var row map[catalog.ColumnID]expr.Expr
	for _, c := range w.table.Constraints {
		if c.Kind != catalog.Check {
			continue
		}
		if row == nil {
			row = w.rowOf(cols)
		}
		e, err := w.tableExpression(c.Expr, kindCheck, row)
		if err != nil {
			return nil, err
		}
		if e, err = w.q.b.condition(e, "CHECK", -1); err != nil {
			return nil, err
		}
		out = append(out, logical.RowCheck{Name: c.Name, Expr: e})
	}
	slices.SortFunc(out, func(a, b logical.RowCheck) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// rowItem makes an item of a version of the row.
func (w *writer) rowItem(name string, cols []logical.Column, aliased bool) *item {
	it := &item{name: name, schema: w.table.Schema, table: w.table, ref: w.ref, owner: w.q, aliased: aliased, relVisible: true, colsVisible: true}
	if w.view {
		it.table, it.relation = nil, w.table.OID
	}
	at := 0
	for i, c := range w.targets {
		if c.Hidden != "" {
			continue
		}
		for w.table.Columns[at].ID != c.ID {
			at++
		}
		w.q.b.info(cols[i].ID).item = it
		it.cols = append(it.cols, itemColumn{name: c.Name, typ: cols[i].Type, id: cols[i].ID, index: at})
	}
	it.read = make([]bool, len(it.cols))
	return it
}

// writes notes which columns the statement writes.
func (w *writer) writes(columns []catalog.ColumnID) {
	w.q.b.out.Access[w.access].Columns = columns
	w.given = columns
}

// reads notes that the table's rows can be seen by these items: what the statement reads of them takes the privilege to.
func (w *writer) reads(items ...*item) {
	w.q.b.takes(w.relation.object, w.relation, catalog.PrivSelect, items...).ifRead = true
}

// returning binds RETURNING over the items in scope.
func (q *query) returning(list []*pg.Node) ([]logical.Column, []expr.Expr, []Field, error) {
	if len(list) == 0 {
		return nil, nil, nil, nil
	}
	ts, err := q.targetList(list, kindReturning)
	if err != nil {
		return nil, nil, nil, err
	}
	cols := make([]logical.Column, len(ts))
	exprs := make([]expr.Expr, len(ts))
	for i := range ts {
		exprs[i] = ts[i].e
		cols[i] = logical.Column{ID: ts[i].column(q), Name: ts[i].name, Type: ts[i].e.Type()}
	}
	return cols, exprs, q.fieldsOf(ts), nil
}

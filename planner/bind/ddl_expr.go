package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// tableScope is a query level in which the columns of one table, stored or yet to be made, have their names.
func (b *definer) tableScope(t *catalog.Table) *query {
	q := b.child(nil)
	it := &item{name: t.Name, schema: t.Schema, owner: q, relVisible: true, colsVisible: true}
	for _, c := range t.Live() {
		it.cols = append(it.cols, itemColumn{name: c.Name, typ: c.Type, id: b.newColumn(q)})
	}
	q.items = []*item{it}
	q.all = q.items
	return q
}

// stored is an expression as descriptors keep it.
type stored struct {
	sql   string
	uses  []string // columns of the table, in the order of appearance
	deps  []catalog.Dep
	bound expr.Expr
}

// keep makes the stored form of a bound expression.
func (b *definer) keep(e expr.Expr) stored {
	s := stored{bound: e, sql: expr.SQL(e, b.storedForm())}
	b.gather(e, &s)
	return s
}

func (b *definer) gather(e expr.Expr, s *stored) {
	need := func(id catalog.OID) {
		if id >= catalog.FirstUserOID && !slices.Contains(s.deps, catalog.Dep{Object: id}) {
			s.deps = append(s.deps, catalog.Dep{Object: id})
		}
	}
	switch x := e.(type) {
	case nil:
		return
	case *expr.Column:
		if !slices.Contains(s.uses, x.Name) {
			s.uses = append(s.uses, x.Name)
		}
	case *expr.Const:
		if x.T.ID() == types.OIDRegclass && !x.Value.Null {
			need(catalog.OID(x.Value.I))
		}
		need(b.ownType(x.T.ID()))
	case *expr.Call:
		if x.Proc.User {
			need(x.Proc.OID)
		}
	default:
		need(b.ownType(e.Type().ID()))
	}
	for _, c := range expr.Children(e) {
		b.gather(c, s)
	}
}

// ownType is the type that a user made, given it or its array type.
func (b *definer) ownType(id types.OID) types.OID {
	if id < catalog.FirstUserOID {
		return 0
	}
	if d := b.def(id); d != nil && d.Elem != nil && d.Category == 'A' {
		return d.Elem.OID
	}
	return id
}

// storedForm spells expressions so that they mean the same under every search_path and DateStyle.
func (b *definer) storedForm() expr.SQLOptions {
	return expr.SQLOptions{Text: b.storedText, TypeName: b.storedType, Function: b.storedFunction}
}

func (b *definer) storedText(d types.Datum, t types.Type) string {
	if t.ID() == types.OIDRegclass {
		if name := b.relationText(catalog.OID(d.I)); name != "" {
			return name
		}
	}
	return types.Text(t, d, types.DefaultFormat())
}

// relationText is a relation's qualified name, as regclass would show it under an empty search_path.
func (b *definer) relationText(id catalog.OID) string {
	snap, err := b.session()
	if err != nil {
		return ""
	}
	o, ix := snap.RelationByOID(id)
	if o == nil {
		return ""
	}
	name := o.Head().Name
	if ix != nil {
		name = ix.Name
	}
	if n, ok := b.renames[id]; ok {
		return quoteIdent(n[0]) + "." + quoteIdent(n[1])
	}
	if o.Head().Schema == catalog.PgCatalog {
		return quoteIdent(name)
	}
	return quoteIdent(snap.SchemaName(o.Head().Schema)) + "." + quoteIdent(name)
}

func (b *definer) storedType(t types.Type) string {
	if t.Def == nil || t.Schema == "pg_catalog" || t.Schema == "" {
		return expr.TypeName(t)
	}
	if isTrueArray(t.Def) {
		return b.storedType(types.Of(t.Elem)) + "[]"
	}
	if n, ok := b.renames[t.OID]; ok {
		return quoteIdent(n[0]) + "." + quoteIdent(n[1])
	}
	return quoteIdent(t.Schema) + "." + quoteIdent(t.Name)
}

func (b *definer) storedFunction(p *builtin.Proc) string {
	if p.Schema == catalog.PgCatalog || p.Schema == 0 {
		return quoteIdent(p.Name)
	}
	if n, ok := b.renames[p.OID]; ok {
		return quoteIdent(n[0]) + "." + quoteIdent(n[1])
	}
	snap, err := b.session()
	if err != nil {
		return quoteIdent(p.Name)
	}
	return quoteIdent(snap.SchemaName(p.Schema)) + "." + quoteIdent(p.Name)
}

// checkExpr binds a CHECK of a table.
func (b *definer) checkExpr(t *catalog.Table, n *pg.Node) (stored, error) {
	e, err := b.tableScope(t).where(kindCheck, n, "CHECK")
	if err != nil {
		return stored{}, err
	}
	return b.keep(e), nil
}

// defaultExpr binds a DEFAULT for a column. "" is a default of NULL, which is none, unless it is one of a certain length.
func (b *definer) defaultExpr(column string, t types.Type, n *pg.Node) (stored, error) {
	e, err := b.child(nil).in(kindDefault, n)
	if err != nil {
		return stored{}, err
	}
	if e, err = b.assignTo(column, t, e, "default expression", location(n)); err != nil {
		return stored{}, err
	}
	if k, ok := e.(*expr.Const); ok && k.Value.Null && k.Spelt == nil && t.Kind != types.KindDomain {
		return stored{bound: e}, nil
	}
	return b.keep(e), nil
}

// assignTo coerces an expression to a column's type as an assignment does.
func (b *definer) assignTo(column string, t types.Type, e expr.Expr, what string, pos int) (expr.Expr, error) {
	out, ok, err := b.coerceTo(e, t, cast{assignment, expr.FormImplicitCast, pos})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "column \"%s\" is of type %s but %s is of type %s", column, b.formatType(t.Def), what, b.formatType(e.Type().Def)).
			WithHint("You will need to rewrite or cast the expression.")
	}
	return out, nil
}

// generatedExpr binds GENERATED ALWAYS AS (…) STORED.
func (b *definer) generatedExpr(tab *catalog.Table, column string, t types.Type, n *pg.Node) (stored, error) {
	e, err := b.tableScope(tab).in(kindGenerated, n)
	if err != nil {
		return stored{}, err
	}
	if e, err = b.assignTo(column, t, e, "generation expression", location(n)); err != nil {
		return stored{}, err
	}
	s := b.keep(e)
	for _, u := range s.uses {
		c := tab.Column(u)
		if c == nil || c.Generated == "" {
			continue
		}
		return s, pgerr.New(pgerrcode.InvalidObjectDefinition, "cannot use generated column \"%s\" in column generation expression", u).
			WithDetail("A generated column cannot reference another generated column.").At(placeOf(e, u))
	}
	if mutable, err := b.mutable(e); mutable || err != nil {
		if err != nil {
			return s, err
		}
		return s, pgerr.New(pgerrcode.InvalidObjectDefinition, "generation expression is not immutable")
	}
	return s, nil
}

// mutable reports whether an expression's value may change. Of a function that is inlined, what it consists of counts.
func (b *definer) mutable(e expr.Expr) (bool, error) {
	in := Inliner{Catalog: b.cat, Options: Options{Fold: b.opts.Fold}}
	e = in.Expr(e)
	return expr.VolatilityOf(e) != expr.Immutable, in.Err
}

// placeOf is where an expression first names a column.
func placeOf(e expr.Expr, name string) int {
	pos := -1
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok && c.Name == name && pos < 0 {
			pos = c.Pos
		}
		return pos < 0
	})
	return pos
}

// indexExpr binds an expression that an index is over, or its predicate.
func (b *definer) indexExpr(t *catalog.Table, n *pg.Node, predicate bool) (stored, error) {
	q := b.tableScope(t)
	var e expr.Expr
	var err error
	what := "expression"
	if predicate {
		what = "predicate"
		e, err = q.where(kindIndexPredicate, n, "WHERE")
	} else if e, err = q.in(kindIndexExpr, n); err == nil {
		e, err = b.known(e)
	}
	if err != nil {
		return stored{}, err
	}
	if mutable, err := b.mutable(e); mutable || err != nil {
		if err != nil {
			return stored{}, err
		}
		return stored{}, pgerr.New(pgerrcode.InvalidObjectDefinition, "functions in index %s must be marked IMMUTABLE", what)
	}
	return b.keep(e), nil
}

// indexLabel is what PostgreSQL names the column of an index over an expression; "" leaves it to the index.
func indexLabel(n *pg.Node) string {
	name, _ := labelOf(n)
	return name
}

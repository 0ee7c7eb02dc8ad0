package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// createIndex binds CREATE INDEX.
func (b *definer) createIndex(s *pg.IndexStmt) (command.Command, error) {
	o, ix, err := b.relation(s.Relation)
	if err != nil {
		return nil, err
	}
	t, ok := o.(*catalog.Table)
	if !ok || ix != nil {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "cannot create index on relation \"%s\"", s.Relation.Relname).
			WithDetail("This operation is not supported for %s.", plural(relationWord(o, ix)))
	}
	if err := b.notSystem(t); err != nil {
		return nil, err
	}
	method := s.AccessMethod
	if method == "" {
		method = "btree"
	}
	d := command.IndexDef{Name: clipName(s.Idxname), Unique: s.Unique, NullsNotDistinct: s.NullsNotDistinct, Method: method, Options: optionList(s.Options)}
	if err := checkStorage("", s.TableSpace); err != nil {
		return nil, err
	}
	if err := checkMethod(&d, s); err != nil {
		return nil, err
	}
	for _, n := range s.IndexParams {
		e, err := b.indexElem(t, n.GetIndexElem(), method, &d)
		if err != nil {
			return nil, err
		}
		d.Columns = append(d.Columns, e)
	}
	for _, n := range s.IndexIncludingParams {
		e := n.GetIndexElem()
		if e.Name == "" {
			return nil, pgerr.New(pgerrcode.FeatureNotSupported, "expressions are not supported in included columns")
		}
		d.Include = append(d.Include, e.Name)
	}
	if s.WhereClause != nil {
		p, err := b.indexExpr(t, s.WhereClause, true)
		if err != nil {
			return nil, err
		}
		d.Predicate, d.BoundPredicate, d.PredicateUses = p.sql, p.bound, p.uses
		d.Deps = append(append(d.Deps, p.deps...), columnDeps(t, p.uses)...)
	}
	return &command.CreateIndex{Table: t.OID, Def: d, IfNotExists: s.IfNotExists, Concurrent: s.Concurrent}, nil
}

func plural(word string) string {
	if word == "index" {
		return "indexes"
	}
	return word + "s"
}

// columnDeps are the dependencies on columns of the table itself.
func columnDeps(t *catalog.Table, names []string) []catalog.Dep {
	var out []catalog.Dep
	for _, n := range names {
		if c := t.Column(n); c != nil {
			out = append(out, catalog.Dep{Object: t.OID, Column: c.ID})
		}
	}
	return out
}

var accessMethods = map[string]types.OID{"btree": 403, "hash": 405, "gist": 783, "gin": 2742, "spgist": 4000, "brin": 3580}

// checkMethod refuses what an access method cannot do.
func checkMethod(d *command.IndexDef, s *pg.IndexStmt) error {
	can := func(list ...string) bool {
		for _, m := range list {
			if m == d.Method {
				return true
			}
		}
		return false
	}
	cannot := func(what string) error {
		return pgerr.New(pgerrcode.FeatureNotSupported, "access method \"%s\" does not support %s", d.Method, what)
	}
	switch {
	case accessMethods[d.Method] == 0:
		return pgerr.New(pgerrcode.UndefinedObject, "access method \"%s\" does not exist", d.Method)
	case s.Unique && d.Method != "btree":
		return cannot("unique indexes")
	case len(s.IndexIncludingParams) > 0 && !can("btree", "gist", "spgist"):
		return cannot("included columns")
	case len(s.IndexParams) > 1 && can("hash", "spgist"):
		return cannot("multicolumn indexes")
	}
	return nil
}

// indexElem binds one key column.
func (b *definer) indexElem(t *catalog.Table, e *pg.IndexElem, method string, d *command.IndexDef) (command.IndexElem, error) {
	out := command.IndexElem{Column: e.Name, Label: e.Indexcolname, Desc: e.Ordering == pg.SortByDir_SORTBY_DESC}
	out.NullsFirst = out.Desc
	switch e.NullsOrdering {
	case pg.SortByNulls_SORTBY_NULLS_FIRST:
		out.NullsFirst = true
	case pg.SortByNulls_SORTBY_NULLS_LAST:
		out.NullsFirst = false
	}
	if method != "btree" && (e.Ordering != pg.SortByDir_SORTBY_DEFAULT && e.Ordering != pg.SortByDir_SORT_BY_DIR_UNDEFINED) {
		return out, pgerr.New(pgerrcode.FeatureNotSupported, "access method \"%s\" does not support ASC/DESC options", method)
	}
	if len(e.Collation) > 0 {
		if err := b.checkCollation(&pg.CollateClause{Collname: e.Collation}, -1); err != nil {
			return out, err
		}
		out.Collation = collationName(e.Collation)
	}
	if ref := e.Expr.GetColumnRef(); ref != nil && len(ref.Fields) == 1 && ref.Fields[0].GetString_() != nil {
		if name := ref.Fields[0].GetString_().Sval; t.Column(name) != nil {
			out.Column = name
		}
	}
	if out.Column == "" {
		s, err := b.indexExpr(t, e.Expr, false)
		if err != nil {
			return out, err
		}
		out.Expr, out.Bound, out.Uses, out.Type = s.sql, s.bound, s.uses, s.bound.Type()
		if out.Label == "" {
			out.Label = indexLabel(e.Expr)
		}
		d.Deps = append(append(d.Deps, s.deps...), columnDeps(t, s.uses)...)
	} else if c := t.Column(out.Column); c != nil {
		out.Type = c.Type
	}
	return out, b.opClass(&out, e, method)
}

// opClass checks an operator class that is named; a default one is not noted.
func (b *definer) opClass(out *command.IndexElem, e *pg.IndexElem, method string) error {
	if len(e.Opclass) == 0 {
		return nil
	}
	names := stringList(e.Opclass)
	name := names[len(names)-1]
	am := accessMethods[method]
	for _, c := range builtin.AllOpClasses() {
		if c.Method != am || c.Name != name {
			continue
		}
		if !c.Default || out.Type.Known() && baseType(out.Type.Def).OID != c.Input {
			out.OpClass = name
		}
		return nil
	}
	return pgerr.New(pgerrcode.UndefinedObject, "operator class \"%s\" does not exist for access method \"%s\"", strings.Join(names, "."), method)
}

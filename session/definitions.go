package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// definitionServices are the functions that write definitions.
var definitionServices = map[string]service{
	"pg_get_expr":              getExpr,
	"pg_get_expr_ext":          getExpr,
	"pg_get_constraintdef":     constraintDef,
	"pg_get_constraintdef_ext": constraintDef,
	"pg_get_indexdef":          indexDef,
	"pg_get_indexdef_ext":      indexDef,
	"pg_get_triggerdef":        triggerDef,
	"pg_get_triggerdef_ext":    triggerDef,
	"pg_get_viewdef":           viewDef,
	"pg_get_viewdef_ext":       viewDef,
	"pg_get_viewdef_wrap":      viewDef,
	"pg_get_viewdef_name":      viewDef,
	"pg_get_viewdef_name_ext":  viewDef,

	"pg_get_partkeydef":                   nullService,
	"pg_get_partition_constraintdef":      nullService,
	"pg_get_ruledef":                      nullService,
	"pg_get_ruledef_ext":                  nullService,
	"pg_get_statisticsobjdef":             nullService,
	"pg_get_statisticsobjdef_columns":     nullService,
	"pg_get_statisticsobjdef_expressions": nullService,
	"pg_get_replica_identity_index":       nullService,
}

// definitions writes definitions as the session's search_path lets them be read.
func (s *Session) definitions(snap *catalog.Snapshot) *pgcatalog.Names {
	return &pgcatalog.Names{Catalog: snap, Quote: quoteIdent, Spell: s.spell, SpellWhen: s.spellWhen,
		Function: func(schema catalog.OID, name string) string { return s.functionName(snap, schema, name) },
		Visible:  func(schema catalog.OID, name string) bool { return s.visible(snap, schema, name) }}
}

// prettyDefinitions is definitions in the form that people read.
func (s *Session) prettyDefinitions(snap *catalog.Snapshot, pretty bool) *pgcatalog.Names {
	n := s.definitions(snap)
	n.Pretty = pretty
	return n
}

// spell writes a stored expression with the names that the session's search_path makes do, in the session's formats. What
// cannot be bound, since what it names is gone, is shown as it is stored.
func (s *Session) spell(text string, t *catalog.Table, u *catalog.UserType, pretty bool) string {
	snap, err := s.snapshot(s.catalogs.ctx)
	if err != nil || text == "" {
		return text
	}
	stored := bind.Stored{Text: text, Table: t}
	if u != nil {
		if d := snap.TypeByOID(u.OID); d != nil {
			stored.Value = types.Of(d)
		}
	}
	out, err := bind.Spell(stored, &s.catalogs, bind.Options{Fold: s.catalogs.Fold, Supported: supported}, s.sqlForm(snap, pretty))
	if err != nil {
		return text
	}
	return out
}

// sqlForm is how the session writes expressions.
func (s *Session) sqlForm(snap *catalog.Snapshot, pretty bool) expr.SQLOptions {
	n := s.definitions(snap)
	return expr.SQLOptions{
		Pretty:   pretty,
		TypeName: func(t types.Type) string { return n.FormatType(t.OID, t.Mod, true) },
		Function: func(p *builtin.Proc) string { return s.functionName(snap, p.Schema, p.Name) },
		Text:     func(d types.Datum, t types.Type) string { return types.Text(t, d, &s.settings.format) },
	}
}

// pretty is the last of a function's arguments where it has n of them.
func pretty(a []types.Datum, n int) bool { return len(a) == n && a[n-1].B() }

// getExpr is pg_get_expr(text, relation[, pretty]).
func getExpr(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	s.catalogs.ctx = ctx
	o, _ := snap.RelationByOID(catalog.OID(a[1].I))
	t, ok := o.(*catalog.Table)
	if _, view := o.(*catalog.View); !ok && !view && a[1].I != 0 { // a view's are defaults, which name no columns
		return types.Null, nil
	}
	if ok && t.Virtual {
		t = nil
	}
	return types.String(s.spell(a[0].S, t, nil, pretty(a, 3))), nil
}

func constraintDef(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	s.catalogs.ctx = ctx
	n := s.prettyDefinitions(snap, pretty(a, 2))
	t, u, c := constraintByOID(snap, catalog.OID(a[0].I))
	switch {
	case t != nil:
		return types.String(n.Constraint(t, c)), nil
	case u != nil:
		return types.String(n.DomainConstraint(u, c)), nil
	}
	if _, t := triggerWhere(snap, func(t *catalog.Trigger) bool { return t.Constraint == catalog.OID(a[0].I) }); t != nil && t.Constraint != 0 {
		return types.String(n.TriggerConstraint(t)), nil
	}
	return types.Null, nil
}

// constraintByOID finds a constraint and the table or the domain that has it.
func constraintByOID(snap *catalog.Snapshot, id catalog.OID) (*catalog.Table, *catalog.UserType, *catalog.Constraint) {
	for _, o := range snap.Objects() {
		switch o := o.(type) {
		case *catalog.Table:
			for _, c := range o.Constraints {
				if c.OID == id {
					return o, nil, c
				}
			}
		case *catalog.UserType:
			for _, c := range o.Checks {
				if c.OID == id {
					return nil, o, c
				}
			}
		case *catalog.Schema, *catalog.View, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
		}
	}
	return nil, nil, nil
}

func indexDef(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, ix := snap.RelationByOID(catalog.OID(a[0].I))
	t, ok := o.(*catalog.Table)
	if !ok || ix == nil {
		return types.Null, nil
	}
	s.catalogs.ctx = ctx
	n := s.prettyDefinitions(snap, pretty(a, 3))
	if len(a) == 3 && a[1].I > 0 {
		if i := int(a[1].I) - 1; i < len(ix.Columns) {
			return types.String(n.IndexColumn(t, ix, i, false)), nil
		} else if i -= len(ix.Columns); i < len(ix.Include) {
			return types.String(quoteIdent(t.ColumnByID(ix.Include[i]).Name)), nil
		}
		return types.String(""), nil
	}
	return types.String(n.Index(t, ix)), nil
}

// viewDef is pg_get_viewdef(oid | name[, pretty | wrap]).
func viewDef(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, _ := snap.RelationByOID(catalog.OID(a[0].I))
	if a[0].S != "" {
		if o, err = s.relation(ctx, a[0].S); err != nil {
			return types.Null, err
		}
	}
	v, ok := o.(*catalog.View)
	if !ok {
		return types.Null, nil
	}
	s.catalogs.ctx = ctx
	wide := 0
	if len(a) == 2 && a[1].I > 1 {
		wide = int(a[1].I)
	}
	return types.String(s.viewText(snap, v, len(a) == 2 && (a[1].B() || wide > 0), wide)), nil
}

// viewText is a view's query as people read it, lines broken at wide characters. What cannot be written out, or bound any
// more, is shown as it is stored.
func (s *Session) viewText(snap *catalog.Snapshot, v *catalog.View, pretty bool, wide int) string {
	n := s.definitions(snap)
	form := bind.ViewForm{SQL: s.sqlForm(snap, pretty), Wrap: wide, Relation: func(o catalog.Object) string { return n.Relation(o.Head().Schema, o.Head().Name) }}
	for _, c := range v.Columns {
		form.Columns = append(form.Columns, c.Name)
	}
	text, err := bind.ViewText(v.SQL, &s.catalogs, bind.Options{Fold: s.catalogs.Fold, Supported: supported}, form)
	if err != nil {
		return pgcatalog.ViewDefinition(v)
	}
	return text + ";"
}

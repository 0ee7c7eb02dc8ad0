package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/types"
)

// OIDs of the catalogs whose rows can be described.
const (
	catalogType       = 1247
	catalogProc       = 1255
	catalogClass      = 1259
	catalogAuthid     = 1260
	catalogDatabase   = 1262
	catalogAttrdef    = 2604
	catalogCast       = 2605
	catalogConstraint = 2606
	catalogLanguage   = 2612
	catalogNamespace  = 2615
	catalogOperator   = 2617
	catalogExtension  = 3079
	catalogTrigger    = 2620
	catalogCollation  = 3456
)

// describeObject is pg_describe_object(catalog, oid, column): what an object is, in words. NULL: there is none.
func describeObject(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	d := describer{s: s, snap: snap, names: s.definitions(snap)}
	return orNull(d.describe(a[0].I, catalog.OID(a[1].I), int16(a[2].I))), nil
}

type describer struct {
	s     *Session
	snap  *catalog.Snapshot
	names *pgcatalog.Names
}

func (d describer) describe(class int64, id catalog.OID, column int16) string {
	switch class {
	case catalogClass:
		return d.relation(id, column)
	case catalogType:
		return prefixed("type ", d.reg(types.OIDRegtype, id))
	case catalogProc:
		return prefixed("function ", d.reg(types.OIDRegprocedure, id))
	case catalogOperator:
		return prefixed("operator ", d.reg(types.OIDRegoperator, id))
	case catalogNamespace:
		return prefixed("schema ", d.snap.SchemaName(id))
	case catalogConstraint:
		return d.constraint(id)
	case catalogTrigger:
		if o, t := triggerByOID(d.snap, id); t != nil {
			return "trigger " + t.Name + " on " + d.relation(o.Head().OID, 0)
		}
	case catalogAttrdef:
		return d.columnDefault(id)
	case catalogLanguage:
		for _, l := range builtin.AllLanguages() {
			if l.OID == id {
				return "language " + l.Name
			}
		}
	case catalogCast:
		for _, c := range builtin.AllCasts() {
			if c.OID == id {
				return "cast from " + d.names.FormatType(c.Source, -1, false) + " to " + d.names.FormatType(c.Target, -1, false)
			}
		}
	case catalogCollation:
		for _, c := range builtin.AllCollations() {
			if c.OID == id {
				return "collation " + quoteIdent(c.Name)
			}
		}
	case catalogExtension:
		return "extension plpgsql"
	case catalogAuthid, catalogDatabase:
		return d.shared(id)
	}
	return ""
}

func prefixed(word, name string) string {
	if name == "" {
		return ""
	}
	return word + name
}

func (d describer) reg(reg, id types.OID) string {
	name, _ := regNames{d.s}.NameOf(reg, id)
	return name
}

func (d describer) shared(id catalog.OID) string {
	switch o := d.s.global().Object(id).(type) {
	case *catalog.Role:
		return "role " + o.Name
	case *catalog.Database:
		return "database " + o.Name
	}
	return ""
}

func (d describer) relation(id catalog.OID, column int16) string {
	o, ix := d.snap.RelationByOID(id)
	if o == nil {
		return ""
	}
	h := o.Head()
	text, cols := "table ", []catalog.Column(nil)
	switch o := o.(type) {
	case *catalog.Table:
		cols = o.Columns
	case *catalog.View:
		text, cols = "view ", o.Columns
	case *catalog.Sequence:
		text = "sequence "
	}
	name := h.Name
	if ix != nil {
		text, name = "index ", ix.Name
	}
	text += d.names.Relation(h.Schema, name)
	for i := range cols {
		if column != 0 && ix == nil && (cols[i].Num == column || cols[i].Num == 0 && i+1 == int(column)) {
			return "column " + cols[i].Name + " of " + text
		}
	}
	return text
}

func (d describer) constraint(id catalog.OID) string {
	t, u, c := constraintByOID(d.snap, id)
	switch {
	case t != nil:
		return "constraint " + c.Name + " on " + d.relation(t.OID, 0)
	case u != nil:
		return "constraint " + c.Name + " on type " + d.reg(types.OIDRegtype, u.OID)
	}
	if o, t := triggerWhere(d.snap, func(t *catalog.Trigger) bool { return t.Constraint == id }); t != nil && id != 0 {
		return "constraint " + t.Name + " on " + d.relation(o.Head().OID, 0)
	}
	return ""
}

func (d describer) columnDefault(id catalog.OID) string {
	for _, o := range d.snap.Objects() {
		t, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Num > 0 && pgcatalog.AttrdefOID(t.OID, c.Num) == id {
				return "default value for " + d.relation(t.OID, c.Num)
			}
		}
	}
	return ""
}

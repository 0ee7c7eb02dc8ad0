package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/types"
)

// objDescription is obj_description(oid[, catalog]).
func objDescription(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	id := catalog.OID(a[0].I)
	if sc, ok := snap.Object(id).(*catalog.Schema); ok && (len(a) == 1 || a[1].S == "pg_namespace") {
		return orNull(sc.Comment), nil
	}
	if len(a) == 2 && id < catalog.FirstUserOID {
		return orNull(builtinComment(a[1].S, id)), nil
	}
	if o := snap.Object(id); o != nil {
		return orNull(o.Head().Comment), nil
	}
	if o, ix := snap.RelationByOID(id); ix != nil {
		return orNull(ix.Comment), nil
	} else if o != nil {
		return orNull(o.Head().Comment), nil
	}
	return s.constraintComment(snap, id), nil
}

// builtinComment is what a catalog says of a built-in object: OIDs are unique within a catalog only.
func builtinComment(class string, id catalog.OID) string {
	switch class {
	case "pg_proc":
		if p := builtin.ProcByOID(id); p != nil {
			return p.Comment
		}
	case "pg_type":
		if t := builtin.TypeByOID(id); t != nil {
			return t.Comment
		}
	case "pg_operator":
		if o := builtin.OperatorByOID(id); o != nil {
			return o.Comment
		}
	case "pg_namespace":
		for _, sc := range catalog.BuiltinSchemas() {
			if sc.OID == id {
				return sc.Comment
			}
		}
	case "pg_language":
		for _, l := range builtin.AllLanguages() {
			if l.OID == id {
				return l.Comment
			}
		}
	case "pg_am":
		for _, m := range builtin.AllAccessMethods() {
			if m.OID == id {
				return m.Comment
			}
		}
	case "pg_extension":
		return pgcatalog.ExtensionComment(id)
	}
	return ""
}

func (s *Session) constraintComment(snap *catalog.Snapshot, id catalog.OID) types.Datum {
	for _, o := range snap.Objects() {
		if t, ok := o.(*catalog.Table); ok {
			for _, c := range t.Constraints {
				if c.OID == id {
					return orNull(c.Comment)
				}
			}
		}
	}
	if _, t := triggerByOID(snap, id); t != nil {
		return orNull(t.Comment)
	}
	return types.Null
}

func colDescription(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, _ := snap.RelationByOID(catalog.OID(a[0].I))
	switch o := o.(type) {
	case *catalog.Table:
		for _, c := range o.Columns {
			if c.Num > 0 && int64(c.Num) == a[1].I {
				return orNull(c.Comment), nil
			}
		}
	case *catalog.View:
		if i := int(a[1].I) - 1; i >= 0 && i < len(o.Columns) {
			return orNull(o.Columns[i].Comment), nil
		}
	}
	return types.Null, nil
}

func shobjDescription(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	if o := s.global().Object(catalog.OID(a[0].I)); o != nil {
		return orNull(o.Head().Comment), nil
	}
	return types.Null, nil
}

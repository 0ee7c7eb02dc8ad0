package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

// objDescription is obj_description(oid[, catalog]).
func objDescription(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	id := catalog.OID(a[0].I)
	if o := snap.Object(id); o != nil {
		return orNull(o.Head().Comment), nil
	}
	if sc := snap.Schema(snap.SchemaName(id)); sc != nil {
		return orNull(sc.Comment), nil
	}
	if o, ix := snap.RelationByOID(id); ix != nil {
		return orNull(ix.Comment), nil
	} else if o != nil {
		return orNull(o.Head().Comment), nil
	}
	if p := builtin.ProcByOID(id); p != nil {
		return orNull(p.Comment), nil
	}
	if t := builtin.TypeByOID(id); t != nil {
		return orNull(t.Comment), nil
	}
	return s.constraintComment(snap, id), nil
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
	if o := s.engine.Store.Global().Object(catalog.OID(a[0].I)); o != nil {
		return orNull(o.Head().Comment), nil
	}
	return types.Null, nil
}

package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

// visibleObject serves pg_table_is_visible and those for types and functions.
func visibleObject(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	id := catalog.OID(a[0].I)
	if o, ix := snap.RelationByOID(id); o != nil {
		name := o.Head().Name
		if ix != nil {
			name = ix.Name
		}
		return types.Bool(s.visible(snap, o.Head().Schema, name)), nil
	}
	if o := snap.Object(id); o != nil {
		if _, ok := o.(*catalog.Function); ok {
			return types.Bool(s.inPath(snap, o.Head().Schema)), nil
		}
		return types.Bool(s.visible(snap, o.Head().Schema, o.Head().Name)), nil
	}
	if p := builtin.ProcByOID(id); p != nil {
		return types.Bool(s.inPath(snap, p.Schema)), nil
	}
	if d := snap.TypeByOID(id); d != nil {
		sc := snap.Schema(d.Schema)
		return types.Bool(sc != nil && s.visible(snap, sc.OID, d.Name)), nil
	}
	if t := builtin.TypeByOID(id); t != nil {
		return types.Bool(t.Schema == catalog.PgCatalog), nil
	}
	return types.Null, nil
}

// inPath reports whether a schema is in the search path.
func (s *Session) inPath(snap *catalog.Snapshot, schema catalog.OID) bool {
	for _, n := range s.catalogs.SearchPath() {
		if sc := snap.Schema(n); sc != nil && sc.OID == schema {
			return true
		}
	}
	return false
}

// visible reports whether a relation or type is what its bare name means: the first of that name in the path.
func (s *Session) visible(snap *catalog.Snapshot, schema catalog.OID, name string) bool {
	for _, n := range s.catalogs.SearchPath() {
		sc := snap.Schema(n)
		if sc == nil {
			continue
		}
		if sc.OID == schema {
			return true
		}
		if o, _ := snap.Relation(sc.OID, name); o != nil || snap.Type(sc.OID, name) != nil {
			return false
		}
	}
	return false
}

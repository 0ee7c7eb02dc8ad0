package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
)

func findTable(s *Session, ctx context.Context, name string, id catalog.OID) (catalog.Object, error) {
	if name != "" {
		return s.relation(ctx, name)
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	o, _ := snap.RelationByOID(id)
	return o, nil
}

func findSequence(s *Session, ctx context.Context, name string, id catalog.OID) (catalog.Object, error) {
	o, err := findTable(s, ctx, name, id)
	if err != nil || o == nil {
		return nil, err
	}
	if _, ok := o.(*catalog.Sequence); !ok {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a sequence", o.Head().Name)
	}
	return o, nil
}

func findDatabase(s *Session, _ context.Context, name string, id catalog.OID) (catalog.Object, error) {
	global := s.global()
	if name == "" {
		return global.Object(id), nil
	}
	if d := global.DatabaseByName(name); d != nil {
		return d, nil
	}
	return nil, pgerr.New(pgerrcode.InvalidCatalogName, "database \"%s\" does not exist", name)
}

func findSchema(s *Session, ctx context.Context, name string, id catalog.OID) (catalog.Object, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	byName := name != ""
	if !byName {
		name = snap.SchemaName(id)
	}
	if sc := snap.Schema(name); sc != nil {
		return sc, nil
	}
	if byName {
		return nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", name)
	}
	return nil, nil
}

func findFunction(s *Session, ctx context.Context, name string, id catalog.OID) (catalog.Object, error) {
	if name != "" {
		var err error
		if id, err = s.procOID(ctx, name, true); err != nil {
			return nil, err
		}
	}
	if p := builtin.ProcByOID(id); p != nil {
		return builtinFunction(p), nil
	}
	return s.objectOf(ctx, id)
}

func findType(s *Session, ctx context.Context, name string, id catalog.OID) (catalog.Object, error) {
	if name != "" {
		var err error
		if id, err = s.typeOID(ctx, name); err != nil {
			return nil, err
		}
	}
	if t := builtin.TypeByOID(id); t != nil {
		return builtinObject(&catalog.UserType{Header: catalog.Header{OID: id, Name: t.Name}}, "U"), nil
	}
	return s.objectOf(ctx, id)
}

func (s *Session) objectOf(ctx context.Context, id catalog.OID) (catalog.Object, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return snap.Object(id), nil
}

func findLanguage(_ *Session, _ context.Context, name string, id catalog.OID) (catalog.Object, error) {
	for _, l := range builtin.AllLanguages() {
		if l.OID != id && (name == "" || l.Name != name) {
			continue
		}
		public := ""
		if l.Trusted {
			public = "U"
		}
		return builtinObject(&catalog.Schema{Header: catalog.Header{OID: l.OID, Name: l.Name}}, public), nil
	}
	if name != "" {
		return nil, pgerr.New(pgerrcode.UndefinedObject, "language \"%s\" does not exist", name)
	}
	return nil, nil
}

func findTablespace(_ *Session, _ context.Context, name string, id catalog.OID) (catalog.Object, error) {
	switch {
	case name == "pg_default" || id == 1663:
		return builtinObject(&catalog.Schema{Header: catalog.Header{OID: 1663, Name: "pg_default"}}, ""), nil
	case name == "pg_global" || id == 1664:
		return builtinObject(&catalog.Schema{Header: catalog.Header{OID: 1664, Name: "pg_global"}}, ""), nil
	case name != "":
		return nil, pgerr.New(pgerrcode.UndefinedObject, "tablespace \"%s\" does not exist", name)
	}
	return nil, nil
}

// findNothing is for kinds of objects that Rowan has none of.
func findNothing(kind string) func(*Session, context.Context, string, catalog.OID) (catalog.Object, error) {
	return func(_ *Session, _ context.Context, name string, _ catalog.OID) (catalog.Object, error) {
		if name != "" {
			return nil, pgerr.New(pgerrcode.UndefinedObject, "%s \"%s\" does not exist", kind, name)
		}
		return nil, nil
	}
}

package ddl

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// quote quotes an identifier for SQL text that only Rowan reads.
func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// literal quotes a string constant.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// showIdent quotes an identifier only where it needs it, for messages.
func showIdent(s string) string {
	plain := s != "" && (s[0] < '0' || s[0] > '9')
	for i := 0; plain && i < len(s); i++ {
		c := s[i]
		plain = c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '$' && i > 0
	}
	if plain {
		return s
	}
	return quote(s)
}

// qualified is the SQL name of a relation.
func (s *stmt) qualified(h *catalog.Header) string {
	return quote(s.cat().SchemaName(h.Schema)) + "." + quote(h.Name)
}

// shown is the name of an object in a schema as messages have it: qualified where the search path does not find it.
func (s *stmt) shown(schema catalog.OID, name string) string {
	if s.visible(schema, name) {
		return showIdent(name)
	}
	return showIdent(s.cat().SchemaName(schema)) + "." + showIdent(name)
}

func (s *stmt) visible(schema catalog.OID, name string) bool {
	for _, id := range s.SearchPath {
		if id == schema {
			return true
		}
		if o, _ := s.cat().Relation(id, name); o != nil {
			return false
		}
	}
	return false
}

// describe is getObjectDescription: what messages call an object.
func (s *stmt) describe(o catalog.Object) string {
	h := o.Head()
	switch o := o.(type) {
	case *catalog.Schema:
		return "schema " + showIdent(h.Name)
	case *catalog.Role:
		return "role " + showIdent(h.Name)
	case *catalog.Database:
		return "database " + showIdent(h.Name)
	case *catalog.UserType:
		return "type " + s.shownType(h)
	case *catalog.Function:
		return "function " + s.signature(o) // procedures too
	default:
		return kindOf(o) + " " + s.shown(h.Schema, h.Name)
	}
}

// kindOf is the word for an object in messages.
func kindOf(o catalog.Object) string {
	switch o.(type) {
	case *catalog.Role:
		return "role"
	case *catalog.Database:
		return "database"
	}
	return cmp.Or(catalog.KindName(o), "object")
}

func (s *stmt) shownType(h *catalog.Header) string {
	if slices.Contains(s.SearchPath, h.Schema) {
		return showIdent(h.Name)
	}
	return showIdent(s.cat().SchemaName(h.Schema)) + "." + showIdent(h.Name)
}

// signature is a function's name with its argument types.
func (s *stmt) signature(f *catalog.Function) string {
	var args []string
	for i, id := range f.ArgTypes {
		if i < len(f.ArgModes) && (f.ArgModes[i] == 'o' || f.ArgModes[i] == 't') {
			continue
		}
		args = append(args, s.typeName(id, -1))
	}
	name := showIdent(f.Name)
	if !slices.Contains(s.SearchPath, f.Schema) {
		name = showIdent(s.cat().SchemaName(f.Schema)) + "." + name
	}
	return name + "(" + strings.Join(args, ",") + ")"
}

var sqlTypeNames = map[string]string{
	"bool": "boolean", "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision",
	"varchar": "character varying", "bpchar": "character", "timestamp": "timestamp without time zone",
	"timestamptz": "timestamp with time zone", "time": "time without time zone", "timetz": "time with time zone",
	"varbit": "bit varying", "char": `"char"`,
}

// typeName is format_type without modifier.
func (s *stmt) typeName(id catalog.OID, _ int32) string {
	d := s.cat().TypeByOID(id)
	if d == nil {
		return "???"
	}
	if d.Elem != nil && d.Category == 'A' {
		return s.typeName(d.Elem.OID, -1) + "[]"
	}
	if d.Schema == "pg_catalog" {
		if n, ok := sqlTypeNames[d.Name]; ok {
			return n
		}
		return showIdent(d.Name)
	}
	for _, sc := range s.SearchPath {
		if s.cat().SchemaName(sc) == d.Schema {
			return showIdent(d.Name)
		}
	}
	return showIdent(d.Schema) + "." + showIdent(d.Name)
}

// mustOwn refuses a role that does not own an object: "must be owner of table t".
func (s *stmt) mustOwn(o catalog.Object) error {
	if catalog.IsOwner(s.roles(), s.Role, o) {
		return nil
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of %s %s", ownedWord(o), o.Head().Name)
}

func ownedWord(o catalog.Object) string {
	if u, ok := o.(*catalog.UserType); ok && u.Kind == types.KindDomain {
		return "type"
	}
	return kindOf(o)
}

// roles is the catalog of roles, with what this transaction has changed in it.
func (s *stmt) roles() *catalog.Snapshot {
	if s.server != nil {
		return s.server.Catalog()
	}
	return s.Store.Global()
}

func (s *stmt) superuser() bool { return catalog.IsSuperuser(s.roles(), s.Role) }

// mayCreate refuses a role that may not create objects in a schema, and schemas that belong to the system.
func (s *stmt) mayCreate(schema catalog.OID) error {
	name := s.cat().SchemaName(schema)
	switch schema {
	case catalog.PgCatalog, catalog.PgToast, catalog.InformationSchema, catalog.RowanSchema:
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied to create in schema \"%s\"", name).
			WithDetail("System catalog modifications are currently disallowed.")
	}
	sc, ok := s.cat().Object(schema).(*catalog.Schema)
	if !ok {
		return pgerr.New(pgerrcode.InvalidSchemaName, "schema with OID %d does not exist", schema)
	}
	if catalog.HasPrivilege(s.roles(), s.Role, sc, catalog.PrivCreate) {
		return nil
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for schema %s", name)
}

package pgcatalog

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
)

var _ = register(map[string]maker{
	"pg_extension": pgExtension, "pg_available_extensions": pgAvailableExtensions, "pg_available_extension_versions": pgAvailableExtensionVersions,
	"pg_init_privs": pgInitPrivs,
})

// extension is an extension that every database has. Their OIDs tell pg_dump that they are built in: it dumps neither them
// nor what belongs to them, which is how schema rowan stays out of dumps.
type extension struct {
	oid              catalog.OID
	name             string
	schema           catalog.OID
	version, comment string
}

var extensions = []extension{
	{13570, "plpgsql", catalog.PgCatalog, "1.0", "PL/pgSQL procedural language"},
	{13571, "rowan", catalog.RowanSchema, "1.0", "branches, history, diff and merge"},
}

// ExtensionComment is what an extension is for.
func ExtensionComment(id catalog.OID) string {
	for _, e := range extensions {
		if e.oid == id {
			return e.comment
		}
	}
	return ""
}

func pgExtension(b *builder) error {
	for _, e := range extensions {
		b.add(e.oid, e.name, catalog.Superuser, e.schema, false, e.version, nil, nil)
	}
	return nil
}

func pgAvailableExtensions(b *builder) error {
	for _, e := range extensions {
		b.add(e.name, e.version, e.version, e.comment)
	}
	return nil
}

func pgAvailableExtensionVersions(b *builder) error {
	for _, e := range extensions {
		b.add(e.name, e.version, true, true, true, false, nil, nil, e.comment)
	}
	return nil
}

// dependExtensions shows what belongs to the extensions.
func (b *builder) dependExtensions() {
	for _, e := range extensions {
		member := func(class, id catalog.OID) { b.add(class, id, 0, classExtension, e.oid, 0, dependExtension) }
		if e.schema == catalog.RowanSchema {
			member(classNamespace, e.schema)
			for _, t := range catalog.VirtualTables() {
				if t.Schema == e.schema {
					member(classClass, t.OID)
				}
			}
		}
		for _, p := range builtin.AllProcs() {
			if p.Schema == catalog.RowanSchema && e.schema == p.Schema || strings.HasPrefix(p.Name, e.name+"_") && p.Schema == catalog.PgCatalog {
				member(classProc, p.OID)
			}
		}
		for _, l := range builtin.AllLanguages() {
			if l.Name == e.name {
				member(classLanguage, l.OID)
			}
		}
	}
}

// pgInitPrivs shows the grants that built-in objects have from the start, so that pg_dump does not repeat them.
func pgInitPrivs(b *builder) error {
	for _, s := range catalog.BuiltinSchemas() {
		if g := builtinSchemaGrants(s); g != nil {
			b.add(s.OID, classNamespace, 0, byte('i'), b.grants(g))
		}
	}
	for _, t := range catalog.VirtualTables() {
		b.add(t.OID, classClass, 0, byte('i'), b.grants(t.ACL))
	}
	return nil
}

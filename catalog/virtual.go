package catalog

import "github.com/rowandb/rowan/types"

// OIDs of the schemas that every database has.
const (
	PgCatalog         OID = 11
	PgToast           OID = 99
	Public            OID = 2200
	InformationSchema OID = 13000
	RowanSchema       OID = 13001
)

// Superuser is the OID of the role that the first start makes.
const Superuser OID = 10

// FirstUserOID is the first OID that user objects get.
const FirstUserOID OID = 16384

var builtinSchemas = map[string]*Schema{
	"pg_catalog":         {Header{OID: PgCatalog, Name: "pg_catalog", Owner: Superuser, Comment: "system catalog schema"}},
	"pg_toast":           {Header{OID: PgToast, Name: "pg_toast", Owner: Superuser, Comment: "reserved schema for TOAST tables"}},
	"information_schema": {Header{OID: InformationSchema, Name: "information_schema", Owner: Superuser}},
	"rowan":              {Header{OID: RowanSchema, Name: "rowan", Owner: Superuser, Comment: "branches, history, diff and merge"}},
}

var (
	virtual      = map[name]*Table{}
	virtualByOID = map[OID]*Table{}
	virtualTypes = map[OID]*types.Def{} // those that only such relations have: information_schema's domains
)

// RegisterVirtual adds relations whose rows are computed, those of pg_catalog and information_schema. It is called by
// server before the first Snapshot is used.
func RegisterVirtual(tables []*Table) {
	for _, t := range tables {
		t.Virtual = true
		virtual[name{t.Schema, t.Name}] = t
		virtualByOID[t.OID] = t
		for i := range t.Columns {
			if d := t.Columns[i].Type.Def; d != nil && d.Schema == "information_schema" {
				virtualTypes[d.OID] = d
				virtualTypes[d.Array] = &types.Def{OID: d.Array, Name: "_" + d.Name, Schema: d.Schema, Class: types.ClassString, Kind: types.KindBase,
					Category: 'A', Len: -1, Align: 'i', Elem: d}
			}
		}
	}
}

// BuiltinSchemas returns the schemas that are in every database without having been created.
func BuiltinSchemas() []*Schema {
	return []*Schema{builtinSchemas["pg_catalog"], builtinSchemas["pg_toast"], builtinSchemas["information_schema"], builtinSchemas["rowan"]}
}

// VirtualTables returns the registered relations.
func VirtualTables() []*Table {
	out := make([]*Table, 0, len(virtual))
	for _, t := range virtual {
		out = append(out, t)
	}
	return out
}

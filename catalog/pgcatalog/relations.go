// Package pgcatalog computes the rows of pg_catalog and information_schema from catalog snapshots and the built-in data, and
// spells definitions as pg_get_constraintdef and its kin do.
//
// The relations themselves (names, OIDs, columns) are relations.tsv; a relation without a row maker has no rows, which is
// right for those that describe what Rowan does not have (publications, foreign tables, …). It stores nothing and reads no
// user rows. Invariant: what it shows of an object is derived from the descriptor only, so that every branch and point
// shows its own schema. session calls Rows for scans of virtual tables and the functions of definition.go for pg_get_….
package pgcatalog

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

//go:embed relations.tsv
var relationsTSV string

// relation is one line of relations.tsv.
type relation struct {
	kind    byte // r or v
	comment string
	table   *catalog.Table
}

var relations = sync.OnceValue(func() []relation {
	var out []relation
	for line := range strings.Lines(relationsTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		schema := catalog.PgCatalog
		if f[1] == "information_schema" {
			schema = catalog.InformationSchema
		}
		t := &catalog.Table{Header: catalog.Header{OID: oid(f[0]), Schema: schema, Name: f[2], Owner: catalog.Superuser, Comment: f[4],
			ACL: []catalog.Grant{{Grantee: catalog.Superuser, Grantor: catalog.Superuser, Privileges: "arwdDxt"}, {Grantor: catalog.Superuser, Privileges: "r"}}}}
		for i, c := range strings.Split(f[5], ",") {
			p := strings.Split(c, ":")
			t.Columns = append(t.Columns, column(i, p[0], oid(p[1]), p[2] == "1"))
		}
		out = append(out, relation{kind: f[3][0], comment: f[4], table: t})
	}
	return append(out, rowanTables()...)
})

func oid(s string) catalog.OID {
	n, _ := strconv.ParseUint(s, 10, 32)
	return catalog.OID(n)
}

func column(i int, name string, typ catalog.OID, notNull bool) catalog.Column {
	c := catalog.Column{ID: catalog.ColumnID(i + 1), Num: int16(i + 1), Name: name, TypeOID: typ, Mod: -1, NotNull: notNull}
	d := types.Builtin(typ)
	if d == nil {
		d = domainDefs()[typ]
	}
	c.Type = types.Of(d)
	return c
}

// domainDefs are information_schema's own domains: sql_identifier, cardinal_number, yes_or_no, ….
var domainDefs = sync.OnceValue(func() map[catalog.OID]*types.Def {
	defs := map[catalog.OID]*types.Def{}
	for _, t := range builtin.AllTypes() {
		base := types.Builtin(t.Base)
		if t.Schema != catalog.InformationSchema || t.Kind != byte(types.KindDomain) || base == nil {
			continue
		}
		defs[t.OID] = &types.Def{OID: t.OID, Name: t.Name, Schema: "information_schema", Kind: types.KindDomain, Class: base.Class, Category: base.Category,
			Len: base.Len, ByVal: base.ByVal, Align: base.Align, Elem: base.Elem, Array: t.Array, Base: &types.Type{Def: base, Mod: int32(t.Mod)}}
	}
	return defs
})

// Tables returns the relations, for catalog.RegisterVirtual.
func Tables() []*catalog.Table {
	var out []*catalog.Table
	for _, r := range relations() {
		out = append(out, r.table)
	}
	return out
}

// kindOf is a virtual relation's relkind.
func kindOf(id catalog.OID) byte {
	for _, r := range relations() {
		if r.table.OID == id {
			return r.kind
		}
	}
	return 'r'
}

package pgcatalog

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

// rowanRelations are the functions of schema rowan that can be read as relations, SELECT * FROM rowan.branches, with the
// OIDs they have as such. Arguments are then what NULL means to the function. session runs them.
var rowanRelations = []struct {
	oid  catalog.OID
	name string
}{
	{8050, "branches"}, {8051, "log"}, {8052, "commits"}, {8053, "tags"}, {8054, "snapshots"}, {8055, "conflicts"}, {8056, "merges"},
	{8057, "branch_privileges"}, {8058, "branch_limits"},
}

func rowanTables() []relation {
	var out []relation
	for _, r := range rowanRelations {
		for _, p := range builtin.ProcsByName(r.name) {
			if p.Schema != catalog.RowanSchema || !p.Set {
				continue
			}
			t := &catalog.Table{Header: catalog.Header{OID: r.oid, Schema: catalog.RowanSchema, Name: r.name, Owner: catalog.Superuser, Comment: p.Comment,
				ACL: []catalog.Grant{{Grantee: catalog.Superuser, Grantor: catalog.Superuser, Privileges: "arwdDxt"}, {Grantor: catalog.Superuser, Privileges: "r"}}}}
			for i, m := range p.ArgModes {
				if m == 't' {
					t.Columns = append(t.Columns, column(len(t.Columns), p.ArgNames[i], types.OID(p.AllArgs[i]), false))
				}
			}
			out = append(out, relation{kind: 'v', comment: p.Comment, table: t})
		}
	}
	return out
}

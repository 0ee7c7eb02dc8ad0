package pgcatalog

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

var _ = register(map[string]maker{
	"pg_type": pgType, "pg_enum": pgEnum, "pg_range": pgRange, "pg_namespace": pgNamespace, "pg_collation": pgCollation,
})

// builtinSchemaGrants are what PUBLIC may do with the schemas that every database has.
func builtinSchemaGrants(s *catalog.Schema) []catalog.Grant {
	if s.Name == "pg_toast" {
		return nil
	}
	return []catalog.Grant{{Grantee: catalog.Superuser, Grantor: catalog.Superuser, Privileges: "UC"}, {Grantor: catalog.Superuser, Privileges: "U"}}
}

func pgNamespace(b *builder) error {
	for _, s := range catalog.BuiltinSchemas() {
		b.add(s.OID, s.Name, s.Owner, b.grants(builtinSchemaGrants(s)))
	}
	for _, o := range b.Catalog.Objects() {
		if s, ok := o.(*catalog.Schema); ok {
			b.add(s.OID, s.Name, s.Owner, b.acl(s.Header))
		}
	}
	return nil
}

func pgType(b *builder) error {
	for _, t := range builtin.AllTypes() {
		b.typeRow(t, catalog.Superuser, nil)
	}
	for _, o := range b.Catalog.Objects() {
		switch o := o.(type) {
		case *catalog.UserType:
			b.userType(o)
		case *catalog.Table:
			b.rowType(&o.Header)
		case *catalog.View:
			b.rowType(&o.Header)
		case *catalog.Schema, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
		}
	}
	return nil
}

// rowType shows the type of a relation's rows, and of arrays of them.
func (b *builder) rowType(h *catalog.Header) {
	t := &builtin.TypeRow{OID: catalog.RowType(h.OID), Name: h.Name, Schema: h.Schema, Len: -1, Kind: byte(types.KindComposite), Category: 'C', Defined: true,
		Delim: ',', Relation: h.OID, Array: catalog.RowArray(h.OID), Input: proc("record_in"), Output: proc("record_out"), Receive: proc("record_recv"),
		Send: proc("record_send"), Align: 'd', Storage: 'x', Mod: -1}
	b.typeRow(t, h.Owner, nil)
	b.arrayType(t, catalog.RowArrayName(h.Name), h.Owner)
}

// arrayType shows the type of arrays of a type.
func (b *builder) arrayType(t *builtin.TypeRow, name string, owner catalog.OID) {
	b.typeRow(&builtin.TypeRow{OID: t.Array, Name: name, Schema: t.Schema, Len: -1, Kind: 'b', Category: 'A', Defined: true, Delim: ',',
		Subscript: proc("array_subscript_handler"), Elem: t.OID, Input: proc("array_in"), Output: proc("array_out"), Receive: proc("array_recv"),
		Send: proc("array_send"), Analyze: proc("array_typanalyze"), Align: t.Align, Storage: 'x', Mod: -1, Collation: t.Collation}, owner, nil)
}

func (b *builder) typeRow(t *builtin.TypeRow, owner catalog.OID, acl any) {
	var def any
	if t.Default != nil {
		def = *t.Default
	}
	var bin any // what a domain's default is computed from; base types have only text
	if t.Kind == byte(types.KindDomain) {
		bin = def
	}
	b.add(t.OID, t.Name, t.Schema, owner, int(t.Len), t.ByVal, t.Kind, t.Category, t.Preferred, t.Defined, t.Delim, t.Relation, t.Subscript, t.Elem, t.Array,
		t.Input, t.Output, t.Receive, t.Send, t.ModIn, t.ModOut, t.Analyze, t.Align, t.Storage, t.NotNull, t.Base, int(t.Mod), t.NDims, t.Collation, bin, def, acl)
}

// userType shows a user's type and its array type, with the support functions of their kinds.
func (b *builder) userType(u *catalog.UserType) {
	d := b.Catalog.TypeByOID(u.OID)
	if d == nil {
		return
	}
	t := &builtin.TypeRow{OID: u.OID, Name: u.Name, Schema: u.Schema, Len: d.Len, ByVal: d.ByVal, Kind: byte(u.Kind), Category: d.Category, Defined: true,
		Delim: ',', Array: u.Array, Align: d.Align, Storage: 'p', Mod: -1}
	switch u.Kind {
	case types.KindEnum:
		t.Input, t.Output, t.Receive, t.Send = proc("enum_in"), proc("enum_out"), proc("enum_recv"), proc("enum_send")
	case types.KindComposite:
		t.Input, t.Output, t.Receive, t.Send = proc("record_in"), proc("record_out"), proc("record_recv"), proc("record_send")
		t.Storage, t.Relation, t.Align = 'x', u.OID, 'd'
	case types.KindDomain:
		t.Base, t.Mod, t.NotNull = u.Base, u.Mod, u.NotNull
		if base := builtin.TypeByOID(u.Base); base != nil {
			t.Input, t.Output, t.Receive, t.Send = proc("domain_in"), base.Output, proc("domain_recv"), base.Send
			t.Storage, t.Align, t.Collation = base.Storage, base.Align, base.Collation
		}
		if u.Default != "" {
			t.Default = &u.Default
		}
	case types.KindBase, types.KindPseudo, types.KindRange:
	}
	b.typeRow(t, u.Owner, b.acl(u.Header))
	if u.Array != 0 {
		b.arrayType(t, u.ArrayName, u.Owner)
	}
}

func proc(name string) catalog.OID {
	if p := builtin.ProcsByName(name); len(p) > 0 {
		return p[0].OID
	}
	return 0
}

func pgEnum(b *builder) error {
	for _, o := range b.Catalog.Objects() {
		u, ok := o.(*catalog.UserType)
		if !ok {
			continue
		}
		for i, l := range u.Labels {
			id := l.OID
			if id == 0 {
				id = AttrdefOID(u.OID, int16(i+1))
			}
			b.add(id, u.OID, float64(i+1), l.Name)
		}
	}
	return nil
}

func pgRange(b *builder) error {
	for _, r := range builtin.AllRanges() {
		b.add(r.Type, r.Subtype, r.Multirange, r.Collation, r.OpClass, r.Canonical, r.Diff)
	}
	return nil
}

func pgCollation(b *builder) error {
	for _, c := range builtin.AllCollations() {
		provider, collate := byte('c'), any(c.Name)
		if c.Name == "default" {
			provider, collate = 'd', nil
		}
		b.add(c.OID, c.Name, catalog.PgCatalog, catalog.Superuser, provider, true, -1, collate, collate, nil, nil)
	}
	return nil
}

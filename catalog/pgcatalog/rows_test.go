package pgcatalog

import (
	"context"
	"testing"

	"github.com/rowandb/rowan/catalog"
)

// TestRows makes the rows of every relation over a small catalog: each maker must fit its relation's columns.
func TestRows(t *testing.T) {
	tables := Tables()
	catalog.RegisterVirtual(tables)
	src := &Source{Catalog: sample(), Global: global(), Rows: func(*catalog.Table) int64 { return 3 }}
	known := map[string]bool{}
	for _, r := range tables {
		name := r.Name
		if r.Schema == catalog.InformationSchema {
			name = "information_schema." + name
		}
		known[name] = true
		batches, err := Rows(context.Background(), r, src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, b := range batches {
			for i, c := range b.Cols {
				if c.Len() != b.N {
					t.Errorf("%s: column %s has %d values, not %d", name, r.Columns[i].Name, c.Len(), b.N)
				}
			}
		}
	}
	for name := range makers {
		if !known[name] {
			t.Errorf("there is no relation %s to make rows for", name)
		}
	}
}

func global() *catalog.Snapshot {
	return catalog.NewSnapshot(nil, []catalog.Object{
		&catalog.Role{Header: catalog.Header{OID: 10, Name: "postgres"}, Superuser: true, Login: true, Settings: []catalog.Setting{{Name: "work_mem", Value: "8MB"}}},
		&catalog.Role{Header: catalog.Header{OID: 16390, Name: "reader"}, MemberOf: []catalog.Member{{Role: 10, Grantor: 10}}},
		&catalog.Database{Header: catalog.Header{OID: 5, Name: "postgres", Owner: 10, Comment: "the first"}, AllowConn: true, Default: "main"},
	})
}

func sample() *catalog.Snapshot {
	col := func(id catalog.ColumnID, num int16, name string, typ catalog.OID) catalog.Column {
		return catalog.Column{ID: id, Num: num, Name: name, TypeOID: typ, Mod: -1}
	}
	a, b := col(1, 1, "a", 23), col(2, 2, "b", 25)
	a.Default, b.Comment = "nextval('t_a_seq'::regclass)", "text"
	hidden := catalog.Column{ID: 3, Name: "lower", TypeOID: 25, Mod: -1, Hidden: "lower(b)"}
	table := &catalog.Table{
		Header:  catalog.Header{OID: 16400, Schema: catalog.Public, Name: "t", Owner: 10, ACL: []catalog.Grant{{Grantee: 16390, Grantor: 10, Privileges: "r"}}},
		Columns: []catalog.Column{a, b, hidden},
		Indexes: []*catalog.Index{
			{OID: 16401, Name: "t_pkey", Primary: true, Unique: true, Columns: []catalog.IndexColumn{{Column: 1}}},
			{OID: 16402, Name: "t_lower", Columns: []catalog.IndexColumn{{Column: 3, Desc: true, NullsFirst: true}, {Column: 2}}},
		},
		Constraints: []*catalog.Constraint{
			{OID: 16403, Name: "t_pkey", Kind: catalog.PrimaryKey, Columns: []catalog.ColumnID{1}, Index: 16401},
			{OID: 16404, Name: "t_a_check", Kind: catalog.Check, Columns: []catalog.ColumnID{1}, Expr: "(a > 0)"},
			{OID: 16405, Name: "t_a_fkey", Kind: catalog.ForeignKey, Columns: []catalog.ColumnID{1}, RefTable: 16400, RefColumns: []catalog.ColumnID{1}, Index: 16401, OnDelete: 'c'},
		},
	}
	return catalog.NewSnapshot(&catalog.Database{Header: catalog.Header{OID: 5, Name: "postgres"}}, []catalog.Object{
		&catalog.Schema{Header: catalog.Header{OID: catalog.Public, Name: "public", Owner: 10}},
		table,
		&catalog.Sequence{Header: catalog.Header{OID: 16406, Schema: catalog.Public, Name: "t_a_seq", Owner: 10}, TypeOID: 23, Start: 1, Increment: 1, Max: 1 << 30, Min: 1, Cache: 1, OwnerTable: 16400, OwnerColumn: 1},
		&catalog.View{Header: catalog.Header{OID: 16407, Schema: catalog.Public, Name: "v", Owner: 10}, Columns: []catalog.Column{col(1, 1, "a", 23)}, SQL: "SELECT a FROM public.t"},
	})
}

// TestDefinitions compares with what PostgreSQL 15 shows for the same objects.
func TestDefinitions(t *testing.T) {
	snap := sample()
	n := &Names{Catalog: snap, Quote: quoteIdent, Visible: func(schema catalog.OID, _ string) bool { return schema == catalog.Public }}
	table := snap.Object(16400).(*catalog.Table)
	for _, c := range []struct{ got, want string }{
		{n.Index(table, table.Indexes[0]), "CREATE UNIQUE INDEX t_pkey ON public.t USING btree (a)"},
		{n.Index(table, table.Indexes[1]), "CREATE INDEX t_lower ON public.t USING btree (lower(b) DESC, b)"},
		{n.Constraint(table, table.Constraints[0]), "PRIMARY KEY (a)"},
		{n.Constraint(table, table.Constraints[1]), "CHECK ((a > 0))"},
		{n.Constraint(table, table.Constraints[2]), "FOREIGN KEY (a) REFERENCES t(a) ON DELETE CASCADE"},
		{n.FormatType(1043, 14, true), "character varying(10)"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

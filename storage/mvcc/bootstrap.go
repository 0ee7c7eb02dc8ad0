package mvcc

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// BootstrapOptions say what a new store begins with.
type BootstrapOptions struct {
	Superuser string // "": postgres
	Password  string // SCRAM verifier; "": none
	Database  string // "": postgres
}

// The OIDs of the first database and of the role that stands for a database's owner.
const (
	FirstDatabase catalog.OID = 5
	databaseOwner catalog.OID = 6171
)

// predefined are the roles that every PostgreSQL server has.
var predefined = []struct {
	oid  catalog.OID
	name string
}{
	{databaseOwner, "pg_database_owner"}, {6181, "pg_read_all_data"}, {6182, "pg_write_all_data"}, {3373, "pg_monitor"},
	{3374, "pg_read_all_settings"}, {3375, "pg_read_all_stats"}, {3377, "pg_stat_scan_tables"},
	{4569, "pg_read_server_files"}, {4570, "pg_write_server_files"}, {4571, "pg_execute_server_program"},
	{4200, "pg_signal_backend"}, {4544, "pg_checkpoint"},
}

// Bootstrap makes the roles and the first database of an empty store; with others it does nothing.
func Bootstrap(ctx context.Context, s *Store, o BootstrapOptions) error {
	if !s.Empty() {
		return nil
	}
	if o.Superuser == "" {
		o.Superuser = "postgres"
	}
	if o.Database == "" {
		o.Database = "postgres"
	}
	t, err := s.begin(ctx, storage.TxnOptions{Info: storage.TxnInfo{User: o.Superuser, Summary: "bootstrap"}})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }()
	v, err := t.GlobalView(ctx)
	if err != nil {
		return err
	}
	for _, obj := range firstObjects(o) {
		if err := v.Put(ctx, obj); err != nil {
			return err
		}
	}
	_, err = t.Commit(ctx)
	return err
}

func firstObjects(o BootstrapOptions) []catalog.Object {
	out := []catalog.Object{
		&catalog.Role{
			Header: catalog.Header{OID: catalog.Superuser, Name: o.Superuser}, Superuser: true, Inherit: true,
			CreateRole: true, CreateDB: true, Login: true, Replication: true, BypassRLS: true, ConnLimit: -1, Password: o.Password,
		},
		&catalog.Database{
			Header:    catalog.Header{OID: FirstDatabase, Name: o.Database, Owner: catalog.Superuser, Comment: "default administrative connection database"},
			AllowConn: true, ConnLimit: -1, Default: "main",
		},
	}
	for _, p := range predefined {
		r := &catalog.Role{Header: catalog.Header{OID: p.oid, Name: p.name}, Inherit: true, ConnLimit: -1}
		if p.name == "pg_monitor" {
			for _, id := range []catalog.OID{3374, 3375, 3377} {
				r.MemberOf = append(r.MemberOf, catalog.Member{Role: id, Grantor: catalog.Superuser})
			}
		}
		out = append(out, r)
	}
	return out
}

// publicSchema is what a database has from the start.
func publicSchema() *catalog.Schema {
	return &catalog.Schema{Header: catalog.Header{
		OID: catalog.Public, Name: "public", Owner: databaseOwner, Comment: "standard public schema",
		ACL: []catalog.Grant{
			{Grantee: databaseOwner, Grantor: databaseOwner, Privileges: "UC"},
			{Grantee: 0, Grantor: databaseOwner, Privileges: "U"},
		},
	}}
}

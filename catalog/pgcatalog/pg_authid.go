package pgcatalog

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

var _ = register(map[string]maker{
	"pg_authid": pgAuthid, "pg_roles": pgRoles, "pg_user": pgUser, "pg_shadow": pgShadow, "pg_auth_members": pgAuthMembers,
	"pg_database": pgDatabase, "pg_tablespace": pgTablespace, "pg_db_role_setting": pgDbRoleSetting,
	"pg_default_acl": pgDefaultACL,
})

func (b *builder) roles() []*catalog.Role {
	var out []*catalog.Role
	for _, o := range b.Global.Objects() {
		if r, ok := o.(*catalog.Role); ok {
			out = append(out, r)
		}
	}
	return out
}

// validUntil is a role's expiry, nil when it has none.
func validUntil(r *catalog.Role) any {
	if r.ValidUntil == nil {
		return nil
	}
	return types.Int(*r.ValidUntil)
}

func settingsOf(list []catalog.Setting, database catalog.OID) any {
	var out []string
	for _, s := range list {
		if s.Database == database {
			out = append(out, s.Name+"="+s.Value)
		}
	}
	if out == nil {
		return nil
	}
	return out
}

func pgAuthid(b *builder) error {
	for _, r := range b.roles() {
		b.add(r.OID, r.Name, r.Superuser, r.Inherit, r.CreateRole, r.CreateDB, r.Login, r.Replication, r.BypassRLS, r.ConnLimit, orNil(r.Password), validUntil(r))
	}
	return nil
}

func pgRoles(b *builder) error {
	for _, r := range b.roles() {
		b.add(r.Name, r.Superuser, r.Inherit, r.CreateRole, r.CreateDB, r.Login, r.Replication, r.ConnLimit, "********", validUntil(r), r.BypassRLS,
			settingsOf(r.Settings, 0), r.OID)
	}
	return nil
}

func pgUser(b *builder) error {
	for _, r := range b.roles() {
		if r.Login {
			b.add(r.Name, r.OID, r.CreateDB, r.Superuser, r.Replication, r.BypassRLS, "********", validUntil(r), settingsOf(r.Settings, 0))
		}
	}
	return nil
}

func pgShadow(b *builder) error {
	for _, r := range b.roles() {
		if r.Login {
			b.add(r.Name, r.OID, r.CreateDB, r.Superuser, r.Replication, r.BypassRLS, orNil(r.Password), validUntil(r), settingsOf(r.Settings, 0))
		}
	}
	return nil
}

func pgAuthMembers(b *builder) error {
	for _, r := range b.roles() {
		for _, m := range r.MemberOf {
			b.add(m.Role, r.OID, m.Grantor, m.Admin)
		}
	}
	return nil
}

func pgDatabase(b *builder) error {
	for _, o := range b.Global.Objects() {
		d, ok := o.(*catalog.Database)
		if !ok {
			continue
		}
		b.add(d.OID, d.Name, d.Owner, 6, byte('c'), d.IsTemplate, d.AllowConn, d.ConnLimit, "0", "0", tablespaceDefault, "C.UTF-8", "C.UTF-8", nil, nil, b.acl(d.Header))
	}
	return nil
}

const (
	tablespaceDefault catalog.OID = 1663
	tablespaceGlobal  catalog.OID = 1664
)

func pgTablespace(b *builder) error {
	b.add(tablespaceDefault, "pg_default", catalog.Superuser, nil, nil)
	b.add(tablespaceGlobal, "pg_global", catalog.Superuser, nil, nil)
	return nil
}

func pgDbRoleSetting(b *builder) error {
	for _, o := range b.Global.Objects() {
		switch o := o.(type) {
		case *catalog.Database:
			if s := settingsOf(o.Settings, 0); s != nil {
				b.add(o.OID, 0, s)
			}
		case *catalog.Role:
			seen := map[catalog.OID]bool{}
			for _, st := range o.Settings {
				if !seen[st.Database] {
					seen[st.Database] = true
					b.add(st.Database, o.OID, settingsOf(o.Settings, st.Database))
				}
			}
		case *catalog.Schema, *catalog.Table, *catalog.View, *catalog.Sequence, *catalog.UserType, *catalog.Function:
		}
	}
	return nil
}

// pgDefaultACL shows what ALTER DEFAULT PRIVILEGES has set in this database. The entries have no OIDs of their own.
func pgDefaultACL(b *builder) error {
	d, ok := b.Global.Object(b.Catalog.Database.OID).(*catalog.Database)
	if !ok {
		return nil
	}
	for i, e := range d.Defaults {
		b.add(AttrdefOID(d.OID, int16(i+1)), e.Role, e.Schema, e.Kind, b.grants(e.ACL))
	}
	return nil
}

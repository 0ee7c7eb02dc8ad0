package catalog

import "strings"

// Privileges as the letters of PostgreSQL's aclitem.
const (
	PrivInsert     = 'a'
	PrivSelect     = 'r'
	PrivUpdate     = 'w'
	PrivDelete     = 'd'
	PrivTruncate   = 'D'
	PrivReferences = 'x'
	PrivTrigger    = 't'
	PrivUsage      = 'U'
	PrivCreate     = 'C'
	PrivConnect    = 'c'
	PrivTemporary  = 'T'
	PrivExecute    = 'X'
)

// AllPrivileges returns the privileges that an object of this kind can have, in the order in which aclitem prints them.
func AllPrivileges(o Object) string {
	switch o.(type) {
	case *Table, *View:
		return "arwdDxt"
	case *Sequence:
		return "rwU"
	case *Schema:
		return "UC"
	case *Database:
		return "CTc"
	case *Function:
		return "X"
	case *UserType:
		return "U"
	}
	return ""
}

// DefaultGrants returns the grants of an object on which nothing was granted or revoked: all to the owner, and what
// PostgreSQL gives PUBLIC.
func DefaultGrants(o Object) []Grant {
	h := o.Head()
	public := ""
	switch o.(type) {
	case *Database:
		public = "Tc"
	case *Function:
		public = "X"
	case *UserType:
		public = "U"
	}
	var out []Grant
	if public != "" {
		out = append(out, Grant{Grantor: h.Owner, Privileges: public})
	}
	return append(out, Grant{Grantee: h.Owner, Grantor: h.Owner, Privileges: AllPrivileges(o)})
}

// ACLOf returns the grants in force on an object.
func ACLOf(o Object) []Grant {
	if acl := o.Head().ACL; acl != nil {
		return acl
	}
	return DefaultGrants(o)
}

// HasPrivilege reports whether a role, by itself, through PUBLIC or through roles that it inherits from, has a privilege
// on an object. Its owner has what he has not taken from himself. roles is the server's catalog of roles (storage.Store.Global).
func HasPrivilege(roles *Snapshot, role OID, o Object, privilege byte) bool {
	if builtinRelation(o) {
		return true
	}
	if IsSuperuser(roles, role) {
		return true
	}
	if sc, ok := o.(*Schema); ok && sc.ACL == nil && (sc.OID == PgCatalog || sc.OID == InformationSchema || sc.OID == RowanSchema) {
		return privilege == PrivUsage
	}
	return granted(roles, role, ACLOf(o), privilege) || predefined(roles, role, o, privilege)
}

// HasColumnPrivilege reports whether a role has a privilege on a column, by the whole table or by the column.
func HasColumnPrivilege(roles *Snapshot, role OID, o Object, c *Column, privilege byte) bool {
	return HasPrivilege(roles, role, o, privilege) || granted(roles, role, c.ACL, privilege)
}

// IsSuperuser reports whether a role is a superuser.
func IsSuperuser(roles *Snapshot, role OID) bool {
	if role == Superuser {
		return true
	}
	r, ok := roles.Object(role).(*Role)
	return ok && r.Superuser
}

// IsOwner reports whether a role owns an object, itself or as a member of the owner.
func IsOwner(roles *Snapshot, role OID, o Object) bool {
	return HasRole(roles, role, o.Head().Owner)
}

// HasRole reports whether role has the privileges of another: it is it, inherits from it, or is a superuser.
func HasRole(roles *Snapshot, role, of OID) bool {
	return IsSuperuser(roles, role) || inherits(roles, role, of, nil)
}

// HiddenStatement stands for the text of a statement that somebody may not see.
const HiddenStatement = "<insufficient privilege>"

// MaySeeStatements reports whether a role may see the texts of another's statements, which have values in them.
func MaySeeStatements(roles *Snapshot, role OID, user string) bool {
	r := roles.RoleByName(user)
	return r != nil && HasRole(roles, role, r.OID) || HasRole(roles, role, PredefinedRoles["pg_read_all_stats"])
}

// IsMember reports whether role is a member of another, inheriting or not: whether it may SET ROLE to it.
func IsMember(roles *Snapshot, role, of OID) bool {
	if role == of || IsSuperuser(roles, role) {
		return true
	}
	r, ok := roles.Object(role).(*Role)
	if !ok {
		return false
	}
	for _, m := range r.MemberOf {
		if IsMember(roles, m.Role, of) {
			return true
		}
	}
	return false
}

// RoleByName returns the role with that name, or nil.
func (s *Snapshot) RoleByName(n string) *Role {
	for _, o := range s.objects {
		if r, ok := o.(*Role); ok && r.Name == n {
			return r
		}
	}
	return nil
}

// DatabaseByName returns the database with that name, or nil.
func (s *Snapshot) DatabaseByName(n string) *Database {
	for _, o := range s.objects {
		if d, ok := o.(*Database); ok && d.Name == n {
			return d
		}
	}
	return nil
}

// PredefinedRoles are the roles that every server has, with PostgreSQL's OIDs.
var PredefinedRoles = map[string]OID{
	"pg_database_owner": 6171, "pg_read_all_data": 6181, "pg_write_all_data": 6182, "pg_monitor": 3373,
	"pg_read_all_settings": 3374, "pg_read_all_stats": 3375, "pg_stat_scan_tables": 3377, "pg_read_server_files": 4569,
	"pg_write_server_files": 4570, "pg_execute_server_program": 4571, "pg_signal_backend": 4200, "pg_checkpoint": 4544,
}

func inherits(roles *Snapshot, role, of OID, seen []OID) bool {
	if role == of {
		return true
	}
	r, ok := roles.Object(role).(*Role)
	if !ok || !r.Inherit && len(seen) == 0 || len(seen) > 100 {
		return false
	}
	for _, m := range r.MemberOf {
		if inherits(roles, m.Role, of, append(seen, role)) {
			return true
		}
	}
	return false
}

func granted(roles *Snapshot, role OID, acl []Grant, privilege byte) bool {
	for _, g := range acl {
		if strings.IndexByte(g.Privileges, privilege) < 0 {
			continue
		}
		if g.Grantee == 0 || HasRole(roles, role, g.Grantee) {
			return true
		}
	}
	return false
}

// predefined applies pg_read_all_data and pg_write_all_data.
func predefined(roles *Snapshot, role OID, o Object, privilege byte) bool {
	switch o.(type) {
	case *Table, *View, *Sequence:
		if privilege == PrivSelect {
			return HasRole(roles, role, PredefinedRoles["pg_read_all_data"])
		}
		if strings.IndexByte("awd", privilege) >= 0 {
			return HasRole(roles, role, PredefinedRoles["pg_write_all_data"])
		}
	case *Schema:
		return privilege == PrivUsage && (HasRole(roles, role, PredefinedRoles["pg_read_all_data"]) ||
			HasRole(roles, role, PredefinedRoles["pg_write_all_data"]))
	}
	return false
}

// builtinRelation says whether o is a relation of pg_catalog or information_schema: anyone may read those. What must not
// be seen by all, such as password verifiers, pgcatalog leaves out.
func builtinRelation(o Object) bool {
	t, ok := o.(*Table)
	return ok && t.Virtual
}

// Restricted reports whether a relation of pg_catalog shows what only superusers may see: the roles' passwords.
func Restricted(t *Table) bool {
	return t.Virtual && t.Schema == PgCatalog && (t.Name == "pg_authid" || t.Name == "pg_shadow" || t.Name == "pg_statistic" || t.Name == "pg_hba_file_rules")
}

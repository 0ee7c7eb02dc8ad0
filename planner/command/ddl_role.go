package command

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
)

// RoleOptions are the options of CREATE and ALTER ROLE; nil stays as it is (or takes the default).
type RoleOptions struct {
	Superuser, Inherit, CreateRole, CreateDB, Login, Replication, BypassRLS *bool

	ConnLimit  *int
	Password   *string // as written, or a verifier; "" removes it
	ValidUntil *string
	InRole     []catalog.OID // becomes a member of these
	Members    []catalog.OID // these become members of it
	Admins     []catalog.OID
}

// CreateRole is CREATE ROLE, USER or GROUP.
type CreateRole struct {
	Name    string
	Options RoleOptions
}

// AlterRole is ALTER ROLE or USER with options, and ALTER GROUP … ADD or DROP USER.
type AlterRole struct {
	Role    catalog.OID
	Options RoleOptions
	Drop    []catalog.OID // members to remove
}

// AlterSetting is ALTER ROLE or DATABASE … SET or RESET. Role 0 with Database 0 is ALTER ROLE ALL.
type AlterSetting struct {
	Role     catalog.OID
	Database catalog.OID
	Setting  string // "" with Reset: RESET ALL
	Value    string
	Reset    bool
}

// DropRole is DROP ROLE.
type DropRole struct {
	Roles   []catalog.OID
	Notices []*pgerr.Error
}

// GrantRole is GRANT role TO role and REVOKE role FROM role.
type GrantRole struct {
	Revoke  bool
	Roles   []catalog.OID
	Members []catalog.OID
	Admin   bool // WITH ADMIN OPTION; in REVOKE: only that option
	Grantor catalog.OID
	Cascade bool
}

// Grant is GRANT and REVOKE of privileges on objects.
type Grant struct {
	Revoke      bool
	Kind        string // TABLE, SEQUENCE, SCHEMA, DATABASE, FUNCTION, TYPE, LANGUAGE, …
	Objects     []catalog.OID
	All         bool // ALL PRIVILEGES
	Privileges  string
	Columns     []ColumnPrivilege
	Grantees    []catalog.OID // 0: PUBLIC
	GrantOption bool
	Cascade     bool
	Global      bool // the objects are databases
}

// ColumnPrivilege is one privilege on some columns.
type ColumnPrivilege struct {
	Privileges string
	Columns    []string
}

// DefaultPrivileges is ALTER DEFAULT PRIVILEGES.
type DefaultPrivileges struct {
	Roles   []catalog.OID // nil: the current one
	Schemas []catalog.OID // nil: all
	Grant   Grant
}

// ReassignOwned is REASSIGN OWNED, and DROP OWNED when Drop.
type ReassignOwned struct {
	Roles   []catalog.OID
	To      catalog.OID
	Drop    bool
	Cascade bool
}

// CreateDatabase is CREATE DATABASE. A name with a slash is a branch of the database before the slash.
type CreateDatabase struct {
	Name       string
	Owner      catalog.OID
	Template   string
	Encoding   string
	Collate    string
	CType      string
	ConnLimit  *int
	IsTemplate *bool
	AllowConn  *bool
}

// AlterDatabase is ALTER DATABASE with options.
type AlterDatabase struct {
	Database   catalog.OID
	ConnLimit  *int
	IsTemplate *bool
	AllowConn  *bool
}

// DropDatabase is DROP DATABASE, of a branch when the name has a slash.
type DropDatabase struct {
	Name     string
	IfExists bool
	Force    bool
}

// Tag implements Command.
func (*CreateRole) Tag() string { return "CREATE ROLE" }

// Tag implements Command.
func (*AlterRole) Tag() string { return "ALTER ROLE" }

// Tag implements Command.
func (c *AlterSetting) Tag() string {
	if c.Role == 0 && c.Database != 0 {
		return "ALTER DATABASE"
	}
	return "ALTER ROLE"
}

// Tag implements Command.
func (*DropRole) Tag() string { return "DROP ROLE" }

// Tag implements Command.
func (c *GrantRole) Tag() string {
	if c.Revoke {
		return "REVOKE ROLE"
	}
	return "GRANT ROLE"
}

// Tag implements Command.
func (c *Grant) Tag() string {
	if c.Revoke {
		return "REVOKE"
	}
	return "GRANT"
}

// Tag implements Command.
func (*DefaultPrivileges) Tag() string { return "ALTER DEFAULT PRIVILEGES" }

// Tag implements Command.
func (c *ReassignOwned) Tag() string {
	if c.Drop {
		return "DROP OWNED"
	}
	return "REASSIGN OWNED"
}

// Tag implements Command.
func (*CreateDatabase) Tag() string { return "CREATE DATABASE" }

// Tag implements Command.
func (*AlterDatabase) Tag() string { return "ALTER DATABASE" }

// Tag implements Command.
func (*DropDatabase) Tag() string { return "DROP DATABASE" }

func (*CreateRole) command()        {}
func (*AlterRole) command()         {}
func (*AlterSetting) command()      {}
func (*DropRole) command()          {}
func (*GrantRole) command()         {}
func (*Grant) command()             {}
func (*DefaultPrivileges) command() {}
func (*ReassignOwned) command()     {}
func (*CreateDatabase) command()    {}
func (*AlterDatabase) command()     {}
func (*DropDatabase) command()      {}

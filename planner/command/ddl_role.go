package command

import "github.com/rowandb/rowan/catalog"

// Roles and databases are named, not numbered, in commands: they belong to the server, whose catalog bind does not see.

// RoleOptions are the options of CREATE and ALTER ROLE; nil stays as it is (or takes the default).
type RoleOptions struct {
	Superuser, Inherit, CreateRole, CreateDB, Login, Replication, BypassRLS *bool

	ConnLimit  *int
	Password   *string // as written, or a verifier; "" removes it
	ValidUntil *string
	InRole     []string // becomes a member of these
	Members    []string // these become members of it
	Admins     []string
}

// CreateRole is CREATE ROLE, USER or GROUP.
type CreateRole struct {
	Name    string
	Options RoleOptions
}

// AlterRole is ALTER ROLE or USER with options, and ALTER GROUP … ADD or DROP USER.
type AlterRole struct {
	Role    string
	Options RoleOptions
	Drop    []string // members to remove
}

// AlterSetting is ALTER ROLE or DATABASE … SET or RESET. With neither Role nor Database it is ALTER ROLE ALL.
type AlterSetting struct {
	Role     string
	Database string
	Setting  string // "" with Reset: RESET ALL
	Value    string
	Reset    bool
}

// DropRole is DROP ROLE.
type DropRole struct {
	Roles    []string
	IfExists bool
}

// GrantRole is GRANT role TO role and REVOKE role FROM role.
type GrantRole struct {
	Revoke  bool
	Roles   []string
	Members []string
	Admin   bool // WITH ADMIN OPTION; in REVOKE: only that option
	Cascade bool
}

// Grant is GRANT and REVOKE of privileges on objects.
type Grant struct {
	Revoke      bool
	Kind        string // TABLE, SEQUENCE, SCHEMA, DATABASE, FUNCTION, TYPE, LANGUAGE, …
	Objects     []catalog.OID
	Databases   []string
	All         bool // ALL PRIVILEGES
	Privileges  string
	Columns     []ColumnPrivilege
	Grantees    []string // "": PUBLIC
	GrantOption bool
	Cascade     bool
}

// ColumnPrivilege is one privilege on some columns.
type ColumnPrivilege struct {
	Privileges string
	Columns    []string
}

// DefaultPrivileges is ALTER DEFAULT PRIVILEGES.
type DefaultPrivileges struct {
	Roles   []string      // nil: the current one
	Schemas []catalog.OID // nil: all
	Grant   Grant
}

// ReassignOwned is REASSIGN OWNED, and DROP OWNED when Drop.
type ReassignOwned struct {
	Roles   []string
	To      string
	Drop    bool
	Cascade bool
}

// CreateDatabase is CREATE DATABASE. A name with a slash is a branch of the database before the slash.
type CreateDatabase struct {
	Name       string
	Owner      string
	Template   string
	Encoding   string
	ConnLimit  *int
	IsTemplate *bool
	AllowConn  *bool
}

// AlterDatabase is ALTER DATABASE with options.
type AlterDatabase struct {
	Database   string
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
	if c.Role == "" && c.Database != "" {
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

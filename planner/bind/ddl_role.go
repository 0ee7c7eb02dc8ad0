package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

func (b *definer) createRole(s *pg.CreateRoleStmt) (command.Command, error) {
	c := &command.CreateRole{Name: clipName(s.Role)}
	login := s.StmtType == pg.RoleStmtType_ROLESTMT_USER
	c.Options.Login = &login
	return c, b.roleOptions(&c.Options, s.Options)
}

// roleOptions binds the options of CREATE and ALTER ROLE.
func (b *definer) roleOptions(o *command.RoleOptions, nodes []*pg.Node) error {
	seen := map[string]bool{}
	for _, n := range nodes {
		d := n.GetDefElem()
		if seen[d.Defname] {
			return redundant(d)
		}
		seen[d.Defname] = true
		if err := b.roleOption(o, d); err != nil {
			return err
		}
	}
	return nil
}

func (b *definer) roleOption(o *command.RoleOptions, d *pg.DefElem) error {
	flags := map[string]**bool{
		"superuser": &o.Superuser, "inherit": &o.Inherit, "createrole": &o.CreateRole, "createdb": &o.CreateDB, "canlogin": &o.Login,
		"isreplication": &o.Replication, "bypassrls": &o.BypassRLS,
	}
	if to := flags[d.Defname]; to != nil {
		v, err := defBool(d)
		*to = &v
		return err
	}
	var err error
	switch d.Defname {
	case "password":
		p := ""
		if d.Arg != nil {
			p = defText(d)
		}
		o.Password = &p
	case "connectionlimit":
		v, e := defInt(d)
		n := int(v)
		o.ConnLimit, err = &n, e
	case "validUntil":
		v := defText(d)
		o.ValidUntil = &v
	case "addroleto":
		o.InRole, err = b.roleNames(d.Arg.GetList().GetItems())
	case "rolemembers":
		o.Members, err = b.roleNames(d.Arg.GetList().GetItems())
	case "adminmembers":
		o.Admins, err = b.roleNames(d.Arg.GetList().GetItems())
	case "sysid":
		b.out.Notices = append(b.out.Notices, skipNotice("SYSID can no longer be specified"))
	}
	return err
}

func (b *definer) alterRole(s *pg.AlterRoleStmt) (command.Command, error) {
	role, err := b.roleName(s.Role)
	if err != nil {
		return nil, err
	}
	c := &command.AlterRole{Role: role}
	if err := b.roleOptions(&c.Options, s.Options); err != nil {
		return nil, err
	}
	if s.Action < 0 {
		c.Drop, c.Options.Members = c.Options.Members, nil
	}
	return c, nil
}

func (b *definer) alterRoleSet(s *pg.AlterRoleSetStmt) (command.Command, error) {
	c := &command.AlterSetting{Database: s.Database}
	if s.Role != nil {
		var err error
		if c.Role, err = b.roleName(s.Role); err != nil {
			return nil, err
		}
	}
	return c, setting(c, s.Setstmt)
}

func (b *definer) alterDatabaseSet(s *pg.AlterDatabaseSetStmt) (command.Command, error) {
	c := &command.AlterSetting{Database: s.Dbname}
	return c, setting(c, s.Setstmt)
}

// setting binds the SET or RESET of ALTER ROLE and ALTER DATABASE.
func setting(c *command.AlterSetting, s *pg.VariableSetStmt) error {
	c.Setting = strings.ToLower(s.Name)
	switch s.Kind {
	case pg.VariableSetKind_VAR_SET_VALUE:
		var values []string
		for _, a := range s.Args {
			values = append(values, nodeText(a))
		}
		c.Value = settingText(c.Setting, values)
	case pg.VariableSetKind_VAR_SET_CURRENT:
		return pgerr.Unsupported("SET … FROM CURRENT")
	case pg.VariableSetKind_VAR_RESET_ALL:
		c.Setting, c.Reset = "", true
	default:
		c.Reset = true
	}
	return nil
}

// settingText joins the words of a setting's value; those of lists of names are quoted where they need it.
func settingText(name string, values []string) string {
	switch name {
	case "search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries":
		for i, v := range values {
			values[i] = quoteIdent(v)
		}
	}
	return strings.Join(values, ", ")
}

func (b *definer) dropRole(s *pg.DropRoleStmt) (command.Command, error) {
	c := &command.DropRole{IfExists: s.MissingOk}
	for _, n := range s.Roles {
		if t := n.GetRoleSpec().Roletype; t != pg.RoleSpecType_ROLESPEC_CSTRING {
			return nil, pgerr.New(pgerrcode.InvalidParameterValue, "cannot use special role specifier in DROP ROLE")
		}
	}
	var err error
	c.Roles, err = b.roleNames(s.Roles)
	return c, err
}

func (b *definer) grantRole(s *pg.GrantRoleStmt) (command.Command, error) {
	c := &command.GrantRole{Revoke: !s.IsGrant, Cascade: cascades(s.Behavior)}
	for _, n := range s.GrantedRoles {
		p := n.GetAccessPriv()
		if len(p.Cols) > 0 {
			return nil, pgerr.New(pgerrcode.InvalidGrantOperation, "column names cannot be included in GRANT/REVOKE ROLE")
		}
		c.Roles = append(c.Roles, p.PrivName)
	}
	for _, n := range s.Opt {
		if d := n.GetDefElem(); d.Defname == "admin" {
			c.Admin, _ = defBool(d)
			c.Admin = c.Admin || c.Revoke
		}
	}
	var err error
	c.Members, err = b.roleNames(s.GranteeRoles)
	for _, m := range c.Members {
		if m == "" && err == nil {
			err = pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", "public")
		}
	}
	return c, err
}

func (b *definer) reassignOwned(s *pg.ReassignOwnedStmt) (command.Command, error) {
	roles, err := b.roleNames(s.Roles)
	if err != nil {
		return nil, err
	}
	to, err := b.roleName(s.Newrole)
	return &command.ReassignOwned{Roles: roles, To: to}, err
}

func (b *definer) dropOwned(s *pg.DropOwnedStmt) (command.Command, error) {
	roles, err := b.roleNames(s.Roles)
	return &command.ReassignOwned{Roles: roles, Drop: true, Cascade: cascades(s.Behavior)}, err
}

// checkLocale refuses locales other than C: there is one collation, and another order would be a wrong answer.
func checkLocale(name string) error {
	switch strings.ToLower(strings.ReplaceAll(name, "-", "")) {
	case "c", "posix", "c.utf8", "default":
		return nil
	}
	return pgerr.New(pgerrcode.WrongObjectType, "invalid locale name: \"%s\"", name)
}

// createDatabase binds CREATE DATABASE.
func (b *definer) createDatabase(s *pg.CreatedbStmt) (command.Command, error) {
	c := &command.CreateDatabase{Name: s.Dbname}
	for _, n := range s.Options {
		d := n.GetDefElem()
		switch d.Defname {
		case "owner":
			c.Owner = defText(d)
		case "template":
			c.Template = defText(d)
		case "encoding":
			c.Encoding = defText(d)
		case "lc_collate", "lc_ctype", "locale":
			if err := checkLocale(defText(d)); err != nil {
				return nil, err
			}
		case "tablespace":
			if err := checkStorage("", defText(d)); err != nil {
				return nil, err
			}
		case "strategy", "oid", "collation_version", "locale_provider", "icu_locale":
		default:
			if err := databaseOption(d, &c.ConnLimit, &c.IsTemplate, &c.AllowConn); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

func databaseOption(d *pg.DefElem, limit **int, template, allow **bool) error {
	switch d.Defname {
	case "connection_limit":
		v, err := defInt(d)
		n := int(v)
		*limit = &n
		return err
	case "is_template":
		v, err := defBool(d)
		*template = &v
		return err
	case "allow_connections":
		v, err := defBool(d)
		*allow = &v
		return err
	}
	return pgerr.New(pgerrcode.SyntaxError, "option \"%s\" not recognized", d.Defname).At(int(d.Location))
}

func (b *definer) alterDatabase(s *pg.AlterDatabaseStmt) (command.Command, error) {
	c := &command.AlterDatabase{Database: s.Dbname}
	for _, n := range s.Options {
		d := n.GetDefElem()
		if d.Defname == "tablespace" {
			return &command.Nothing{Name: "ALTER DATABASE"}, checkStorage("", defText(d))
		}
		if err := databaseOption(d, &c.ConnLimit, &c.IsTemplate, &c.AllowConn); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (b *definer) dropDatabase(s *pg.DropdbStmt) (command.Command, error) {
	c := &command.DropDatabase{Name: s.Dbname, IfExists: s.MissingOk}
	for _, n := range s.Options {
		if n.GetDefElem().Defname == "force" {
			c.Force = true
		}
	}
	return c, nil
}

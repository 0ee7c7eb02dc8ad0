package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

var privilegeLetters = map[string]string{
	"select": "r", "insert": "a", "update": "w", "delete": "d", "truncate": "D", "references": "x", "trigger": "t",
	"usage": "U", "create": "C", "connect": "c", "temporary": "T", "temp": "T", "execute": "X", "rule": "",
}

// grantable is what may be granted on each kind of object.
var grantable = map[string]string{
	"TABLE": "arwdDxt", "SEQUENCE": "rwU", "SCHEMA": "UC", "DATABASE": "CTc", "FUNCTION": "X", "PROCEDURE": "X", "ROUTINE": "X",
	"TYPE": "U", "DOMAIN": "U", "LANGUAGE": "U", "COLUMN": "arwx", "TABLESPACE": "C", "LARGEOBJECT": "rw",
	"FOREIGN DATA WRAPPER": "U", "SERVER": "U",
}

// grant binds GRANT and REVOKE on objects.
func (b *definer) grant(s *pg.GrantStmt) (command.Command, error) {
	c, err := b.grantParts(s)
	if err != nil {
		return nil, err
	}
	if s.Targtype == pg.GrantTargetType_ACL_TARGET_ALL_IN_SCHEMA {
		return c, b.grantInSchemas(c, s)
	}
	for _, o := range s.Objects {
		if err := b.grantObject(c, s, o); err != nil {
			return nil, err
		}
	}
	if c.Kind == "LANGUAGE" || c.Kind == "TABLESPACE" {
		return &command.Nothing{Name: c.Tag()}, nil
	}
	return c, b.checkPrivileges(c, s)
}

// grantParts binds privileges and grantees.
func (b *definer) grantParts(s *pg.GrantStmt) (*command.Grant, error) {
	c := &command.Grant{Revoke: !s.IsGrant, Kind: objectWord(s.Objtype), All: len(s.Privileges) == 0, GrantOption: s.GrantOption, Cascade: cascades(s.Behavior)}
	for _, n := range s.Privileges {
		p := n.GetAccessPriv()
		if p.PrivName == "" { // ALL (columns)
			c.Columns = append(c.Columns, command.ColumnPrivilege{Privileges: "arwx", Columns: stringList(p.Cols)})
			continue
		}
		letter, ok := privilegeLetters[p.PrivName]
		if !ok {
			return nil, pgerr.New(pgerrcode.SyntaxError, "unrecognized privilege type \"%s\"", p.PrivName)
		}
		if len(p.Cols) > 0 {
			c.Columns = append(c.Columns, command.ColumnPrivilege{Privileges: letter, Columns: stringList(p.Cols)})
			continue
		}
		c.Privileges += letter
	}
	var err error
	c.Grantees, err = b.roleNames(s.Grantees)
	return c, err
}

// checkPrivileges refuses privileges that the kind of object does not have.
func (b *definer) checkPrivileges(c *command.Grant, s *pg.GrantStmt) error {
	allowed := grantable[c.Kind]
	for _, n := range s.Privileges {
		p := n.GetAccessPriv()
		letter := privilegeLetters[p.PrivName]
		if p.PrivName == "" || letter == "" {
			continue
		}
		if len(p.Cols) > 0 {
			if !strings.Contains(grantable["COLUMN"], letter) {
				return pgerr.New(pgerrcode.InvalidGrantOperation, "invalid privilege type %s for column", strings.ToUpper(p.PrivName))
			}
			continue
		}
		if !strings.Contains(allowed, letter) && (c.Kind != "TABLE" || letter != "U") {
			return pgerr.New(pgerrcode.InvalidGrantOperation, "invalid privilege type %s for %s", strings.ToUpper(p.PrivName), grantWord(c.Kind))
		}
	}
	return nil
}

func grantWord(kind string) string {
	if kind == "TABLE" {
		return "relation"
	}
	return strings.ToLower(kind)
}

func (b *definer) grantInSchemas(c *command.Grant, s *pg.GrantStmt) error {
	snap, err := b.session()
	if err != nil {
		return err
	}
	for _, n := range stringList(s.Objects) {
		schema, err := b.schema(n)
		if err != nil {
			return err
		}
		for _, o := range snap.Objects() {
			if o.Head().Schema == schema && inAll(c.Kind, o) {
				c.Objects = append(c.Objects, o.Head().OID)
			}
		}
	}
	return b.checkPrivileges(c, s)
}

// inAll reports whether ALL … IN SCHEMA of a kind means the object.
func inAll(kind string, o catalog.Object) bool {
	switch o := o.(type) {
	case *catalog.Table, *catalog.View:
		return kind == "TABLE"
	case *catalog.Sequence:
		return kind == "SEQUENCE"
	case *catalog.Function:
		return kind == "ROUTINE" || kind == "FUNCTION" && o.Kind != 'p' || kind == "PROCEDURE" && o.Kind == 'p'
	}
	return false
}

// grantObject resolves one object of a GRANT.
func (b *definer) grantObject(c *command.Grant, s *pg.GrantStmt, n *pg.Node) error {
	switch c.Kind {
	case "TABLE", "SEQUENCE":
		o, ix, err := b.relation(n.GetRangeVar())
		if err != nil {
			return err
		}
		if ix != nil {
			return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is an index", ix.Name)
		}
		_, sequence := o.(*catalog.Sequence)
		if !sequence && c.Kind == "TABLE" && strings.Contains(c.Privileges, "U") {
			return pgerr.New(pgerrcode.InvalidGrantOperation, "invalid privilege type USAGE for table")
		}
		if !sequence && c.Kind == "SEQUENCE" {
			return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a sequence", o.Head().Name)
		}
		c.Objects = append(c.Objects, o.Head().OID)
	case "SCHEMA":
		id, err := b.schema(n.GetString_().GetSval())
		c.Objects = append(c.Objects, id)
		return err
	case "DATABASE":
		c.Databases = append(c.Databases, n.GetString_().GetSval())
	case "FUNCTION", "PROCEDURE", "ROUTINE":
		return b.grantFunction(c, n.GetObjectWithArgs())
	case "TYPE", "DOMAIN":
		u, system, err := b.userDefined(stringList(n.GetList().GetItems()))
		switch {
		case err != nil:
			return err
		case u != nil:
			c.Objects = append(c.Objects, u.OID)
		case !system:
			return pgerr.New(pgerrcode.UndefinedObject, "type \"%s\" does not exist", nameText(n.GetList().GetItems()))
		}
	case "LANGUAGE":
		switch l := n.GetString_().GetSval(); l {
		case "plpgsql", "sql", "c", "internal":
		default:
			return pgerr.New(pgerrcode.UndefinedObject, "language \"%s\" does not exist", l)
		}
	case "TABLESPACE":
	default:
		return pgerr.Unsupported("%s on %s", c.Tag(), c.Kind)
	}
	return nil
}

func (b *definer) grantFunction(c *command.Grant, o *pg.ObjectWithArgs) error {
	word := strings.ToLower(c.Kind)
	f, err := b.userFunction(o, word)
	if err != nil {
		return err
	}
	if f != nil {
		c.Objects = append(c.Objects, f.OID)
		return nil
	}
	if len(builtin.ProcsByName(o.Objname[len(o.Objname)-1].GetString_().GetSval())) > 0 {
		return pgerr.Unsupported("%s on built-in functions", c.Tag())
	}
	if word == "routine" {
		word = "function"
	}
	if o.ArgsUnspecified {
		return pgerr.New(pgerrcode.UndefinedFunction, "could not find a %s named \"%s\"", word, b.functionText(o))
	}
	return pgerr.New(pgerrcode.UndefinedFunction, "%s %s does not exist", word, b.functionText(o))
}

// defaultPrivileges binds ALTER DEFAULT PRIVILEGES.
func (b *definer) defaultPrivileges(s *pg.AlterDefaultPrivilegesStmt) (command.Command, error) {
	c := &command.DefaultPrivileges{}
	for _, n := range s.Options {
		d := n.GetDefElem()
		switch d.Defname {
		case "schemas":
			for _, name := range stringList(d.Arg.GetList().GetItems()) {
				id, err := b.schema(name)
				if err != nil {
					return nil, err
				}
				c.Schemas = append(c.Schemas, id)
			}
		case "roles":
			var err error
			if c.Roles, err = b.roleNames(d.Arg.GetList().GetItems()); err != nil {
				return nil, err
			}
		}
	}
	g, err := b.grantParts(s.Action)
	if err != nil {
		return nil, err
	}
	if g.Kind == "SCHEMA" && len(c.Schemas) > 0 {
		return nil, pgerr.New(pgerrcode.InvalidGrantOperation, "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS")
	}
	c.Grant = *g
	return c, b.checkPrivileges(g, s.Action)
}

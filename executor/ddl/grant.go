package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// grant is GRANT and REVOKE on objects.
func (s *stmt) grant(ctx context.Context, c *command.Grant) error {
	grantees, err := s.grantees(c.Grantees)
	if err != nil {
		return err
	}
	if len(c.Databases) > 0 {
		return s.grantDatabases(ctx, c, grantees)
	}
	for _, id := range c.Objects {
		o := s.cat().Object(id)
		if o == nil {
			continue
		}
		o = catalog.CloneObject(o)
		if err := s.grantOn(o, c, grantees); err != nil {
			return err
		}
		if err := s.view.Put(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (s *stmt) grantees(names []string) ([]catalog.OID, error) {
	var out []catalog.OID
	for _, n := range names {
		if n == "" {
			out = append(out, 0)
			continue
		}
		id, err := s.roleOID(n)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

func (s *stmt) grantDatabases(ctx context.Context, c *command.Grant, grantees []catalog.OID) error {
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	for _, n := range c.Databases {
		d, err := s.database(n)
		if err != nil {
			return err
		}
		d = catalog.CloneObject(d).(*catalog.Database)
		if err := s.grantOn(d, c, grantees); err != nil {
			return err
		}
		if err := g.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// grantOn changes the grants of one object, cloned.
func (s *stmt) grantOn(o catalog.Object, c *command.Grant, grantees []catalog.OID) error {
	grantor, err := s.grantor(o, c)
	if err != nil {
		return err
	}
	h := o.Head()
	privileges := c.Privileges
	if c.All {
		privileges = catalog.AllPrivileges(o)
	}
	if privileges != "" {
		if h.ACL == nil {
			h.ACL = catalog.DefaultGrants(o)
		}
		h.ACL = changeACL(h.ACL, grantees, grantor, privileges, c)
	}
	t, ok := o.(*catalog.Table)
	for _, cp := range c.Columns {
		if !ok {
			return pgerr.New(pgerrcode.InvalidGrantOperation, "column privileges are only valid for relations")
		}
		for _, n := range cp.Columns {
			col := t.Column(n)
			if col == nil {
				return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n, t.Name)
			}
			if col.ACL = changeACL(col.ACL, grantees, grantor, cp.Privileges, c); len(col.ACL) == 1 && col.ACL[0].Privileges == "" {
				col.ACL = nil // a column has nothing by default
			}
		}
	}
	return nil
}

// grantor is the role in whose name privileges are granted: the owner, or one who holds them WITH GRANT OPTION.
func (s *stmt) grantor(o catalog.Object, c *command.Grant) (catalog.OID, error) {
	if s.superuser() || catalog.IsOwner(s.roles(), s.Role, o) {
		return o.Head().Owner, nil
	}
	want := c.Privileges
	if c.All {
		want = catalog.AllPrivileges(o)
	}
	for _, g := range catalog.ACLOf(o) {
		if g.Grantee != 0 && catalog.HasRole(s.roles(), s.Role, g.Grantee) && strings.ContainsAny(g.Grantable, want) {
			return g.Grantee, nil
		}
	}
	return 0, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for %s %s", kindOf(o), o.Head().Name)
}

const privilegeOrder = "arwdDxtXUCTc"

// changeACL adds privileges to, or takes them from, the grants.
func changeACL(acl []catalog.Grant, grantees []catalog.OID, grantor catalog.OID, privileges string, c *command.Grant) []catalog.Grant {
	for _, to := range grantees {
		i := slices.IndexFunc(acl, func(g catalog.Grant) bool { return g.Grantee == to && g.Grantor == grantor })
		if i < 0 {
			if c.Revoke {
				continue
			}
			acl = append(acl, catalog.Grant{Grantee: to, Grantor: grantor})
			i = len(acl) - 1
		}
		g := &acl[i]
		switch {
		case !c.Revoke:
			g.Privileges = union(g.Privileges, privileges)
			if c.GrantOption {
				g.Grantable = union(g.Grantable, privileges)
			}
		case c.GrantOption:
			g.Grantable = minus(g.Grantable, privileges)
		default:
			g.Privileges, g.Grantable = minus(g.Privileges, privileges), minus(g.Grantable, privileges)
		}
	}
	// An entry without privileges goes, but one stays: no entries at all would mean the default.
	kept := slices.DeleteFunc(slices.Clone(acl), func(g catalog.Grant) bool { return g.Privileges == "" })
	if len(kept) == 0 && len(acl) > 0 {
		return acl[:1]
	}
	return kept
}

func union(a, b string) string {
	return keep(func(p byte) bool { return strings.IndexByte(a, p) >= 0 || strings.IndexByte(b, p) >= 0 })
}

func minus(a, b string) string {
	return keep(func(p byte) bool { return strings.IndexByte(a, p) >= 0 && strings.IndexByte(b, p) < 0 })
}

func keep(f func(byte) bool) string {
	var out []byte
	for i := range len(privilegeOrder) {
		if f(privilegeOrder[i]) {
			out = append(out, privilegeOrder[i])
		}
	}
	return string(out)
}

var defaultKinds = map[string]byte{"TABLE": 'r', "SEQUENCE": 'S', "FUNCTION": 'f', "ROUTINE": 'f', "TYPE": 'T', "SCHEMA": 'n'}

// defaultPrivileges is ALTER DEFAULT PRIVILEGES.
func (s *stmt) defaultPrivileges(ctx context.Context, c *command.DefaultPrivileges) error {
	grantees, err := s.grantees(c.Grant.Grantees)
	if err != nil {
		return err
	}
	roles := []catalog.OID{s.Role}
	if c.Roles != nil {
		var err error
		if roles, err = s.grantees(c.Roles); err != nil {
			return err
		}
	}
	schemas := c.Schemas
	if len(schemas) == 0 {
		schemas = []catalog.OID{0}
	}
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	db := catalog.CloneObject(s.currentDatabase()).(*catalog.Database)
	kind := defaultKinds[c.Grant.Kind]
	for _, role := range roles {
		if !catalog.HasRole(s.roles(), s.Role, role) {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "must be member of role \"%s\"", s.roles().Object(role).Head().Name)
		}
		for _, sc := range schemas {
			db.Defaults = changeDefaults(db.Defaults, role, sc, kind, grantees, &c.Grant)
		}
	}
	return g.Put(ctx, db)
}

// sample is an object of a kind, for its default grants.
func sample(kind byte, owner catalog.OID) catalog.Object {
	h := catalog.Header{Owner: owner}
	switch kind {
	case 'S':
		return &catalog.Sequence{Header: h}
	case 'f':
		return &catalog.Function{Header: h}
	case 'T':
		return &catalog.UserType{Header: h}
	case 'n':
		return &catalog.Schema{Header: h}
	}
	return &catalog.Table{Header: h}
}

func changeDefaults(list []catalog.DefaultACL, role, schema catalog.OID, kind byte, grantees []catalog.OID, c *command.Grant) []catalog.DefaultACL {
	o := sample(kind, role)
	i := slices.IndexFunc(list, func(d catalog.DefaultACL) bool { return d.Role == role && d.Schema == schema && d.Kind == kind })
	if i < 0 {
		d := catalog.DefaultACL{Role: role, Schema: schema, Kind: kind}
		if schema == 0 {
			d.ACL = catalog.DefaultGrants(o)
		}
		list = append(list, d)
		i = len(list) - 1
	}
	privileges := c.Privileges
	if c.All {
		privileges = catalog.AllPrivileges(o)
	}
	list[i].ACL = changeACL(slices.Clone(list[i].ACL), grantees, role, privileges, c)
	return list
}

// applyDefaults gives a new object what ALTER DEFAULT PRIVILEGES says: the entry for all schemas stands for the built-in
// grants, that for the schema comes on top.
func (s *stmt) applyDefaults(kind byte, schema catalog.OID, h *catalog.Header, o catalog.Object) {
	if s.cat().Database == nil {
		return
	}
	list := s.currentDatabase().Defaults
	for _, scope := range []catalog.OID{0, schema} {
		for _, d := range list {
			if d.Role != h.Owner || d.Kind != kind || d.Schema != scope || scope == 0 && schema != 0 && d.Schema != 0 {
				continue
			}
			if scope == 0 {
				h.ACL = slices.Clone(d.ACL)
				continue
			}
			if h.ACL == nil {
				h.ACL = catalog.DefaultGrants(o)
			}
			for _, g := range d.ACL {
				h.ACL = changeACL(h.ACL, []catalog.OID{g.Grantee}, g.Grantor, g.Privileges, &command.Grant{GrantOption: g.Grantable != ""})
			}
		}
		if schema == 0 {
			return
		}
	}
}

// reassignOwned is REASSIGN OWNED and DROP OWNED.
func (s *stmt) reassignOwned(ctx context.Context, c *command.ReassignOwned) error {
	roles, err := s.grantees(c.Roles)
	if err != nil {
		return err
	}
	verb, pinned := "reassign objects", "reassign ownership of objects"
	if c.Drop {
		verb, pinned = "drop objects", "drop objects"
	}
	for _, r := range roles {
		if !catalog.HasRole(s.roles(), s.Role, r) {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied to %s", verb)
		}
	}
	if slices.Contains(roles, catalog.Superuser) {
		return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot %s owned by role %s because they are required by the database system",
			pinned, s.roles().Object(catalog.Superuser).Head().Name)
	}
	if c.Drop {
		return s.dropOwned(ctx, roles, c.Cascade)
	}
	to, err := s.roleOID(c.To)
	if err != nil {
		return err
	}
	for _, o := range s.cat().Objects() {
		if slices.Contains(roles, o.Head().Owner) {
			was := o.Head().Owner
			o = catalog.CloneObject(o)
			changeOwner(o, was, to)
			if err := s.view.Put(ctx, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stmt) dropOwned(ctx context.Context, roles []catalog.OID, cascade bool) error {
	var list []address
	for _, o := range s.cat().Objects() {
		h := o.Head()
		if slices.Contains(roles, h.Owner) {
			list = append(list, address{object: h.OID})
			continue
		}
		of := func(g catalog.Grant) bool { return slices.Contains(roles, g.Grantee) }
		o = catalog.CloneObject(o)
		changed := slices.ContainsFunc(h.ACL, of)
		o.Head().ACL = slices.DeleteFunc(o.Head().ACL, of)
		if t, ok := o.(*catalog.Table); ok {
			for i := range t.Columns {
				c := &t.Columns[i]
				changed = changed || slices.ContainsFunc(c.ACL, of)
				c.ACL = slices.DeleteFunc(slices.Clone(c.ACL), of)
			}
		}
		if !changed {
			continue
		}
		if err := s.view.Put(ctx, o); err != nil {
			return err
		}
	}
	return s.dropAll(ctx, list, cascade)
}

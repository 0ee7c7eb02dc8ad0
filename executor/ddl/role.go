package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// global returns the catalog of roles and databases to write to.
func (s *stmt) global(context.Context) (*globals, error) { return &globals{s.server}, nil }

// roleOID resolves a role's name.
func (s *stmt) roleOID(name string) (catalog.OID, error) {
	r, err := s.role(name)
	if err != nil {
		return 0, err
	}
	return r.OID, nil
}

func (s *stmt) role(name string) (*catalog.Role, error) {
	if r := s.roles().RoleByName(name); r != nil {
		return r, nil
	}
	return nil, pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", name)
}

// mayManageRoles refuses roles without CREATEROLE; superuser says that the role in question is one.
func (s *stmt) hasCreateRole() bool {
	r, ok := s.roles().Object(s.Role).(*catalog.Role)
	return s.superuser() || ok && r.CreateRole
}

func (s *stmt) createRole(ctx context.Context, c *command.CreateRole) error {
	o := &c.Options
	if err := s.mayCreateRole(o); err != nil {
		return err
	}
	if strings.HasPrefix(c.Name, "pg_") {
		return pgerr.New(pgerrcode.ReservedName, "role name \"%s\" is reserved", c.Name).WithDetail(`Role names starting with "pg_" are reserved.`)
	}
	if s.roles().RoleByName(c.Name) != nil {
		return pgerr.New(pgerrcode.DuplicateObject, "role \"%s\" already exists", c.Name)
	}
	id, err := s.oid(ctx)
	if err != nil {
		return err
	}
	r := &catalog.Role{Header: catalog.Header{OID: id, Name: c.Name, Owner: catalog.Superuser}, Inherit: true, ConnLimit: -1}
	if err := s.setRole(r, o); err != nil {
		return err
	}
	for _, n := range o.InRole {
		in, err := s.roleOID(n)
		if err != nil {
			return err
		}
		r.MemberOf = append(r.MemberOf, catalog.Member{Role: in, Grantor: s.Role})
	}
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	if err := g.Put(ctx, r); err != nil {
		return err
	}
	return s.addMembers(ctx, g, r, append(slices.Clone(o.Members), o.Admins...), len(o.Members))
}

func (s *stmt) mayCreateRole(o *command.RoleOptions) error {
	set := func(b *bool) bool { return b != nil && *b }
	switch {
	case s.superuser():
		return nil
	case set(o.Superuser):
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to create superusers")
	case set(o.Replication):
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to create replication users")
	case set(o.BypassRLS):
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to create bypassrls users")
	case !s.hasCreateRole():
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied to create role")
	}
	return nil
}

// addMembers makes roles members of r; those from the index admins on WITH ADMIN OPTION.
func (s *stmt) addMembers(ctx context.Context, g *globals, r *catalog.Role, names []string, admins int) error {
	for i, n := range names {
		m, err := s.role(n)
		if err != nil {
			return err
		}
		if catalog.IsMember(s.roles(), r.OID, m.OID) && !r.Superuser {
			return pgerr.New(pgerrcode.InvalidGrantOperation, "role \"%s\" is a member of role \"%s\"", r.Name, n)
		}
		if slices.ContainsFunc(m.MemberOf, func(x catalog.Member) bool { return x.Role == r.OID }) && i < admins {
			s.notice(pgerrcode.SuccessfulCompletion, "role \"%s\" is already a member of role \"%s\"", n, r.Name)
			continue
		}
		c := catalog.CloneObject(m).(*catalog.Role)
		c.MemberOf = slices.DeleteFunc(c.MemberOf, func(x catalog.Member) bool { return x.Role == r.OID })
		c.MemberOf = append(c.MemberOf, catalog.Member{Role: r.OID, Admin: i >= admins, Grantor: s.Role})
		if err := g.Put(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// setRole applies options to a role.
func (s *stmt) setRole(r *catalog.Role, o *command.RoleOptions) error {
	for _, x := range []struct {
		to *bool
		v  *bool
	}{
		{&r.Superuser, o.Superuser}, {&r.Inherit, o.Inherit}, {&r.CreateRole, o.CreateRole}, {&r.CreateDB, o.CreateDB},
		{&r.Login, o.Login}, {&r.Replication, o.Replication}, {&r.BypassRLS, o.BypassRLS},
	} {
		if x.v != nil {
			*x.to = *x.v
		}
	}
	if o.ConnLimit != nil {
		if *o.ConnLimit < -1 {
			return pgerr.New(pgerrcode.InvalidParameterValue, "invalid connection limit: %d", *o.ConnLimit)
		}
		r.ConnLimit = *o.ConnLimit
	}
	if o.Password != nil {
		v, err := s.verifier(r.Name, *o.Password)
		if err != nil {
			return err
		}
		r.Password = v
	}
	if o.ValidUntil != nil {
		f := types.DefaultFormat()
		if s.Kernel != nil && s.Kernel.Format != nil {
			f = s.Kernel.Format
		}
		d, err := types.ParseText(types.Of(types.Builtin(types.OIDTimestamptz)), *o.ValidUntil, f)
		if err != nil {
			return err
		}
		r.ValidUntil = &d.I
	}
	return nil
}

func (s *stmt) alterRole(ctx context.Context, c *command.AlterRole) error {
	r, err := s.role(c.Role)
	if err != nil {
		return err
	}
	if err := s.mayAlterRole(r, &c.Options); err != nil {
		return err
	}
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	n := catalog.CloneObject(r).(*catalog.Role)
	if err := s.setRole(n, &c.Options); err != nil {
		return err
	}
	if err := g.Put(ctx, n); err != nil {
		return err
	}
	if err := s.addMembers(ctx, g, n, c.Options.Members, len(c.Options.Members)); err != nil {
		return err
	}
	return s.removeMembers(ctx, g, n, c.Drop, false)
}

func (s *stmt) mayAlterRole(r *catalog.Role, o *command.RoleOptions) error {
	switch {
	case s.superuser():
		return nil
	case r.Superuser || o.Superuser != nil:
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to alter superuser roles or change superuser attribute")
	case r.Replication || o.Replication != nil:
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to alter replication roles or change replication attribute")
	case o.BypassRLS != nil:
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to change bypassrls attribute")
	case s.hasCreateRole():
		return nil
	}
	// Without CREATEROLE one may change one's own password and nothing else.
	only := *o
	only.Password = nil
	if r.OID == s.Role && o.Password != nil && only.Inherit == nil && only.CreateRole == nil && only.CreateDB == nil && only.Login == nil &&
		only.ConnLimit == nil && only.ValidUntil == nil && only.Members == nil {
		return nil
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied")
}

// removeMembers ends memberships in r, or with admin only their ADMIN OPTION.
func (s *stmt) removeMembers(ctx context.Context, g *globals, r *catalog.Role, names []string, admin bool) error {
	for _, n := range names {
		m, err := s.role(n)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(m.MemberOf, func(x catalog.Member) bool { return x.Role == r.OID })
		if i < 0 {
			w := pgerr.New(pgerrcode.Warning, "role \"%s\" is not a member of role \"%s\"", n, r.Name)
			w.Severity = "WARNING"
			s.notices([]*pgerr.Error{w})
			continue
		}
		c := catalog.CloneObject(m).(*catalog.Role)
		if admin {
			c.MemberOf[i].Admin = false
		} else {
			c.MemberOf = slices.Delete(c.MemberOf, i, i+1)
		}
		if err := g.Put(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *stmt) grantRole(ctx context.Context, c *command.GrantRole) error {
	g, err := s.global(ctx)
	if err != nil {
		return err
	}
	for _, n := range c.Roles {
		r, err := s.role(n)
		if err != nil {
			return err
		}
		if err := s.mayGrantRole(r); err != nil {
			return err
		}
		if c.Revoke {
			err = s.removeMembers(ctx, g, r, c.Members, c.Admin)
		} else {
			admins := len(c.Members)
			if c.Admin {
				admins = 0
			}
			err = s.addMembers(ctx, g, r, c.Members, admins)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stmt) mayGrantRole(r *catalog.Role) error {
	if s.superuser() {
		return nil
	}
	if r.Superuser {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to alter superusers")
	}
	me, _ := s.roles().Object(s.Role).(*catalog.Role)
	admin := me != nil && slices.ContainsFunc(me.MemberOf, func(m catalog.Member) bool { return m.Role == r.OID && m.Admin })
	if s.hasCreateRole() || admin {
		return nil
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "must have admin option on role \"%s\"", r.Name)
}

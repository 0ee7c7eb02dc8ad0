package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/bind"
)

// checkAccess refuses a plan that reads or writes what the current role may not. Relations behind a view are looked at with
// the eyes of the view's owner.
func (s *Session) checkAccess(plan *planner.Plan) error {
	if s.trusted || len(plan.Access) == 0 {
		return nil
	}
	if err := s.mayReadPasswords(plan); err != nil {
		return err
	}
	global := s.global()
	me := s.role(global)
	if me == nil || me.Superuser {
		return nil
	}
	for i := range plan.Access {
		a := &plan.Access[i]
		role := me.OID
		if a.Owner != 0 {
			role = a.Owner
		}
		if err := s.mayAccess(global, role, a); err != nil {
			return err
		}
	}
	return nil
}

// global is the catalog of databases and roles, with what the open transaction has changed in it.
func (s *Session) global() *catalog.Snapshot {
	if s.txn != nil && s.txn.ddl {
		if v, err := s.txn.GlobalView(context.Background()); err == nil {
			return v.Catalog()
		}
	}
	return s.engine.Store.Global()
}

// role is the current role, remembered as long as the roles stay as they are.
func (s *Session) role(global *catalog.Snapshot) *catalog.Role {
	if s.me.roles != global || s.me.name != s.user {
		s.me = currentRole{global, s.user, global.RoleByName(s.user)}
	}
	return s.me.role
}

// currentRole is the role of a name in a catalog of roles.
type currentRole struct {
	roles *catalog.Snapshot
	name  string
	role  *catalog.Role
}

func (s *Session) mayAccess(global *catalog.Snapshot, role catalog.OID, a *bind.Access) error {
	o := a.Object
	_, isFunction := o.(*catalog.Function)
	if snap, err := s.snapshot(s.catalogs.ctx); err == nil && (!isFunction || a.At >= 0) { // behind a view names are looked up no more
		if sc := snap.Schema(snap.SchemaName(o.Head().Schema)); sc != nil && !catalog.HasPrivilege(global, role, sc, catalog.PrivUsage) {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for schema %s", sc.Name).At(a.At)
		}
	}
	t, isTable := o.(*catalog.Table)
	if isTable && catalog.Restricted(t) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", t.Name)
	}
	if isTable && t.RowSecurity && !catalog.BypassesRowSecurity(global, role, t) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "query would be affected by row-level security policy for table \"%s\"", t.Name)
	}
	if catalog.HasPrivilege(global, role, o, a.Privilege) || mayUseColumns(global, role, o, a.Privilege, a.Columns) {
		return nil
	}
	kind := "table"
	switch o := o.(type) {
	case *catalog.View:
		kind = "view"
	case *catalog.Sequence:
		kind = "sequence"
	case *catalog.Function:
		kind = "function"
		if o.Kind == 'p' {
			kind = "procedure"
		}
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for %s %s", kind, o.Head().Name)
}

// sight is what the current role may see of a table's rows. What the engine does by itself it does as their owner.
func (s *Session) sight(t *catalog.Table) catalog.Sight {
	global := s.global()
	me := s.role(global)
	if s.trusted || me == nil || me.Superuser {
		return catalog.FullSight
	}
	return catalog.SightOf(global, me.OID, t)
}

// mayUseColumns reports whether the privilege is held on each of the columns, or, where none is named, on any.
func mayUseColumns(global *catalog.Snapshot, role catalog.OID, o catalog.Object, privilege byte, columns []catalog.ColumnID) bool {
	t, ok := o.(*catalog.Table)
	if !ok {
		return false
	}
	if len(columns) == 0 {
		for _, c := range t.Live() {
			if len(c.ACL) > 0 && catalog.HasColumnPrivilege(global, role, t, c, privilege) {
				return true
			}
		}
		return false
	}
	for _, id := range columns {
		if c := t.ColumnByID(id); c == nil || !catalog.HasColumnPrivilege(global, role, t, c, privilege) {
			return false
		}
	}
	return true
}

package session

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/ddl"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// lockRelations takes the locks of a planned statement. It reports false when the catalog has changed by the time it has
// them: the statement must be planned again.
func (s *Session) lockRelations(ctx context.Context, p *planned) (ok bool, err error) {
	if c, ok := p.plan.Command.(*command.LockTable); ok {
		if err := s.mayLock(ctx, c); err != nil {
			return false, err
		}
	}
	if p.plan.Command != nil && s.hopeless(ctx, p) {
		return true, nil
	}
	if p.locks == nil {
		if p.plan.Command == nil {
			s.txn.Reads()
		}
		return true, nil
	}
	for i := range p.locks {
		g := &p.locks[i]
		v, err := s.txn.View(ctx, g.ref)
		if err != nil {
			return false, err
		}
		before := v.Catalog().Version
		if err := s.takeLocks(ctx, v, g, p); err != nil {
			return false, err
		}
		if v.Catalog().Version != before {
			return false, nil
		}
	}
	if _, ok := p.plan.Command.(*command.LockTable); !ok {
		s.txn.Reads()
	}
	return true, nil
}

// mayLock refuses LOCK TABLE to those who may not write to the relations, or read them where that is all that is locked
// out. It comes before the locks: those who are refused are in nobody's way.
func (s *Session) mayLock(ctx context.Context, c *command.LockTable) error {
	global := s.global()
	me := s.role(global)
	if s.trusted || me == nil || me.Superuser {
		return nil
	}
	v, err := s.txn.View(ctx, c.Ref)
	if err != nil {
		return err
	}
	will := []byte{catalog.PrivUpdate, catalog.PrivDelete, catalog.PrivTruncate}
	switch c.Mode {
	case catalog.AccessShare:
		will = []byte{catalog.PrivSelect}
	case catalog.RowExclusive:
		will = append(will, catalog.PrivInsert)
	}
	for _, id := range c.Named {
		o := v.Catalog().Object(id)
		may := func(p byte) bool { return catalog.HasPrivilege(global, me.OID, o, p) }
		if o != nil && !slices.ContainsFunc(will, may) {
			kind := "table"
			if _, ok := o.(*catalog.View); ok {
				kind = "view"
			}
			return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for %s %s", kind, o.Head().Name)
		}
	}
	return nil
}

// hopeless reports whether a command wants strong locks on what the role has no say in. It is run without them, and refused
// then: nobody stands in the way of others with what he may not do.
func (s *Session) hopeless(ctx context.Context, p *planned) bool {
	global := s.global()
	me := s.role(global)
	if s.trusted || me == nil || me.Superuser {
		return false
	}
	switch p.plan.Command.(type) {
	case *command.LockTable, *command.Copy, *command.Explain, *command.Vacuum:
		return false
	}
	for i := range p.locks {
		v, err := s.txn.View(ctx, p.locks[i].ref)
		if err != nil {
			return false
		}
		for _, l := range p.locks[i].tables {
			if o := v.Catalog().Object(l.Table); l.Mode > catalog.RowExclusive && o != nil && !hasSay(global, v.Catalog(), me.OID, o) {
				return true
			}
		}
	}
	return false
}

// hasSay reports whether a role may do anything to a relation that takes a strong lock: as owner of it or of its schema, or
// by one of the privileges that let others.
func hasSay(global, snap *catalog.Snapshot, role catalog.OID, o catalog.Object) bool {
	if sc := snap.Schema(snap.SchemaName(o.Head().Schema)); sc != nil && catalog.IsOwner(global, role, sc) {
		return true
	}
	db := snap.Database
	return catalog.IsOwner(global, role, o) || db != nil && catalog.IsOwner(global, role, db) ||
		slices.ContainsFunc([]byte{catalog.PrivTruncate, catalog.PrivReferences, catalog.PrivTrigger}, func(p byte) bool {
			return catalog.HasPrivilege(global, role, o, p)
		}) || mayUseColumns(global, role, o, catalog.PrivReferences, nil)
}

func (s *Session) takeLocks(ctx context.Context, v storage.View, g *lockGroup, p *planned) error {
	c, ok := p.plan.Command.(*command.LockTable)
	if !ok || !c.NoWait {
		return s.txn.LockTables(ctx, v, g.tables)
	}
	for _, l := range g.tables {
		if err := s.txn.LockTable(ctx, v, l.Table, l.Mode, catalog.NoWait); err != nil {
			return err
		}
	}
	return nil
}

// lockGroup is what a statement locks on one branch.
type lockGroup struct {
	ref    catalog.Ref
	tables []storage.TableLock
}

// lockGroups sorts the locks of a plan by branch.
func (s *Session) lockGroups(p *planner.Plan) ([]lockGroup, error) {
	var out []lockGroup
	for _, l := range p.Locks {
		out = addLock(out, l)
	}
	switch c := p.Command.(type) {
	case nil, *command.Copy, *command.Explain, *command.Transaction, *command.Set, *command.Show:
	case *command.LockTable:
		for _, id := range c.Tables {
			out = addLock(out, bind.RelationLock{Ref: c.Ref, OID: id, Mode: c.Mode})
		}
	default:
		snap, err := s.snapshot(s.catalogs.ctx)
		if err != nil {
			return nil, err
		}
		for _, l := range ddl.Locks(c, snap) {
			out = addLock(out, bind.RelationLock{OID: l.Table, Mode: l.Mode})
		}
	}
	return out, nil
}

func addLock(groups []lockGroup, l bind.RelationLock) []lockGroup {
	t := storage.TableLock{Table: l.OID, Mode: l.Mode}
	for i := range groups {
		if groups[i].ref == l.Ref {
			groups[i].tables = append(groups[i].tables, t)
			return groups
		}
	}
	return append(groups, lockGroup{l.Ref, []storage.TableLock{t}})
}

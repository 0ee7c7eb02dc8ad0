package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/ddl"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// lockRelations takes the locks of a planned statement. It reports false when the catalog has changed by the time it has
// them: the statement must be planned again.
func (s *Session) lockRelations(ctx context.Context, p *planned) (ok bool, err error) {
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

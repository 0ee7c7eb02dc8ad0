package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

var strengths = map[pg.LockClauseStrength]catalog.RowLock{
	pg.LockClauseStrength_LCS_FORKEYSHARE: catalog.ForKeyShare, pg.LockClauseStrength_LCS_FORSHARE: catalog.ForShare,
	pg.LockClauseStrength_LCS_FORNOKEYUPDATE: catalog.ForNoKeyUpdate, pg.LockClauseStrength_LCS_FORUPDATE: catalog.ForUpdate,
}

var lockNames = map[pg.LockClauseStrength]string{
	pg.LockClauseStrength_LCS_FORKEYSHARE: "FOR KEY SHARE", pg.LockClauseStrength_LCS_FORSHARE: "FOR SHARE",
	pg.LockClauseStrength_LCS_FORNOKEYUPDATE: "FOR NO KEY UPDATE", pg.LockClauseStrength_LCS_FORUPDATE: "FOR UPDATE",
}

var waits = map[pg.LockWaitPolicy]catalog.LockWait{
	pg.LockWaitPolicy_LockWaitBlock: catalog.Wait, pg.LockWaitPolicy_LockWaitSkip: catalog.SkipLocked,
	pg.LockWaitPolicy_LockWaitError: catalog.NoWait,
}

// lockRefused is the error for a locking clause where none may be.
func lockRefused(n *pg.Node, why string) error {
	return pgerr.New(pgerrcode.FeatureNotSupported, "%s %s", lockNames[n.GetLockingClause().Strength], why)
}

// lockClause binds FOR UPDATE and its kin: the tables' row keys and versions become targets that the Lock node reads.
func (q *query) lockClause(s *pg.SelectStmt, t *tail) error {
	if len(s.LockingClause) == 0 {
		return nil
	}
	if why := q.cannotLock(s); why != "" {
		return lockRefused(s.LockingClause[0], why)
	}
	q.b.modify, q.b.changes = true, true
	byItem := map[*item]*logical.LockTarget{}
	var order []*item
	for _, n := range s.LockingClause {
		c := n.GetLockingClause()
		items, err := q.lockedItems(c)
		if err != nil {
			return err
		}
		for _, it := range items {
			if byItem[it] == nil {
				byItem[it] = &logical.LockTarget{Table: it.table, Ref: it.scan.Ref}
				order = append(order, it)
			}
			l := byItem[it]
			l.Strength = max(l.Strength, strengths[c.Strength])
			l.Wait = strongerWait(l.Wait, waits[c.WaitPolicy])
		}
	}
	for _, it := range order {
		l := byItem[it]
		it.scan.Target = true
		q.b.locks(it.table, it.scan.Ref, catalog.RowShare)
		q.mayLock(it)
		l.RowKey = q.lockColumn(it, catalog.ColRowKey)
		l.Version = q.lockColumn(it, catalog.ColVersion)
		t.locks = append(t.locks, *l)
	}
	return nil
}

// mayLock asks, beside the privilege to read a table, for that to update it; any column's will do.
func (q *query) mayLock(it *item) {
	for i := range q.b.out.Access {
		if a := &q.b.out.Access[i]; a.item == it {
			more := *a
			more.Privilege, more.item = catalog.PrivUpdate, nil
			q.b.out.Access = append(q.b.out.Access, more)
			return
		}
	}
}

// strongerWait prefers NOWAIT, then SKIP LOCKED.
func strongerWait(a, b catalog.LockWait) catalog.LockWait {
	if a == catalog.NoWait || b == catalog.NoWait {
		return catalog.NoWait
	}
	return max(a, b)
}

// lockColumn carries a system column through the projection under its own id.
func (q *query) lockColumn(it *item, id catalog.ColumnID) expr.ColumnID {
	c := it.system(id, -1)
	q.targets = append(q.targets, target{e: c, name: c.Name, junk: true})
	return q.targets[len(q.targets)-1].column(q)
}

func (q *query) cannotLock(s *pg.SelectStmt) string {
	switch {
	case len(s.DistinctClause) > 0:
		return "is not allowed with DISTINCT clause"
	case len(s.GroupClause) > 0:
		return "is not allowed with GROUP BY clause"
	case s.HavingClause != nil:
		return "is not allowed with HAVING clause"
	case len(q.aggs) > 0:
		return "is not allowed with aggregate functions"
	case len(q.windows) > 0:
		return "is not allowed with window functions"
	case len(q.srfs) > 0:
		return "is not allowed with set-returning functions in the target list"
	}
	return ""
}

// lockedItems lists the tables that a clause means: those it names, or all.
func (q *query) lockedItems(c *pg.LockingClause) ([]*item, error) {
	if len(c.LockedRels) == 0 {
		var out []*item
		for _, it := range q.all {
			if it.scan != nil && !it.table.Virtual {
				if it.nullable {
					return nil, pgerr.New(pgerrcode.FeatureNotSupported, "%s cannot be applied to the nullable side of an outer join", lockNames[c.Strength])
				}
				out = append(out, it)
			}
		}
		return out, nil
	}
	var out []*item
	for _, n := range c.LockedRels {
		rv := n.GetRangeVar()
		pos := int(rv.Location)
		if rv.Schemaname != "" || rv.Catalogname != "" {
			return nil, pgerr.New(pgerrcode.SyntaxError, "%s must specify unqualified relation names", lockNames[c.Strength]).At(pos)
		}
		it := q.lockedItem(rv.Relname)
		switch {
		case it == nil:
			return nil, pgerr.New(pgerrcode.UndefinedTable, "relation %q in %s clause not found in FROM clause", rv.Relname, lockNames[c.Strength]).At(pos)
		case it.join:
			return nil, lockKind(c, "a join", pos)
		case it.nullable:
			return nil, pgerr.New(pgerrcode.FeatureNotSupported, "%s cannot be applied to the nullable side of an outer join", lockNames[c.Strength]).At(pos)
		case it.scan != nil:
			out = append(out, it)
		case it.scalar:
			return nil, lockKind(c, "a function", pos)
		}
	}
	return out, nil
}

func lockKind(c *pg.LockingClause, what string, pos int) error {
	return pgerr.New(pgerrcode.FeatureNotSupported, "%s cannot be applied to %s", lockNames[c.Strength], what).At(pos)
}

func (q *query) lockedItem(name string) *item {
	for _, it := range q.all {
		if it.name == name && (!it.join || it.relVisible) {
			return it
		}
	}
	return nil
}

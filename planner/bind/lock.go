package bind

import (
	"slices"

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
func lockRefused(c *pg.LockingClause, why string) error {
	return pgerr.New(pgerrcode.FeatureNotSupported, "%s %s", lockNames[c.Strength], why)
}

// lockClause binds FOR UPDATE and its kin, the query's own and those of the queries around it: the tables' row keys and
// versions become targets that the Lock node reads.
func (q *query) lockClause(s *pg.SelectStmt, t *tail) error {
	if len(q.locking) == 0 {
		return nil
	}
	if why := q.cannotLock(s); why != "" {
		return lockRefused(q.locking[0], why)
	}
	q.b.modify, q.b.changes = true, true
	q.b.writes("SELECT " + lockNames[q.locking[0].Strength])
	byItem := map[*item][]logical.LockTarget{}
	var order []*item
	for _, c := range q.locking {
		items, err := q.lockedItems(c)
		if err != nil {
			return err
		}
		for _, it := range items {
			if byItem[it] == nil {
				byItem[it] = it.lockTargets()
				order = append(order, it)
			}
			for i := range byItem[it] {
				strengthen(&byItem[it][i], c)
			}
		}
	}
	for _, it := range order {
		if it.scan != nil {
			q.b.locks(it.table, it.scan.Ref, catalog.RowShare)
			q.mayLock(it)
		}
		t.locks = append(t.locks, q.lockColumns(it, byItem[it])...)
	}
	t.locks = append(t.locks, q.keptTargets(byItem)...)
	if q.exports(s, t) {
		q.locked, t.locks = t.locks, nil
	}
	return nil
}

// exports reports whether the rows are locked by the query around this one, which then locks those alone that it wants. A
// query that sorts or counts rows locks them itself, and so does one that says so.
func (q *query) exports(s *pg.SelectStmt, t *tail) bool {
	return len(s.LockingClause) == 0 && s.WithClause == nil && len(t.keys) == 0 && s.LimitCount == nil && s.LimitOffset == nil
}

// lockTargets are the relations that an item is made of.
func (it *item) lockTargets() []logical.LockTarget {
	if it.scan == nil {
		return slices.Clone(it.locked)
	}
	return []logical.LockTarget{{Table: it.table, Ref: it.scan.Ref}}
}

// keptTargets are the tables that are joined with those to be locked.
func (q *query) keptTargets(locked map[*item][]logical.LockTarget) []logical.LockTarget {
	var out []logical.LockTarget
	for _, it := range q.all {
		if it.scan == nil || it.table.Virtual || locked[it] != nil {
			continue
		}
		out = append(out, q.lockColumns(it, []logical.LockTarget{{Kept: true, Table: it.table, Ref: it.scan.Ref}})...)
	}
	return out
}

// lockColumns carries what an item's rows are found by through the projection.
func (q *query) lockColumns(it *item, targets []logical.LockTarget) []logical.LockTarget {
	for i := range targets {
		t := &targets[i]
		if it.scan == nil {
			t.RowKey = q.carry(&expr.Column{ID: t.RowKey, T: typeBytea, Name: "rowkey", Pos: -1})
			if !t.Kept {
				t.Version = q.carry(&expr.Column{ID: t.Version, T: typeInt8, Name: "version", Pos: -1})
			}
			continue
		}
		it.scan.Target = true
		t.RowKey = q.carry(it.system(catalog.ColRowKey, -1))
		if !t.Kept {
			t.Version = q.carry(it.system(catalog.ColVersion, -1))
		}
	}
	return targets
}

// mayLock asks, beside the privilege to read a table, for that to update it; any column's will do.
func (q *query) mayLock(it *item) {
	if a := q.b.accessTo(it); a != nil {
		more := *a
		more.Privilege, more.items = catalog.PrivUpdate, nil
		q.b.out.Access = append(q.b.out.Access, more)
	}
}

// lockingOf lists the clauses that reach an item of FROM, as clauses for all that it is made of.
func (q *query) lockingOf(name string) []*pg.LockingClause {
	var out []*pg.LockingClause
	for _, c := range q.locking {
		if len(c.LockedRels) == 0 || slices.ContainsFunc(c.LockedRels, func(n *pg.Node) bool { return n.GetRangeVar().Relname == name }) {
			out = append(out, &pg.LockingClause{Strength: c.Strength, WaitPolicy: c.WaitPolicy})
		}
	}
	return out
}

// strengthen adds what a clause asks for to what others did.
func strengthen(t *logical.LockTarget, c *pg.LockingClause) {
	if t.Kept {
		return
	}
	t.Strength = max(t.Strength, strengths[c.Strength])
	t.Wait = strongerWait(t.Wait, waits[c.WaitPolicy])
}

// strongerWait prefers NOWAIT, then SKIP LOCKED.
func strongerWait(a, b catalog.LockWait) catalog.LockWait {
	if a == catalog.NoWait || b == catalog.NoWait {
		return catalog.NoWait
	}
	return max(a, b)
}

// carry takes a column through the projection under an id of its own.
func (q *query) carry(c *expr.Column) expr.ColumnID {
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
			if it.scan != nil && !it.table.Virtual || len(it.locked) > 0 {
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
			return nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" in %s clause not found in FROM clause", rv.Relname, lockNames[c.Strength]).At(pos)
		case it.join:
			return nil, lockKind(c, "a join", pos)
		case it.nullable:
			return nil, pgerr.New(pgerrcode.FeatureNotSupported, "%s cannot be applied to the nullable side of an outer join", lockNames[c.Strength]).At(pos)
		case it.scan != nil || len(it.locked) > 0:
			out = append(out, it)
		case it.with:
			return nil, lockKind(c, "a WITH query", pos)
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

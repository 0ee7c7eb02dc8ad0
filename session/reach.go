package session

import (
	"context"
	"maps"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// Reach bounds a session beside its role: it is that of credentials, such as an API key, that do not stand for all of a
// role. What they do not reach is refused wherever a branch is named: in the connection, by SET, and inside of queries.
type Reach interface {
	// May reports whether a scope is held: write, branch, admin.
	May(scope string) bool
	// MayUse reports whether a branch may be read, or written.
	MayUse(branch string, write bool) bool
	// AllBranches reports that MayUse never says no.
	AllBranches() bool
}

// reaches refuses a branch that the credentials do not reach.
func (s *Session) reaches(branch string, write bool) error {
	privilege := catalog.BranchRead
	if write {
		privilege = catalog.BranchWrite
	}
	if err := s.mayBranch(branch, privilege); err != nil {
		return err
	}
	r := s.opts.Reach
	switch {
	case r == nil || r.MayUse(branch, write):
		return nil
	case r.MayUse(branch, false):
		return pgerr.New(pgerrcode.InsufficientPrivilege, "these credentials may only read branch \"%s\"", branch)
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "these credentials may not use branch \"%s\"", branch)
}

// Conceal takes from an error about a branch that is not there the names of those that are, where not all are reached.
func Conceal(r Reach, err error) error {
	if err == nil || r == nil || r.AllBranches() || pgerr.Code(err) != pgerrcode.InvalidCatalogName {
		return err
	}
	e := *pgerr.From(err)
	e.Hint = ""
	return &e
}

// needs refuses what takes a scope that the credentials lack.
func (s *Session) needs(scope string) error {
	if r := s.opts.Reach; r != nil && !r.May(scope) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "these credentials lack the scope \"%s\"", scope)
	}
	return nil
}

// mayReadPasswords refuses the roles' passwords to credentials that do not stand for all of a superuser: what they prove
// reaches further than they do.
func (s *Session) mayReadPasswords(plan *planner.Plan) error {
	if s.opts.Reach == nil {
		return nil
	}
	for i := range plan.Access {
		if t, ok := plan.Access[i].Object.(*catalog.Table); ok && catalog.Restricted(t) {
			return s.needs("admin")
		}
	}
	return nil
}

// harmless are the functions of version control that tell and change nothing of other branches.
var harmless = map[string]bool{"rowan_current_branch": true, "rowan_current_scn": true, "rowan_scn_time": true, "rowan_version": true}

// telling are those that tell of any branch and change nothing.
var telling = map[string]bool{
	"rowan_branches": true, "rowan_log": true, "rowan_commits": true, "rowan_tags": true, "rowan_snapshots": true, "rowan_history": true, "rowan_blame": true,
	"rowan_diff": true, "rowan_diff_stat": true, "rowan_diff_summary": true, "rowan_schema_diff": true, "rowan_diff_sql": true,
	"rowan_merges": true, "rowan_conflicts": true, "rowan_merge_policies": true, "rowan_retention": true, "rowan_oldest_point": true,
	"rowan_branch_sizes": true, "rowan_branch_privileges": true, "rowan_branch_limits": true, "rowan_has_branch_privilege": true,
}

// mayCall refuses functions of version control to credentials that lack the scope for branches, or that are bound to some
// of them: the functions take branches by many names.
func (s *Session) mayCall(function string) error {
	r := s.opts.Reach
	if r == nil || harmless[function] {
		return nil
	}
	if r.AllBranches() && telling[function] {
		return s.needs("read")
	}
	if !r.AllBranches() {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "these credentials are bound to some branches and cannot call functions of version control").
			WithHint("Operations for branches that they can use are those of the HTTP API under /v1.")
	}
	return s.needs("branch")
}

// mayCommand refuses commands that go beyond the branch of the session.
func (s *Session) mayCommand(c command.Command) error {
	if err := s.mayMakeDatabase(c); err != nil {
		return err
	}
	if !s.bounded() {
		return nil
	}
	switch c.(type) {
	case *command.CreateRole, *command.AlterRole, *command.DropRole, *command.GrantRole, *command.AlterSetting:
		return s.needs("admin")
	case *command.CreateDatabase, *command.AlterDatabase, *command.DropDatabase:
		if err := s.mayCall("database"); err != nil {
			return err
		}
		return s.needs("admin")
	}
	return s.mayWrite()
}

// mayWrite refuses to change the session's branch, where the credentials do not reach that far.
func (s *Session) mayWrite() error {
	if !s.bounded() {
		return nil
	}
	if err := s.needs("write"); err != nil {
		return err
	}
	return s.reaches(s.branch(), true)
}

// writes refuses to change a view's branch.
func (t *txn) writes(v storage.View, rows int) error {
	if v == nil || !t.session.bounded() {
		return nil
	}
	if err := t.session.needs("write"); err != nil {
		return err
	}
	if err := t.session.reaches(v.Branch().Name, true); err != nil {
		return err
	}
	return t.mayGrow(v, rows)
}

// Savepoint implements storage.Txn.
func (t *txn) Savepoint() int {
	n := t.Txn.Savepoint()
	if delete(t.rooms, n); t.room != nil {
		if t.rooms == nil {
			t.rooms = map[int]map[uint64]int64{}
		}
		t.rooms[n] = maps.Clone(t.room)
	}
	return n
}

// RollbackTo implements storage.Txn: rows whose change is taken back may be changed again, and sequences are locked no more.
func (t *txn) RollbackTo(n int) error {
	t.room, t.used = maps.Clone(t.rooms[n]), nil
	return t.Txn.RollbackTo(n)
}

// Insert implements storage.Txn.
func (t *txn) Insert(ctx context.Context, r storage.InsertRequest) ([]storage.Collision, error) {
	if err := t.writes(r.View, r.Rows.Live()); err != nil {
		return nil, err
	}
	return t.Txn.Insert(ctx, r)
}

// Update implements storage.Txn.
func (t *txn) Update(ctx context.Context, r storage.UpdateRequest) error {
	if err := t.writes(r.View, r.New.Live()); err != nil {
		return err
	}
	return t.Txn.Update(ctx, r)
}

// Delete implements storage.Txn.
func (t *txn) Delete(ctx context.Context, r storage.DeleteRequest) error {
	if err := t.writes(r.View, r.Old.Live()); err != nil {
		return err
	}
	return t.Txn.Delete(ctx, r)
}

// Truncate implements storage.Txn.
func (t *txn) Truncate(ctx context.Context, v storage.View, table *catalog.Table) error {
	if err := t.writes(v, 0); err != nil {
		return err
	}
	if err := t.mayEmpty(ctx, v, table); err != nil {
		return err
	}
	return t.Txn.Truncate(ctx, v, table)
}

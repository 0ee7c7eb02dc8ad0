package vcs

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// violationType is the type of those kept rows that are no conflict but a row that breaks a constraint.
const violationType = "violation"

// MergeApplied merges into a branch whatever the conflicts: where both sides have changed the same the target's values
// stay, and rows that break CHECK and foreign key constraints come in. The conflicts and violations are kept like those of a
// merge that waits; resolving one writes to the table. Nothing is recorded before FinishApplied: until then, by what commits
// and ancestry say, the target has not been merged. always keeps a merge even when there is nothing to resolve.
//
// Of a merge with From, and of one that is not to be recorded (RecordNever), nothing ever is.
func MergeApplied(ctx context.Context, c Conn, m Merge, always bool) (id int64, res storage.MergeResult, err error) {
	before := c.Txn().Savepoint()
	var kept []systable.Row
	seen := map[identity]bool{}
	unrecorded := m.Record == storage.RecordNever || m.To != nil
	m.Strategy, m.Record, m.Force = "target_wins", storage.RecordNever, true
	m.Decide = func(_ context.Context, x *storage.Conflict) (storage.Decision, error) {
		if r := storedConflict(c.Database().OID, 0, int64(len(kept)+1), x, nil); !seen[identityOf(r)] {
			seen[identityOf(r)] = true
			kept = append(kept, r)
		}
		return storage.Decision{Side: storage.TargetSide}, nil
	}
	v, err := c.View(ctx, catalog.Ref{Branch: m.Target})
	if err != nil {
		return 0, res, err
	}
	at := v.At()
	if res, err = c.Merge(ctx, m); err != nil {
		return 0, res, err
	}
	for _, r := range kept {
		if r[conflictType].S == string(storage.SchemaBoth) {
			err := pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "merge aborted: schema conflict found for table %s", r[conflictTableName].S).
				WithDetail("%s", r[conflictDescription].S).WithHint("Change the schema on one of the branches, and merge again.")
			if back := c.Txn().RollbackTo(before); back != nil {
				return 0, res, back
			}
			return 0, res, err
		}
	}
	c.Txn().Statement()
	for i := range res.Violations {
		r, err := storedViolation(ctx, c, int64(len(kept)+1), &res.Violations[i])
		if err != nil {
			return 0, res, err
		}
		kept = append(kept, r)
	}
	if len(kept) == 0 && !always {
		return 0, res, nil
	}
	if unrecorded {
		m.Source, m.SourcePoint = m.Target, ""
	}
	id, err = keepApplied(ctx, c, m, &res, at, kept)
	c.Txn().Statement()
	return id, res, err
}

// keepApplied stores the merge and what is to be resolved.
func keepApplied(ctx context.Context, c Conn, m Merge, res *storage.MergeResult, at storage.SCN, kept []systable.Row) (int64, error) {
	b, db := c.Store().Branches(), c.Database().OID
	source, err := c.View(ctx, catalog.Ref{Branch: m.Source, Point: m.SourcePoint})
	if err != nil {
		return 0, err
	}
	target, err := b.Get(ctx, db, m.Target)
	if err != nil {
		return 0, err
	}
	g, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return 0, err
	}
	next := int64(1)
	err = eachMerge(ctx, c, g, func(r systable.Row) bool {
		next = r[pendingID].I + 1
		return true
	})
	if err != nil {
		return 0, err
	}
	for _, r := range kept {
		r[conflictMerge] = types.Int(next)
		if err := conflictTable.Put(ctx, c.Txn(), g, r...); err != nil {
			return 0, err
		}
	}
	return next, pendingTable.Put(ctx, c.Txn(), g, types.Int(int64(db)), types.Int(next), types.Int(int64(source.Branch().ID)), types.Int(int64(target.ID)),
		types.String(m.Source), types.String(target.Name), types.Int(int64(source.At())), types.Int(int64(res.Base)), types.Int(int64(at)),
		types.String(statusApplied), orNull(m.Message), types.String(c.User()), timestamp(time.Now()), types.Null, types.Null, types.Int(int64(len(kept)+1)))
}

// AppliedRow is a row with conflicts of a merge into the session's branch that is applied, or one that breaks a constraint.
type AppliedRow struct {
	Merge              int64
	Ns                 []int64 // the conflicts: one for each cell
	Table              catalog.OID
	Name, Key, Info    string
	Violation          bool
	Base, Ours, Theirs types.Datum // JSON objects; NULL: not there
}

// AppliedRows lists what is not resolved yet of the merges into the session's branch that are applied, row by row.
func AppliedRows(ctx context.Context, c Conn) ([]*AppliedRow, error) {
	p, err := Applied(ctx, c)
	if p == nil || err != nil {
		return nil, err
	}
	return p.Rows(ctx, c)
}

// AppliedMerge is a merge into the session's branch that is applied and not recorded.
type AppliedMerge struct {
	ID              int64
	Source, Message string
	SourceBranch    uint64
	SourceSCN       storage.SCN
	Before          storage.SCN // of the target
	p               *pending
}

// Applied finds it; nil: there is none.
func Applied(ctx context.Context, c Conn) (*AppliedMerge, error) {
	return appliedTo(ctx, c, c.Branch())
}

// Unfinished refuses a merge into a branch that has another one which is applied and not completed: who takes that back takes
// back what came since, and the merge would be known as done.
func Unfinished(ctx context.Context, c Conn, m Merge) error {
	if m.DryRun {
		return nil
	}
	return unfinished(ctx, c, m.Target)
}

// unfinished refuses what must not come between a merge that is applied to a branch and its completion.
func unfinished(ctx context.Context, c Conn, branch string) error {
	a, err := appliedTo(ctx, c, branch)
	if a == nil || err != nil {
		return err
	}
	return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "branch \"%s\" has a merge of \"%s\" that is not completed", branch, a.Source).
		WithHint("rowan.complete_merge(%d) completes it, rowan.abort_merge(%[1]d) takes it back.", a.ID)
}

func appliedTo(ctx context.Context, c Conn, branch string) (*AppliedMerge, error) {
	g, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return nil, err
	}
	target, err := c.Store().Branches().Get(ctx, c.Database().OID, branch)
	if err != nil {
		return nil, err
	}
	var found *AppliedMerge
	err = eachMerge(ctx, c, g, func(r systable.Row) bool {
		if r[pendingStatus].S == statusApplied && uint64(r[pendingTarget].I) == target.ID {
			found = &AppliedMerge{r[pendingID].I, r[pendingSourceName].S, text(r[pendingMessage]), uint64(r[pendingSource].I), storage.SCN(r[pendingSourceSCN].I),
				storage.SCN(r[pendingTargetSCN].I), &pending{r[pendingID].I, r, g}}
		}
		return found == nil
	})
	return found, err
}

// Rows lists what is not resolved yet, row by row.
func (a *AppliedMerge) Rows(ctx context.Context, c Conn) ([]*AppliedRow, error) {
	target, err := targetView(ctx, c, a.p.row)
	if err != nil {
		return nil, err
	}
	var out []*AppliedRow
	var bad error
	err = conflictTable.Scan(ctx, c.Txn(), a.p.global, systable.Row{types.Int(int64(c.Database().OID)), types.Int(a.ID)}, func(r systable.Row) bool {
		if !r[conflictResolution].Null {
			return true
		}
		violation := r[conflictType].S == violationType
		for _, x := range out {
			if x.Table == catalog.OID(r[conflictRelation].I) && x.Key == r[conflictRowKey].S && !x.Violation && !violation {
				x.Ns = append(x.Ns, r[conflictN].I)
				return true
			}
		}
		var x *AppliedRow
		if x, bad = appliedRow(target.Catalog(), r); bad != nil {
			return false
		}
		out = append(out, x)
		return true
	})
	return out, cmp.Or(bad, err)
}

// appliedRow is a kept conflict, or violation, with the names that its columns have on the target.
func appliedRow(target *catalog.Snapshot, r systable.Row) (*AppliedRow, error) {
	n, err := calledOn(target, r)
	if err != nil {
		return nil, err
	}
	x := &AppliedRow{Merge: r[conflictMerge].I, Ns: []int64{r[conflictN].I}, Table: catalog.OID(r[conflictRelation].I), Name: n.table,
		Key: r[conflictRowKey].S, Info: r[conflictDescription].S, Violation: r[conflictType].S == violationType}
	if x.Violation {
		_, x.Info, _ = strings.Cut(x.Info, "\n")
	}
	for at, side := range map[int]*types.Datum{conflictBase: &x.Base, conflictSource: &x.Theirs, conflictTarget: &x.Ours} {
		if *side, err = n.names.text(r[at]); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// FinishApplied records a merge that is applied, and brings the source's commits; of what was no merge of a branch nothing is
// recorded. Constraints that rows were let through are enforced again, unless the rows are still there as they came.
func FinishApplied(ctx context.Context, c Conn, a *AppliedMerge) error {
	if err := a.enforce(ctx, c); err != nil {
		return err
	}
	if a.SourceBranch != uint64(a.p.row[pendingTarget].I) {
		m := Merge{Source: branchID(a.SourceBranch), SourcePoint: scnText(a.SourceSCN), Target: c.Branch(), Record: storage.RecordOnly}
		if _, err := c.Merge(ctx, m); err != nil {
			return err
		}
	}
	return a.p.finish(ctx, c, statusCompleted)
}

// ForgetApplied forgets a merge that is applied: the branch is about to be reset.
func ForgetApplied(ctx context.Context, c Conn, a *AppliedMerge) error {
	return a.p.finish(ctx, c, statusAborted)
}

func scnText(scn storage.SCN) string { return "scn:" + strconv.FormatUint(scn, 10) }

// enforce makes constraints valid that no row breaks any more.
func (a *AppliedMerge) enforce(ctx context.Context, c Conn) error {
	rows, err := conflictTable.All(ctx, c.Txn(), a.p.global, types.Int(int64(c.Database().OID)), types.Int(a.ID))
	if err != nil {
		return err
	}
	type constraint struct {
		table catalog.OID
		name  string
	}
	broken := map[constraint]bool{}
	for _, r := range rows {
		if r[conflictType].S != violationType {
			continue
		}
		about := strings.Split(r[conflictDescription].S, "\n")
		owner, _ := strconv.Atoi(about[0]) // as storedViolation wrote it
		name := about[2]
		there, err := unchanged(ctx, c, r)
		if err != nil {
			return err
		}
		broken[constraint{catalog.OID(owner), name}] = broken[constraint{catalog.OID(owner), name}] || there
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	for k, still := range broken {
		t, ok := v.Catalog().Object(k.table).(*catalog.Table)
		if !ok || still || t.Constraint(k.name) == nil {
			continue
		}
		t = catalog.CloneObject(t).(*catalog.Table)
		t.Constraint(k.name).NotValid = false
		if err := v.Put(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// AbortApplied takes a merge that is applied back, and what was done to the target since.
func AbortApplied(ctx context.Context, c Conn, a *AppliedMerge) error {
	if _, err := Bring(ctx, c, catalog.Ref{}, catalog.Ref{Branch: c.Branch(), Point: scnText(a.Before)}, Merge{}); err != nil {
		return err
	}
	return a.p.finish(ctx, c, statusAborted)
}

// Bring does to the session's branch, or m.Target, what lies between two states. Conflicts go to the second where m has no strategy.
func Bring(ctx context.Context, c Conn, from, to catalog.Ref, m Merge) (storage.MergeResult, error) {
	var err error
	if m.From, err = c.View(ctx, from); err != nil {
		return storage.MergeResult{}, err
	}
	if m.To, err = c.View(ctx, to); err != nil {
		return storage.MergeResult{}, err
	}
	if m.Target == "" {
		m.Target = c.Branch()
	}
	if m.Strategy == "" {
		m.Strategy = "source_wins"
	}
	m.Source = m.Target
	res, err := c.Merge(ctx, m)
	if err == nil {
		c.Txn().Statement()
	}
	return res, err
}

package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/vcs"
)

// Merge is what a merge is asked for.
type Merge = vcs.Merge

// Merge merges within the session's transaction: what it writes is committed with it. A dry run writes and takes back, so
// that its answer is the real one's. Where the merged state breaks constraints, the answer lists the rows, and nothing has
// been written, unless it is forced and the constraints are such that rows may break them.
func (s *Session) Merge(ctx context.Context, m Merge) (storage.MergeResult, error) {
	if m.DryRun {
		defer s.txn.Try()()
	} else {
		if err := s.refuseReadOnly("rowan.merge()"); err != nil {
			return storage.MergeResult{}, err
		}
	}
	if err := s.mayMerge(m.Source, m.Target); err != nil {
		return storage.MergeResult{}, err
	}
	before, err := s.catalogBefore(ctx, m)
	if err != nil {
		return storage.MergeResult{}, err
	}
	point := s.txn.Savepoint()
	numbers := s.renumber(m)
	res, err := s.merge(ctx, m, numbers, false)
	if breaksConstraint(err) {
		if err := s.txn.RollbackTo(point); err != nil {
			return res, err
		}
		numbers.again()
		res, err = s.merge(ctx, m, numbers, true)
	}
	if err == nil {
		err = s.mayTake(ctx, m, &res)
	}
	blocked := len(res.Conflicts) > 0 || len(res.Violations) > 0 && !m.Force
	if err != nil || m.DryRun || blocked {
		if back := s.txn.RollbackTo(point); err == nil {
			err = back
		}
		return res, err
	}
	if m.From == nil && m.Record != storage.RecordNever {
		if err := s.carryCommits(ctx, m); err != nil {
			return res, err
		}
	}
	if res.Changed() {
		s.noteMerge(m, res)
	}
	return res, s.mergeSequences(ctx, m, before, &res)
}

// catalogBefore is the catalog of the target before a merge; of a branch that is based anew, before that.
func (s *Session) catalogBefore(ctx context.Context, m Merge) (*catalog.Snapshot, error) {
	if m.Onto != nil {
		return m.To.Catalog(), nil
	}
	v, err := s.txn.View(ctx, catalog.Ref{Branch: m.Target})
	if err != nil {
		return nil, err
	}
	return v.Catalog(), nil
}

// mergeSequences takes sequences of the target of which a side has a state of its own as far as that of the source has gone, so
// that the rows that came do not meet those to come; before is the catalog that the target's state belongs to.
func (s *Session) mergeSequences(ctx context.Context, m Merge, before *catalog.Snapshot, res *storage.MergeResult) error {
	source := m.Onto
	if source == nil {
		var err error
		if source, err = s.txn.View(ctx, catalog.Ref{Branch: m.Source}); err != nil {
			return err
		}
	}
	target, err := s.txn.View(ctx, catalog.Ref{Branch: m.Target})
	if err != nil {
		return err
	}
	store, at, pairs := s.engine.Store.Sequences(), target.Branch().ID, res.Sequences
	for _, o := range target.Catalog().Objects() {
		q, ok := o.(*catalog.Sequence)
		if !ok {
			continue
		}
		if was, ok := before.Object(q.OID).(*catalog.Sequence); ok {
			if m.Onto != nil && was.PerBranch() { // it may stand where the parent's does, which is about to be another branch
				if err := store.Redefine(ctx, was.On(at)); err != nil {
					return err
				}
			}
			if err := vcs.CarrySequence(ctx, store, q, was, at); err != nil {
				return err
			}
		}
		from, ok := source.Catalog().Object(q.OID).(*catalog.Sequence)
		if !ok {
			from = q
		}
		if q.PerBranch() || from.PerBranch() {
			pairs = append(pairs, storage.SequencePair{Source: from, Target: q})
		}
	}
	if source.Branch().ID == at { // what is taken back
		return nil
	}
	for _, p := range pairs {
		if err := vcs.AdvanceSequence(ctx, store, p.Target.On(at), p.Source.On(source.Branch().ID)); err != nil {
			return err
		}
	}
	return nil
}

// mayTake refuses a merge of what the user may not write on the target: rows of tables, or objects that are another's. What is said of rows
// takes that one may read them.
func (s *Session) mayTake(ctx context.Context, m Merge, res *storage.MergeResult) error {
	global := s.global()
	role := global.RoleByName(s.user)
	if role == nil || role.Superuser {
		return nil
	}
	v, err := s.txn.View(ctx, catalog.Ref{Branch: m.Target})
	if err != nil {
		return err
	}
	tables := map[catalog.OID][]byte{}
	for _, id := range res.Tables {
		tables[id] = []byte{catalog.PrivInsert, catalog.PrivUpdate, catalog.PrivDelete}
	}
	for _, id := range res.Told() {
		tables[id] = []byte{catalog.PrivSelect, catalog.PrivInsert, catalog.PrivUpdate, catalog.PrivDelete}
	}
	for _, id := range slices.Sorted(maps.Keys(tables)) {
		o := v.Catalog().Object(id)
		for _, p := range tables[id] {
			if o != nil && !catalog.HasPrivilege(global, role.OID, o, p) {
				return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", o.Head().Name)
			}
		}
	}
	for _, id := range res.Objects {
		if o := v.Catalog().Object(id); o != nil && o.Head().Owner != role.OID {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of %s", o.Head().Name)
		}
	}
	return nil
}

// merge merges once. collect lists rows that break constraints, instead of failing at the first.
func (s *Session) merge(ctx context.Context, m Merge, numbers *numbers, collect bool) (storage.MergeResult, error) {
	r, err := m.Request()
	if err != nil {
		return storage.MergeResult{}, err
	}
	v := &mergeCheck{session: s, target: catalog.Ref{Branch: m.Target}, collect: collect}
	defer v.close()
	r.Complete, r.Written = v.complete, v.written
	r.Cell = func(ctx context.Context, t *catalog.Table, c *catalog.Column, base, source, target value) (value, bool, error) {
		return vcs.MergeCell(ctx, conn{s}, v.target, t, c, base, source, target)
	}
	r.Convert = s.convert(ctx)
	r.Renumber = numbers.take
	if collect {
		r.Violated = v.violated
	}
	res, err := s.engine.Store.Branches().Merge(ctx, s.txn.base(), r)
	if err == nil && len(res.Conflicts) == 0 {
		err = v.verify(ctx)
	}
	res.Violations = v.violations
	if err == nil && collect && m.Force && len(res.Conflicts) == 0 {
		err = v.letThrough(ctx)
	}
	return res, err
}

// breaksConstraint reports whether an error is that of a row which breaks a constraint.
func breaksConstraint(err error) bool {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case pgerrcode.CheckViolation, pgerrcode.ForeignKeyViolation, pgerrcode.UniqueViolation, pgerrcode.NotNullViolation, pgerrcode.ExclusionViolation:
		return true
	}
	return false
}

// carryCommits brings the source's named commits to the target.
func (s *Session) carryCommits(ctx context.Context, m Merge) error {
	source, err := s.txn.View(ctx, catalog.Ref{Branch: m.Source, Point: m.SourcePoint})
	if err != nil {
		return err
	}
	target, err := s.txn.View(ctx, catalog.Ref{Branch: m.Target})
	if err != nil {
		return err
	}
	return vcs.CarryCommits(ctx, s.txn.base(), source, target)
}

// noteMerge remembers what the branch's log says of a transaction that merges.
func (s *Session) noteMerge(m Merge, res storage.MergeResult) {
	summary := m.Message
	if summary == "" {
		summary = fmt.Sprintf("MERGE %s INTO %s", m.Source, m.Target)
	}
	taken := fmt.Sprintf("%s@%d", m.Source, res.SourceHead)
	if m.From != nil {
		taken = ""
	}
	s.txn.noteMerge(summary, taken)
}

// mergeAttempts is how often MergeNow tries: each time that it fails somebody else has committed.
const mergeAttempts = 10

// MergeNow is Merge in a transaction of its own, which begins anew where others have changed meanwhile what it writes. It returns the SCN
// of the merge, 0 when nothing was written. Violations that block the merge are an error: that of the first.
func (s *Session) MergeNow(ctx context.Context, m Merge) (res storage.MergeResult, scn storage.SCN, err error) {
	if m.Target == "" {
		m.Target = s.branch()
	}
	for range mergeAttempts {
		res, scn, err = s.mergeOnce(ctx, m)
		if code := pgerr.Code(err); code != pgerrcode.SerializationFailure && code != pgerrcode.DeadlockDetected {
			break
		}
	}
	return res, scn, err
}

func (s *Session) mergeOnce(ctx context.Context, m Merge) (storage.MergeResult, storage.SCN, error) {
	if err := s.begin(ctx, false); err != nil {
		return storage.MergeResult{}, 0, err
	}
	s.txn.Statement()
	s.lastSCN = 0
	var res storage.MergeResult
	err := vcs.Unfinished(ctx, conn{s}, m)
	if err == nil {
		res, err = s.Merge(ctx, m)
	}
	if err == nil && len(res.Violations) > 0 && !m.Force {
		v := res.Violations[0]
		err = pgerr.New(v.Code, "%s", v.Message).WithDetail("%s", v.Detail).WithTable(v.Schema, v.Table, "", v.Constraint)
	}
	if err == nil {
		err = s.commit(ctx)
	} else {
		s.rollbackQuietly()
	}
	return res, s.lastSCN, err
}

// RowID shows a conflict's key.
func (s *Session) RowID(c storage.Conflict) string { return vcs.RowID(&c, &s.settings.format) }

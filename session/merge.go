package session

import (
	"context"
	"fmt"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/vcs"
)

// Merge is what a merge is asked for.
type Merge = vcs.Merge

// Merge merges within the session's transaction: what it writes is committed with it. A dry run writes and takes back, so
// that its answer is the real one's.
func (s *Session) Merge(ctx context.Context, m Merge) (storage.MergeResult, error) {
	strategy, err := m.Conflicts()
	if err != nil {
		return storage.MergeResult{}, err
	}
	if !m.DryRun {
		if err := s.refuseReadOnly("rowan.merge()"); err != nil {
			return storage.MergeResult{}, err
		}
	}
	point := s.txn.Savepoint()
	v := &mergeCheck{session: s, target: catalog.Ref{Branch: m.Target}}
	res, err := s.engine.Store.Branches().Merge(ctx, s.txn.Txn, storage.MergeRequest{
		Source: m.Source, Target: m.Target, Strategy: strategy, Message: m.Message, Complete: v.complete, Written: v.written,
	})
	if err == nil && len(res.Conflicts) == 0 {
		err = v.verify(ctx)
	}
	if err != nil || m.DryRun || len(res.Conflicts) > 0 {
		if back := s.txn.RollbackTo(point); err == nil {
			err = back
		}
	}
	if err == nil && !m.DryRun && len(res.Conflicts) == 0 {
		err = s.carryCommits(ctx, m)
	}
	if err == nil && !m.DryRun && len(res.Conflicts) == 0 && res.Changed() {
		s.noteMerge(m, res)
	}
	return res, err
}

// carryCommits brings the source's named commits to the target.
func (s *Session) carryCommits(ctx context.Context, m Merge) error {
	source, err := s.txn.View(ctx, catalog.Ref{Branch: m.Source})
	if err != nil {
		return err
	}
	target, err := s.txn.View(ctx, catalog.Ref{Branch: m.Target})
	if err != nil {
		return err
	}
	return vcs.CarryCommits(ctx, s.txn.Txn, source, target)
}

// noteMerge remembers what the branch's log says of a transaction that merges.
func (s *Session) noteMerge(m Merge, res storage.MergeResult) {
	summary := m.Message
	if summary == "" {
		summary = fmt.Sprintf("MERGE %s INTO %s", m.Source, m.Target)
	}
	s.txn.noteMerge(summary, fmt.Sprintf("%s@%d", m.Source, res.SourceHead))
}

// MergeNow is Merge in a transaction of its own. It returns the SCN of the merge, 0 when nothing was written.
func (s *Session) MergeNow(ctx context.Context, m Merge) (storage.MergeResult, storage.SCN, error) {
	if m.Target == "" {
		m.Target = s.branch()
	}
	if err := s.begin(ctx, false); err != nil {
		return storage.MergeResult{}, 0, err
	}
	s.txn.Statement()
	s.lastSCN = 0
	res, err := s.Merge(ctx, m)
	if err == nil {
		err = s.commit(ctx)
	} else {
		s.rollbackQuietly()
	}
	return res, s.lastSCN, err
}

// RowID shows a conflict's key.
func (s *Session) RowID(c storage.Conflict) string { return vcs.RowID(&c, &s.settings.format) }

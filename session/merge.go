package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// Merge is what a merge is asked for and what came of it; the HTTP API uses it as rowan.merge does.
type Merge struct {
	Source, Target, Strategy, Message string
	DryRun                            bool
}

// strategies are the words that users know for what happens to conflicts.
var strategies = map[string]storage.Strategy{
	"": storage.Abort, "abort": storage.Abort, "fail": storage.Abort, "three_way": storage.Abort, "manual": storage.Manual,
	"source_wins": storage.SourceWins, "branch_wins": storage.SourceWins, "theirs": storage.SourceWins,
	"target_wins": storage.TargetWins, "ours": storage.TargetWins,
}

// Merge merges within the session's transaction: what it writes is committed with it. A dry run writes and takes back, so
// that its answer is the real one's.
func (s *Session) Merge(ctx context.Context, m Merge) (storage.MergeResult, error) {
	strategy, ok := strategies[strings.ToLower(m.Strategy)]
	if !ok {
		return storage.MergeResult{}, pgerr.New(pgerrcode.InvalidParameterValue, "unknown merge strategy %q", m.Strategy).
			WithHint("Known strategies: abort, manual, source_wins, target_wins.")
	}
	if s.txn.readOnly && !m.DryRun {
		return storage.MergeResult{}, pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot execute rowan.merge() in a read-only transaction")
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
	if err == nil && !m.DryRun && len(res.Conflicts) == 0 && res.Changed() {
		s.noteMerge(m, res)
	}
	return res, err
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

// mergeBranches is rowan.merge: the first row is the outcome, then one row for each conflict.
func mergeBranches(s *Session, ctx context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
	m := Merge{Source: text(a[0]), Target: s.orBranch(a[1]), Strategy: text(a[2]), DryRun: a[3].B(), Message: text(a[4])}
	res, err := s.Merge(ctx, m)
	if err != nil {
		return err
	}
	status := "merged"
	switch {
	case len(res.Conflicts) > 0:
		status = "conflicts"
	case m.DryRun:
		status = "would merge"
	case !res.Changed():
		status = "up to date"
	}
	outcome := []types.Datum{types.String(status), types.Int(int64(res.SourceHead)), types.Int(int64(res.Base)), types.Int(res.Inserts), types.Int(res.Updates),
		types.Int(res.Deletes), types.Int(int64(len(res.Conflicts)) + res.Resolved)}
	for range 7 {
		outcome = append(outcome, types.Null)
	}
	if !yield(outcome) {
		return nil
	}
	for _, c := range res.Conflicts {
		if !yield(s.conflictRow(c)) {
			return nil
		}
	}
	return nil
}

// conflictRow shows one conflict; the seven columns of the outcome are NULL but for the first.
func (s *Session) conflictRow(c storage.Conflict) []types.Datum {
	row := []types.Datum{types.String("conflict"), types.Null, types.Null, types.Null, types.Null, types.Null, types.Null}
	name := c.Table
	if c.Schema != "" && c.Schema != "public" {
		name = c.Schema + "." + c.Table
	}
	kind := string(c.Type)
	if c.Description != "" {
		kind += ": " + c.Description
	}
	row = append(row, types.String(name), orNull(s.RowID(c)), orNull(c.Column), types.String(kind))
	for _, d := range []types.Datum{c.Base, c.Source, c.Target} {
		row = append(row, s.cellText(c.ColumnType, d))
	}
	return row
}

// RowID shows a conflict's key: its values separated by commas, or in hexadecimal the row's id where the table has no
// primary key.
func (s *Session) RowID(c storage.Conflict) string {
	var b strings.Builder
	if len(c.KeyValues) == 0 && c.Key != "" {
		return fmt.Sprintf("\\x%x", c.Key)
	}
	for i, d := range c.KeyValues {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s.cellText(c.KeyTypes[i], d).S)
	}
	return b.String()
}

func (s *Session) cellText(t types.Type, d types.Datum) types.Datum {
	if d.Null || !t.Known() {
		return types.Null
	}
	return types.String(string(types.AppendText(nil, t, d, &s.settings.format)))
}

package vcs

import (
	"context"
	"fmt"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var rebaseRows = map[string]RowsFunc{"rowan_rebase_branch": rebaseBranch}

// rebaseBranch is rowan.rebase_branch: the branch gets what its parent has, and its own changes on top. Conflicts are shown as
// those of a merge whose source is the branch and whose target is the parent; with any left, nothing is done.
func rebaseBranch(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	name := orBranch(c, a[0])
	dry := a[4].B()
	if dry {
		defer c.Txn().Try()()
	} else {
		if err := c.RefuseReadOnly("rowan.rebase_branch()"); err != nil {
			return err
		}
	}
	if err := (&Merge{Strategy: text(a[1])}).notManual(); err != nil {
		return err
	}
	before := c.Txn().Savepoint()
	o := storage.RebaseOptions{Branch: name, Onto: text(a[2]), Point: text(a[3]), Force: a[5].B()}
	was, onto, err := c.Store().Branches().Rebase(ctx, c.Txn(), o)
	if err == nil && onto != nil {
		err = reads(c)(onto.Branch())
	}
	if err != nil {
		return err
	}
	if was == nil {
		showMerge("up to date", &storage.MergeResult{}, 0, c.Format(), yield)
		return nil
	}
	m := Merge{Target: name, Strategy: text(a[1]), To: was, Onto: onto, DryRun: dry, Message: fmt.Sprintf("REBASE %s", name)}
	res, err := c.Merge(ctx, m)
	status := "rebased"
	switch {
	case err != nil:
	case len(res.Conflicts) > 0:
		status = "conflicts"
	case len(res.Violations) > 0:
		status = "violations"
	case dry:
		status = "would rebase"
	}
	if err != nil || status != "rebased" {
		if back := c.Txn().RollbackTo(before); err == nil {
			err = back
		}
	}
	if err == nil {
		showMerge(status, &res, 0, c.Format(), yield)
	}
	return err
}

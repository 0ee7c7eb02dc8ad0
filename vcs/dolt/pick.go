package dolt

import (
	"context"
	"fmt"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// pickAnswer is what dolt_cherry_pick and dolt_revert return.
func pickAnswer(hash string, rows []*vcs.AppliedRow, yield func([]types.Datum) bool) {
	var conflicts, violations int64
	for _, r := range rows {
		if r.Violation {
			violations++
		} else {
			conflicts++
		}
	}
	yield([]types.Datum{types.String(hash), types.Int(conflicts), types.Int(0), types.Int(violations)})
}

// parentOf is the commit before one, for those that have just one.
func parentOf(ctx context.Context, c vcs.Conn, x *commit) (*commit, error) {
	if len(x.parents) != 1 {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue, "error: the commit %s has %d parents", x.id, len(x.parents)).
			WithDetail("What a merge commit or the first one has done cannot be picked or reverted.")
	}
	p, _, err := anyCommit(ctx, c, x.parents[0])
	if err == nil && p == nil {
		err = pgerr.New(pgerrcode.UndefinedObject, "commit %s is on no branch any more", x.parents[0])
	}
	return p, err
}

// revert is dolt_revert(refs…): one new commit takes back what some have done, one after the other.
func revert(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if err := c.RefuseReadOnly("dolt_revert()"); err != nil {
		return err
	}
	f, err := parse("dolt_revert", list(a[0]), map[string]string{"--author": "author=", "--abort": "abort", "--continue": "continue"})
	if err != nil {
		return err
	}
	if f.has("abort") || f.has("continue") {
		return goOn(ctx, c, f, yield)
	}
	if len(f.rest) == 0 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "error: no commit specified")
	}
	if err := committed(ctx, c, "You must commit any changes before using revert."); err != nil {
		return err
	}
	h, err := commitsOf(ctx, c, c.Branch())
	if err != nil {
		return err
	}
	message := "Revert"
	var steps [][2]*commit
	for i, word := range f.rest {
		x, _, err := resolve(ctx, c, word)
		if err != nil {
			return err
		}
		if x == nil || h.find(x.id) == nil {
			return pgerr.New(pgerrcode.InvalidParameterValue, "%s is no commit of branch %s", word, c.Branch())
		}
		p, err := parentOf(ctx, c, x)
		if err != nil {
			return err
		}
		if i > 0 {
			message += " and"
		}
		message += fmt.Sprintf(" \"%s\"", x.message)
		steps = append(steps, [2]*commit{x, p})
	}
	n := &newCommit{head: h[0], message: message, author: f.values["author"]}
	return n.bring(ctx, c, steps, yield)
}

// cherryPick is dolt_cherry_pick(ref): a commit of another branch is done on this one.
func cherryPick(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if err := c.RefuseReadOnly("dolt_cherry_pick()"); err != nil {
		return err
	}
	f, err := parse("dolt_cherry_pick", list(a[0]), map[string]string{"--allow-empty": "empty", "--abort": "abort", "--continue": "continue", "--skip-verification": "unverified"})
	if err != nil {
		return err
	}
	if f.has("abort") || f.has("continue") {
		return goOn(ctx, c, f, yield)
	}
	if len(f.rest) != 1 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "error: cherry-picking multiple commits is not supported yet")
	}
	if err := committed(ctx, c, "error: your local changes would be overwritten by cherry-pick.\nhint: commit your changes (dolt commit -am \"<message>\") or reset them (dolt reset --hard) to proceed."); err != nil {
		return err
	}
	x, _, err := resolve(ctx, c, f.rest[0])
	if err != nil {
		return err
	}
	if x == nil {
		return pgerr.New(pgerrcode.InvalidParameterValue, "%s is not a commit", f.rest[0])
	}
	p, err := parentOf(ctx, c, x)
	if err != nil {
		return err
	}
	h, err := commitsOf(ctx, c, c.Branch())
	if err != nil {
		return err
	}
	if len(h.ancestors(h[0])) > 0 && h.ancestors(h[0])[x.id] && !f.has("empty") {
		return pgerr.New(pgerrcode.NoData, "nothing to commit")
	}
	n := &newCommit{head: h[0], message: x.message, author: x.author}
	return n.bring(ctx, c, [][2]*commit{{p, x}}, yield)
}

// bring does what lies between commits to the branch, and commits it. With conflicts the commit is left to dolt_commit.
func (n *newCommit) bring(ctx context.Context, c vcs.Conn, steps [][2]*commit, yield func([]types.Datum) bool) error {
	dirty, err := everyChange(ctx, c) // new tables
	if err != nil {
		return err
	}
	for _, s := range steps {
		rows, changed, err := n.step(ctx, c, s)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			if len(steps) > 1 {
				return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: commit %s has conflicts", s[0].id).
					WithHint("Take such commits one by one.")
			}
			pickAnswer("", rows, yield)
			return nil
		}
		if !changed && len(steps) == 1 {
			return pgerr.New(pgerrcode.NoData, "nothing to commit")
		}
	}
	id, err := n.afterMerge(ctx, c, dirty)
	if err == nil {
		err = c.Checkpoint(ctx, false)
	}
	if err == nil {
		pickAnswer(id, nil, yield)
	}
	return err
}

// step does what lies between two commits, and returns the rows that are left to be resolved.
func (n *newCommit) step(ctx context.Context, c vcs.Conn, s [2]*commit) ([]*vcs.AppliedRow, bool, error) {
	m := vcs.Merge{Source: c.Branch(), Target: c.Branch(), Message: n.message}
	var err error
	if m.From, err = c.View(ctx, ref(s[0].place)); err != nil {
		return nil, false, err
	}
	if m.To, err = c.View(ctx, ref(s[1].place)); err != nil {
		return nil, false, err
	}
	id, res, err := vcs.MergeApplied(ctx, c, m, false)
	if err != nil || id == 0 {
		return nil, res.Changed(), err
	}
	rows, err := vcs.AppliedRows(ctx, c)
	return rows, true, err
}

// goOn is --continue and --abort of a cherry-pick or revert that has conflicts.
func goOn(ctx context.Context, c vcs.Conn, f *flags, yield func([]types.Datum) bool) error {
	a, err := vcs.Applied(ctx, c)
	if err != nil {
		return err
	}
	if a == nil {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: There is no cherry-pick or revert to continue or to abort")
	}
	if f.has("abort") {
		err := vcs.AbortApplied(ctx, c, a)
		if err == nil {
			pickAnswer("", nil, yield)
		}
		return err
	}
	id, err := makeCommit(ctx, c, []string{"-a", "-m", a.Message})
	if err == nil {
		pickAnswer(id.S, nil, yield)
	}
	return err
}

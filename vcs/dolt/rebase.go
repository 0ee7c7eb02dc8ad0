package dolt

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// rebaseSteps is the plan of a rebase, the relation dolt.rebase. It lies on the branch on which the rebase works; orders are
// numbers in their text form, so that a step can be put between two others.
var rebaseSteps = systable.New(9, "dolt_rebase", 1, systable.Column{Name: "rebase_order", Type: types.OIDNumeric},
	systable.Column{Name: "action", Type: types.OIDText}, systable.Column{Name: "commit_hash", Type: types.OIDText},
	systable.Column{Name: "commit_message", Type: types.OIDText})

// rebasing is the beginning of the name of the branch on which a rebase works.
const rebasing = "dolt_rebase_"

// rebase is dolt_rebase('-i', upstream), ('--continue') and ('--abort'), and without arguments the relation dolt.rebase.
func rebase(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if len(a) == 0 {
		return listSteps(ctx, c, yield)
	}
	if err := c.RefuseReadOnly("dolt_rebase()"); err != nil {
		return err
	}
	f, err := parse("dolt_rebase", list(a[0]), map[string]string{"-i": "interactive", "--interactive": "interactive", "--continue": "continue", "--abort": "abort",
		"--empty": "empty=", "--skip-verification": "unverified"})
	if err != nil {
		return err
	}
	if err := c.Checkpoint(ctx, false); err != nil {
		return err
	}
	var message string
	switch {
	case f.has("continue"):
		message, err = continueRebase(ctx, c)
	case f.has("abort"):
		message, err = "Interactive rebase aborted", endRebase(ctx, c, strings.TrimPrefix(c.Branch(), rebasing))
	case len(f.rest) != 1:
		err = pgerr.New(pgerrcode.InvalidParameterValue, "not enough args")
	default:
		message, err = startRebase(ctx, c, f.rest[0])
		if err == nil && !f.has("interactive") {
			message, err = continueRebase(ctx, c)
		}
	}
	if err == nil {
		yield([]types.Datum{done, types.String(message)})
	}
	return err
}

// startRebase makes the branch on which the rebase works, and the plan: all that the session's branch has and upstream
// has not.
func startRebase(ctx context.Context, c vcs.Conn, upstream string) (string, error) {
	branch := c.Branch()
	if strings.HasPrefix(branch, rebasing) {
		return "", pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "unable to start rebase while another rebase is in progress – abort the current rebase before proceeding")
	}
	if err := committed(ctx, c, "cannot start a rebase with uncommitted changes"); err != nil {
		return "", err
	}
	h, err := commitsOf(ctx, c, branch)
	if err != nil {
		return "", err
	}
	onto, place, err := resolve(ctx, c, upstream)
	if err != nil {
		return "", err
	}
	if onto == nil {
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "%s is not a commit", upstream)
	}
	up, _ := split(place)
	uh, err := commitsOf(ctx, c, up)
	if err != nil {
		return "", err
	}
	has, mine := uh.ancestors(onto), h.ancestors(h[0])
	var plan []*commit
	for _, x := range h {
		if mine[x.id] && !has[x.id] && len(x.parents) == 1 { // merges are left out, as Dolt leaves them
			plan = append([]*commit{x}, plan...)
		}
	}
	if len(plan) == 0 {
		return "", pgerr.New(pgerrcode.NoData, "didn't identify any commits!")
	}
	if err := newBranch(ctx, c, rebasing+branch, place); err != nil {
		return "", err
	}
	if err := c.SetBranch(rebasing + branch); err != nil {
		return "", err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return "", err
	}
	if err := forgetPlan(ctx, c); err != nil { // a commit of an earlier rebase may have it
		return "", err
	}
	for i, x := range plan {
		if err := putStep(ctx, c, v, types.Datum{}, fmt.Sprintf("%d.00", i+1), "pick", x.id, x.message); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("interactive rebase started on branch %s; adjust the rebase plan in the dolt_rebase table, then continue rebasing by calling dolt_rebase('--continue')", rebasing+branch), c.Checkpoint(ctx, true)
}

// step is a row of the plan.
type step struct {
	order                 types.Datum
	action, hash, message string
}

func plan(ctx context.Context, c vcs.Conn) ([]step, error) {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return nil, err
	}
	var out []step
	err = rebaseSteps.Scan(ctx, c.Txn(), v, nil, func(r systable.Row) bool {
		out = append(out, step{r[0], r[1].S, r[2].S, r[3].S})
		return true
	})
	return out, err
}

// listSteps is the relation dolt.rebase.
func listSteps(ctx context.Context, c vcs.Conn, yield func([]types.Datum) bool) error {
	if !strings.HasPrefix(c.Branch(), rebasing) {
		return pgerr.New(pgerrcode.UndefinedTable, "relation \"dolt_rebase\" does not exist").WithHint("It is there during a rebase.")
	}
	list, err := plan(ctx, c)
	for _, s := range list {
		if !yield([]types.Datum{s.order, types.String(s.action), types.String(s.hash), types.String(s.message)}) {
			break
		}
	}
	return err
}

var rebaseActions = map[string]bool{"pick": true, "reword": true, "squash": true, "fixup": true, "drop": true}

// result is a commit that a rebase is to make: the commits that go into it, with a message.
type result struct {
	commits []*commit
	message string
}

// continueRebase carries the plan out, and makes the branch what comes of it. Each commit is a transaction of its own.
func continueRebase(ctx context.Context, c vcs.Conn) (string, error) {
	work := c.Branch()
	branch, ok := strings.CutPrefix(work, rebasing)
	if !ok {
		return "", pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "no rebase in progress")
	}
	results, err := planned(ctx, c)
	if err != nil {
		return "", err
	}
	for _, r := range results {
		if err := r.make(ctx, c); err != nil {
			if back := endRebase(ctx, c, branch); back != nil {
				return "", back
			}
			return "", err
		}
	}
	if err := forgetPlan(ctx, c); err != nil {
		return "", err
	}
	if err := c.Checkpoint(ctx, true); err != nil {
		return "", err
	}
	if _, err := query(ctx, c, "SELECT rowan.reset_branch("+quote(branch)+", NULL, source => "+quote(work)+")"); err != nil {
		return "", err
	}
	if err := c.SetBranch(branch); err != nil {
		return "", err
	}
	// The commits lie on the branch on which the rebase worked: it stays, and is seen no more.
	_, err = c.Store().Branches().Alter(ctx, c.Database().OID, work, func(b *storage.Branch) error {
		b.Name, b.Hidden = ".dolt/"+branch+"/"+strconv.FormatUint(c.Txn().ID(), 10), true
		return nil
	})
	if err == nil {
		err = c.Checkpoint(ctx, true)
	}
	return fmt.Sprintf("Successfully rebased and updated refs/heads/%s", branch), err
}

// planned reads the plan: what is to be squashed goes into the commit before.
func planned(ctx context.Context, c vcs.Conn) ([]*result, error) {
	steps, err := plan(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []*result
	for _, s := range steps {
		action := strings.ToLower(s.action)
		if !rebaseActions[action] {
			return nil, pgerr.New(pgerrcode.InvalidParameterValue, "unsupported rebase action: %s", s.action)
		}
		if action == "drop" {
			continue
		}
		x, _, err := anyCommit(ctx, c, s.hash)
		if err != nil {
			return nil, err
		}
		if x == nil {
			return nil, pgerr.New(pgerrcode.UndefinedObject, "invalid commit hash: %s", s.hash)
		}
		if action == "pick" || action == "reword" {
			r := &result{[]*commit{x}, x.message}
			if action == "reword" {
				r.message = s.message
			}
			out = append(out, r)
			continue
		}
		if len(out) == 0 {
			return nil, pgerr.New(pgerrcode.InvalidParameterValue, "invalid rebase plan: squash and fixup actions must appear after a pick or reword action")
		}
		last := out[len(out)-1]
		last.commits = append(last.commits, x)
		if action == "squash" {
			last.message += "\n\n" + x.message
		}
	}
	return out, nil
}

func (r *result) make(ctx context.Context, c vcs.Conn) error {
	h, err := commitsOf(ctx, c, c.Branch())
	if err != nil {
		return err
	}
	for _, x := range r.commits {
		p, err := parentOf(ctx, c, x)
		if err != nil {
			return err
		}
		res, err := vcs.Bring(ctx, c, ref(p.place), ref(x.place), vcs.Merge{Strategy: "abort", Message: r.message})
		if err != nil {
			return err
		}
		if len(res.Conflicts)+len(res.Violations) > 0 {
			return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "merge conflict detected while rebasing commit %s. the rebase has been automatically aborted", x.id)
		}
	}
	n := &newCommit{head: h[0], message: r.message, author: r.commits[0].author}
	if _, err := n.make(ctx, c); err != nil {
		return err
	}
	return c.Checkpoint(ctx, true)
}

// endRebase goes back to the branch and drops the one on which the rebase worked.
func endRebase(ctx context.Context, c vcs.Conn, branch string) error {
	work := rebasing + branch
	if c.Branch() != work {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "no rebase in progress")
	}
	if err := c.SetBranch(branch); err != nil {
		return err
	}
	if _, err := query(ctx, c, "SELECT rowan.drop_branch("+quote(work)+", force => true)"); err != nil {
		return err
	}
	return c.Checkpoint(ctx, true)
}

func forgetPlan(ctx context.Context, c vcs.Conn) error {
	list, err := plan(ctx, c)
	if err != nil {
		return err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	for _, s := range list {
		if _, err := rebaseSteps.Delete(ctx, c.Txn(), v, s.order); err != nil {
			return err
		}
	}
	return nil
}

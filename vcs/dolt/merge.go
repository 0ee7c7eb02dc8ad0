package dolt

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

var mergeFlags = map[string]string{
	"--no-ff": "no-ff", "--ff-only": "ff-only", "--squash": "squash", "-m": "message=", "--message": "message=", "--abort": "abort", "--commit": "commit",
	"--no-commit": "no-commit", "--author": "author=", "--no-edit": "no-edit", "--skip-verification": "unverified", "-f": "force", "--force": "force",
}

// merge is dolt_merge(branch, …) and ('--abort'): the commits of a branch, not what it has beyond them, come into the
// session's branch. Like Dolt's it commits the transaction before, and after unless there are conflicts.
func merge(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if err := c.RefuseReadOnly("dolt_merge()"); err != nil {
		return err
	}
	f, err := parse("dolt_merge", list(a[0]), mergeFlags)
	if err != nil {
		return err
	}
	if err := c.Checkpoint(ctx, false); err != nil {
		return err
	}
	out := mergeAnswer{}
	switch {
	case f.has("abort"):
		out.message = "merge aborted"
		err = abortMerge(ctx, c)
	case len(f.rest) != 1:
		return errUsage
	case f.has("squash") && f.has("no-ff"):
		return pgerr.New(pgerrcode.InvalidParameterValue, "error: Flags '--squash' and '--no-ff' cannot be used together.")
	default:
		out, err = mergeBranch(ctx, c, f)
	}
	if err == nil && !out.conflicts { // a ROLLBACK undoes a merge with conflicts
		err = c.Checkpoint(ctx, false)
	}
	if err != nil {
		return err
	}
	yield([]types.Datum{types.String(out.hash), types.Int(int64(b2i(out.ff))), types.Int(int64(b2i(out.conflicts))), types.String(out.message)})
	return nil
}

type mergeAnswer struct {
	hash          string
	ff, conflicts bool
	message       string
}

const (
	merged         = "merge successful"
	conflictsFound = "conflicts found"
)

// abortMerge takes back what a merge has done, or forgets one that rowan.merge has left to wait.
func abortMerge(ctx context.Context, c vcs.Conn) error {
	a, err := vcs.Applied(ctx, c)
	switch {
	case err != nil:
		return err
	case a != nil:
		return vcs.AbortApplied(ctx, c, a)
	}
	rows, err := query(ctx, c, "SELECT id FROM rowan.merges() WHERE status = 'pending' AND target = "+quote(c.Branch()))
	if err == nil && len(rows) == 0 {
		err = pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "fatal: There is no merge to abort")
	}
	if err == nil {
		_, err = query(ctx, c, "SELECT rowan.abort_merge("+scnPoint(rows[0][0].I)+")")
	}
	return err
}

// notMerging refuses to begin what has to wait for a merge.
func notMerging(ctx context.Context, c vcs.Conn) error {
	if a, err := vcs.Applied(ctx, c); a == nil || err != nil {
		return err
	}
	return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: Merging is not possible because you have not committed an active merge.").
		WithHint("Commit it with dolt_commit, or give it up with dolt_merge('--abort').")
}

func mergeBranch(ctx context.Context, c vcs.Conn, f *flags) (mergeAnswer, error) {
	var out mergeAnswer
	if err := notMerging(ctx, c); err != nil {
		return out, err
	}
	word := f.rest[0]
	theirs, place, err := resolve(ctx, c, word)
	if err != nil {
		return out, err
	}
	if theirs == nil {
		return out, pgerr.New(pgerrcode.InvalidParameterValue, "%s is not a commit", word)
	}
	branch, _ := split(place)
	h, err := commitsOf(ctx, c, branch)
	if err != nil {
		return out, err
	}
	ours, err := commitsOf(ctx, c, c.Branch())
	if err != nil {
		return out, err
	}
	if ours.ancestors(ours[0])[theirs.id] {
		return mergeAnswer{hash: ours[0].id, message: "Everything up-to-date"}, nil
	}
	dirty, err := notStomped(ctx, c, theirs, ours[0])
	if err != nil {
		return out, err
	}
	if _, err := recordHead(ctx, c, ours[0]); err != nil {
		return out, err
	}
	m := vcs.Merge{Source: branch, SourcePoint: theirs.id, Target: c.Branch(), Message: f.values["message"]}
	if len(theirs.parents) == 0 {
		_, m.SourcePoint = split(place)
	}
	if m.Message == "" {
		m.Message = fmt.Sprintf("Merge branch '%s' into %s", word, c.Branch())
	}
	ff := h.ancestors(theirs)[ours[0].id] && !f.has("no-ff")
	switch {
	case !ff && f.has("ff-only"):
		return out, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "fatal: Not possible to fast-forward, aborting.")
	case f.has("squash"):
		return squashed(ctx, c, m)
	case f.has("no-commit") && !ff:
		return uncommitted(ctx, c, m)
	}
	res, err := c.Merge(ctx, m)
	if err != nil {
		return out, err
	}
	if len(res.Conflicts)+len(res.Violations) > 0 {
		return uncommitted(ctx, c, m)
	}
	c.Txn().Statement()
	if ff {
		return mergeAnswer{theirs.id, true, false, merged}, nil
	}
	n := &newCommit{head: ours[0], message: m.Message, author: f.values["author"]}
	if len(theirs.parents) > 0 {
		n.merged = []string{theirs.id}
	}
	id, err := n.afterMerge(ctx, c, dirty)
	return mergeAnswer{id, false, false, merged}, err
}

// squashed merges into the branch as it is: no commit will tell of it.
func squashed(ctx context.Context, c vcs.Conn, m vcs.Merge) (mergeAnswer, error) {
	m.Record = storage.RecordNever
	id, _, err := vcs.MergeApplied(ctx, c, m, false)
	if id != 0 {
		return mergeAnswer{conflicts: true, message: conflictsFound}, err
	}
	return mergeAnswer{message: merged}, err
}

// uncommitted merges and leaves the commit to dolt_commit, conflicts or no.
func uncommitted(ctx context.Context, c vcs.Conn, m vcs.Merge) (mergeAnswer, error) {
	_, _, err := vcs.MergeApplied(ctx, c, m, true)
	if err != nil {
		return mergeAnswer{}, err
	}
	rows, err := vcs.AppliedRows(ctx, c)
	if len(rows) > 0 {
		return mergeAnswer{conflicts: true, message: conflictsFound}, err
	}
	return mergeAnswer{message: "Automatic merge went well; stopped before committing as requested"}, err
}

// afterMerge commits what a merge has changed, without what was changed before it.
func (n *newCommit) afterMerge(ctx context.Context, c vcs.Conn, dirty []change) (string, error) {
	now, err := summary(ctx, c, n.head.place, c.Branch())
	if err != nil {
		return "", err
	}
	before := map[string]bool{}
	for _, x := range dirty {
		before[x.table] = true
	}
	n.take, n.left = map[string]string{}, dirty
	for _, t := range now {
		if !before[t.name()] {
			n.take[t.name()] = c.Branch()
		}
	}
	return n.make(ctx, c)
}

// notStomped refuses a merge into tables that have changed since the last commit. It returns those that have.
func notStomped(ctx context.Context, c vcs.Conn, theirs, ours *commit) ([]change, error) {
	dirty, err := everyChange(ctx, c)
	if err != nil || len(dirty) == 0 {
		return nil, err
	}
	list, err := summary(ctx, c, ours.place, theirs.place)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		for _, x := range dirty {
			if t.name() == x.table {
				return nil, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: local changes would be stomped by merge:\n\t%s\n Please commit your changes before you merge.",
					strings.TrimPrefix(shown(x.table), "public."))
			}
		}
	}
	return dirty, nil
}

// clean working set, or the error that a command has for one that is not.
func committed(ctx context.Context, c vcs.Conn, format string, args ...any) error {
	if err := notMerging(ctx, c); err != nil {
		return err
	}
	dirty, err := changes(ctx, c)
	for _, x := range dirty {
		if err == nil && (x.staged || x.status != "new table") {
			return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, format, args...)
		}
	}
	return err
}

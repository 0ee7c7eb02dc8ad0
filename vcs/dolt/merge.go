package dolt

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

var mergeFlags = map[string]string{
	"--no-ff": "no-ff", "--ff-only": "ff-only", "--squash": "squash", "-m": "message=", "--message": "message=", "--abort": "abort", "--commit": "commit",
	"--no-commit": "no-commit", "--author": "author=", "--no-edit": "no-edit", "--skip-verification": "skip",
}

// merge is dolt_merge(branch, …) and ('--abort'): the commits of a branch, not what it has beyond them, come into the
// session's branch.
func merge(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if err := c.RefuseReadOnly("dolt_merge()"); err != nil {
		return err
	}
	f, err := parse("dolt_merge", list(a[0]), mergeFlags)
	if err != nil {
		return err
	}
	answer := func(hash string, ff bool, conflicts int64, message string) {
		yield([]types.Datum{types.String(hash), types.Int(int64(b2i(ff))), types.Int(conflicts), types.String(message)})
	}
	switch {
	case f.has("abort"):
		if _, err := query(ctx, c, "SELECT rowan.abort_merge()"); err != nil {
			return err
		}
		answer("", false, 0, "merge aborted")
		return nil
	case f.has("squash") || f.has("no-commit"):
		return pgerr.Unsupported("dolt_merge without a commit")
	case len(f.rest) != 1:
		return pgerr.New(pgerrcode.InvalidParameterValue, "error: invalid usage")
	}
	return mergeBranch(ctx, c, f, answer)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func mergeBranch(ctx context.Context, c vcs.Conn, f *flags, answer func(hash string, ff bool, conflicts int64, message string)) error {
	source := f.rest[0]
	theirs, h, err := named(ctx, c, source)
	if err != nil {
		return err
	}
	if theirs == nil {
		return pgerr.New(pgerrcode.UndefinedObject, "branch not found: %s", source)
	}
	ours, err := commitsOf(ctx, c, c.Branch())
	if err != nil {
		return err
	}
	if ours.ancestors(ours[0])[theirs.id] {
		answer(ours[0].id, false, 0, "Everything up-to-date")
		return nil
	}
	if err := notStomped(ctx, c, theirs, ours[0]); err != nil {
		return err
	}
	dirty, err := changes(ctx, c)
	if err != nil {
		return err
	}
	ff := h.ancestors(theirs)[ours[0].id] && len(dirty) == 0 && !f.has("no-ff")
	if !ff && f.has("ff-only") {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "fatal: Not possible to fast-forward, aborting.")
	}
	message := f.values["message"]
	if message == "" {
		message = fmt.Sprintf("Merge branch '%s' into %s", source, c.Branch())
	}
	branch, point := split(theirs.place)
	rows, err := query(ctx, c, "SELECT status, conflicts, table_name, detail FROM rowan.merge("+quote(branch)+", target => "+quote(c.Branch())+
		", strategy => 'manual', as_of => "+quote(point)+", message => "+quote(message)+")")
	if err != nil {
		return err
	}
	switch rows[0][0].S {
	case "conflicts":
		answer("", false, 1, "conflicts found")
		return nil
	case "violations":
		return pgerr.New(pgerrcode.IntegrityConstraintViolation, "error: the merge breaks constraints").WithDetail("%s: %s", rows[1][2].S, rows[1][3].S)
	}
	c.Txn().Statement()
	if ff {
		answer(theirs.id, true, 0, "merge successful")
		return nil
	}
	id, err := commitNow(ctx, c, message, f.values["author"])
	if err != nil {
		return err
	}
	answer(id.S, false, 0, "merge successful")
	return nil
}

// notStomped refuses a merge into tables that have changed since the last commit.
func notStomped(ctx context.Context, c vcs.Conn, theirs, ours *commit) error {
	dirty, err := changes(ctx, c)
	if err != nil || len(dirty) == 0 {
		return err
	}
	rows, err := query(ctx, c, "SELECT coalesce(to_table_name, from_table_name) FROM rowan.diff_summary("+quote(ours.place)+", "+quote(theirs.place)+")")
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, x := range dirty {
			if fullName(r[0].S) == x.table {
				return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: local changes would be stomped by merge:\n\t%s\n Please commit your changes before you merge.",
					strings.TrimPrefix(x.table, "public."))
			}
		}
	}
	return nil
}

// resolveConflicts is dolt_conflicts_resolve('--ours' | '--theirs', tables… | '.').
func resolveConflicts(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_conflicts_resolve", args, map[string]string{"--ours": "ours", "--theirs": "theirs"})
	if err != nil {
		return types.Null, err
	}
	if f.has("ours") == f.has("theirs") {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "--ours or --theirs must be supplied")
	}
	if len(f.rest) == 0 {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "specify at least one table to resolve conflicts")
	}
	side := "source"
	if f.has("ours") {
		side = "target"
	}
	for _, t := range f.rest {
		table := strings.TrimPrefix(t, "public.")
		if t == "." {
			table = ""
		}
		if _, err := query(ctx, c, "SELECT rowan.resolve_conflicts(side => "+quote(side)+", table_name => "+quote(table)+")"); err != nil {
			return types.Null, err
		}
	}
	return done, nil
}

// span are the transactions that a commit is made of: from the first after its parent through its own.
func (h history) span(ctx context.Context, c vcs.Conn, x *commit) (first, last string, err error) {
	if len(x.parents) != 1 {
		return "", "", pgerr.New(pgerrcode.InvalidParameterValue, "error: the commit %s has %d parents", x.id, len(x.parents))
	}
	p := h.find(x.parents[0])
	if p == nil {
		return "", "", pgerr.Internal("commit %s has no parent", x.id)
	}
	branch, _ := split(x.place)
	d, err := value(ctx, c, fmt.Sprintf("SELECT min(scn) FROM rowan.log(%s, 1000000) WHERE scn > %d AND scn <= %d", quote(branch), p.scn, x.scn))
	if err != nil {
		return "", "", err
	}
	if d.Null {
		return "", "", pgerr.New(pgerrcode.InvalidParameterValue, "error: the commit %s is not one of branch %s", x.id, branch)
	}
	return fmt.Sprint(d.I), fmt.Sprint(x.scn), nil
}

// revert is dolt_revert(refs…): each commit is taken back by one of its own.
func revert(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_revert", args, map[string]string{"--author": "author="})
	if err != nil {
		return types.Null, err
	}
	if len(f.rest) == 0 {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "error: no commit specified")
	}
	for _, ref := range f.rest {
		x, _, err := resolve(ctx, c, ref)
		if err != nil {
			return types.Null, err
		}
		h, err := commitsOf(ctx, c, c.Branch())
		if err != nil {
			return types.Null, err
		}
		if x == nil || h.find(x.id) == nil {
			return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "%s is no commit of branch %s", ref, c.Branch())
		}
		first, last, err := h.span(ctx, c, x)
		if err != nil {
			return types.Null, err
		}
		message := fmt.Sprintf("Revert %q", x.message)
		status, err := value(ctx, c, "SELECT status FROM rowan.revert("+quote(first)+", through => "+quote(last)+", message => "+quote(message)+") LIMIT 1")
		if err != nil {
			return types.Null, err
		}
		if status.S == "conflicts" || status.S == "violations" {
			return types.Null, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: revert of %s has %s", x.id, status.S)
		}
		c.Txn().Statement()
		if _, err := commitNow(ctx, c, message, f.values["author"]); err != nil {
			return types.Null, err
		}
		c.Txn().Statement()
	}
	return done, nil
}

// cherryPick is dolt_cherry_pick(ref): a commit of another branch is done on this one.
func cherryPick(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if err := c.RefuseReadOnly("dolt_cherry_pick()"); err != nil {
		return err
	}
	f, err := parse("dolt_cherry_pick", list(a[0]), map[string]string{"--allow-empty": "empty"})
	if err != nil {
		return err
	}
	if len(f.rest) != 1 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "error: cherry-picking multiple commits is not supported yet")
	}
	x, place, err := resolve(ctx, c, f.rest[0])
	if err != nil {
		return err
	}
	if x == nil {
		return pgerr.New(pgerrcode.InvalidParameterValue, "%s is not a commit", f.rest[0])
	}
	branch, _ := split(place)
	h, err := commitsOf(ctx, c, branch)
	if err != nil {
		return err
	}
	first, last, err := h.span(ctx, c, x)
	if err != nil {
		return err
	}
	status, err := value(ctx, c, "SELECT status FROM rowan.cherry_pick("+quote(branch)+", "+quote(first)+", through => "+quote(last)+", target => "+quote(c.Branch())+
		", message => "+quote(x.message)+") LIMIT 1")
	if err != nil {
		return err
	}
	switch status.S {
	case "conflicts", "violations":
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: cherry-pick of %s has %s", x.id, status.S)
	case "up to date":
		if !f.has("empty") {
			return pgerr.New(pgerrcode.NoData, "nothing to commit")
		}
	}
	c.Txn().Statement()
	id, err := commitNow(ctx, c, x.message, x.author)
	if err != nil {
		return err
	}
	yield([]types.Datum{id, types.Int(0), types.Int(0), types.Int(0)})
	return nil
}

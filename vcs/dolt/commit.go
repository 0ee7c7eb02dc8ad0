package dolt

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

var commitFlags = map[string]string{
	"-a": "all", "--all": "all", "-A": "ALL", "--ALL": "ALL", "-m": "message=", "--message": "message=", "--author": "author=", "--date": "date=",
	"--allow-empty": "empty", "--skip-empty": "skip", "-f": "force", "--force": "force", "--amend": "amend", "--skip-verification": "unverified",
}

// makeCommit is dolt_commit(…). A merge that waits for its conflicts is completed by it. Like Dolt's it commits the
// transaction, too.
func makeCommit(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_commit", args, commitFlags)
	if err != nil {
		return types.Null, err
	}
	if f.has("empty") && f.has("skip") {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "error: cannot use both --allow-empty and --skip-empty")
	}
	n, err := f.newCommit(ctx, c)
	if err != nil {
		return types.Null, err
	}
	merging, err := n.finishMerge(ctx, c, f.has("force"))
	if err != nil {
		return types.Null, err
	}
	if err := n.stage(ctx, c, f); err != nil {
		return types.Null, err
	}
	if len(n.take) == 0 && !merging && !f.has("empty") && (n.replaces == "" || len(args) == 0) {
		if f.has("skip") {
			return types.String(""), nil
		}
		return types.Null, pgerr.New(pgerrcode.NoData, "nothing to commit")
	}
	id, err := n.make(ctx, c)
	if err == nil {
		err = c.Checkpoint(ctx, false)
	}
	return types.String(id), err
}

// CommitTransaction commits all that has changed, if anything has and no merge waits for its conflicts.
func CommitTransaction(ctx context.Context, c vcs.Conn, message string) error {
	if a, err := vcs.Applied(ctx, c); a != nil || err != nil {
		return err
	}
	f := &flags{values: map[string]string{"ALL": "", "message": message}}
	n, err := f.newCommit(ctx, c)
	if err == nil {
		err = n.stage(ctx, c, f)
	}
	if err == nil && len(n.take) > 0 {
		_, err = n.make(ctx, c)
	}
	return err
}

// newCommit is a commit to be made on the session's branch: on top of head, with the state that some tables have.
type newCommit struct {
	head            *commit
	message, author string
	date            *types.Datum
	replaces        string            // the id of the commit that is amended
	take            map[string]string // tables, and the place where each is as it is to be committed
	merged          []string          // the ids of the commits that were merged
	native          bool              // a merge of rowan.merge was completed: it has brought its commits
	left            []change          // what is not committed
}

func (f *flags) newCommit(ctx context.Context, c vcs.Conn) (*newCommit, error) {
	h, err := commitsOf(ctx, c, c.Branch())
	if err != nil {
		return nil, err
	}
	n := &newCommit{head: h[0], message: f.values["message"], author: f.values["author"], take: map[string]string{}}
	if f.has("amend") {
		if len(h) == 1 {
			return nil, pgerr.New(pgerrcode.InvalidParameterValue, "error: there is no commit to amend")
		}
		n.replaces = h[0].id
		if n.message == "" {
			n.message = h[0].message
		}
		if n.author == "" {
			n.author = h[0].author
		}
	}
	if n.message == "" {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue, "Must provide commit message.")
	}
	if text, ok := f.values["date"]; ok {
		d, err := types.ParseText(types.Of(types.Builtin(types.OIDTimestamptz)), text, c.Format())
		if err != nil {
			return nil, pgerr.New(pgerrcode.InvalidParameterValue, "error: '%s' is not in a supported format.", text)
		}
		n.date = &d
	}
	return n, nil
}

// finishMerge completes the merge into the branch that waits, if there is one: it is recorded, and what it has changed
// is part of the commit.
func (n *newCommit) finishMerge(ctx context.Context, c vcs.Conn, force bool) (bool, error) {
	a, err := vcs.Applied(ctx, c)
	if err != nil {
		return false, err
	}
	if a == nil {
		n.native, err = completeMerge(ctx, c, n.message)
		return n.native, err
	}
	rows, err := a.Rows(ctx, c)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		switch {
		case !r.Violation:
			return false, errUnresolved
		case !force:
			return false, pgerr.New(pgerrcode.IntegrityConstraintViolation, "error: the table(s) %s have constraint violations", r.Name).
				WithHint("dolt_constraint_violations has them. Repair the rows and delete the violations, or commit with --force.")
		}
	}
	dirty, err := summary(ctx, c, n.head.place, c.Branch()+"@"+scnPoint(int64(a.Before)))
	if err != nil {
		return false, err
	}
	now, err := summary(ctx, c, n.head.place, c.Branch())
	if err != nil {
		return false, err
	}
	for _, t := range now {
		if !slices.ContainsFunc(dirty, func(d tableChange) bool { return d.name() == t.name() }) {
			n.take[t.name()] = c.Branch()
		}
	}
	if x := sourceCommit(ctx, c, a); x != nil && len(x.parents) > 0 {
		n.merged = []string{x.id}
	}
	return true, vcs.FinishApplied(ctx, c, a)
}

var errUnresolved = pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: the table(s) have unresolved conflicts").
	WithHint("dolt_conflicts has them; resolve them with dolt_conflicts_resolve.")

// stage finds what is to be committed: what is staged, and with -a all that has changed, with -A new tables too.
func (n *newCommit) stage(ctx context.Context, c vcs.Conn, f *flags) error {
	all, err := everyChange(ctx, c)
	if err != nil {
		return err
	}
	for _, x := range all {
		switch {
		case x.ignored:
		case f.has("ALL"), f.has("all") && (x.staged || x.status != "new table"):
			n.take[x.table] = c.Branch()
		case x.staged:
			n.take[x.table] = x.place
			if !slices.ContainsFunc(all, func(y change) bool { return !y.staged && y.table == x.table }) {
				n.take[x.table] = c.Branch() // it has not changed since
			}
		}
	}
	for _, x := range all {
		if !x.staged && n.take[x.table] != c.Branch() {
			n.left = append(n.left, x)
		}
	}
	return nil
}

// make makes the commit and forgets what was staged for it. Where all that has changed is in it, it is the branch as it is;
// else its state is written to a hidden branch, which has what the last commit had, and the tables that are taken.
func (n *newCommit) make(ctx context.Context, c vcs.Conn) (string, error) {
	side, err := recordHead(ctx, c, n.head)
	if err != nil {
		return "", err
	}
	if err := unstage(ctx, c, nil); err != nil {
		return "", err
	}
	o := vcs.CommitOptions{Message: n.message, Author: n.author, Date: n.date, Replaces: n.replaces, Parents: n.parents()}
	if len(n.left) > 0 {
		if o.State, err = n.writeState(ctx, c, side); err != nil {
			return "", err
		}
	}
	id, err := vcs.Commit(ctx, c, o)
	if err == nil {
		c.Txn().Statement()
	}
	return id, err
}

// parents are those of the commit to be made; nil: as the branch has them.
func (n *newCommit) parents() []string {
	switch {
	case n.replaces != "" || n.native:
		return nil
	case len(n.head.parents) == 0: // what every database begins with is no commit of Rowan's
		return n.merged
	}
	return append([]string{n.head.id}, n.merged...)
}

// completeMerge completes the merge into the branch that rowan.merge has left to wait, if there is one.
func completeMerge(ctx context.Context, c vcs.Conn, message string) (bool, error) {
	rows, err := query(ctx, c, "SELECT id, unresolved FROM rowan.merges() WHERE status = 'pending' AND target = "+quote(c.Branch()))
	if err != nil || len(rows) == 0 {
		return false, err
	}
	if rows[0][1].I > 0 {
		return false, errUnresolved
	}
	status, err := value(ctx, c, "SELECT status FROM rowan.complete_merge("+scnPoint(rows[0][0].I)+", message => "+quote(message)+") LIMIT 1")
	if err != nil {
		return false, err
	}
	if status.S == "conflicts" || status.S == "violations" {
		return false, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: the merge has new %s", status.S)
	}
	c.Txn().Statement()
	return true, nil
}

// tag is dolt_tag(name [, ref]) and ('-d', name).
func tag(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_tag", args, map[string]string{"-d": "delete", "--delete": "delete", "-m": "message=", "--message": "message=", "--author": "author="})
	if err != nil {
		return types.Null, err
	}
	if len(f.rest) == 0 || len(f.rest) > 2 && !f.has("delete") {
		return types.Null, errUsage
	}
	if f.has("delete") {
		for _, name := range f.rest {
			if _, err := query(ctx, c, "SELECT rowan.drop_tag("+quote(name)+")"); err != nil {
				return types.Null, err
			}
		}
		return done, nil
	}
	ref := head
	if len(f.rest) == 2 {
		ref = f.rest[1]
	}
	_, place, err := resolve(ctx, c, ref)
	if err != nil {
		return types.Null, err
	}
	branch, point := split(place)
	_, err = query(ctx, c, "SELECT rowan.create_tag("+quote(f.rest[0])+", branch => "+quote(branch)+", as_of => "+quote(point)+", message => "+quote(f.values["message"])+")")
	return done, err
}

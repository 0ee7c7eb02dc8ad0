package dolt

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

var commitFlags = map[string]string{
	"-a": "all", "--all": "all", "-A": "ALL", "--ALL": "ALL", "-m": "message=", "--message": "message=", "--author": "author=", "--date": "date=",
	"--allow-empty": "empty", "--skip-empty": "skip", "-f": "force", "--force": "force", "--amend": "amend",
}

// makeCommit is dolt_commit(…). A merge that waits for its conflicts is completed first.
func makeCommit(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_commit", args, commitFlags)
	if err != nil {
		return types.Null, err
	}
	if f.has("amend") {
		return types.Null, pgerr.Unsupported("dolt_commit --amend")
	}
	if f.values["message"] == "" {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "Must provide commit message.")
	}
	merged, err := completeMerge(ctx, c, f.values["message"])
	if err != nil {
		return types.Null, err
	}
	if !merged {
		empty, err := nothingStaged(ctx, c, f)
		if err != nil {
			return types.Null, err
		}
		if empty && f.has("skip") {
			return types.String(""), nil
		}
		if empty && !f.has("empty") {
			return types.Null, pgerr.New(pgerrcode.NoData, "nothing to commit")
		}
	}
	return commitNow(ctx, c, f.values["message"], f.values["author"])
}

// commitNow makes a named commit of what the branch is, and forgets what was staged for it.
func commitNow(ctx context.Context, c vcs.Conn, message, author string) (types.Datum, error) {
	if err := unstage(ctx, c, nil); err != nil {
		return types.Null, err
	}
	return value(ctx, c, "SELECT rowan.commit("+quote(message)+", author => "+quote(author)+")")
}

// nothingStaged reports whether the commit would be empty. One that would leave changes out is refused: a commit of
// Rowan's is the branch as it is.
func nothingStaged(ctx context.Context, c vcs.Conn, f *flags) (bool, error) {
	all, err := changes(ctx, c)
	if err != nil {
		return false, err
	}
	in := func(x change) bool { return x.staged || f.has("ALL") || f.has("all") && x.status != "new table" }
	taken := slices.ContainsFunc(all, in)
	i := slices.IndexFunc(all, func(x change) bool { return !in(x) })
	if taken && i >= 0 {
		return false, pgerr.Unsupported("a commit that leaves changed tables out").
			WithDetail("Table %s has changed and is not staged.", all[i].table).WithHint("Stage everything with dolt_add('-A'), or commit with -A.")
	}
	return !taken, nil
}

// completeMerge completes the merge into the branch that waits, if there is one.
func completeMerge(ctx context.Context, c vcs.Conn, message string) (bool, error) {
	p, err := pendingMerge(ctx, c)
	if p == nil || err != nil {
		return false, err
	}
	if p.unresolved > 0 {
		return false, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: the table(s) have unresolved conflicts").
			WithHint("dolt_conflicts has them; resolve them with dolt_conflicts_resolve.")
	}
	status, err := value(ctx, c, fmt.Sprintf("SELECT status FROM rowan.complete_merge(%d, message => %s) LIMIT 1", p.id, quote(message)))
	if err != nil {
		return false, err
	}
	if status.S == "conflicts" || status.S == "violations" {
		return false, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: the merge has new %s", status.S)
	}
	c.Txn().Statement()
	return true, nil
}

// pending is a merge into the session's branch that waits for its conflicts to be resolved.
type pending struct {
	id, conflicts, unresolved int64
	source                    string
	sourceSCN                 int64
}

func pendingMerge(ctx context.Context, c vcs.Conn) (*pending, error) {
	rows, err := query(ctx, c, "SELECT id, conflicts, unresolved, source, source_scn FROM rowan.merges() WHERE status = 'pending' AND target = "+quote(c.Branch()))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	r := rows[0]
	return &pending{r[0].I, r[1].I, r[2].I, r[3].S, r[4].I}, nil
}

// tag is dolt_tag(name [, ref]) and ('-d', name).
func tag(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_tag", args, map[string]string{"-d": "delete", "--delete": "delete", "-m": "message=", "--message": "message=", "--author": "author="})
	if err != nil {
		return types.Null, err
	}
	if len(f.rest) == 0 || len(f.rest) > 2 {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "error: invalid usage")
	}
	if f.has("delete") {
		_, err := query(ctx, c, "SELECT rowan.drop_tag("+quote(f.rest[0])+")")
		return done, err
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

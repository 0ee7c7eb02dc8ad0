package dolt

import (
	"context"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// author parts "Name <mail>".
func author(s string) (name, mail types.Datum) {
	for i := range len(s) {
		if s[i] == '<' && len(s) > i+1 && s[len(s)-1] == '>' {
			end := i
			for end > 0 && s[end-1] == ' ' {
				end--
			}
			return types.String(s[:end]), types.String(s[i+1 : len(s)-1])
		}
	}
	return types.String(s), types.String("")
}

func (x *commit) row() []types.Datum {
	name, mail := author(x.author)
	return []types.Datum{types.String(x.id), name, mail, x.date, types.String(x.message)}
}

// listLog is dolt_log([ref, …]), and the relation dolt.log: the commits that the session's branch comes from.
func listLog(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	f, err := parse("dolt_log", list(a[0]), map[string]string{"--parents": "parents", "--decorate": "decorate=", "--tables": "tables=", "--not": "not=", "--min-parents": "min="})
	if err != nil {
		return err
	}
	ref := head
	if len(f.rest) > 0 {
		ref = f.rest[0]
	}
	x, place, err := resolve(ctx, c, ref)
	if err != nil || x == nil {
		return err
	}
	branch, _ := split(place)
	h, err := commitsOf(ctx, c, branch)
	if err != nil {
		return err
	}
	shown := h.ancestors(x)
	for _, x := range h {
		if shown[x.id] && !yield(x.row()) {
			return nil
		}
	}
	return nil
}

// everyCommit passes each commit of all branches once.
func everyCommit(ctx context.Context, c vcs.Conn, f func(x *commit) bool) error {
	rows, err := query(ctx, c, "SELECT name FROM rowan.branches()")
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, r := range rows {
		h, err := commitsOf(ctx, c, r[0].S)
		if err != nil {
			return err
		}
		for _, x := range h {
			if !seen[x.id] && !f(x) {
				return nil
			}
			seen[x.id] = true
		}
	}
	return nil
}

func listCommits(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	return everyCommit(ctx, c, func(x *commit) bool { return yield(x.row()) })
}

func listAncestors(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	return everyCommit(ctx, c, func(x *commit) bool {
		if len(x.parents) == 0 {
			return yield([]types.Datum{types.String(x.id), types.Null, types.Int(0)})
		}
		for i, p := range x.parents {
			if !yield([]types.Datum{types.String(x.id), types.String(p), types.Int(int64(i))}) {
				return false
			}
		}
		return true
	})
}

func listBranches(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	rows, err := query(ctx, c, "SELECT name FROM rowan.branches() ORDER BY name")
	if err != nil {
		return err
	}
	for _, r := range rows {
		h, err := commitsOf(ctx, c, r[0].S)
		if err != nil {
			return err
		}
		last := h[0].row()
		if !yield([]types.Datum{r[0], last[0], last[1], last[2], last[3], last[4], types.String(""), types.String("")}) {
			return nil
		}
	}
	return nil
}

func listTags(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	rows, err := query(ctx, c, "SELECT name, tagger, created_at, message FROM rowan.tags() ORDER BY name")
	if err != nil {
		return err
	}
	for _, r := range rows {
		x, _, err := named(ctx, c, r[0].S)
		if err != nil {
			return err
		}
		hash := types.Null
		if x != nil {
			hash = types.String(x.id)
		}
		name, mail := author(r[1].S)
		if !yield([]types.Datum{r[0], hash, name, mail, r[2], types.String(r[3].S)}) {
			return nil
		}
	}
	return nil
}

func listConflicts(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	p, err := pendingMerge(ctx, c)
	if p == nil || err != nil {
		return err
	}
	rows, err := query(ctx, c, "SELECT table_name, count(DISTINCT row_key) FROM rowan.conflicts("+types.Text(types.Of(types.Builtin(types.OIDInt8)), types.Int(p.id), types.DefaultFormat())+
		") WHERE resolution IS NULL GROUP BY 1 ORDER BY 1")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !yield([]types.Datum{types.String(fullName(r[0].S)), r[1]}) {
			return nil
		}
	}
	return nil
}

// mergeStatus is the relation dolt.merge_status.
func mergeStatus(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	p, err := pendingMerge(ctx, c)
	if err != nil {
		return err
	}
	if p == nil {
		yield([]types.Datum{types.Bool(false), types.Null, types.Null, types.Null, types.Null})
		return nil
	}
	source := types.Null
	if x, _, err := named(ctx, c, p.source); err == nil && x != nil {
		source = types.String(x.id)
	}
	tables, err := value(ctx, c, "SELECT string_agg(DISTINCT table_name, ', ') FROM rowan.conflicts() WHERE resolution IS NULL")
	if err != nil {
		return err
	}
	yield([]types.Datum{types.Bool(true), types.String(p.source), source, types.String("refs/heads/" + c.Branch()), tables})
	return nil
}

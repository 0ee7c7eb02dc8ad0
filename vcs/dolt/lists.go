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

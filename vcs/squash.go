package vcs

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

var squashFuncs = map[string]Func{"rowan_squash": squash}

// squash is rowan.squash(since, message, author): one commit in the place of all that the branch has made since a point.
// The transactions stay as they are, and so do the old commits as names of points.
func squash(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	if err := c.RefuseReadOnly("rowan.squash()"); err != nil {
		return types.Null, err
	}
	since, err := required(a[0], "point")
	if err != nil {
		return types.Null, err
	}
	message, err := required(a[1], "commit message")
	if err != nil {
		return types.Null, err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return types.Null, err
	}
	if v.ReadOnly() {
		return types.Null, pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot commit at a point in the past")
	}
	from, err := c.Store().Branches().Resolve(ctx, c.Database().OID, c.Branch(), since)
	if err != nil {
		return types.Null, err
	}
	s, err := openRefs(ctx, c.Txn(), c.Database().OID)
	if err != nil {
		return types.Null, err
	}
	list, err := s.commitsOf(ctx, v)
	if err != nil {
		return types.Null, err
	}
	var kept []*ref
	for _, x := range list {
		if x.branch != v.Branch().ID || x.scn != 0 && x.scn <= from {
			kept = append(kept, x)
			continue
		}
		if _, err := branchCommits.Delete(ctx, s.tx, v, types.String(x.name)); err != nil {
			return types.Null, err
		}
	}
	x := &ref{kind: kindCommit, branch: v.Branch().ID, user: c.User(), message: message, author: text(a[2])}
	if x.author == "" {
		x.author = x.user
	}
	x.parents = parentsOf(tipsOf(kept), x.branch)
	x.name = commitID(s, x)
	if err := refs.Insert(ctx, s.tx, s.view, x.row(s.db)...); err != nil {
		return types.Null, err
	}
	if err := branchCommits.Insert(ctx, s.tx, v, types.String(x.name)); err != nil {
		return types.Null, err
	}
	return types.String(x.name), branchTips.Put(ctx, s.tx, v, tipsRow(x.name)...)
}

package vcs

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
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
	kept, err := s.takeAway(ctx, v, from)
	if err != nil {
		return types.Null, err
	}
	x := &ref{kind: kindCommit, branch: v.Branch().ID, user: c.User(), message: message, author: text(a[2])}
	if x.author == "" {
		x.author = x.user
	}
	x.parents = parentsOf(kept, x.branch)
	x.name = commitID(s, x)
	if err := refs.Insert(ctx, s.tx, s.view, x.row(s.db)...); err != nil {
		return types.Null, err
	}
	if err := branchCommits.Insert(ctx, s.tx, v, types.String(x.name)); err != nil {
		return types.Null, err
	}
	return types.String(x.name), branchTips.Put(ctx, s.tx, v, tipsRow(x.name)...)
}

// takeAway forgets the commits that a branch has made since an SCN, and returns the tips of the others. It looks at no more
// commits than those since then, and as many before as it takes to see that the others are ancestors of one.
func (s *refStore) takeAway(ctx context.Context, v storage.View, from storage.SCN) ([]*ref, error) {
	w, err := s.walk(ctx, v)
	if err != nil {
		return nil, err
	}
	stays := func(x *ref) bool { return x.branch != v.Branch().ID || x.scn != 0 && x.scn <= from }
	var kept []*ref
	for len(w.heap) > 1 || len(w.heap) == 1 && !(w.heap[0].scn != 0 && w.heap[0].scn <= from) {
		x, err := w.next(ctx)
		if err != nil {
			return nil, err
		}
		if stays(x) {
			kept = append(kept, x)
		} else if _, err := branchCommits.Delete(ctx, s.tx, v, types.String(x.name)); err != nil {
			return nil, err
		}
	}
	return tipsOf(append(kept, w.heap...)), nil
}

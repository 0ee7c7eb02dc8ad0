package vcs

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// branchFuncs are those of branches, and of what names their points.
var branchFuncs = joined(tagFuncs, commitFuncs, rightsFuncs, limitFuncs, map[string]Func{
	"rowan_create_branch":  createBranch,
	"rowan_drop_branch":    dropBranch,
	"rowan_rename_branch":  renameBranch,
	"rowan_protect_branch": protectBranch,
	"rowan_reset_branch":   resetBranch,
})

func createBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	name, err := required(a[0], "branch name")
	if err != nil {
		return types.Null, err
	}
	if err := c.RefuseReadOnly("rowan.create_branch()"); err != nil {
		return types.Null, err
	}
	source, point, err := forkPoint(ctx, c, a[1], a[2])
	if err != nil {
		return types.Null, err
	}
	o := storage.BranchOptions{Name: name, Source: source, Point: point, Description: text(a[3]), Protected: a[4].B(), User: c.User(), Reads: reads(c)}
	if !a[5].Null {
		if o.Expires, err = expiry(a[5]); err != nil {
			return types.Null, err
		}
	}
	o.SchemaOnly = a[6].B()
	if !a[7].Null {
		if o.Metadata, err = jsonObject(a[7], c.Format()); err != nil {
			return types.Null, err
		}
	}
	if err := mayMake(ctx, c, o.Source, name); err != nil {
		return types.Null, err
	}
	o.Expires = Ends(c.Store(), c.Database().OID, name, o.Expires)
	b, err := c.Store().Branches().Create(ctx, c.Database().OID, o)
	if err != nil {
		return types.Null, err
	}
	undoMake(c, b)
	if o.Point == "" && c.Uncommitted() {
		n := pgerr.New(pgerrcode.SuccessfulCompletion, "branch \"%s\" is made of what has been committed, without the changes of this transaction", b.Name)
		n.Severity = "NOTICE"
		c.Notice(n)
	}
	return types.String(b.Name), warnTagged(ctx, c, b.Name)
}

// forkPoint is what a new branch is made of. The source may be a branch with a point (main@v1), or a tag or commit; without any it is
// what the session reads, be it at a point.
func forkPoint(ctx context.Context, c Conn, from, asOf types.Datum) (source, point string, err error) {
	if !asOf.Null {
		if point, err = required(asOf, "as_of"); err != nil {
			return "", "", err
		}
	}
	source, at, found := strings.Cut(text(from), "@")
	switch {
	case found && point != "":
		return "", "", pgerr.New(pgerrcode.InvalidParameterValue, "source \"%s\" has a point already", text(from)).WithHint("Leave out as_of.")
	case found:
		return cmp.Or(source, c.Branch()), at, nil
	case source == "" && point == "":
		v, err := c.View(ctx, catalog.Ref{})
		if err != nil || !v.ReadOnly() {
			return c.Branch(), "", err
		}
		return v.Branch().Name, fmt.Sprintf("scn:%d", v.At()), nil
	case source == "" || point != "":
		return cmp.Or(source, c.Branch()), point, nil
	}
	b := c.Store().Branches()
	if _, err := b.Get(ctx, c.Database().OID, source); err == nil {
		return source, "", nil
	}
	if x, scn, err := b.Find(ctx, c.Database().OID, "", source); err == nil {
		return x.Name, fmt.Sprintf("scn:%d", scn), nil
	}
	return source, "", nil // which the store refuses
}

// Ends is when a new branch ends: as asked, zero being never, though not later than its limits say.
func Ends(store storage.Store, db catalog.OID, name string, asked time.Time) time.Time {
	ttl := LimitOf(store, db, name).TTL
	if ttl == 0 {
		return asked
	}
	if last := time.Now().Add(ttl); asked.IsZero() || asked.After(last) {
		return last
	}
	return asked
}

func dropBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	name, err := required(a[0], "branch name")
	if err != nil {
		return types.Null, err
	}
	if err := c.RefuseReadOnly("rowan.drop_branch()"); err != nil {
		return types.Null, err
	}
	if err := may(ctx, c, name, catalog.BranchAdmin); err != nil {
		return types.Null, err
	}
	if name == c.Branch() {
		if b, err := c.Store().Branches().Get(ctx, c.Database().OID, name); err != nil || !b.Default { // of that one Drop has more to say
			return types.Null, pgerr.New(pgerrcode.ObjectInUse, "cannot drop the currently open branch").
				WithHint("SET rowan.branch to another one first.")
		}
	}
	b, err := c.Store().Branches().Drop(ctx, c.Database().OID, name, a[1].B())
	if err != nil {
		return types.Null, err
	}
	undoDrop(c, b)
	return types.Bool(true), nil
}

func renameBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	name, err := required(a[1], "branch name")
	if err != nil {
		return types.Null, err
	}
	if err := c.RefuseReadOnly("rowan.rename_branch()"); err != nil {
		return types.Null, err
	}
	if err := may(ctx, c, text(a[0]), catalog.BranchAdmin); err != nil {
		return types.Null, err
	}
	if err := mayCall(ctx, c, name); err != nil {
		return types.Null, err
	}
	if err := mayLeaveLimits(c, text(a[0]), name); err != nil {
		return types.Null, err
	}
	was, err := changing(ctx, c, text(a[0]))
	if err != nil {
		return types.Null, err
	}
	current := c.Branch()
	b, err := c.Store().Branches().Rename(ctx, c.Database().OID, text(a[0]), name, false)
	if err != nil {
		return types.Null, err
	}
	undoAlter(c, was)
	if current == was.Name {
		if err := c.SetBranch(name); err != nil {
			return types.Null, err
		}
	}
	return types.String(b.Name), warnTagged(ctx, c, b.Name)
}

// mayCall refuses to give a branch a name that others rule; one that is taken is refused as such.
func mayCall(ctx context.Context, c Conn, name string) error {
	if _, err := c.Store().Branches().Get(ctx, c.Database().OID, name); err == nil {
		return nil
	}
	return may(ctx, c, name, catalog.BranchAdmin)
}

func protectBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	if err := c.RefuseReadOnly("rowan.protect_branch()"); err != nil {
		return types.Null, err
	}
	if err := may(ctx, c, text(a[0]), catalog.BranchAdmin); err != nil {
		return types.Null, err
	}
	was, err := changing(ctx, c, text(a[0]))
	if err != nil {
		return types.Null, err
	}
	b, err := c.Store().Branches().Alter(ctx, c.Database().OID, text(a[0]), func(b *storage.Branch) error {
		b.Protected = a[1].B()
		return nil
	})
	if err == nil {
		undoAlter(c, was)
	}
	return types.Bool(b.Protected), err
}

func resetBranch(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	name, err := required(a[0], "branch name")
	if err != nil {
		return types.Null, err
	}
	if err := c.RefuseReadOnly("rowan.reset_branch()"); err != nil {
		return types.Null, err
	}
	source := text(a[2])
	if source == "" {
		source = name
	}
	if err := may(ctx, c, name, catalog.BranchAdmin); err != nil {
		return types.Null, err
	}
	if err := may(ctx, c, source, catalog.BranchRead); err != nil {
		return types.Null, err
	}
	was, err := branchNow(ctx, c, name)
	if err != nil {
		return types.Null, err
	}
	b, err := c.Store().Branches().Restore(ctx, c.Database().OID, name, storage.RestoreOptions{Source: source, Point: text(a[1]), Reads: reads(c)})
	if err == nil {
		undoReset(c, was, b)
	}
	return types.String(b.Name), err
}

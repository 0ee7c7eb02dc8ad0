package dolt

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// reset is dolt_reset('--hard' [, ref]), ('--soft' [, ref]), (ref) and (tables…).
func reset(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_reset", args, map[string]string{"--hard": "hard", "--soft": "soft", "--mixed": "soft"})
	if err != nil {
		return types.Null, err
	}
	switch {
	case f.has("hard") && f.has("soft"):
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "error: --hard and --soft are mutually exclusive options.")
	case f.has("hard"):
		return done, hardReset(ctx, c, f.rest)
	case f.has("soft") && len(f.rest) > 0:
		x, _, err := resolve(ctx, c, f.rest[0])
		if err != nil {
			return types.Null, err
		}
		return done, softReset(ctx, c, x)
	case slices.Contains(f.rest, "."):
		f.rest = nil
	}
	all, err := changes(ctx, c)
	if err != nil {
		return types.Null, err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return types.Null, err
	}
	var names []string
	for _, n := range f.rest {
		if full, ok := known(c, v, n, all); ok {
			names = append(names, full)
			continue
		}
		if x, _, err := resolve(ctx, c, n); err == nil && len(f.rest) == 1 {
			return done, softReset(ctx, c, x)
		}
		return types.Null, pgerr.New(pgerrcode.UndefinedTable, "the table(s) %s do not exist", n)
	}
	return done, unstage(ctx, c, names)
}

// hardReset makes the branch what it was in a commit. Tables that no commit has, and that are not staged, stay.
func hardReset(ctx context.Context, c vcs.Conn, rest []string) error {
	word := head
	if len(rest) > 0 {
		word = rest[0]
	}
	x, place, err := resolve(ctx, c, word)
	if err != nil {
		return err
	}
	if x == nil {
		return pgerr.New(pgerrcode.InvalidParameterValue, "%s is not a commit", word)
	}
	all, err := everyChange(ctx, c)
	if err != nil {
		return err
	}
	untracked := map[string]bool{}
	for _, y := range all {
		if y.status == "new table" && !y.staged {
			untracked[y.table] = true
		}
	}
	if a, err := vcs.Applied(ctx, c); a != nil || err != nil {
		if err != nil {
			return err
		}
		if err := vcs.ForgetApplied(ctx, c, a); err != nil {
			return err
		}
	}
	if err := c.Checkpoint(ctx, true); err != nil { // what the transaction has done is part of what is left behind
		return err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	before := c.Branch() + "@" + scnPoint(int64(v.At()))
	branch, point := split(place)
	if _, err := query(ctx, c, "SELECT rowan.reset_branch("+quote(c.Branch())+", "+quote(point)+", source => "+quote(branch)+")"); err != nil {
		return err
	}
	if err := c.Checkpoint(ctx, true); err != nil {
		return err
	}
	if len(untracked) == 0 {
		return nil
	}
	only, err := onlyTables(ctx, c, untracked, before)
	if err != nil {
		return err
	}
	_, err = vcs.Bring(ctx, c, ref(place), ref(before), vcs.Merge{Only: tablesOf(only)})
	return err
}

// tablesOf leaves of what is wanted only tables and what is theirs.
func tablesOf(only func(catalog.Object) bool) func(catalog.Object) bool {
	return func(o catalog.Object) bool {
		switch x := o.(type) {
		case *catalog.Table:
			return only(o)
		case *catalog.Sequence:
			return x.OwnerTable != 0 && only(o)
		}
		return false
	}
}

// softReset takes commits back and leaves the data.
func softReset(ctx context.Context, c vcs.Conn, to *commit) error {
	h, err := commitsOf(ctx, c, c.Branch())
	if err != nil {
		return err
	}
	if to == nil || h.find(to.id) == nil {
		return pgerr.New(pgerrcode.InvalidParameterValue, "the commit is not one of branch %s", c.Branch())
	}
	keep := h.ancestors(to)
	var gone []string
	for _, x := range h {
		if !keep[x.id] {
			gone = append(gone, x.id)
		}
	}
	if _, err := recordHead(ctx, c, h[0]); err != nil {
		return err
	}
	if err := unstage(ctx, c, nil); err != nil {
		return err
	}
	return vcs.ForgetCommits(ctx, c, gone)
}

// clean is dolt_clean(tables…): it drops tables that no commit has.
func clean(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_clean", args, map[string]string{"--dry-run": "dry", "-x": "ignored"})
	if err != nil {
		return types.Null, err
	}
	all, err := everyChange(ctx, c)
	if err != nil {
		return types.Null, err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return types.Null, err
	}
	for _, x := range all {
		if x.status != "new table" || x.staged || f.has("dry") || x.ignored && !f.has("ignored") ||
			len(f.rest) > 0 && !meant(f.rest, x.table) {
			continue
		}
		if err := dropTable(ctx, c, v, x.table); err != nil {
			return types.Null, err
		}
	}
	return done, nil
}

// dropTable drops a table and its sequences; one that others refer to is refused.
func dropTable(ctx context.Context, c vcs.Conn, v storage.View, name string) error {
	t := tableAt(c, v, name)
	if t == nil {
		return nil
	}
	if len(v.Catalog().Referrers(t.OID)) > 0 {
		return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop table %s because other objects depend on it", name)
	}
	for _, o := range v.Catalog().Objects() {
		if q, ok := o.(*catalog.Sequence); ok && q.OwnerTable == t.OID {
			if err := v.Drop(ctx, q.OID); err != nil {
				return err
			}
		}
	}
	return v.Drop(ctx, t.OID)
}

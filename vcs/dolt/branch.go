package dolt

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// split parts branch@point.
func split(place string) (branch, point string) {
	branch, point, _ = strings.Cut(place, "@")
	return branch, point
}

var branchFlags = map[string]string{
	"-c": "copy", "--copy": "copy", "-m": "move", "--move": "move", "-d": "delete", "--delete": "delete", "-D": "force-delete",
	"-f": "force", "--force": "force", "-t": "track=", "--track": "track=",
}

var errUsage = pgerr.New(pgerrcode.InvalidParameterValue, "error: invalid usage")

// branch is dolt_branch(name [, start]), and with -c, -m and -d.
func branch(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_branch", args, branchFlags)
	if err != nil {
		return types.Null, err
	}
	n := len(f.rest)
	force := f.has("force") || f.has("force-delete")
	switch {
	case n == 0:
		return types.Null, errUsage
	case f.has("delete") || f.has("force-delete"):
		for _, name := range f.rest {
			if err := dropBranch(ctx, c, name, force); err != nil {
				return types.Null, err
			}
		}
		return done, nil
	case f.has("move"):
		from := c.Branch()
		if n == 2 {
			from = f.rest[0]
		}
		if n > 2 {
			return types.Null, errUsage
		}
		if err := makeRoom(ctx, c, f.rest[n-1], force); err != nil {
			return types.Null, err
		}
		_, err := query(ctx, c, "SELECT rowan.rename_branch("+quote(from)+", "+quote(f.rest[n-1])+")")
		return done, err
	case f.has("copy"):
		if n != 2 {
			return types.Null, errUsage
		}
		if err := makeRoom(ctx, c, f.rest[1], force); err != nil {
			return types.Null, err
		}
		_, err := query(ctx, c, "SELECT rowan.copy_branch("+quote(f.rest[0])+", "+quote(f.rest[1])+")")
		return done, err
	case n > 2:
		return types.Null, errUsage
	}
	return done, create(ctx, c, f.rest, force)
}

// branchNamed reports whether there is a branch, and whether it is protected.
func branchNamed(ctx context.Context, c vcs.Conn, name string) (there, protected bool, err error) {
	rows, err := query(ctx, c, "SELECT is_protected FROM rowan.branches() WHERE name = "+quote(name))
	return len(rows) > 0, len(rows) > 0 && rows[0][0].B(), err
}

// dropBranch drops a branch; one with commits that the session's branch has not only when it is forced.
func dropBranch(ctx context.Context, c vcs.Conn, name string, force bool) error {
	there, protected, err := branchNamed(ctx, c, name)
	if err != nil {
		return err
	}
	if !there {
		return pgerr.New(pgerrcode.UndefinedObject, "branch not found: %s", name)
	}
	if !force {
		h, err := commitsOf(ctx, c, name)
		if err != nil {
			return err
		}
		ours, err := commitsOf(ctx, c, c.Branch())
		if err != nil {
			return err
		}
		if !ours.ancestors(ours[0])[h[0].id] {
			return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "attempted to delete a branch that is not fully merged into its parent; use `-f` to force")
		}
	}
	flag := "true" // branches that were made of it go on without it
	if protected {
		flag = "false"
	}
	_, err = query(ctx, c, "SELECT rowan.drop_branch("+quote(name)+", force => "+flag+")")
	return err
}

// makeRoom drops a branch that is in the way, when it may.
func makeRoom(ctx context.Context, c vcs.Conn, name string, force bool) error {
	there, _, err := branchNamed(ctx, c, name)
	if err != nil || !there {
		return err
	}
	if !force {
		return pgerr.New(pgerrcode.DuplicateObject, "fatal: A branch named '%s' already exists.", name)
	}
	return dropBranch(ctx, c, name, true)
}

// create makes a branch at a commit: the second word, or the last commit of the session's branch.
func create(ctx context.Context, c vcs.Conn, words []string, force bool) error {
	start := head
	if len(words) > 1 {
		start = words[1]
	}
	x, place, err := resolve(ctx, c, start)
	if err != nil {
		return err
	}
	if x != nil && len(x.parents) == 0 && len(words) == 1 {
		place, _ = split(place) // nothing has been committed: the branch as it is serves better than an empty one
	}
	there, _, err := branchNamed(ctx, c, words[0])
	switch {
	case err != nil:
		return err
	case !there:
		return newBranch(ctx, c, words[0], place)
	case !force:
		return pgerr.New(pgerrcode.DuplicateObject, "fatal: A branch named '%s' already exists.", words[0])
	}
	from, point := split(place)
	_, err = query(ctx, c, "SELECT rowan.reset_branch("+quote(words[0])+", "+quote(point)+", source => "+quote(from)+")")
	return err
}

func newBranch(ctx context.Context, c vcs.Conn, name, place string) error {
	from, point := split(place)
	_, err := query(ctx, c, "SELECT rowan.create_branch("+quote(name)+", source => "+quote(from)+", as_of => "+quote(point)+")")
	return err
}

// checkout is dolt_checkout(branch), ('-b', branch [, start]), (tables…) and ([ref,] '--', tables…).
func checkout(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if err := c.RefuseReadOnly("dolt_checkout()"); err != nil {
		return err
	}
	args := list(a[0])
	if i := slices.Index(args, "--"); i >= 0 {
		if i > 1 {
			return errUsage
		}
		err := restoreTables(ctx, c, slices.Concat(args[:i], []string{head})[0], args[i+1:])
		if err == nil {
			yield([]types.Datum{done, types.String("")})
		}
		return err
	}
	f, err := parse("dolt_checkout", args, map[string]string{"-b": "new", "-B": "renew", "-t": "track=", "--track": "track=", "-f": "force", "--force": "force"})
	if err != nil {
		return err
	}
	if len(f.rest) == 0 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "error: no branch or table specified")
	}
	name := f.rest[0]
	if f.has("new") || f.has("renew") {
		if err := create(ctx, c, f.rest, f.has("renew")); err != nil {
			return err
		}
	} else {
		there, _, err := branchNamed(ctx, c, name)
		if err != nil {
			return err
		}
		if !there {
			if err := restoreTables(ctx, c, head, f.rest); err != nil {
				return err
			}
			yield([]types.Datum{done, types.String("")})
			return nil
		}
		if name == c.Branch() {
			yield([]types.Datum{done, types.String("Already on branch '" + name + "'")})
			return nil
		}
	}
	if err := vcs.CheckBranch(ctx, c.Store(), c.Database().OID, c.User(), name, catalog.BranchRead); err != nil {
		return err
	}
	if err := c.SetBranch(name); err != nil {
		return err
	}
	yield([]types.Datum{done, types.String("Switched to branch '" + name + "'")})
	return nil
}

// restoreTables sets tables to what they are in a commit; what is staged of them is forgotten.
func restoreTables(ctx context.Context, c vcs.Conn, word string, names []string) error {
	_, place, err := resolve(ctx, c, word)
	if err != nil {
		return err
	}
	v, err := c.View(ctx, ref(place))
	if err != nil {
		return err
	}
	all, err := changes(ctx, c)
	if err != nil {
		return err
	}
	take := map[string]bool{}
	for _, n := range names {
		if n == "." {
			for _, x := range all {
				take[x.table] = true
			}
			continue
		}
		full, ok := known(c, v, n, all)
		if !ok {
			return pgerr.New(pgerrcode.UndefinedObject, "error: could not find %s", n)
		}
		take[full] = true
	}
	only, err := onlyTables(ctx, c, take, c.Branch(), place)
	if err != nil {
		return err
	}
	if err := unstage(ctx, c, keys(take)); err != nil {
		return err
	}
	_, err = vcs.Bring(ctx, c, ref(c.Branch()), ref(place), vcs.Merge{Only: tablesOf(only)})
	return err
}

// keys are the names of a set, in order.
func keys(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// use is dolt_use(name), which is USE database and USE database/branch: the session works on the branch from now on, without one
// on the database's default.
func use(ctx context.Context, c vcs.Conn, a []types.Datum) (types.Datum, error) {
	database, branch, _ := strings.Cut(a[0].S, "/")
	b, err := c.Store().Branches().Get(ctx, c.Database().OID, a[0].S)
	switch {
	case database == c.Database().Name:
		if b, err = c.Store().Branches().Get(ctx, c.Database().OID, branch); err != nil {
			return types.Null, err
		}
	case err != nil:
		return types.Null, pgerr.New(pgerrcode.FeatureNotSupported, "cannot change the database of a session to \"%s\"", database).
			WithHint("Connect to it.")
	}
	if err := vcs.CheckBranch(ctx, c.Store(), c.Database().OID, c.User(), b.Name, catalog.BranchRead); err != nil {
		return types.Null, err
	}
	return types.String(b.Name), c.SetBranch(b.Name)
}

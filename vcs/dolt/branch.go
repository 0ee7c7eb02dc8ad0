package dolt

import (
	"context"
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
	"-f": "force", "--force": "force",
}

// branch is dolt_branch(name [, start]), and with -c, -m and -d.
func branch(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_branch", args, branchFlags)
	if err != nil {
		return types.Null, err
	}
	n := len(f.rest)
	usage := pgerr.New(pgerrcode.InvalidParameterValue, "error: invalid usage")
	switch {
	case f.has("delete") || f.has("force-delete"):
		if n == 0 {
			return types.Null, usage
		}
		for _, name := range f.rest {
			if _, err := query(ctx, c, "SELECT rowan.drop_branch("+quote(name)+")"); err != nil {
				return types.Null, err
			}
		}
		return done, nil
	case f.has("move"):
		from := c.Branch()
		if n == 2 {
			from = f.rest[0]
		}
		if n == 0 || n > 2 {
			return types.Null, usage
		}
		_, err := query(ctx, c, "SELECT rowan.rename_branch("+quote(from)+", "+quote(f.rest[n-1])+")")
		return done, err
	case f.has("copy"):
		if n != 2 {
			return types.Null, usage
		}
		_, err := query(ctx, c, "SELECT rowan.copy_branch("+quote(f.rest[0])+", "+quote(f.rest[1])+")")
		return done, err
	case n == 1 || n == 2:
		return done, create(ctx, c, f.rest)
	}
	return types.Null, usage
}

// create makes a branch at a commit: the second word, or the last commit of the session's branch.
func create(ctx context.Context, c vcs.Conn, words []string) error {
	start := head
	if len(words) > 1 {
		start = words[1]
	}
	x, place, err := resolve(ctx, c, start)
	if err != nil {
		return err
	}
	from, point := split(place)
	if x != nil && len(x.parents) == 0 && len(words) == 1 {
		point = "" // nothing has been committed: the branch as it is serves better than an empty one
	}
	_, err = query(ctx, c, "SELECT rowan.create_branch("+quote(words[0])+", source => "+quote(from)+", as_of => "+quote(point)+")")
	return err
}

// checkout is dolt_checkout(branch), ('-b', branch [, start]) and (tables…).
func checkout(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if err := c.RefuseReadOnly("dolt_checkout()"); err != nil {
		return err
	}
	f, err := parse("dolt_checkout", list(a[0]), map[string]string{"-b": "new", "-B": "new", "-t": "track=", "--track": "track=", "-f": "force", "--force": "force"})
	if err != nil {
		return err
	}
	if len(f.rest) == 0 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "error: no branch or table specified")
	}
	name := f.rest[0]
	if f.has("new") {
		if err := create(ctx, c, f.rest); err != nil {
			return err
		}
	} else {
		rows, err := query(ctx, c, "SELECT 1 FROM rowan.branches() WHERE name = "+quote(name))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			if err := restoreTables(ctx, c, f.rest); err != nil {
				return err
			}
			yield([]types.Datum{done, types.String("")})
			return nil
		}
	}
	if err := c.SetBranch(name); err != nil {
		return err
	}
	yield([]types.Datum{done, types.String("Switched to branch '" + name + "'")})
	return nil
}

// restoreTables sets tables to what they are in the last commit.
func restoreTables(ctx context.Context, c vcs.Conn, names []string) error {
	all, err := changes(ctx, c)
	if err != nil {
		return err
	}
	_, place, err := resolve(ctx, c, head)
	if err != nil {
		return err
	}
	for _, n := range names {
		if !known(ctx, c, n, all) {
			return pgerr.New(pgerrcode.UndefinedObject, "error: could not find %s", n)
		}
		for _, x := range all {
			if x.table != fullName(n) {
				continue
			}
			if err := restoreTable(ctx, c, x, place); err != nil {
				return err
			}
		}
	}
	return nil
}

func restoreTable(ctx context.Context, c vcs.Conn, x change, place string) error {
	switch x.status {
	case "new table":
		_, err := clean(ctx, c, []string{x.table})
		return err
	case "modified":
	default:
		return pgerr.Unsupported("dolt_checkout of a table that was %s", x.status).WithHint("dolt_reset('--hard') sets the whole branch to its last commit.")
	}
	rows, err := query(ctx, c, "SELECT 1 FROM rowan.diff_summary("+quote(place)+", "+quote(c.Branch())+") WHERE schema_change AND to_table_name IN ("+
		quote(x.table)+", "+quote(strings.TrimPrefix(x.table, "public."))+")")
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		return pgerr.Unsupported("dolt_checkout of a table whose schema has changed").WithHint("dolt_reset('--hard') sets the whole branch to its last commit.")
	}
	statements, err := query(ctx, c, "SELECT statement FROM rowan.diff_sql("+quote(c.Branch())+", "+quote(place)+") ORDER BY n")
	if err != nil {
		return err
	}
	for _, r := range statements {
		if table, kind := statementTable(r[0].S); table != x.table || kind != "data" {
			continue
		}
		if _, err := c.SQL(ctx, catalog.Ref{}, r[0].S, nil); err != nil {
			return err
		}
		c.Txn().Statement()
	}
	return nil
}

package dolt

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// stash is dolt_stash('push' | 'pop' | 'drop' | 'clear', name [, 'stash@{n}']). A stash is a point of the branch's past with a
// name; what it holds is what lies between the last commit of then and the point.
func stash(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_stash", args, map[string]string{"-u": "untracked", "--include-untracked": "untracked", "-a": "all", "--all": "all"})
	if err != nil {
		return types.Null, err
	}
	if len(f.rest) < 2 || len(f.rest) > 3 {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "error: invalid arguments: subcommand and stash name are required").
			WithHint("dolt_stash('push' | 'pop' | 'drop' | 'clear', name)")
	}
	name := f.rest[1]
	switch strings.ToLower(f.rest[0]) {
	case "push":
		return done, pushStash(ctx, c, name, f)
	case "clear":
		list, err := stashes(ctx, c, name)
		for _, s := range list {
			if err == nil {
				err = s.Drop(ctx, c)
			}
		}
		return done, err
	case "drop":
		s, _, err := oneStash(ctx, c, f.rest[1:])
		if err == nil {
			err = s.Drop(ctx, c)
		}
		return done, err
	case "pop":
		return done, popStash(ctx, c, f.rest[1:])
	}
	return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "unknown stash subcommand %s", f.rest[0])
}

// pushStash keeps what has changed since the last commit and sets it back. Tables that no commit has stay where they are,
// unless they are staged or asked for.
func pushStash(ctx context.Context, c vcs.Conn, name string, f *flags) error {
	if err := notMerging(ctx, c); err != nil {
		return err
	}
	if err := c.Checkpoint(ctx, false); err != nil { // what is stashed must have an SCN
		return err
	}
	all, err := everyChange(ctx, c)
	if err != nil {
		return err
	}
	x, place, err := resolve(ctx, c, head)
	if err != nil {
		return err
	}
	take, fresh := map[string]bool{}, []string{}
	for _, y := range all {
		if y.staged || y.status != "new table" || f.has("untracked") && !y.ignored || f.has("all") {
			take[y.table] = true
		}
		if y.staged && y.status == "new table" {
			fresh = append(fresh, y.table)
		}
	}
	if len(take) == 0 {
		return pgerr.New(pgerrcode.NoData, "No local changes to save")
	}
	if err := vcs.MakeStash(ctx, c, name, vcs.Stash{Head: x.id, Branch: c.Branch(), Tables: keys(take), Fresh: fresh}); err != nil {
		return err
	}
	if err := unstage(ctx, c, nil); err != nil {
		return err
	}
	only, err := onlyTables(ctx, c, take, c.Branch(), place)
	if err != nil {
		return err
	}
	_, err = vcs.Bring(ctx, c, ref(c.Branch()), ref(place), vcs.Merge{Only: tablesOf(only), Message: "STASH " + name})
	return err
}

// popStash does what a stash holds to the branch, and forgets it.
func popStash(ctx context.Context, c vcs.Conn, words []string) error {
	s, n, err := oneStash(ctx, c, words)
	if err != nil {
		return err
	}
	base, _, err := anyCommit(ctx, c, s.Head)
	if err != nil {
		return err
	}
	if base == nil {
		return pgerr.New(pgerrcode.UndefinedObject, "the commit %s that the stash was made on is on no branch any more", s.Head)
	}
	take := map[string]bool{}
	for _, t := range s.Tables {
		take[t] = true
	}
	only, err := onlyTables(ctx, c, take, s.Place, base.place)
	if err != nil {
		return err
	}
	res, err := vcs.Bring(ctx, c, ref(base.place), ref(s.Place), vcs.Merge{Strategy: "abort", Only: tablesOf(only), Message: "STASH POP " + words[0]})
	if err != nil {
		return err
	}
	if len(res.Conflicts)+len(res.Violations) > 0 {
		var tables []string
		for _, x := range res.Conflicts {
			if len(tables) == 0 || tables[len(tables)-1] != "'"+x.Table+"'" {
				tables = append(tables, "'"+x.Table+"'")
			}
		}
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "error: Your local changes to the following tables would be overwritten by applying stash %d:\n\t{%s}\nPlease commit your changes or stash them before you merge.\nAborting\nThe stash entry is kept in case you need it again.\n",
			n, strings.Join(tables, ", "))
	}
	v, err := c.View(ctx, ref(c.Branch()))
	if err != nil {
		return err
	}
	for _, t := range s.Fresh {
		if err := mark(ctx, c, v, t); err != nil {
			return err
		}
	}
	return s.Drop(ctx, c)
}

// stashes lists those of a name, or with "" all, newest first within each name.
func stashes(ctx context.Context, c vcs.Conn, name string) ([]*vcs.Stash, error) {
	return vcs.Stashes(ctx, c, name)
}

// oneStash finds name, or name and 'stash@{n}'.
func oneStash(ctx context.Context, c vcs.Conn, words []string) (*vcs.Stash, int, error) {
	list, err := stashes(ctx, c, words[0])
	if err != nil {
		return nil, 0, err
	}
	if len(list) == 0 {
		return nil, 0, pgerr.New(pgerrcode.NoData, "No stash entries found.")
	}
	n := 0
	if len(words) > 1 {
		text := strings.TrimSuffix(strings.TrimPrefix(words[1], "stash@{"), "}")
		if n, err = strconv.Atoi(text); err != nil {
			return nil, 0, pgerr.New(pgerrcode.InvalidParameterValue, "error: %s is not a valid reference", words[1])
		}
	}
	if n < 0 || n >= len(list) {
		return nil, 0, pgerr.New(pgerrcode.UndefinedObject, "stash index stash@{%d} does not exist", n)
	}
	return list[n], n, nil
}

// listStashes is the relation dolt.stashes.
func listStashes(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	list, err := stashes(ctx, c, "")
	n, last := 0, ""
	for _, s := range list {
		if s.Name != last {
			n, last = 0, s.Name
		}
		message := types.Null
		if x, _, err := anyCommit(ctx, c, s.Head); err == nil && x != nil {
			message = types.String(x.message)
		}
		if !yield([]types.Datum{types.String(s.Name), types.String("stash@{" + strconv.Itoa(n) + "}"), types.String(s.Branch), types.String(s.Head), message}) {
			break
		}
		n++
	}
	return err
}

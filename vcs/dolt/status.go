package dolt

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// stagedTables are the names of the tables that dolt_add has marked. They lie on the branch.
var stagedTables = systable.New(10, "dolt_staged", 1, systable.Column{Name: "table_name", Type: types.OIDText})

// change is a table that differs between a branch's last commit and the branch as it is.
type change struct {
	table  string // schema.name
	status string
	staged bool
}

// fullName puts the schema before a table's name, as Doltgres does.
func fullName(n string) string {
	if n == "" || strings.Contains(n, ".") {
		return n
	}
	return "public." + n
}

// changes lists what has changed since the last commit.
func changes(ctx context.Context, c vcs.Conn) ([]change, error) {
	_, last, err := resolve(ctx, c, head)
	if err != nil {
		return nil, err
	}
	rows, err := query(ctx, c, "SELECT from_table_name, to_table_name, diff_type FROM rowan.diff_summary("+quote(last)+", "+quote(c.Branch())+")")
	if err != nil {
		return nil, err
	}
	marked, err := marks(ctx, c)
	if err != nil {
		return nil, err
	}
	words := map[string]string{"added": "new table", "dropped": "deleted", "renamed": "renamed", "modified": "modified"}
	var out []change
	for _, r := range rows {
		name := fullName(r[1].S)
		if r[1].Null {
			name = fullName(r[0].S)
		}
		out = append(out, change{name, words[r[2].S], slices.Contains(marked, name)})
	}
	slices.SortFunc(out, func(a, b change) int { return strings.Compare(a.table, b.table) })
	return out, nil
}

// marks are the names that are staged.
func marks(ctx context.Context, c vcs.Conn) ([]string, error) {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return nil, err
	}
	var out []string
	err = stagedTables.Scan(ctx, c.Txn(), v, nil, func(r systable.Row) bool {
		out = append(out, r[0].S)
		return true
	})
	return out, err
}

func listStatus(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	all, err := changes(ctx, c)
	for _, x := range all {
		if !yield([]types.Datum{types.String(x.table), types.Bool(x.staged), types.String(x.status)}) {
			break
		}
	}
	return err
}

// add is dolt_add(tables | '.' | '-A').
func add(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_add", args, map[string]string{"-A": "all", "--all": "all", "-f": "force", "--force": "force"})
	if err != nil {
		return types.Null, err
	}
	all, err := changes(ctx, c)
	if err != nil {
		return types.Null, err
	}
	every := f.has("all") || slices.Contains(f.rest, ".")
	if len(f.rest) == 0 && !every {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "Nothing specified, nothing added. Maybe you wanted to say 'dolt add .'?")
	}
	for _, n := range f.rest {
		if n != "." && !known(ctx, c, n, all) {
			return types.Null, pgerr.New(pgerrcode.UndefinedTable, "the table(s) %s do not exist", n)
		}
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return types.Null, err
	}
	for _, x := range all {
		if every || slices.ContainsFunc(f.rest, func(n string) bool { return fullName(n) == x.table }) {
			if err := stagedTables.Put(ctx, c.Txn(), v, types.String(x.table)); err != nil {
				return types.Null, err
			}
		}
	}
	return done, nil
}

// known reports whether a table is there, or is among the changes.
func known(ctx context.Context, c vcs.Conn, name string, all []change) bool {
	if slices.ContainsFunc(all, func(x change) bool { return x.table == fullName(name) }) {
		return true
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return false
	}
	_, err = c.Relation(v.Catalog(), name)
	return err == nil
}

// unstage forgets the marks of tables, or all of them.
func unstage(ctx context.Context, c vcs.Conn, tables []string) error {
	marked, err := marks(ctx, c)
	if err != nil {
		return err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	for _, n := range marked {
		if len(tables) == 0 || slices.ContainsFunc(tables, func(t string) bool { return fullName(t) == n }) {
			if _, err := stagedTables.Delete(ctx, c.Txn(), v, types.String(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// reset is dolt_reset('--hard' [, ref]), ('--soft' [, ref]) and (tables…).
func reset(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_reset", args, map[string]string{"--hard": "hard", "--soft": "soft"})
	if err != nil {
		return types.Null, err
	}
	switch {
	case f.has("hard"):
		place, err := resetPlace(ctx, c, f.rest)
		if err != nil {
			return types.Null, err
		}
		branch, point, _ := strings.Cut(place, "@")
		_, err = query(ctx, c, "SELECT rowan.reset_branch("+quote(c.Branch())+", "+quote(point)+", source => "+quote(branch)+")")
		return done, err
	case f.has("soft") && len(f.rest) > 0:
		x, _, err := resolve(ctx, c, f.rest[0])
		if err != nil {
			return types.Null, err
		}
		return done, softReset(ctx, c, x)
	case f.has("soft"):
		return done, nil
	}
	if slices.Contains(f.rest, ".") {
		f.rest = nil
	}
	return done, unstage(ctx, c, f.rest)
}

func resetPlace(ctx context.Context, c vcs.Conn, rest []string) (string, error) {
	ref := head
	if len(rest) > 0 {
		ref = rest[0]
	}
	_, place, err := resolve(ctx, c, ref)
	return place, err
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
	return vcs.ForgetCommits(ctx, c, gone)
}

// clean is dolt_clean(tables…): it drops tables that no commit has.
func clean(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_clean", args, map[string]string{"--dry-run": "dry", "-x": "ignored"})
	if err != nil {
		return types.Null, err
	}
	all, err := changes(ctx, c)
	if err != nil {
		return types.Null, err
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return types.Null, err
	}
	for _, x := range all {
		if x.status != "new table" || x.staged || f.has("dry") ||
			len(f.rest) > 0 && !slices.ContainsFunc(f.rest, func(n string) bool { return fullName(n) == x.table }) {
			continue
		}
		id, err := c.Relation(v.Catalog(), x.table)
		if err != nil {
			return types.Null, err
		}
		if len(v.Catalog().Referrers(id)) > 0 {
			return types.Null, pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop table %s because other objects depend on it", x.table)
		}
		for _, o := range v.Catalog().Objects() {
			if q, ok := o.(*catalog.Sequence); ok && q.OwnerTable == id {
				if err := v.Drop(ctx, q.OID); err != nil {
					return types.Null, err
				}
			}
		}
		if err := v.Drop(ctx, id); err != nil {
			return types.Null, err
		}
	}
	return done, nil
}

package dolt

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// stagedTables are the names of the tables that dolt_add has marked. They lie on the branch; what is staged is the table as
// it was when the mark was committed.
var stagedTables = systable.New(10, "dolt_staged", 1, systable.Column{Name: "table_name", Type: types.OIDText})

// tableChange is a table that differs between two places.
type tableChange struct {
	from, to     string // full names; "" where it is not there
	kind         string // added, dropped, renamed, modified
	data, schema bool
}

// name is what the table is called now, or was.
func (t *tableChange) name() string { return cmp.Or(t.to, t.from) }

// summary lists the tables that differ between two places.
func summary(ctx context.Context, c vcs.Conn, from, to string) ([]tableChange, error) {
	rows, err := query(ctx, c, "SELECT from_table_name, to_table_name, diff_type, data_change, schema_change FROM rowan.diff_summary("+quote(from)+", "+quote(to)+")")
	var out []tableChange
	for _, r := range rows {
		out = append(out, tableChange{fullName(r[0].S), fullName(r[1].S), r[2].S, r[3].B(), r[4].B()})
	}
	slices.SortFunc(out, func(a, b tableChange) int { return strings.Compare(a.name(), b.name()) })
	return out, err
}

// change is a table that differs between a branch's last commit and what is staged, or between that and the branch as it is.
type change struct {
	table  string // its full name
	status string
	staged bool
	place  string // where the table is as it is staged

	ignored bool // dolt_ignore leaves it out
}

// fullName is what a table is known by here: its name behind that of its schema, as SQL has them. n is either with its schema or without,
// plain or quoted.
func fullName(n string) string {
	schema, name, ok := strings.Cut(n, ".")
	if parts, quoted := types.SplitName(n); quoted && strings.Contains(n, `"`) && len(parts) < 3 {
		schema, name, ok = parts[0], parts[len(parts)-1], len(parts) == 2
	}
	switch {
	case n == "":
		return ""
	case !ok:
		schema, name = "public", schema
	}
	return joined(schema, name)
}

func joined(schema, name string) string {
	return types.QuoteIdent(schema) + "." + types.QuoteIdent(name)
}

// shown is how Doltgres shows what has a full name.
func shown(full string) string {
	parts, _ := types.SplitName(full)
	return strings.Join(parts, ".")
}

// means reports whether a word of a user's is a table's name: it may have a dot in it.
func means(word, full string) bool { return fullName(word) == full || joined("public", word) == full }

func meant(words []string, full string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return means(w, full) })
}

var statusWords = map[string]string{"added": "new table", "dropped": "deleted", "renamed": "renamed", "modified": "modified"}

// changes lists what has changed since the last commit and is not ignored: staged tables first, each name in order.
func changes(ctx context.Context, c vcs.Conn) ([]change, error) {
	all, err := everyChange(ctx, c)
	return slices.DeleteFunc(all, func(x change) bool { return x.ignored }), err
}

// everyChange is changes with those that are ignored.
func everyChange(ctx context.Context, c vcs.Conn) ([]change, error) {
	_, last, err := resolve(ctx, c, head)
	if err != nil {
		return nil, err
	}
	now, err := summary(ctx, c, last, c.Branch())
	if err != nil {
		return nil, err
	}
	marked, err := marks(ctx, c)
	if err != nil {
		return nil, err
	}
	ignored, err := ignoring(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []change
	for _, scn := range points(marked) {
		staged, later := now, []tableChange(nil)
		place := c.Branch()
		if scn != 0 {
			place += "@" + scnPoint(int64(scn))
			if staged, err = summary(ctx, c, last, place); err != nil {
				return nil, err
			}
			if later, err = summary(ctx, c, place, c.Branch()); err != nil {
				return nil, err
			}
		}
		for _, t := range staged {
			if at, ok := marked[t.name()]; ok && at == scn {
				out = append(out, change{table: t.name(), status: statusWords[t.kind], staged: true, place: place})
			}
		}
		for _, t := range later {
			if at, ok := marked[t.name()]; ok && at == scn {
				out = append(out, change{table: t.name(), status: statusWords[t.kind]})
			}
		}
	}
	for _, t := range now {
		if _, ok := marked[t.name()]; !ok {
			out = append(out, change{table: t.name(), status: statusWords[t.kind], ignored: t.kind == "added" && ignored.has(t.name())})
		}
	}
	slices.SortStableFunc(out, func(a, b change) int {
		return cmp.Or(boolCompare(b.staged, a.staged), strings.Compare(a.table, b.table))
	})
	return out, nil
}

func boolCompare(a, b bool) int { return b2i(a) - b2i(b) }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// points are the different SCNs of marks.
func points(marked map[string]storage.SCN) []storage.SCN {
	var out []storage.SCN
	for _, scn := range marked {
		if !slices.Contains(out, scn) {
			out = append(out, scn)
		}
	}
	slices.Sort(out)
	return out
}

// marks are the names that are staged, and when they were; 0: in this transaction.
func marks(ctx context.Context, c vcs.Conn) (map[string]storage.SCN, error) {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return nil, err
	}
	out := map[string]storage.SCN{}
	err = stagedTables.ScanVersions(ctx, c.Txn(), v, nil, func(at storage.SCN, r systable.Row) bool {
		out[fullName(r[0].S)] = at
		return true
	})
	return out, err
}

func listStatus(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	all, err := changes(ctx, c)
	if err != nil {
		return err
	}
	for _, x := range all {
		if !yield([]types.Datum{types.String(shown(x.table)), types.Bool(x.staged), types.String(x.status)}) {
			return nil
		}
	}
	rows, err := vcs.AppliedRows(ctx, c)
	seen := map[string]bool{}
	for _, r := range rows {
		word := "conflict"
		if r.Violation {
			word = "constraint violation"
		}
		if seen[word+r.Name] {
			continue
		}
		seen[word+r.Name] = true
		if !yield([]types.Datum{types.String(shown(fullName(r.Name))), types.Bool(false), types.String(word)}) {
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
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return types.Null, err
	}
	var names []string
	for _, n := range f.rest {
		if n == "." {
			continue
		}
		full, ok := known(c, v, n, all)
		if !ok {
			return types.Null, pgerr.New(pgerrcode.UndefinedTable, "the table(s) %s do not exist", n)
		}
		names = append(names, full)
	}
	for _, x := range all {
		if every || slices.Contains(names, x.table) {
			if err := mark(ctx, c, v, x.table); err != nil {
				return types.Null, err
			}
		}
	}
	if f.has("force") { // what dolt_ignore leaves out
		for _, n := range names {
			if tableAt(c, v, n) != nil {
				if err := mark(ctx, c, v, n); err != nil {
					return types.Null, err
				}
			}
		}
	}
	return done, nil
}

// mark stages a table as it is now.
func mark(ctx context.Context, c vcs.Conn, v storage.View, table string) error {
	return stagedTables.Put(ctx, c.Txn(), v, types.String(table))
}

// known is the full name of the table that a word of a user's stands for; ok is false where it is neither there nor among the changes.
func known(c vcs.Conn, v storage.View, word string, all []change) (full string, ok bool) {
	if t, err := tableNamed(c, v, word); err == nil {
		return nameOf(v, t), true
	}
	if i := slices.IndexFunc(all, func(x change) bool { return means(word, x.table) }); i >= 0 {
		return all[i].table, true
	}
	return "", false
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
	for n := range marked {
		if len(tables) > 0 && !slices.Contains(tables, n) {
			continue
		}
		for _, key := range []string{n, shown(n)} { // marks of old are plain
			if _, err := stagedTables.Delete(ctx, c.Txn(), v, types.String(key)); err != nil {
				return err
			}
		}
	}
	return nil
}

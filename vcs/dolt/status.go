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
	from, to     string // schema.name; "" where it is not there
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
	table  string // schema.name
	status string
	staged bool
	place  string // where the table is as it is staged

	ignored bool // dolt_ignore leaves it out
}

// fullName puts the schema before a table's name, as Doltgres does. A name may be quoted as in SQL.
func fullName(n string) string {
	if strings.HasPrefix(n, `"`) || strings.Contains(n, `."`) {
		if parts, ok := types.SplitName(n); ok && len(parts) < 3 {
			n = strings.Join(parts, ".")
		}
	}
	if n == "" || strings.Contains(n, ".") {
		return n
	}
	return "public." + n
}

// quoteName writes a full name as SQL has it.
func quoteName(n string) string {
	schema, name, ok := strings.Cut(n, ".")
	if !ok {
		return types.QuoteIdent(n)
	}
	return types.QuoteIdent(schema) + "." + types.QuoteIdent(name)
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
		out[r[0].S] = at
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
		if !yield([]types.Datum{types.String(x.table), types.Bool(x.staged), types.String(x.status)}) {
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
		if !yield([]types.Datum{types.String(fullName(r.Name)), types.Bool(false), types.String(word)}) {
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
			if err := mark(ctx, c, v, x.table); err != nil {
				return types.Null, err
			}
		}
	}
	if f.has("force") { // what dolt_ignore leaves out
		for _, n := range f.rest {
			if n != "." && tableAt(c, v, fullName(n)) != nil {
				if err := mark(ctx, c, v, fullName(n)); err != nil {
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

// known reports whether a table is there, or is among the changes.
func known(ctx context.Context, c vcs.Conn, name string, all []change) bool {
	if slices.ContainsFunc(all, func(x change) bool { return x.table == fullName(name) }) {
		return true
	}
	v, err := c.View(ctx, catalog.Ref{})
	return err == nil && tableAt(c, v, fullName(name)) != nil
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
		if len(tables) == 0 || slices.ContainsFunc(tables, func(t string) bool { return fullName(t) == n }) {
			if _, err := stagedTables.Delete(ctx, c.Txn(), v, types.String(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

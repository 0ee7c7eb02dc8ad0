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

// state is a commit, or with x nil the branch as it is.
type state struct {
	x     *commit
	place string
}

func (s state) hash() types.Datum {
	if s.x == nil {
		return types.String(working)
	}
	return types.String(s.x.id)
}

func (s state) date() types.Datum {
	if s.x == nil {
		return types.Null
	}
	return s.x.date
}

// states resolves the sides of a comparison: from and to, or 'from..to' in one word; what is left are tables.
func states(ctx context.Context, c vcs.Conn, a []types.Datum) (from, to state, rest []string, err error) {
	var words []string
	for _, d := range a {
		if !d.Null {
			words = append(words, d.S)
		}
	}
	if len(words) > 0 {
		if x, y, ok := strings.Cut(words[0], ".."); ok {
			words = append([]string{x, strings.TrimPrefix(y, ".")}, words[1:]...)
		}
	}
	if len(words) < 2 {
		return from, to, nil, pgerr.New(pgerrcode.InvalidParameterValue, "two points to compare are needed, or one of the form from..to")
	}
	if from.x, from.place, err = resolve(ctx, c, words[0]); err != nil {
		return from, to, nil, err
	}
	to.x, to.place, err = resolve(ctx, c, words[1])
	return from, to, words[2:], err
}

// columns are those that a table has in the session's branch: what bind has given the result.
func columns(ctx context.Context, c vcs.Conn, table string) ([]string, *catalog.Table, error) {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return nil, nil, err
	}
	id, err := c.Relation(v.Catalog(), table)
	if err != nil {
		return nil, nil, err
	}
	t, ok := v.Catalog().Object(id).(*catalog.Table)
	if !ok {
		return nil, nil, pgerr.New(pgerrcode.WrongObjectType, "%q is not a table", table)
	}
	var names []string
	for _, col := range t.Live() {
		names = append(names, col.Name)
	}
	return names, t, nil
}

// pick takes the cells of the columns wanted out of a row whose columns have these names.
func pick(wanted, names []string, row []types.Datum) []types.Datum {
	out := make([]types.Datum, len(wanted))
	for i, n := range wanted {
		out[i] = types.Null
		if k := slices.Index(names, n); k >= 0 {
			out[i] = row[k]
		}
	}
	return out
}

// compare yields the rows of a table that differ between two states, as dolt_diff has them.
func compare(ctx context.Context, c vcs.Conn, from, to state, table string, yield func([]types.Datum) bool) (more bool, err error) {
	wanted, _, err := columns(ctx, c, table)
	if err != nil {
		return false, err
	}
	more = true
	err = vcs.EachDifference(ctx, c, from.place, to.place, table, func(names []string, kind string, old, now []types.Datum) bool {
		row := append(pick(wanted, names, now), to.hash(), to.date())
		row = append(append(row, pick(wanted, names, old)...), from.hash(), from.date(), types.String(kind))
		more = yield(row)
		return more
	})
	return more, err
}

// diff is dolt_diff(from, to, table), and without arguments the relation dolt.diff.
func diff(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if len(a) == 0 {
		return diffs(ctx, c, yield)
	}
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "dolt_diff compares one table")
	}
	_, err = compare(ctx, c, from, to, rest[0], yield)
	return err
}

// steps are the changes of the session's branch, newest first: what is not committed, then each commit since its parent.
func steps(ctx context.Context, c vcs.Conn) ([][2]state, error) {
	h, err := commitsOf(ctx, c, c.Branch())
	if err != nil {
		return nil, err
	}
	mine := h.ancestors(h[0])
	out := [][2]state{{{h[0], h[0].place}, {nil, c.Branch()}}}
	for _, x := range h {
		if !mine[x.id] || len(x.parents) == 0 {
			continue
		}
		if p := h.find(x.parents[0]); p != nil {
			out = append(out, [2]state{{p, p.place}, {x, x.place}})
		}
	}
	return out, nil
}

// diffs is the relation dolt.diff: which tables each commit has changed.
func diffs(ctx context.Context, c vcs.Conn, yield func([]types.Datum) bool) error {
	list, err := steps(ctx, c)
	if err != nil {
		return err
	}
	for _, s := range list {
		rows, err := query(ctx, c, "SELECT coalesce(to_table_name, from_table_name), data_change, schema_change FROM rowan.diff_summary("+
			quote(s[0].place)+", "+quote(s[1].place)+") ORDER BY 1")
		if err != nil {
			return err
		}
		about := []types.Datum{types.Null, types.Null, types.Null, types.Null}
		if x := s[1].x; x != nil {
			about = x.row()[1:]
		}
		for _, r := range rows {
			row := append([]types.Datum{s[1].hash(), types.String(fullName(r[0].S))}, about...)
			if !yield(append(row, r[1], r[2])) {
				return nil
			}
		}
	}
	return nil
}

// diffOf is the relation dolt.diff_<table>: all changes of a table.
func diffOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	list, err := steps(ctx, c)
	if err != nil {
		return err
	}
	for _, s := range list {
		there, err := exists(ctx, c, s, a[0].S)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if more, err := compare(ctx, c, s[0], s[1], a[0].S, yield); !more || err != nil {
			return err
		}
	}
	return nil
}

// exists reports whether a table is there before or after a step.
func exists(ctx context.Context, c vcs.Conn, s [2]state, table string) (bool, error) {
	for _, x := range s {
		branch, point := split(x.place)
		v, err := c.View(ctx, catalog.Ref{Branch: branch, Point: point})
		if err != nil {
			return false, err
		}
		if _, err := c.Relation(v.Catalog(), table); err == nil {
			return true, nil
		}
	}
	return false, nil
}

// historyOf is the relation dolt.history_<table>: its rows in each commit.
func historyOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	wanted, _, err := columns(ctx, c, a[0].S)
	if err != nil {
		return err
	}
	list, err := steps(ctx, c)
	if err != nil {
		return err
	}
	for _, s := range list[1:] {
		there, err := exists(ctx, c, [2]state{s[1], s[1]}, a[0].S)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		x, more := s[1].x, true
		name, _ := author(x.author)
		err = vcs.EachRow(ctx, c, s[1].place, a[0].S, func(names []string, row []types.Datum) bool {
			more = yield(append(pick(wanted, names, row), types.String(x.id), name, x.date))
			return more
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// blameOf is the relation dolt.blame_<table>: for each row the commit that changed it last.
func blameOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	wanted, t, err := columns(ctx, c, a[0].S)
	if err != nil {
		return err
	}
	key := keyNames(t)
	var keyAt []int
	for _, k := range key {
		keyAt = append(keyAt, slices.Index(wanted, k))
	}
	list, err := steps(ctx, c)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range list {
		if there, err := exists(ctx, c, s, a[0].S); err != nil || !there {
			if err != nil {
				return err
			}
			continue
		}
		more, err := compare(ctx, c, s[0], s[1], a[0].S, func(row []types.Datum) bool {
			deleted := row[len(row)-1].S == "removed"
			cells := row
			if deleted {
				cells = row[len(wanted)+2:]
			}
			out, id := make([]types.Datum, 0, len(key)+5), ""
			for _, i := range keyAt {
				out = append(out, cells[i])
				id += "\x00" + cells[i].S + "\x00" + types.Text(types.Of(types.Builtin(types.OIDInt8)), types.Int(cells[i].I), types.DefaultFormat())
			}
			if seen[id] {
				return true
			}
			seen[id] = true
			if deleted {
				return true
			}
			about := []types.Datum{types.Null, types.Null, types.Null, types.Null}
			if s[1].x != nil {
				r := s[1].x.row()
				about = []types.Datum{r[3], r[1], r[2], r[4]}
			}
			return yield(append(append(out, s[1].hash()), about...))
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// keyNames are the columns of the primary key; of a table without one all columns.
func keyNames(t *catalog.Table) []string {
	var out []string
	if pk := t.PrimaryKey(); pk != nil {
		for _, id := range pk.Columns {
			out = append(out, t.ColumnByID(id).Name)
		}
		return out
	}
	for _, col := range t.Live() {
		out = append(out, col.Name)
	}
	return out
}

// about reports whether a row about a table is wanted: of those named, or of all.
func about(rest []string, table string) bool {
	return len(rest) == 0 || slices.ContainsFunc(rest, func(n string) bool { return fullName(n) == table })
}

// diffStat is dolt_diff_stat(from, to [, table]).
func diffStat(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	rows, err := query(ctx, c, "SELECT table_name, coalesce(rows_unchanged, 0), inserts, deletes, updates, cells_added, cells_deleted, cells_changed, coalesce(old_rows, 0), coalesce(new_rows, 0) FROM rowan.diff_stat("+
		quote(from.place)+", "+quote(to.place)+")")
	if err != nil {
		return err
	}
	for _, r := range rows {
		r[0] = types.String(fullName(r[0].S))
		if !about(rest, r[0].S) {
			continue
		}
		before, err := width(ctx, c, from, r[0].S)
		if err != nil {
			return err
		}
		after, err := width(ctx, c, to, r[0].S)
		if err != nil {
			return err
		}
		if !yield(append(r, types.Int(r[8].I*before), types.Int(r[9].I*after))) {
			return nil
		}
	}
	return nil
}

// width is the number of a table's columns in a state.
func width(ctx context.Context, c vcs.Conn, s state, table string) (int64, error) {
	branch, point := split(s.place)
	v, err := c.View(ctx, catalog.Ref{Branch: branch, Point: point})
	if err != nil {
		return 0, err
	}
	id, err := c.Relation(v.Catalog(), table)
	if err != nil {
		return 0, nil //nolint:nilerr // it is not there
	}
	t, ok := v.Catalog().Object(id).(*catalog.Table)
	if !ok {
		return 0, nil
	}
	return int64(len(t.Live())), nil
}

// diffSummary is dolt_diff_summary(from, to [, table]).
func diffSummary(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	rows, err := query(ctx, c, "SELECT from_table_name, to_table_name, diff_type, data_change, schema_change FROM rowan.diff_summary("+quote(from.place)+", "+quote(to.place)+")")
	for _, r := range rows {
		r[0], r[1] = types.String(fullName(r[0].S)), types.String(fullName(r[1].S))
		if (about(rest, r[0].S) || about(rest, r[1].S)) && !yield(r) {
			break
		}
	}
	return err
}

// schemaDiff is dolt_schema_diff(from, to [, table]).
func schemaDiff(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	rows, err := query(ctx, c, "SELECT kind, name, coalesce(old_definition, ''), coalesce(new_definition, '') FROM rowan.schema_diff("+quote(from.place)+", "+quote(to.place)+")")
	for _, r := range rows {
		name := types.String(fullName(r[1].S))
		if !about(rest, name.S) && !slices.ContainsFunc(rest, func(t string) bool { return strings.HasPrefix(name.S, fullName(t)+".") }) {
			continue
		}
		before, after := name, name
		if r[2].S == "" {
			before = types.String("")
		}
		if r[3].S == "" {
			after = types.String("")
		}
		if !yield([]types.Datum{before, after, r[2], r[3]}) {
			break
		}
	}
	return err
}

// patch is dolt_patch(from, to [, table]): statements that turn one into the other.
func patch(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	rows, err := query(ctx, c, "SELECT statement FROM rowan.diff_sql("+quote(from.place)+", "+quote(to.place)+") ORDER BY n")
	n := int64(0)
	for _, r := range rows {
		table, kind := statementTable(r[0].S)
		if !about(rest, table) {
			continue
		}
		n++
		if !yield([]types.Datum{types.Int(n), from.hash(), to.hash(), types.String(table), types.String(kind), r[0]}) {
			break
		}
	}
	return err
}

// statementTable says which table a statement of rowan.diff_sql is about, and whether it changes data or schema.
func statementTable(sql string) (table, kind string) {
	words := strings.Fields(sql)
	kind = "schema"
	for i, w := range words {
		switch w {
		case "INSERT", "UPDATE", "DELETE":
			if i == 0 {
				kind = "data"
			}
			if w != "UPDATE" {
				continue
			}
		case "INTO", "FROM", "TABLE", "ON":
		default:
			continue
		}
		if i+1 < len(words) && words[i+1] != "ONLY" {
			return fullName(strings.Trim(strings.TrimRight(words[i+1], "(;"), `"`)), kind
		}
	}
	return "", kind
}

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
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// state is a commit, or with x nil the branch as it is, or what is staged of it.
type state struct {
	x      *commit
	place  string
	staged bool
}

func (s state) hash() types.Datum {
	switch {
	case s.staged:
		return types.String(staged)
	case s.x == nil:
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

func stateOf(ctx context.Context, c vcs.Conn, word string) (s state, err error) {
	s.staged = strings.EqualFold(word, staged)
	if word == "" {
		word = head
	}
	s.x, s.place, err = resolve(ctx, c, word)
	return s, err
}

// states resolves the sides of a comparison: from and to, or 'from..to' in one word, or 'from...to', which begins where the two
// parted; what is left are tables.
func states(ctx context.Context, c vcs.Conn, a []types.Datum) (from, to state, rest []string, err error) {
	var words []string
	for _, d := range a {
		if !d.Null {
			words = append(words, d.S)
		}
	}
	parted := false
	if len(words) > 0 {
		if x, y, ok := strings.Cut(words[0], ".."); ok {
			y, parted = strings.CutPrefix(y, ".")
			words = append([]string{x, y}, words[1:]...)
		}
	}
	if len(words) < 2 {
		return from, to, nil, pgerr.New(pgerrcode.InvalidParameterValue, "two points to compare are needed, or one of the form from..to")
	}
	if from, err = stateOf(ctx, c, words[0]); err != nil {
		return from, to, nil, err
	}
	if to, err = stateOf(ctx, c, words[1]); err != nil {
		return from, to, nil, err
	}
	if parted {
		base, err := mergeBase(ctx, c, []types.Datum{types.String(cmp.Or(words[0], head)), types.String(cmp.Or(words[1], head))})
		if err != nil {
			return from, to, nil, err
		}
		if from, err = stateOf(ctx, c, base.S); err != nil {
			return from, to, nil, err
		}
	}
	return from, to, words[2:], nil
}

// at is the place of a table in a state.
func (s state) at(ctx context.Context, c vcs.Conn, table string) (string, error) {
	if !s.staged {
		return s.place, nil
	}
	marked, err := marks(ctx, c)
	if err != nil {
		return "", err
	}
	return stagedPlace(ctx, c, marked, table)
}

func stagedPlace(ctx context.Context, c vcs.Conn, marked map[string]storage.SCN, table string) (string, error) {
	scn, ok := marked[table]
	switch {
	case !ok:
		_, place, err := resolve(ctx, c, head)
		return place, err
	case scn == 0:
		return c.Branch(), nil
	}
	return c.Branch() + "@" + scnPoint(int64(scn)), nil
}

// eachPair calls f with the places of two states. What is staged may be in many: f is called for each, with the tables
// that it is about.
func eachPair(ctx context.Context, c vcs.Conn, from, to state, f func(from, to string, about func(table string) bool) error) error {
	if !from.staged && !to.staged {
		return f(from.place, to.place, func(string) bool { return true })
	}
	marked, err := marks(ctx, c)
	if err != nil {
		return err
	}
	groups := []string{""} // an unmarked table, and one of each mark
	for _, scn := range points(marked) {
		for name, at := range marked {
			if at == scn {
				groups = append(groups, name)
				break
			}
		}
	}
	for _, g := range groups {
		place, err := stagedPlace(ctx, c, marked, g)
		if err != nil {
			return err
		}
		a, b := from.place, to.place
		if from.staged {
			a = place
		}
		if to.staged {
			b = place
		}
		scn, isMarked := marked[g]
		err = f(a, b, func(table string) bool {
			at, ok := marked[table]
			return ok == isMarked && at == scn
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// columns are those that a table has in the session's branch: what bind has given the result. The table's full name comes with them.
func columns(ctx context.Context, c vcs.Conn, word string) (names []string, t *catalog.Table, table string, err error) {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return nil, nil, "", err
	}
	if t, err = tableNamed(c, v, word); err != nil {
		return nil, nil, "", err
	}
	for _, col := range t.Live() {
		names = append(names, col.Name)
	}
	return names, t, nameOf(v, t), nil
}

// nameOf is the full name of a table.
func nameOf(v storage.View, t *catalog.Table) string {
	return joined(v.Catalog().SchemaName(t.Schema), t.Name)
}

// tableNamed finds the table that a word of a user's stands for: one with just this name, behind its schema's or not, as Dolt has names,
// or else the one that it means as a name in SQL.
func tableNamed(c vcs.Conn, v storage.View, word string) (*catalog.Table, error) {
	for _, name := range []string{types.QuoteIdent(word), fullName(word), word} {
		id, err := c.Relation(v.Catalog(), name)
		if err != nil && name == word {
			return nil, err
		}
		if t, ok := v.Catalog().Object(id).(*catalog.Table); ok && err == nil {
			return t, nil
		}
	}
	return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a table", word)
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
func compare(ctx context.Context, c vcs.Conn, from, to state, word string, yield func([]types.Datum) bool) (more bool, err error) {
	wanted, _, table, err := columns(ctx, c, word)
	if err != nil {
		return false, err
	}
	a, err := from.at(ctx, c, table)
	if err != nil {
		return false, err
	}
	b, err := to.at(ctx, c, table)
	if err != nil {
		return false, err
	}
	if there, err := exists(ctx, c, [2]state{{place: a}, {place: b}}, table); !there || err != nil {
		return true, err
	}
	more = true
	err = vcs.EachDifference(ctx, c, a, b, table, func(names []string, kind string, old, now []types.Datum) bool {
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
	out := [][2]state{{{x: h[0], place: h[0].place}, {place: c.Branch()}}}
	for _, x := range h {
		if !mine[x.id] || len(x.parents) == 0 {
			continue
		}
		if p := h.find(x.parents[0]); p != nil {
			out = append(out, [2]state{{x: p, place: p.place}, {x: x, place: x.place}})
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
			row := append([]types.Datum{s[1].hash(), types.String(shown(fullName(r[0].S)))}, about...)
			if !yield(append(row, r[1], r[2])) {
				return nil
			}
		}
	}
	return nil
}

// diffOf is the relation dolt.diff_<table>: all changes of a table, or those since a commit, to a commit.
func diffOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	_, _, table, err := columns(ctx, c, a[0].S)
	if err != nil {
		return err
	}
	list, err := steps(ctx, c)
	if err != nil {
		return err
	}
	for _, s := range list {
		if !asked(a[1], s[0].hash()) || !asked(a[2], s[1].hash()) {
			continue
		}
		there, err := exists(ctx, c, s, table)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if more, err := compare(ctx, c, s[0], s[1], table, yield); !more || err != nil {
			return err
		}
	}
	return nil
}

// asked reports whether a value is the one that is asked for, if any is.
func asked(want, have types.Datum) bool { return want.Null || want.S == have.S }

// exists reports whether a table is there before or after a step.
func exists(ctx context.Context, c vcs.Conn, s [2]state, table string) (bool, error) {
	for _, x := range s {
		branch, point := split(x.place)
		v, err := c.View(ctx, catalog.Ref{Branch: branch, Point: point})
		if err != nil {
			return false, err
		}
		if tableAt(c, v, table) != nil {
			return true, nil
		}
	}
	return false, nil
}

// commitDiffOf is the relation dolt.commit_diff_<table>: the changes between the two commits that the query's condition names.
func commitDiffOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	for i, column := range []string{"from_commit", "to_commit"} {
		if a[i+1].Null {
			return pgerr.New(pgerrcode.InvalidParameterValue, "dolt_commit_diff_* tables must be filtered to a single '%s'", column)
		}
	}
	from, err := stateOf(ctx, c, a[1].S)
	if err != nil {
		return err
	}
	to, err := stateOf(ctx, c, a[2].S)
	if err == nil {
		_, err = compare(ctx, c, from, to, a[0].S, yield)
	}
	return err
}

// columnDiff is the relation dolt.column_diff: which columns each commit has changed.
func columnDiff(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	list, err := steps(ctx, c)
	if err != nil {
		return err
	}
	for _, s := range list {
		tables, err := summary(ctx, c, s[0].place, s[1].place)
		if err != nil {
			return err
		}
		about := []types.Datum{types.Null, types.Null, types.Null, types.Null}
		if x := s[1].x; x != nil {
			about = x.row()[1:]
		}
		for _, t := range tables {
			kinds, order, err := changedColumns(ctx, c, s, &t)
			if err != nil {
				return err
			}
			for _, name := range order {
				row := append([]types.Datum{s[1].hash(), types.String(shown(t.name())), types.String(name)}, about...)
				if !yield(append(row, types.String(kinds[name]))) {
					return nil
				}
			}
		}
	}
	return nil
}

// changedColumns says of the columns of a table what a step has done to them.
func changedColumns(ctx context.Context, c vcs.Conn, s [2]state, t *tableChange) (map[string]string, []string, error) {
	var sides [2][]string
	for i, name := range []string{t.from, t.to} {
		v, err := c.View(ctx, ref(s[i].place))
		if err != nil {
			return nil, nil, err
		}
		if x := tableAt(c, v, name); x != nil && name != "" {
			for _, col := range x.Live() {
				sides[i] = append(sides[i], col.Name)
			}
		}
	}
	kinds := map[string]string{}
	var order []string
	note := func(name, kind string) {
		if kinds[name] == "" {
			kinds[name] = kind
			order = append(order, name)
		}
	}
	for _, n := range sides[1] {
		if !slices.Contains(sides[0], n) {
			note(n, "added")
		}
	}
	for _, n := range sides[0] {
		if !slices.Contains(sides[1], n) {
			note(n, "removed")
		}
	}
	if !t.data || t.from == "" || t.to == "" {
		return kinds, order, nil
	}
	err := vcs.EachDifference(ctx, c, s[0].place, s[1].place, t.name(), func(names []string, _ string, old, now []types.Datum) bool {
		for i, n := range names {
			if old[i].Null != now[i].Null || old[i].I != now[i].I || old[i].S != now[i].S {
				note(n, "modified")
			}
		}
		return true
	})
	slices.Sort(order)
	return kinds, order, err
}

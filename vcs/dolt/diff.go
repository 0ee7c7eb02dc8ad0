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

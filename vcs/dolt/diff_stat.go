package dolt

import (
	"context"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

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

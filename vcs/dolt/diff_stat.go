package dolt

import (
	"context"
	"strings"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// about reports whether a row about a table is wanted: of those named, or of all.
func about(rest []string, table string) bool {
	return len(rest) == 0 || meant(rest, table)
}

// diffStat is dolt_diff_stat(from, to [, table]).
func diffStat(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	return eachPair(ctx, c, from, to, func(from, to string, wanted func(string) bool) error {
		rows, err := query(ctx, c, "SELECT table_name, coalesce(rows_unchanged, 0), inserts, deletes, updates, cells_added, cells_deleted, cells_changed, coalesce(old_rows, 0), coalesce(new_rows, 0) FROM rowan.diff_stat("+
			quote(from)+", "+quote(to)+") ORDER BY 1")
		if err != nil {
			return err
		}
		for _, r := range rows {
			table := fullName(r[0].S)
			if !about(rest, table) || !wanted(table) {
				continue
			}
			before, err := width(ctx, c, from, table)
			if err != nil {
				return err
			}
			after, err := width(ctx, c, to, table)
			if err != nil {
				return err
			}
			r[0] = types.String(shown(table))
			if !yield(append(r, types.Int(r[8].I*before), types.Int(r[9].I*after))) {
				return nil
			}
		}
		return nil
	})
}

// width is the number of a table's columns at a place.
func width(ctx context.Context, c vcs.Conn, place, table string) (int64, error) {
	v, err := c.View(ctx, ref(place))
	if err != nil {
		return 0, err
	}
	if t := tableAt(c, v, table); t != nil {
		return int64(len(t.Live())), nil
	}
	return 0, nil
}

// diffSummary is dolt_diff_summary(from, to [, table]).
func diffSummary(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	return eachPair(ctx, c, from, to, func(from, to string, wanted func(string) bool) error {
		list, err := summary(ctx, c, from, to)
		for _, t := range list {
			if !wanted(t.name()) || !about(rest, t.from) && !about(rest, t.to) {
				continue
			}
			if !yield([]types.Datum{types.String(shown(t.from)), types.String(shown(t.to)), types.String(t.kind), types.Bool(t.data), types.Bool(t.schema)}) {
				break
			}
		}
		return err
	})
}

// schemaDiff is dolt_schema_diff(from, to [, table]).
func schemaDiff(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	return eachPair(ctx, c, from, to, func(from, to string, wanted func(string) bool) error {
		rows, err := query(ctx, c, "SELECT kind, name, coalesce(old_definition, ''), coalesce(new_definition, '') FROM rowan.schema_diff("+quote(from)+", "+quote(to)+")")
		made, dropped := map[string]bool{}, map[string]bool{}
		for _, r := range rows {
			if r[0].S == "table" {
				made[fullName(r[1].S)], dropped[fullName(r[1].S)] = r[2].S == "", r[3].S == ""
			}
		}
		for _, r := range rows {
			of, whole := tableOf(r[0].S, r[1].S)
			table := fullName(of)
			if !wanted(table) || !about(rest, table) {
				continue
			}
			name := types.String(shown(table))
			before, after := name, name
			if r[2].S == "" && (whole || made[table]) {
				before = types.String("")
			}
			if r[3].S == "" && (whole || dropped[table]) {
				after = types.String("")
			}
			if !yield([]types.Datum{before, after, r[2], r[3]}) {
				break
			}
		}
		return err
	})
}

// tableOf is the table of an object that rowan.schema_diff names behind it, such as a column; of others the object itself.
func tableOf(kind, name string) (table string, whole bool) {
	if of, _ := vcs.WholeAndPart(name); of != "" && (kind == "column" || kind == "constraint") {
		return of, false
	}
	return name, true
}

// patch is dolt_patch(from, to [, table]): statements that turn one into the other.
func patch(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, rest, err := states(ctx, c, a)
	if err != nil {
		return err
	}
	n := int64(0)
	return eachPair(ctx, c, from, to, func(before, after string, wanted func(string) bool) error {
		rows, err := query(ctx, c, "SELECT statement FROM rowan.diff_sql("+quote(before)+", "+quote(after)+") ORDER BY n")
		for _, r := range rows {
			table, kind := statementTable(r[0].S)
			if !about(rest, table) || !wanted(table) {
				continue
			}
			n++
			if !yield([]types.Datum{types.Int(n), from.hash(), to.hash(), types.String(shown(table)), types.String(kind), r[0]}) {
				break
			}
		}
		return err
	})
}

// statementTable says which table a statement of rowan.diff_sql is about, and whether it changes data or schema.
func statementTable(sql string) (table, kind string) {
	quoted := false
	words := strings.FieldsFunc(sql, func(r rune) bool {
		quoted = quoted != (r == '"')
		return r == ' ' && !quoted || r == '\n' && !quoted
	})
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
			return fullName(strings.TrimRight(words[i+1], "(;")), kind
		}
	}
	return "", kind
}

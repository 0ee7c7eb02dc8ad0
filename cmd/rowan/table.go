package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// show lays a result out as psql does; that of a statement without one is its tag.
func show(r *pgconn.Result) string {
	if len(r.FieldDescriptions) == 0 {
		return r.CommandTag.String() + "\n"
	}
	rows := "rows"
	if len(r.Rows) == 1 {
		rows = "row"
	}
	return layout(r, " | ", "-+-") + fmt.Sprintf("(%d %s)\n", len(r.Rows), rows)
}

// listing lays a result out in columns, names in capitals; columns that are NULL in all rows are left out.
func listing(r *pgconn.Result) string {
	out := &pgconn.Result{Rows: make([][][]byte, len(r.Rows))}
	for i, f := range r.FieldDescriptions {
		if len(r.Rows) > 0 && !slices.ContainsFunc(r.Rows, func(row [][]byte) bool { return row[i] != nil }) {
			continue
		}
		f.Name = strings.ToUpper(f.Name)
		out.FieldDescriptions = append(out.FieldDescriptions, f)
		for k, row := range r.Rows {
			out.Rows[k] = append(out.Rows[k], row[i])
		}
	}
	return layout(out, "  ", "")
}

// layout aligns columns; rule joins the dashes below the names, "" being no such line.
func layout(r *pgconn.Result, gap, rule string) string {
	cells := make([][]string, 0, len(r.Rows)+1)
	var head []string
	for _, f := range r.FieldDescriptions {
		head = append(head, f.Name)
	}
	cells = append(cells, head)
	for _, row := range r.Rows {
		var line []string
		for _, v := range row {
			line = append(line, string(v))
		}
		cells = append(cells, line)
	}
	width := make([]int, len(head))
	for _, line := range cells {
		for i, v := range line {
			width[i] = max(width[i], utf8.RuneCountInString(v))
		}
	}
	var b strings.Builder
	dashes := make([]string, len(width))
	for i, w := range width {
		dashes[i] = strings.Repeat("-", w)
	}
	for n, line := range cells {
		for i, v := range line {
			line[i] = v + strings.Repeat(" ", width[i]-utf8.RuneCountInString(v))
		}
		fmt.Fprintln(&b, strings.TrimRight(strings.Join(line, gap), " "))
		if n == 0 && rule != "" {
			fmt.Fprintln(&b, strings.Join(dashes, rule))
		}
	}
	return b.String()
}

// quoted is a string as an SQL literal.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

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

// layout aligns columns; rule joins the dashes below the names, "" being no such line. A value of several lines has several.
func layout(r *pgconn.Result, gap, rule string) string {
	head := make([][]byte, len(r.FieldDescriptions))
	for i, f := range r.FieldDescriptions {
		head[i] = []byte(f.Name)
	}
	var lines [][]string
	for _, row := range append([][][]byte{head}, r.Rows...) {
		lines = append(lines, split(row)...)
	}
	width := make([]int, len(head))
	for _, line := range lines {
		for i, v := range line {
			width[i] = max(width[i], utf8.RuneCountInString(v))
		}
	}
	var b strings.Builder
	dashes := make([]string, len(width))
	for i, w := range width {
		dashes[i] = strings.Repeat("-", w)
	}
	for n, line := range lines {
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

// split makes of a row as many lines as the longest of its values has.
func split(row [][]byte) (lines [][]string) {
	for i, v := range row {
		for k, part := range strings.Split(strings.TrimRight(string(v), "\n"), "\n") {
			if k == len(lines) {
				lines = append(lines, make([]string, len(row)))
			}
			lines[k][i] = part
		}
	}
	return lines
}

// quoted is a string as an SQL literal.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

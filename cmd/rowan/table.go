package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/text/width"
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
	widths := make([]int, len(head))
	for _, line := range lines {
		for i, v := range line {
			widths[i] = max(widths[i], columnsOf(v))
		}
	}
	var b strings.Builder
	dashes := make([]string, len(widths))
	for i, w := range widths {
		dashes[i] = strings.Repeat("-", w)
	}
	for n, line := range lines {
		for i, v := range line {
			line[i] = v + strings.Repeat(" ", widths[i]-columnsOf(v))
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
			lines[k][i] = printable(part)
		}
	}
	return lines
}

// printable writes a line without what would move a terminal's cursor or speak to it: tabs become blanks, and the rest is written out.
func printable(s string) string {
	if strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	var b strings.Builder
	n := 0 // columns so far
	for _, r := range s {
		w := string(r)
		switch {
		case r == '\t':
			w = strings.Repeat(" ", 8-n%8)
		case r == '\r':
			w = `\r`
		case unicode.IsControl(r):
			w = fmt.Sprintf(`\x%02X`, r)
		}
		b.WriteString(w)
		n += columnsOf(w)
	}
	return b.String()
}

// columnsOf counts the columns of a terminal that a line takes: two for each wide character, none for what is put on the one before.
func columnsOf(s string) (n int) {
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// quoted is a string as an SQL literal.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

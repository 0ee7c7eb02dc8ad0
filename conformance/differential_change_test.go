package conformance

import (
	"fmt"
	"strings"
)

// changeGen makes statements that change rows.
type changeGen struct {
	*queryGen
}

// change makes one, with the table that it changes.
func (g *changeGen) change() (sql string, changed table) {
	t := pick(g.choices, g.world.tables)
	switch g.n(5) {
	case 0, 1:
		return g.insert(t), t
	case 2, 3:
		return g.update(t), t
	}
	return g.delete(t), t
}

func (g *changeGen) value(c column, cols []column) string {
	if g.oneIn(8) {
		return "DEFAULT"
	}
	return g.exprs(cols).expr(c.typ, 2)
}

func (g *changeGen) insert(t table) string {
	with := ""
	if g.oneIn(8) {
		with = g.with()
	}
	var names []string
	var cols []column
	for _, c := range t.cols {
		if c.text == "id" || g.n(2) == 1 {
			names, cols = append(names, c.text), append(cols, c)
		}
	}
	s := with + "INSERT INTO " + t.name + " AS tt (" + strings.Join(names, ", ") + ") "
	if g.oneIn(3) {
		var types []string
		for _, c := range cols {
			types = append(types, c.typ)
		}
		s += g.selectList(types)
	} else {
		var rows []string
		for range 1 + g.n(3) {
			var values []string
			for _, c := range cols {
				if c.text == "id" {
					values = append(values, fmt.Sprint(g.n(20)))
				} else {
					values = append(values, g.value(c, nil))
				}
			}
			rows = append(rows, "("+strings.Join(values, ", ")+")")
		}
		s += "VALUES " + strings.Join(rows, ", ")
	}
	return s + g.onConflict(t) + g.returning(t, "tt", nil)
}

func (g *changeGen) onConflict(t table) string {
	switch g.n(4) {
	case 1:
		return " ON CONFLICT DO NOTHING"
	case 2, 3:
		var cols []column
		for _, c := range t.cols {
			cols = append(cols, column{"tt." + c.text, c.typ}, column{"excluded." + c.text, c.typ})
		}
		s := " ON CONFLICT (id) DO UPDATE SET " + g.set(t, cols)
		if g.oneIn(3) {
			s += " WHERE " + g.exprs(cols).expr("bool", 2)
		}
		return s
	}
	return ""
}

func (g *changeGen) set(t table, cols []column) string {
	c := pick(g.choices, t.cols[1:])
	s := c.text + " = " + g.value(c, cols)
	if g.oneIn(3) {
		s = "(" + c.text + ") = ROW(" + g.exprs(cols).expr(c.typ, 2) + ")"
	}
	if d := pick(g.choices, t.cols[1:]); d.text != c.text {
		if g.oneIn(4) {
			q := g.sub(cols)
			s += ", (" + d.text + ") = (" + q.scalar(d.typ) + ")"
		} else {
			s += ", " + d.text + " = " + g.value(d, cols)
		}
	}
	return s
}

// matched are at most one row of another relation for each row: an UPDATE or DELETE with more takes any of them.
func (g *changeGen) matched() (from, string) {
	o := pick(g.choices, g.world.tables)
	a := g.alias()
	var names, types []string
	for _, c := range o.cols {
		names, types = append(names, c.text), append(types, c.typ)
	}
	return from{o.name + " AS " + a, columnsOf(a, names, types)}, a + ".id = tt.id"
}

func (g *changeGen) update(t table) string {
	cols := qualified("tt", t)
	if g.n(2) == 0 {
		e := g.exprs(cols)
		return "UPDATE " + t.name + " AS tt SET " + g.set(t, cols) + g.where(e) + g.returning(t, "tt", nil)
	}
	f, on := g.matched()
	all := append(append([]column(nil), cols...), f.cols...)
	return "UPDATE " + t.name + " AS tt SET " + g.set(t, all) + " FROM " + f.sql + " WHERE " + on + " AND " + g.exprs(all).expr("bool", 2) + g.returning(t, "tt", f.cols)
}

func (g *changeGen) delete(t table) string {
	cols := qualified("tt", t)
	if g.n(2) == 0 {
		return "DELETE FROM " + t.name + " AS tt" + g.where(g.exprs(cols)) + g.returning(t, "tt", nil)
	}
	f, on := g.matched()
	all := append(append([]column(nil), cols...), f.cols...)
	return "DELETE FROM " + t.name + " AS tt USING " + f.sql + " WHERE " + on + " AND " + g.exprs(all).expr("bool", 2) + g.returning(t, "tt", f.cols)
}

func qualified(alias string, t table) (out []column) {
	for _, c := range t.cols {
		out = append(out, column{alias + "." + c.text, c.typ})
	}
	return out
}

func (g *changeGen) returning(t table, alias string, more []column) string {
	switch g.n(4) {
	case 1:
		return " RETURNING *"
	case 2, 3:
		e := g.exprs(append(qualified(alias, t), more...))
		return " RETURNING " + alias + ".id, " + e.expr(pick(g.choices, allTypes), 2) + " AS x"
	}
	return ""
}

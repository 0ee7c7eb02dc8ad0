package conformance

import (
	"fmt"
	"strings"
)

// world is a schema with rows, the same on both servers.
type world struct {
	tables []table
	script []string
}

type table struct {
	name string
	cols []column
}

// newWorld makes tables with rows: some with every type, some small ones with keys for joins.
func newWorld(seed uint64) *world {
	c := newChoices(seed)
	w := &world{script: []string{"CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')"}}
	for i := range 4 {
		t := table{name: fmt.Sprintf("t%d", i+1)}
		defs := []string{"id int PRIMARY KEY"}
		t.cols = []column{{"id", "int4"}}
		for j := range 3 + c.n(6) {
			typ := pick(c, allTypes)
			col := column{fmt.Sprintf("%s_%d", strings.TrimPrefix(typ, "_"), j), typ}
			t.cols = append(t.cols, col)
			def := col.text + " " + typ
			if c.oneIn(8) {
				def += " UNIQUE"
				if typ == "json" {
					def = col.text + " json"
				}
			}
			defs = append(defs, def)
		}
		t.cols = append(t.cols, column{"k", "int4"}, column{"s", "text"})
		defs = append(defs, "k int NOT NULL DEFAULT 7 CHECK (k > -5)", "s text")
		if i > 0 && c.n(2) == 1 {
			defs = append(defs, fmt.Sprintf("ref int REFERENCES t%d", i))
			t.cols = append(t.cols, column{"ref", "int4"})
		}
		w.script = append(w.script, "CREATE TABLE "+t.name+" ("+strings.Join(defs, ", ")+")")
		w.tables = append(w.tables, t)
		w.fill(c, t)
		if c.n(2) == 1 {
			col := pick(c, t.cols)
			if col.typ != "json" {
				w.script = append(w.script, "CREATE INDEX ON "+t.name+" ("+col.text+")")
			}
		}
	}
	return w
}

func (w *world) fill(c *choices, t table) {
	e := &exprGen{choices: c, world: w, aliases: new(int)}
	for id := range c.n(7) {
		values := []string{fmt.Sprint(id)}
		for _, col := range t.cols[1:] {
			switch col.text {
			case "k":
				values = append(values, fmt.Sprint(c.n(4)))
			case "ref":
				values = append(values, pick(c, []string{"NULL", "0", "1"}))
			default:
				values = append(values, e.literal(col.typ))
			}
		}
		w.script = append(w.script, "INSERT INTO "+t.name+" VALUES ("+strings.Join(values, ", ")+") ON CONFLICT DO NOTHING")
	}
}

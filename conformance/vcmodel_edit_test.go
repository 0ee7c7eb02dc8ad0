package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// vcEdit is a statement and what it makes of a state; codes are those that it may be refused with, whatever it would make.
type vcEdit struct {
	sql   string
	apply func(*vcState)
	codes []string
}

// edit runs an edit of a branch, on a table of it unless that is to be made.
func (w *vcWorld) edit(draw func(*vcState) *vcEdit) {
	w.editOf(w.anyBranch("branch"), draw)
}

func (w *vcWorld) editOf(b string, draw func(*vcState) *vcEdit) {
	w.on(b)
	if e := draw(w.heads[b].State); e != nil {
		if next := w.apply(w.heads[b].State, e); next != nil {
			w.grew(b, next)
		}
	}
}

// apply runs an edit. What breaks no constraint has to be accepted and what breaks one refused.
func (w *vcWorld) apply(s *vcState, e *vcEdit) *vcState {
	w.t.Helper()
	next := s.clone()
	e.apply(next)
	broken := next.broken()
	code, message := w.try(e.sql)
	switch {
	case code == "" && broken != "":
		w.fail("accepted though %s: %s", broken, e.sql)
	case code == "":
		return next
	case slices.Contains(e.codes, code):
	case broken == "" || !strings.HasPrefix(code, "23"):
		w.fail("refused with %s %s: %s", code, message, e.sql)
	}
	return nil
}

// transaction runs several edits in one.
func (w *vcWorld) transaction() {
	b := w.anyBranch("branch")
	w.on(b)
	edits := w.edits()
	s, some := w.heads[b].State, false
	w.must("BEGIN")
	w.must("SET CONSTRAINTS ALL IMMEDIATE")
	w.inside = true
	defer func() { w.inside = false }()
	for range rapid.IntRange(2, 5).Draw(w.t, "edits") {
		e := vcPick(w, "edit", edits)(s)
		if e == nil {
			continue
		}
		w.must("SAVEPOINT s")
		if next := w.apply(s, e); next != nil {
			s, some = next, true
			continue
		}
		w.must("ROLLBACK TO s")
	}
	if w.draw("roll back", 6) == 0 {
		w.must("ROLLBACK")
		return
	}
	w.must("COMMIT")
	if some {
		w.grew(b, s)
	}
}

func (w *vcWorld) edits() []func(*vcState) *vcEdit {
	return []func(*vcState) *vcEdit{w.insert, w.insert, w.insert, w.insert, w.update, w.update, w.update, w.update, w.delete, w.delete, w.makeTable, w.makeTwin, w.dropTable, w.renameTable,
		w.addColumn, w.dropColumn, w.renameColumn, w.changeType, w.alterColumn, w.alterColumn, w.setPolicy, w.addPart, w.addPart, w.dropPart, w.upsert, w.truncate}
}

func (w *vcWorld) table(s *vcState) *vcTable {
	if len(s.tables) == 0 {
		return nil
	}
	return s.tables[vcPick(w, "table", s.ids())]
}

// column draws a live one that passes, nil where none does.
func (w *vcWorld) column(t *vcTable, pass func(*vcColumn) bool) *vcColumn {
	var list []*vcColumn
	for i := range t.columns {
		if c := &t.columns[i]; !c.dropped && pass(c) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return vcPick(w, "column", list)
}

var vcValues = map[string][]string{
	"integer":   {"0", "1", "2", "3", "-1", "7", vcNull},
	"bigint":    {"0", "1", "2", "3", "-1", "7", vcNull},
	"text":      {`"a"`, `"b"`, `""`, `"it's"`, vcNull},
	"integer[]": {"[]", "[1]", "[1, 2]", "[2, 3]", vcNull},
	"boolean":   {"true", "false", vcNull},
	"numeric":   {"0", "1.5", "1.50", "-20000000000000000000.25", vcNull},
	"date":      {`"2024-02-29"`, `"2025-01-01"`, `"infinity"`, vcNull},
	"uuid":      {`"00000000-0000-0000-0000-000000000001"`, `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`, vcNull},
	"text[]":    {`[]`, `["a"]`, `["a", "b_c"]`, `[null]`, vcNull},
	"jsonb":     {`{}`, `{"a": 1}`, `{"a": 2, "b": 1}`, `{"a": {"b": 1}}`, `{"a": {"c": null}}`, vcNull},
}

var vcTypes = []string{"integer", "integer", "integer", "text", "bigint", "integer[]", "jsonb", "boolean", "numeric", "date", "uuid", "text[]"}

func (w *vcWorld) value(typ string) string { return vcPick(w, "value", vcValues[typ]) }

// literal writes a value in SQL.
func vcLiteral(typ, v string) string {
	if v == vcNull {
		return "NULL"
	}
	switch typ {
	case "text", "date", "uuid":
		var s string
		_ = json.Unmarshal([]byte(v), &s) // it is one of those above
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case "integer[]", "text[]":
		return "'" + strings.NewReplacer("[", "{", "]", "}", " ", "").Replace(v) + "'"
	case "jsonb":
		return "'" + v + "'"
	}
	return v
}

func (w *vcWorld) id(t *vcTable) int {
	if len(t.rows) > 0 && w.draw("known", 4) > 0 {
		return vcPick(w, "id", slices.Sorted(maps.Keys(t.rows)))
	}
	return 1 + w.draw("id", 6)
}

func (w *vcWorld) insert(s *vcState) *vcEdit {
	t := w.table(s)
	if t == nil {
		return nil
	}
	k := 1 + w.draw("id", 6)
	if !t.keyed {
		w.names++
		k = 100 + w.names
	}
	row, names, values := vcRow{t.key(): fmt.Sprint(k)}, []string{t.column(t.key()).name}, []string{fmt.Sprint(k)}
	for i := range t.columns {
		c := &t.columns[i]
		if c.dropped || c.generated != "" || c.id == t.key() {
			continue
		}
		if w.draw("leave out", 4) == 0 {
			row[c.id] = vcUnquote(c)
			continue
		}
		row[c.id] = w.value(c.typ)
		names, values = append(names, c.name), append(values, vcLiteral(c.typ, row[c.id]))
	}
	id := t.id
	codes := []string{}
	if t.keyed && t.rows[k] != nil {
		codes = append(codes, "23505")
	}
	return &vcEdit{"INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")", func(s *vcState) { s.tables[id].rows[k] = row }, codes}
}

// unquote is a default as the value that it gives.
func vcUnquote(c *vcColumn) string {
	switch {
	case c.def == "":
		return vcNull
	case c.typ == "text":
		out, _ := json.Marshal(strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(c.def, "'"), "'::text"), "''", "'"))
		return string(out)
	}
	return c.def
}

func (w *vcWorld) update(s *vcState) *vcEdit {
	t := w.table(s)
	if t == nil {
		return nil
	}
	k := w.id(t)
	id := t.id
	if t.keyed && w.draw("key", 6) == 0 {
		to := 1 + w.draw("id", 8)
		key := t.column(t.key()).name
		codes := []string{}
		if t.rows[to] != nil && t.rows[k] != nil && to != k {
			codes = append(codes, "23505")
		}
		return &vcEdit{fmt.Sprintf("UPDATE %s SET %s = %d WHERE %s = %d", t.name, key, to, key, k), func(s *vcState) {
			t := s.tables[id]
			if r, ok := t.rows[k]; ok {
				delete(t.rows, k)
				r[t.key()] = fmt.Sprint(to)
				t.rows[to] = r
			}
		}, codes}
	}
	c := w.column(t, func(c *vcColumn) bool { return c.id != t.key() && c.generated == "" })
	if c == nil {
		return nil
	}
	column, v := c.id, w.value(c.typ)
	return &vcEdit{fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = %d", t.name, c.name, vcLiteral(c.typ, v), t.column(t.key()).name, k), func(s *vcState) {
		if r, ok := s.tables[id].rows[k]; ok {
			r[column] = v
		}
	}, nil}
}

// upsert writes a row of a table with a key, whether it is there or not.
func (w *vcWorld) upsert(s *vcState) *vcEdit {
	t := w.table(s)
	if t == nil || !t.keyed {
		return nil
	}
	c := w.column(t, func(c *vcColumn) bool { return c.id != t.key() && c.generated == "" })
	if c == nil {
		return nil
	}
	k, v, id, column := 1+w.draw("id", 6), w.value(c.typ), t.id, c.id
	key := t.column(t.key()).name
	codes := []string{}
	for i := range t.columns { // a row that would be inserted is looked at first
		if x := &t.columns[i]; x.notNull && !x.dropped && x.id != t.key() && x.id != column && x.def == "" {
			codes = append(codes, "23502")
		}
	}
	codes = append(codes, "23514")
	return &vcEdit{fmt.Sprintf("INSERT INTO %s (%s, %s) VALUES (%d, %s) ON CONFLICT (%s) DO UPDATE SET %s = excluded.%s", t.name, key, c.name, k, vcLiteral(c.typ, v), key, c.name, c.name), func(s *vcState) {
		t := s.tables[id]
		if t.rows[k] == nil {
			t.rows[k] = vcRow{t.key(): fmt.Sprint(k)}
			for i := range t.columns {
				if x := &t.columns[i]; !x.dropped && x.generated == "" && x.id != t.key() {
					t.rows[k][x.id] = vcUnquote(x)
				}
			}
		}
		t.rows[k][column] = v
	}, codes}
}

func (w *vcWorld) delete(s *vcState) *vcEdit {
	t := w.table(s)
	if t == nil {
		return nil
	}
	k, id := w.id(t), t.id
	return &vcEdit{fmt.Sprintf("DELETE FROM %s WHERE %s = %d", t.name, t.column(t.key()).name, k), func(s *vcState) { delete(s.tables[id].rows, k) }, nil}
}

// truncate gives the rows a new place.
func (w *vcWorld) truncate(s *vcState) *vcEdit {
	t := w.table(s)
	if t == nil || w.draw("really", 3) > 0 {
		return nil
	}
	id, space := t.id, w.space()
	return &vcEdit{"TRUNCATE " + t.name, func(s *vcState) { s.tables[id].rows, s.tables[id].space = map[int]vcRow{}, space }, []string{"0A000"}}
}

func (w *vcWorld) space() int {
	w.names++
	return w.names
}

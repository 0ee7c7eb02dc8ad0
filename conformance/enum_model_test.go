package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"
)

// TestEnumModel adds and renames labels of an enum on branches that are merged and rebased in all directions, beside a model that knows labels
// by who made them: values are what they were on the branch that they come from, in columns, arrays, keys and indexes, whatever else
// has been added meanwhile, and labels keep their order.
func TestEnumModel(t *testing.T) {
	conn := diffConn(t)
	checkModel(t, 20, func(rt *rapid.T, run int) {
		w := &enumWorld{t: rt, conn: conn, prefix: fmt.Sprintf("e%d_", run), branches: map[string]*enumState{}}
		w.run()
	})
}

type enumWorld struct {
	t        *rapid.T
	conn     *pgx.Conn
	prefix   string
	names    int
	branches map[string]*enumState
	keyed    bool // the enum is part of a key: then there are no twins, of which merges would say that
	over     bool // the model does not know any more
	script   []string
}

// enumState is what a branch has: labels by identity, which is the name that they were made with, in order, and what cells of rows have, as
// such labels. Rows have an id and their cells a letter: m and l of table t, and u, the key of a row in table u.
type enumState struct {
	order  []string
	labels map[string]enumValue // what they are called
	cells  map[enumCell]enumValue
}

type enumCell struct {
	letter string
	id     int
}

// enumValue is a value with all that it has been.
type enumValue struct {
	text string
	seen map[int]string
}

func (v enumValue) changed(text string, n int) enumValue {
	seen := map[int]string{n: text}
	maps.Copy(seen, v.seen)
	return enumValue{text, seen}
}

// was reports whether the value has been one before: who changes it back has changed nothing.
func (v enumValue) was(text string) bool {
	return slices.Contains(slices.Collect(maps.Values(v.seen)), text)
}

func (v enumValue) knows(x enumValue) bool {
	for n := range x.seen {
		if _, ok := v.seen[n]; !ok {
			return false
		}
	}
	return true
}

// joinValues is what comes of two versions of values; ok is false where both sides have changed one. Where they have made the same of it
// the world is over.
func joinValues[K comparable](w *enumWorld, from, to map[K]enumValue) (out map[K]enumValue, ok bool) {
	out, ok = maps.Clone(to), true
	for k, v := range from {
		switch x, there := to[k]; {
		case !there || v.knows(x):
			out[k] = v
		case x.knows(v):
		default:
			ok, w.over = false, w.over || x.text == v.text
		}
	}
	return out, ok
}

func (s *enumState) clone() *enumState {
	return &enumState{slices.Clone(s.order), maps.Clone(s.labels), maps.Clone(s.cells)}
}

func (w *enumWorld) fatal(format string, a ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter\n%s", fmt.Sprintf(format, a...), strings.Join(w.script, ";\n"))
}

func (w *enumWorld) exec(sql string) {
	w.script = append(w.script, sql)
	if _, err := w.conn.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		w.fatal("%v", err)
	}
}

func (w *enumWorld) query(sql string) []string {
	rows, err := w.conn.Query(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		w.fatal("%s: %v", sql, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.fatal("%s: %v", sql, err)
	}
	return out
}

func (w *enumWorld) on(branch string) { w.exec("SET rowan.branch = '" + branch + "'") }

func (w *enumWorld) branch() (string, *enumState) {
	b := rapid.SampledFrom(slices.Sorted(maps.Keys(w.branches))).Draw(w.t, "branch")
	return b, w.branches[b]
}

func (w *enumWorld) next() int {
	w.names++
	return w.names
}

func (w *enumWorld) run() {
	root := w.prefix + "m"
	w.exec("SELECT rowan.create_branch('" + root + "', source => 'main')")
	w.branches[root] = &enumState{order: []string{"a", "b"}, labels: map[string]enumValue{"a": {text: "a"}, "b": {text: "b"}}, cells: map[enumCell]enumValue{}}
	w.on(root)
	w.exec("CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (id int PRIMARY KEY, m mood, l mood[]); CREATE INDEX ON t (m)")
	if w.keyed = rapid.Bool().Draw(w.t, "keyed"); w.keyed {
		w.exec("CREATE TABLE u (m mood, id int, PRIMARY KEY (m, id))")
	} else {
		w.exec("CREATE TABLE u (m mood, id int PRIMARY KEY)")
	}
	steps := []func(){w.fork, w.add, w.add, w.rename, w.insert, w.insert, w.update, w.update, w.merge, w.merge, w.merge, w.rebase}
	for range rapid.IntRange(4, 40).Draw(w.t, "steps") {
		if w.over {
			break
		}
		steps[rapid.IntRange(0, len(steps)-1).Draw(w.t, "step")]()
		if !w.over {
			w.check()
		}
	}
	if left := w.query("SELECT concat_ws(' ', kind, place, key, problem) FROM rowan.check()"); len(left) > 0 {
		w.fatal("%s", strings.Join(left, "\n"))
	}
	w.on("main")
	for _, b := range slices.Sorted(maps.Keys(w.branches)) {
		w.exec("SELECT rowan.drop_branch('" + b + "', force => true)")
	}
}

func (w *enumWorld) fork() {
	if len(w.branches) > 4 {
		return
	}
	from, s := w.branch()
	to := w.prefix + fmt.Sprint(len(w.branches))
	w.exec("SELECT rowan.create_branch('" + to + "', source => '" + from + "')")
	w.branches[to] = s.clone()
}

// twin is a label that several branches add, all at the end: elsewhere it would be another.
const twin = "k"

// add adds a label.
func (w *enumWorld) add() {
	b, s := w.branch()
	id, at := fmt.Sprintf("x%d", w.next()), rapid.IntRange(0, len(s.order)).Draw(w.t, "at")
	if !w.keyed && rapid.IntRange(0, 2).Draw(w.t, "twin") == 0 {
		id, at = twin, len(s.order)
	}
	if _, ok := s.labels[id]; ok {
		return
	}
	sql := "ALTER TYPE mood ADD VALUE '" + id + "'"
	if at < len(s.order) {
		sql += " BEFORE '" + s.labels[s.order[at]].text + "'"
	}
	w.on(b)
	w.exec(sql)
	s.order = slices.Insert(s.order, at, id)
	s.labels[id] = enumValue{text: id}
}

func (w *enumWorld) rename() {
	b, s := w.branch()
	id := w.label(s)
	if id == twin { // whether it is one with another branch's would depend on when that was merged
		return
	}
	n := w.next()
	w.on(b)
	w.exec(fmt.Sprintf("ALTER TYPE mood RENAME VALUE '%s' TO 'y%d'", s.labels[id].text, n))
	s.labels[id] = s.labels[id].changed(fmt.Sprintf("y%d", n), n)
}

func (w *enumWorld) label(s *enumState) string { return rapid.SampledFrom(s.order).Draw(w.t, "label") }

// array draws some labels.
func (w *enumWorld) array(s *enumState) string {
	var list []string
	for range rapid.IntRange(0, 2).Draw(w.t, "length") {
		list = append(list, w.label(s))
	}
	return strings.Join(list, " ")
}

// called are labels as the branch calls them.
func (s *enumState) called(labels string) string {
	list := strings.Fields(labels)
	for i, id := range list {
		list[i] = s.labels[id].text
	}
	return strings.Join(list, ",")
}

func (w *enumWorld) insert() {
	b, s := w.branch()
	id, m, l := w.next(), w.label(s), w.array(s)
	w.on(b)
	w.exec(fmt.Sprintf("INSERT INTO t VALUES (%d, '%s', '{%s}'); INSERT INTO u VALUES ('%[2]s', %[1]d)", id, s.called(m), s.called(l)))
	s.cells[enumCell{"m", id}], s.cells[enumCell{"u", id}], s.cells[enumCell{"l", id}] = enumValue{}.changed(m, id), enumValue{}.changed(m, id), enumValue{}.changed(l, id)
}

func (w *enumWorld) update() {
	b, s := w.branch()
	var ids []int
	for c := range s.cells {
		if c.letter == "m" {
			ids = append(ids, c.id)
		}
	}
	if slices.Sort(ids); ids == nil {
		return
	}
	id := rapid.SampledFrom(ids).Draw(w.t, "row")
	w.on(b)
	change := func(letter, v, text string) {
		if c := (enumCell{letter, id}); !s.cells[c].was(v) {
			w.exec(fmt.Sprintf("UPDATE t SET %s = '%s' WHERE id = %d", letter, text, id))
			s.cells[c] = s.cells[c].changed(v, w.next())
		}
	}
	m, l := w.label(s), w.array(s)
	change("m", m, s.called(m))
	change("l", l, "{"+s.called(l)+"}")
}

// bring runs a merge or a rebase, by which changes come to a branch; keeps says whose order of labels stays.
func (w *enumWorld) bring(from, to, sql string, keeps *enumState) {
	w.script = append(w.script, sql)
	told := w.query("SELECT concat_ws(' ', status, table_name, row_key, conflict_type, base_value, source_value, target_value) FROM " + sql)
	w.script = append(w.script, "-- "+strings.Join(told, ";\n-- "))
	s, t := w.branches[from], w.branches[to]
	labels, ok1 := joinValues(w, s.labels, t.labels)
	cells, ok2 := joinValues(w, s.cells, t.cells)
	if w.over {
		return
	}
	if refused := !slices.Contains([]string{"merged", "rebased", "up to date"}, told[0]); refused == (ok1 && ok2) {
		w.fatal("%s\nwant it refused: %t", strings.Join(told, "\n"), !ok1 || !ok2)
	} else if refused {
		return
	}
	out := &enumState{labels: labels, cells: cells}
	byName := map[string]string{}
	for id, l := range labels {
		byName[l.text] = id
	}
	w.on(to)
	for _, name := range w.query("SELECT unnest(enum_range(NULL::mood))::text") {
		out.order = append(out.order, byName[name])
	}
	kept := slices.DeleteFunc(slices.Clone(out.order), func(id string) bool { return !slices.Contains(keeps.order, id) })
	if !slices.Equal(kept, keeps.order) {
		w.fatal("%s has labels in the order %q, which was %q", to, kept, keeps.order)
	}
	w.branches[to] = out
}

func (w *enumWorld) merge() {
	from, _ := w.branch()
	to, t := w.branch()
	if from == to {
		return
	}
	w.on(to)
	w.bring(from, to, "rowan.merge('"+from+"')", t)
}

func (w *enumWorld) rebase() {
	b, _ := w.branch()
	onto, o := w.branch()
	if b == onto {
		return
	}
	w.on("main")
	w.bring(onto, b, "rowan.rebase_branch('"+b+"', onto => '"+onto+"')", o)
}

func (w *enumWorld) check() {
	for b, s := range w.branches {
		place := `"postgres/` + b + `".public.`
		var want []string
		n := map[string]int{}
		for c, v := range s.cells {
			switch c.letter {
			case "m":
				want = append(want, fmt.Sprintf("t %d %s {%s}", c.id, s.called(v.text), s.called(s.cells[enumCell{"l", c.id}].text)))
				n[v.text]++
			case "u":
				want = append(want, fmt.Sprintf("u %d %s", c.id, s.called(v.text)))
			}
		}
		slices.Sort(want)
		have := w.query("SELECT concat('t ', id, ' ', m, ' ', l) FROM " + place + "t UNION ALL SELECT concat('u ', id, ' ', m) FROM " + place + "u")
		if slices.Sort(have); !slices.Equal(have, want) {
			w.fatal("branch %s has\n%q\nwant\n%q", b, have, want)
		}
		for _, id := range s.order {
			sql := fmt.Sprintf("SELECT count(*)::text FROM %st WHERE m = '%s'", place, s.labels[id].text)
			if have := w.query(sql); have[0] != fmt.Sprint(n[id]) {
				w.fatal("branch %s: %s is %s, want %d", b, sql, have[0], n[id])
			}
		}
	}
}

package conformance

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"
)

// doltTree is what the tables of a state hold.
type doltTree map[string]map[int]int

func (t doltTree) clone() doltTree {
	out := doltTree{}
	for name, rows := range t {
		out[name] = maps.Clone(rows)
	}
	return out
}

func (t doltTree) String() string {
	var out []string
	for name, rows := range t {
		for k, v := range rows {
			out = append(out, fmt.Sprint(name, k, "=", v))
		}
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// doltModel is Git's idea of a branch: the trees of its commits, what is staged, and what is there.
type doltModel struct {
	c               *pgx.Conn
	commits         []doltTree
	staged, working doltTree
}

var doltTables = []string{"a", "b"}

func (m *doltModel) head() doltTree { return m.commits[len(m.commits)-1] }

// status is what dolt_status has to show.
func (m *doltModel) status() string {
	var out []string
	for _, t := range doltTables {
		if !maps.Equal(m.head()[t], m.staged[t]) {
			out = append(out, t+" staged")
		}
	}
	for _, t := range doltTables {
		if !maps.Equal(m.staged[t], m.working[t]) {
			out = append(out, t)
		}
	}
	return strings.Join(out, ", ")
}

// commit is dolt_commit with what it says of nothing.
func (m *doltModel) commit(t *rapid.T, args string, replace bool) {
	err := try(m.c, "SELECT dolt_commit("+args+")")
	if !replace && m.head().String() == m.staged.String() {
		if err == nil || !strings.Contains(err.Error(), "nothing to commit") {
			t.Fatalf("an empty commit: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if replace {
		m.commits = m.commits[:len(m.commits)-1]
	}
	m.commits = append(m.commits, m.staged.clone())
}

func (m *doltModel) exec(t *rapid.T, sql string) {
	if err := try(m.c, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (m *doltModel) step(t *rapid.T) {
	table := rapid.SampledFrom(doltTables).Draw(t, "table")
	k, v := rapid.IntRange(1, 3).Draw(t, "key"), rapid.IntRange(1, 4).Draw(t, "value")
	switch rapid.SampledFrom([]string{"set", "set", "set", "delete", "add", "add", "all", "commit", "commit", "commit -a", "amend", "unstage", "hard", "soft", "restore", "stash"}).Draw(t, "step") {
	case "set":
		m.exec(t, fmt.Sprintf("INSERT INTO %s VALUES (%d, %d) ON CONFLICT (k) DO UPDATE SET v = excluded.v", table, k, v))
		m.working[table][k] = v
	case "delete":
		m.exec(t, fmt.Sprintf("DELETE FROM %s WHERE k = %d", table, k))
		delete(m.working[table], k)
	case "add":
		m.exec(t, "SELECT dolt_add('"+table+"')")
		m.staged[table] = maps.Clone(m.working[table])
	case "all":
		m.exec(t, "SELECT dolt_add('.')")
		m.staged = m.working.clone()
	case "commit":
		m.commit(t, "'-m', 'some'", false)
	case "commit -a":
		m.staged = m.working.clone()
		m.commit(t, "'-am', 'all'", false)
	case "amend":
		if len(m.commits) > 1 {
			m.commit(t, "'--amend', '-m', 'amended'", true)
		}
	case "unstage":
		m.exec(t, "SELECT dolt_reset('"+table+"')")
		m.staged[table] = maps.Clone(m.head()[table])
	case "hard":
		m.exec(t, "SELECT dolt_reset('--hard')")
		m.staged, m.working = m.head().clone(), m.head().clone()
	case "soft":
		if len(m.commits) > 2 {
			m.exec(t, "SELECT dolt_reset('--soft', 'HEAD~1')")
			m.commits = m.commits[:len(m.commits)-1]
			m.staged = m.head().clone()
		}
	case "restore":
		m.exec(t, "SELECT dolt_checkout('--', '"+table+"')")
		m.staged[table], m.working[table] = maps.Clone(m.head()[table]), maps.Clone(m.head()[table])
	case "stash":
		if m.status() == "" {
			return
		}
		m.exec(t, "SELECT dolt_stash('push', 's')")
		m.compare(t, "the stash has left", "main", m.head())
		m.exec(t, "SELECT dolt_stash('pop', 's')")
		m.staged = m.head().clone()
	}
}

func (m *doltModel) compare(t *rapid.T, what, place string, want doltTree) {
	got := doltTree{}
	for _, table := range doltTables {
		got[table] = map[int]int{}
		from := table
		if place != "main" {
			from += " AS OF '" + place + "'"
		}
		rows, err := m.c.Query(t.Context(), "SELECT k, v FROM "+from)
		if err != nil {
			t.Fatal(err)
		}
		var k, v int
		if _, err := pgx.ForEachRow(rows, []any{&k, &v}, func() error {
			got[table][k] = v
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if got.String() != want.String() {
		t.Fatalf("%s %q, not %q", what, got, want)
	}
}

func (m *doltModel) check(t *rapid.T) {
	m.compare(t, "the branch has", "main", m.working)
	m.compare(t, "HEAD has", "HEAD", m.head())
	if n := len(m.commits); n > 2 {
		m.compare(t, "HEAD~1 has", "HEAD~1", m.commits[n-2])
	}
	rows, err := m.c.Query(t.Context(), "SELECT replace(table_name, 'public.', '') || CASE WHEN staged THEN ' staged' ELSE '' END FROM dolt_status")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, ", "); s != m.status() {
		t.Fatalf("the status is %q, not %q", s, m.status())
	}
}

// TestDoltModel stages, commits, amends, resets and stashes at random, and wants what Git would have.
func TestDoltModel(t *testing.T) {
	p := startRowan(t)
	admin := dial(t, p, "postgres")
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > 10 && os.Getenv("ROWAN_LONG") == "" {
			return
		}
		name := fmt.Sprint("m", n)
		run(t, admin, "CREATE DATABASE "+name)
		c := dial(t, p, name)
		m := &doltModel{c: c, working: doltTree{"a": {}, "b": {}}}
		run(t, c, "CREATE TABLE a (k int PRIMARY KEY, v int)", "CREATE TABLE b (k int PRIMARY KEY, v int)", "SELECT dolt_commit('-Am', 'tables')")
		m.staged, m.commits = m.working.clone(), []doltTree{m.working.clone()}
		for range slices.Repeat([]int{0}, rapid.IntRange(1, 25).Draw(rt, "steps")) {
			m.step(rt)
			m.check(rt)
		}
		_ = c.Close(t.Context())
		run(t, admin, "DROP DATABASE "+name)
	})
}

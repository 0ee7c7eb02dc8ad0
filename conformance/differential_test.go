package conformance

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestDifferential makes statements at random and asks Rowan and PostgreSQL the same. With ROWAN_LONG many more, from seeds that no
// run had before, whose differences are logged; ROWAN_SEED repeats one. What differs is made as small as it goes.
func TestDifferential(t *testing.T) {
	d := &differential{t: t, rowan: startRowan(t), oracle: startOracle(t), worlds: 2, each: 100, seed: 1, odd: map[string]int{}, seen: map[string]bool{}}
	if os.Getenv("ROWAN_LONG") != "" {
		d.worlds, d.each, d.seed, d.explore = 20, 1000, uint64(os.Getpid())*1000, true
	}
	for name, to := range map[string]*int{"ROWAN_WORLDS": &d.worlds, "ROWAN_EACH": &d.each} {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			*to = n
		}
	}
	if n, err := strconv.ParseUint(os.Getenv("ROWAN_SEED"), 10, 64); err == nil {
		d.seed, d.explore = n, false
	}
	for i := range d.worlds {
		d.run(d.seed + uint64(i))
	}
	d.report()
}

type differential struct {
	t              *testing.T
	rowan, oracle  endpoint
	seed           uint64
	worlds, each   int
	explore        bool // statements that no run had before: what differs is logged, to be looked at
	asked, refused int
	odd            map[string]int  // answers 0A000, and differences that the plan may decide, by kind
	seen           map[string]bool // kinds of differences that were reported
}

// run asks the statements of one world.
func (d *differential) run(seed uint64) {
	w := newWorld(seed)
	p := d.open(w)
	defer func() { p.close() }()
	for i := range d.each {
		c := newChoices(seed<<20 + uint64(i))
		if sev, what := d.try(p, w, c); sev != same {
			d.differs(p, w, c, sev, what, seed, i)
		}
		if p.rowan.IsClosed() || p.oracle.IsClosed() {
			p.close()
			p = d.open(w)
		}
	}
}

// open makes a database with the world on both servers.
func (d *differential) open(w *world) *pair {
	p := &pair{rowan: d.connect(d.rowan, "postgres"), oracle: d.connect(d.oracle, "postgres")}
	for _, sql := range []string{"DROP DATABASE IF EXISTS differential", "CREATE DATABASE differential TEMPLATE template0"} {
		d.both(p, sql)
	}
	p.close()
	p = &pair{rowan: d.connect(d.rowan, "differential"), oracle: d.connect(d.oracle, "differential")}
	for _, sql := range append([]string{"SET statement_timeout = '2s'", "SET TimeZone = 'Europe/Berlin'"}, w.script...) {
		d.both(p, sql)
	}
	return p
}

func (d *differential) connect(e endpoint, database string) *pgconn.PgConn {
	conn, err := pgconn.Connect(context.Background(), e.url(database))
	if err != nil {
		d.t.Fatal(err)
	}
	return conn
}

func (d *differential) both(p *pair, sql string) {
	d.t.Helper()
	a, b := ask(p.rowan, sql, false), ask(p.oracle, sql, false)
	if sev, what := compare(a, b, false); sev != same {
		d.t.Errorf("%s\n%s", sql, what)
	}
}

// statement makes one of the statements that a world is asked.
func statement(c *choices, w *world) (sql string, changed table) {
	q := &queryGen{choices: c, world: w, depth: 2, aliases: new(int)}
	if c.oneIn(5) {
		g := &changeGen{q}
		return g.change()
	}
	return q.top(), table{}
}

// try asks one statement; one that changes rows is followed by what is there then, and undone.
func (d *differential) try(p *pair, w *world, c *choices) (int, string) {
	binary := c.oneIn(3)
	sql, changed := statement(c, w)
	d.asked++
	if changed.name == "" {
		return d.ask(p, sql, binary)
	}
	for _, conn := range []*pgconn.PgConn{p.rowan, p.oracle} {
		ask(conn, "BEGIN", false)
		defer ask(conn, "ROLLBACK", false)
	}
	if sev, what := d.ask(p, sql, binary); sev != same {
		return sev, what
	}
	if ask(p.oracle, "SELECT 1", false).err != "" {
		return same, ""
	}
	return d.ask(p, "SELECT * FROM "+changed.name+" ORDER BY id", false)
}

func (d *differential) ask(p *pair, sql string, binary bool) (int, string) {
	isOrdered := strings.Contains(sql, " ORDER BY ") && lastOrder.MatchString(sql)
	a, b := ask(p.rowan, sql, binary), ask(p.oracle, sql, binary)
	if a.code == "0A000" {
		d.refused++
	}
	sev, what := compare(a, b, isOrdered)
	if sev == wrong {
		if s, _ := compare(equalNumbers(a), equalNumbers(b), isOrdered); s == same {
			return unsure, "equal numbers: " + what
		}
	}
	return sev, what
}

// lastOrder is an ORDER BY at the end.
var lastOrder = regexp.MustCompile(` ORDER BY [^()]*$`)

// differs makes the statement smaller and reports it, once for each kind of difference.
func (d *differential) differs(p *pair, w *world, c *choices, sev int, what string, seed uint64, i int) {
	kind := kindOf(what)
	if sev == unsure {
		d.odd[kind]++
	}
	if d.seen[kind] || strings.Contains(what, " / PostgreSQL: 2") && sev == unsure || strings.HasPrefix(what, "unsupported") || strings.HasPrefix(what, "timeout") || len(d.seen) > 200 || sev == unsure && os.Getenv("ROWAN_UNSURE") == "" {
		return
	}
	d.seen[kind] = true
	taken := c.taken
	if until := time.Now().Add(20 * time.Second); !p.rowan.IsClosed() {
		taken = reduce(c.taken, 400, func(taken []uint32) bool {
			if time.Now().After(until) {
				return false
			}
			s, now := d.try(p, w, &choices{taken: taken, replay: true})
			return s == sev && kindOf(now) == kind
		})
		_, what = d.try(p, w, &choices{taken: taken, replay: true})
	}
	again := &choices{taken: taken, replay: true}
	binary := again.oneIn(3)
	sql, _ := statement(again, w)
	text := fmt.Sprintf("seed %d statement %d (binary: %t), in %s:\n%s\n%s", seed, i, binary, tablesIn(w, sql), sql, what)
	if sev == wrong && !d.explore {
		d.t.Error(text)
	} else {
		d.t.Log(text)
	}
}

func tablesIn(w *world, sql string) string {
	var out []string
	for _, t := range w.tables {
		if strings.Contains(sql, t.name) {
			out = append(out, t.name)
		}
	}
	return strings.Join(out, ", ")
}

var literals = regexp.MustCompile(`"[^"]*"|'[^']*'|\(.*\)|@\d+|-?\d+(\.\d+)?|columns: .*|rows: .*|order: .*|tag: .*`)

// kindOf tells alike differences from others.
func kindOf(what string) string {
	return literals.ReplaceAllStringFunc(what, func(s string) string {
		if name, _, ok := strings.Cut(s, ": "); ok && !strings.ContainsAny(name, `"'(`) {
			return name
		}
		return "?"
	})
}

// report logs what was refused and what the plan may have decided, the most frequent first.
func (d *differential) report() {
	d.t.Logf("%d statements, %d refused as not supported", d.asked, d.refused)
	kinds := make([]string, 0, len(d.odd))
	for k := range d.odd {
		kinds = append(kinds, k)
	}
	sort.Slice(kinds, func(i, j int) bool { return d.odd[kinds[i]] > d.odd[kinds[j]] })
	for _, k := range kinds[:min(len(kinds), 25)] {
		d.t.Logf("%5d %s", d.odd[k], k)
	}
}

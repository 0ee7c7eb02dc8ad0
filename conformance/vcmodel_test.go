package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/rowandb/rowan/server"
)

// TestVersionControlModel runs scripts over a tree of branches, drawn at random, beside a model of plain values: rows and
// schema change, branches fork from branches, points and tags, are merged in all directions and ways, rebased, reset,
// restored and dropped, transactions are taken back and picked, garbage is collected, the server is stopped and started.
// After each step all branches have what the model has; a merge has the model's conflicts and counts, and a dry run says what
// the merge then does; whatever does not satisfy its constraints is refused; scripts of differences make one branch of
// another. In the end all that was ever there is read again at its point, and the store is sound.
//
// By itself it runs the same scripts each time; with -rapid.checks or -rapid.seed others. Seeds must lie far apart, for n runs more than
// n²/2: rapid adds the number of each run to the seed, and neighbouring ones repeat scripts.
//
// Where the model does not say what a merge does (twins that differ, more than two bases), the script ends after it.
func TestVersionControlModel(t *testing.T) {
	count := map[string]int{}
	runs := checkModel(t, 12, func(rt *rapid.T, _ int) {
		w := newVCWorld(rt, count)
		defer w.close()
		w.run()
	})
	t.Logf("%d runs: %v", runs, count)
}

// checkModel has rapid run scripts of a model, which are numbered from 1: a few with every run, as many as rapid likes with ROWAN_LONG=1. It
// returns how many rapid has asked for. A script that failed is run on while rapid makes it shorter.
func checkModel(t *testing.T, few int, script func(rt *rapid.T, run int)) (runs int) {
	fixedSeed(t)
	limit := many(few, 1<<30)
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > limit && !t.Failed() {
			return
		}
		script(rt, runs)
	})
	return runs
}

// fixedSeed lets what runs by itself be the same each time.
func fixedSeed(t *testing.T) {
	f := flag.Lookup("rapid.seed")
	if given(f.Name) || given("rapid.checks") {
		return
	}
	was := f.Value.String()
	t.Cleanup(func() { _ = f.Value.Set(was) })
	if err := f.Value.Set("20261122"); err != nil {
		t.Fatal(err)
	}
}

// given reports whether a flag was given on the command line.
func given(name string) (is bool) {
	flag.Visit(func(f *flag.Flag) { is = is || f.Name == name })
	return is
}

// vcWorld is a server and the model of it.
type vcWorld struct {
	t      *rapid.T
	dir    string
	server *server.Server
	conn   *pgx.Conn

	heads  map[string]*vcNode
	past   []vcMoment
	txns   map[string][]vcTxn // what can be taken back, by branch
	tags   map[string]*vcNode
	names  int
	nodes  int
	inside bool // a transaction
	over   bool // the model does not know any more
	lossy  bool // points beyond retention may be gone
	script []string
	branch string // the session's
	scn    string // as of the last step that was noted
	count  map[string]int
}

// vcMoment is what a branch had at a point.
type vcMoment struct {
	branch, scn string
	node        *vcNode
}

// vcTxn is a transaction of a branch.
type vcTxn struct {
	scn           string
	before, after *vcNode
}

func newVCWorld(t *rapid.T, count map[string]int) *vcWorld {
	dir, err := os.MkdirTemp("", "rowan-model-")
	if err != nil {
		t.Fatal(err)
	}
	w := &vcWorld{t: t, dir: dir, heads: map[string]*vcNode{}, txns: map[string][]vcTxn{}, tags: map[string]*vcNode{}, count: count, branch: "main"}
	w.heads["main"] = &vcNode{State: &vcState{tables: map[string]*vcTable{}}}
	w.open()
	return w
}

func (w *vcWorld) open() {
	s, err := server.Start(context.Background(), server.Config{DataDir: w.dir, PGAddr: "127.0.0.1:0", Auth: server.AuthTrust})
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = s
	w.connect()
}

func (w *vcWorld) connect() {
	var err error
	if w.conn, err = pgx.Connect(context.Background(), rowanServer{w.server}.url("postgres")); err != nil {
		w.t.Fatal(err)
	}
	w.branch = "main"
	w.rows("SET synchronous_commit = off")
}

func (w *vcWorld) stop() {
	_ = w.conn.Close(context.Background())
	if err := w.server.Stop(context.Background()); err != nil {
		w.t.Fatalf("stop: %v", err)
	}
}

func (w *vcWorld) close() {
	_ = w.conn.Close(context.Background())
	_ = w.server.Stop(context.Background()) // a failure has been told
	_ = os.RemoveAll(w.dir)
}

func (w *vcWorld) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter\n%s", fmt.Sprintf(format, args...), strings.Join(w.script, ";\n"))
}

// note keeps what is done, to be told when something fails.
func (w *vcWorld) note(sql string) { w.script = append(w.script, w.branch+"> "+sql) }

// try runs a statement and returns the SQLSTATE that it failed with, "" for none.
func (w *vcWorld) try(sql string) (code, message string) {
	w.t.Helper()
	w.note(sql)
	_, err := w.conn.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
	if err == nil {
		return "", ""
	}
	w.script[len(w.script)-1] += " -- " + err.Error()
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code == "XX000" {
		w.fail("%v", err)
	}
	return e.Code, e.Message
}

func (w *vcWorld) must(sql string) {
	w.t.Helper()
	if code, message := w.try(sql); code != "" {
		w.fail("%s: %s", sql, message)
	}
}

// rows runs a query and returns its rows, fields separated by |.
func (w *vcWorld) rows(sql string) []string {
	w.t.Helper()
	out, err := w.query(sql)
	if err != nil {
		w.fail("%s: %v", sql, err)
	}
	return out
}

func (w *vcWorld) query(sql string) (out []string, err error) {
	list, err := w.conn.PgConn().Exec(context.Background(), sql).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, r := range list[len(list)-1].Rows {
		var fields []string
		for _, f := range r {
			if f == nil {
				f = []byte("null")
			}
			fields = append(fields, string(f))
		}
		out = append(out, strings.Join(fields, "|"))
	}
	return out, nil
}

func (w *vcWorld) name(prefix string) string {
	w.names++
	return fmt.Sprintf("%s%d", prefix, w.names)
}

func (w *vcWorld) draw(label string, n int) int { return rapid.IntRange(0, n-1).Draw(w.t, label) }

func vcPick[T any](w *vcWorld, label string, list []T) T { return list[w.draw(label, len(list))] }

// on moves the session to a branch.
func (w *vcWorld) on(branch string) {
	if w.branch != branch {
		w.rows("SET rowan.branch = '" + branch + "'")
		w.branch = branch
	}
}

func (w *vcWorld) anyBranch(label string) string {
	return vcPick(w, label, slices.Sorted(maps.Keys(w.heads)))
}

// grew notes that a branch has got a new state by a transaction, unless that has written nothing.
func (w *vcWorld) grew(branch string, s *vcState, parents ...*vcNode) {
	scn := w.rows("SELECT rowan.current_scn()")[0]
	if before := w.heads[branch]; scn != w.scn || len(parents) > 0 {
		w.nodes++
		n := &vcNode{Parents: append([]*vcNode{before}, parents...), State: s, Made: w.nodes}
		w.heads[branch] = n
		if scn != w.scn && !slices.Equal(s.lines(), before.State.lines()) { // a merge that changes nothing is no transaction
			w.txns[branch] = append(w.txns[branch], vcTxn{scn, before, n})
		}
	}
	w.now(branch)
}

// now notes what a branch has at this moment.
func (w *vcWorld) now(branch string) {
	w.scn = w.rows("SELECT rowan.current_scn()")[0]
	w.past = append(w.past, vcMoment{branch, w.scn, w.heads[branch]})
}

const vcDefinitions = `SELECT c.relname || ' column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' notnull=' || a.attnotnull || ' identity=' || a.attidentity::text || ' expr=' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
	WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
	UNION ALL SELECT conrelid::regclass || ' constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
	UNION ALL SELECT tablename || ' index ' || indexname || ' ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
	UNION ALL SELECT replace(table_name, 'public.', '') || ' policy ' || column_name || ' ' || policy FROM rowan.merge_policies()`

// read asks the server for what a branch has, as the model writes it.
func (w *vcWorld) read(branch, scn string) (out []string, err error) {
	w.on(branch)
	if scn != "" {
		if _, err := w.query("SET rowan.as_of = '" + scn + "'"); err != nil {
			return nil, err
		}
		defer func() {
			if _, err2 := w.query("RESET rowan.as_of"); err == nil {
				err = err2
			}
		}()
	}
	if out, err = w.query(vcDefinitions); err != nil {
		return nil, err
	}
	var queries []string
	for _, l := range out {
		if name, rest, _ := strings.Cut(l, " "); strings.HasPrefix(rest, "column ") && !slices.Contains(queries, name) {
			queries = append(queries, name)
		}
	}
	for i, name := range queries {
		queries[i] = "SELECT '" + name + "', to_jsonb(x)::text FROM " + name + " x"
	}
	if len(queries) > 0 {
		rows, err := w.query(strings.Join(queries, " UNION ALL "))
		if err != nil {
			return nil, err
		}
		for _, l := range rows {
			name, row, _ := strings.Cut(l, "|")
			members := map[string]json.RawMessage{}
			if err := json.Unmarshal([]byte(row), &members); err != nil {
				return nil, err
			}
			text, err := json.Marshal(members)
			if err != nil {
				return nil, err
			}
			out = append(out, name+" row "+string(text))
		}
	}
	sort.Strings(out)
	return out, nil
}

// same wants a branch, or a point of it, to have what the model has.
func (w *vcWorld) same(what, branch, scn string, want *vcState) {
	w.t.Helper()
	have, err := w.read(branch, scn)
	if err != nil {
		var e *pgconn.PgError
		if scn != "" && w.lossy && errors.As(err, &e) && e.Code == "72000" {
			_ = w.conn.Close(context.Background()) // the session is at a point that is gone
			w.connect()
			return
		}
		w.fail("%s: branch %s: %v", what, branch, err)
	}
	lines := want.lines()
	if slices.Equal(have, lines) {
		return
	}
	var diff []string
	for _, l := range have {
		if !slices.Contains(lines, l) {
			diff = append(diff, "has  "+l)
		}
	}
	for _, l := range lines {
		if !slices.Contains(have, l) {
			diff = append(diff, "want "+l)
		}
	}
	if diff == nil {
		diff = []string{"the same lines, but not as often"}
	}
	w.fail("%s: branch %s at %q differs:\n%s", what, branch, scn, strings.Join(diff, "\n"))
}

// check holds all branches against the model.
func (w *vcWorld) check(what string) {
	w.t.Helper()
	for _, b := range slices.Sorted(maps.Keys(w.heads)) {
		w.same(what, b, "", w.heads[b].State)
	}
}

func (w *vcWorld) run() {
	steps := w.steps()
	w.createTable()
	w.now("main")
	for range rapid.IntRange(5, 40).Draw(w.t, "steps") {
		if w.over {
			break
		}
		s := vcPick(w, "step", steps)
		w.count[s.name]++
		s.do()
		if !w.over {
			w.check(s.name)
			w.scn = w.rows("SELECT rowan.current_scn()")[0] // a tag, or a branch for a while, is nothing that one grows by
		}
	}
	for _, m := range w.past {
		w.same("in the end", m.branch, m.scn, m.node.State)
	}
	w.on("main")
	if bad := w.rows("SELECT * FROM rowan.check(points => 3)"); len(bad) > 0 {
		w.fail("the store has problems:\n%s", strings.Join(bad, "\n"))
	}
}

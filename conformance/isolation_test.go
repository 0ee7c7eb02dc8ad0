package conformance

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// against only one scenario, while looking for what is wrong with it.
var onlyScenario = flag.String("scenario", "", "of TestIsolation: run scenarios whose names begin so")

// played is where to write what was answered, to see all that differs.
var played = flag.String("played", "", "of TestIsolation: directory to write what was answered into")

// TestIsolation runs the conversations of several sessions in testdata/isolation. A file has scenarios:
//
//	# scenario write skew
//	setup: CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)
//	a: BEGIN ISOLATION LEVEL SERIALIZABLE
//	=> BEGIN
//	b: UPDATE t SET a = 3
//	=> waits
//	a: COMMIT
//	=> COMMIT
//	=> b: UPDATE 2
//
// A step is a session's name and its statements. What follows it in lines that begin with => is what it answers, that it
// waits for a lock, or what sessions that waited answer because of it. With -rewrite the answers are PostgreSQL's.
func TestIsolation(t *testing.T) {
	var target endpoint
	if rewriting() {
		target = startOracle(t)
	} else {
		target = startRowan(t)
	}
	isolationFiles(t, target, "testdata/isolation")
}

// TestIsolationOfBranches is TestIsolation with branches, which PostgreSQL knows nothing of.
func TestIsolationOfBranches(t *testing.T) {
	isolationFiles(t, startRowan(t), "testdata/isolation_rowan")
}

func isolationFiles(t *testing.T, target endpoint, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) { isolationFile(t, target, f) })
	}
}

func isolationFile(t *testing.T, target endpoint, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for i, part := range strings.Split(string(text), "# scenario ") {
		if i == 0 {
			out.WriteString(part)
			continue
		}
		out.WriteString("# scenario ")
		name, _, _ := strings.Cut(part, "\n")
		if !strings.HasPrefix(name, *onlyScenario) {
			out.WriteString(part)
			continue
		}
		t.Run(name, func(t *testing.T) {
			got := playScenario(t, target, part)
			out.WriteString(got)
			if !rewriting() && got != part {
				t.Error(firstDifference(part, got))
			}
		})
	}
	if *played != "" {
		if err := os.WriteFile(filepath.Join(*played, filepath.Base(file)), []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if rewriting() && !t.Failed() {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// firstDifference shows where two scenarios part, with the step before.
func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	at := 0
	for at < len(w) && at < len(g) && w[at] == g[at] {
		at++
	}
	from := at
	for from > 0 && strings.HasPrefix(w[from-1], "=>") {
		from--
	}
	from = max(0, from-1)
	show := func(l []string) string { return strings.Join(l[min(from, len(l)):min(at+6, len(l))], "\n\t") }
	return fmt.Sprintf("line %d\nwant:\n\t%s\ngot:\n\t%s", at+1, show(w), show(g))
}

// actor is a session of a scenario.
type actor struct {
	name    string
	conn    *pgconn.PgConn
	notices *strings.Builder
	done    chan string // nil: it waits for its next step
	hasty   bool        // it has said that it gives up after some milliseconds
}

// stage is a scenario being played.
type stage struct {
	t      *testing.T
	target endpoint
	watch  *pgconn.PgConn
	actors []*actor
	pids   map[string]string
}

const isolationDatabase = "t_isolation"

func playScenario(t *testing.T, target endpoint, text string) string {
	s := &stage{t: t, target: target, pids: map[string]string{}}
	s.watch, _ = s.dial("postgres")
	defer s.end()
	s.alone()
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + isolationDatabase, "CREATE DATABASE " + isolationDatabase + " TEMPLATE template0"} {
		if out := answer(s.watch, nil, sql); strings.HasPrefix(out, "ERROR") {
			t.Fatalf("%s: %s", sql, out)
		}
	}
	var out strings.Builder
	for _, line := range joinSteps(text) {
		if strings.HasPrefix(line, "=>") {
			continue
		}
		out.WriteString(line + "\n")
		name, sql, ok := strings.Cut(line, ": ")
		switch {
		case !ok || strings.HasPrefix(line, "#"):
		case name == "setup":
			c, _ := s.dial(isolationDatabase)
			if got := answer(c, nil, sql); strings.Contains(got, "ERROR") {
				t.Fatalf("setup: %s", got)
			}
			_ = c.Close(context.Background())
		default:
			s.step(name, sql, &out)
		}
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// alone waits until the server has forgotten those who have left the database: some steps look at who is there.
func (s *stage) alone() {
	for range 6000 {
		if out := answer(s.watch, nil, "SELECT 1 FROM pg_stat_activity WHERE datname = '"+isolationDatabase+"'"); strings.HasPrefix(out, "SELECT 0") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatal("sessions do not end")
}

// joinSteps splits a scenario into lines, those that are indented belonging to the one before.
func joinSteps(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if len(out) > 0 && strings.HasPrefix(l, "  ") {
			out[len(out)-1] += "\n" + l
			continue
		}
		out = append(out, l)
	}
	return out
}

func (s *stage) dial(database string) (*pgconn.PgConn, *strings.Builder) {
	cfg, err := pgconn.ParseConfig(s.target.url(database))
	if err != nil {
		s.t.Fatal(err)
	}
	notices := &strings.Builder{}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { fmt.Fprintf(notices, "%s: %s\n", n.Severity, n.Message) }
	cfg.RuntimeParams["deadlock_timeout"] = "20ms"
	c, err := pgconn.ConnectConfig(context.Background(), cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	return c, notices
}

// actor finds a session by its name, or connects it.
func (s *stage) actor(name string) *actor {
	for _, a := range s.actors {
		if a.name == name {
			return a
		}
	}
	database := isolationDatabase
	if _, branch, ok := strings.Cut(name, "/"); ok {
		database += "/" + branch
	}
	a := &actor{name: name}
	a.conn, a.notices = s.dial(database)
	s.pids[fmt.Sprint(a.conn.PID())] = name
	s.actors = append(s.actors, a)
	slices.SortFunc(s.actors, func(a, b *actor) int { return strings.Compare(a.name, b.name) })
	return a
}

// step has a session do something, and writes down what comes of it.
func (s *stage) step(name, sql string, out *strings.Builder) {
	a := s.actor(name)
	if a.done != nil {
		s.t.Fatalf("%s still waits, and cannot do %q", name, sql)
	}
	a.hasty = a.hasty || hasty.MatchString(sql)
	a.done = make(chan string, 1)
	go func(done chan string) { done <- answer(a.conn, a.notices, sql) }(a.done)
	got, ok := s.settle(a)
	if !ok {
		got = "waits"
	}
	for l := range strings.Lines(s.plain(got)) {
		fmt.Fprintf(out, "=> %s\n", strings.TrimRight(l, "\n"))
	}
	for _, b := range s.actors {
		if b == a || b.done == nil {
			continue
		}
		if got, ok := s.settle(b); ok {
			for l := range strings.Lines(s.plain(got)) {
				fmt.Fprintf(out, "=> %s: %s\n", b.name, strings.TrimRight(l, "\n"))
			}
		}
	}
}

// hasty is a timeout of less than 100 ms.
var hasty = regexp.MustCompile(`(lock|statement)_timeout = ('[1-9]\d?ms'|[1-9]\d?\b)`)

// blockedFor is how long a session must be seen to wait: longer than deadlocks take to be noticed, which PostgreSQL looks
// for after deadlock_timeout and Rowan at once, and much longer than it wants to wait itself: a busy machine may keep it
// from looking at the clock.
func (a *actor) blockedFor() time.Duration {
	if a.hasty {
		return 1500 * time.Millisecond
	}
	if rewriting() {
		return 80 * time.Millisecond
	}
	return 35 * time.Millisecond
}

// settle waits until a session has answered, or waits for a lock.
func (s *stage) settle(a *actor) (string, bool) {
	var since time.Time
	seen := 0 // how often: a busy machine may have slept through all of blockedFor
	for begun := time.Now(); ; {
		select {
		case got := <-a.done:
			a.done = nil
			return got, true
		case <-time.After(3 * time.Millisecond):
		}
		switch {
		case !s.blocked(a):
			since, seen = time.Time{}, 0
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > a.blockedFor() && seen > 7:
			return "", false
		default:
			seen++
		}
		if time.Since(begun) > patience {
			s.t.Fatalf("%s neither answers nor waits for a lock", a.name)
		}
	}
}

func (s *stage) blocked(a *actor) bool {
	// A transaction that waits for a safe snapshot waits for no lock.
	sql := fmt.Sprintf("SELECT wait_event_type = 'Lock' OR wait_event = 'SafeSnapshot' FROM pg_stat_activity WHERE pid = %d", a.conn.PID())
	r, err := s.watch.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	return len(r) == 1 && len(r[0].Rows) == 1 && string(r[0].Rows[0][0]) == "t"
}

var (
	processes    = regexp.MustCompile(`\b[Pp]rocess (\d+)`)
	transactions = regexp.MustCompile(`transaction \d+`)
	relations    = regexp.MustCompile(`relation \d+ of database \d+`)
	pivots       = regexp.MustCompile(`pivot \d+`)
	advisory     = regexp.MustCompile(`advisory lock \[\d+,`)
)

// plain leaves out the numbers that differ from run to run.
func (s *stage) plain(text string) string {
	text = processes.ReplaceAllStringFunc(text, func(m string) string {
		word, pid, _ := strings.Cut(m, " ")
		return word + " " + s.pids[pid]
	})
	text = transactions.ReplaceAllString(text, "transaction N")
	text = pivots.ReplaceAllString(text, "pivot N")
	text = advisory.ReplaceAllString(text, "advisory lock [N,")
	return relations.ReplaceAllString(text, "relation N of database N")
}

// answer runs statements and words the answer.
func answer(c *pgconn.PgConn, notices *strings.Builder, sql string) string {
	var b strings.Builder
	if notices != nil {
		notices.Reset()
	}
	mrr := c.Exec(context.Background(), sql)
	for mrr.NextResult() {
		rr := mrr.ResultReader()
		for rr.NextRow() {
			for i, v := range rr.Values() {
				if i > 0 {
					b.WriteString(" | ")
				}
				if v == nil {
					v = []byte("NULL")
				}
				b.Write(v)
			}
			b.WriteByte('\n')
		}
		if tag, err := rr.Close(); err == nil {
			b.WriteString(tag.String() + "\n")
		}
	}
	if err := mrr.Close(); err != nil {
		b.WriteString(errorText(err) + "\n")
	}
	if notices != nil {
		return notices.String() + b.String()
	}
	return b.String()
}

func errorText(err error) string {
	e, ok := err.(*pgconn.PgError)
	if !ok {
		return err.Error()
	}
	out := fmt.Sprintf("ERROR %s: %s", e.Code, e.Message)
	if e.Detail != "" {
		out += "\nDETAIL: " + e.Detail
	}
	if e.Hint != "" {
		out += "\nHINT: " + e.Hint
	}
	return out
}

func (s *stage) end() {
	for _, a := range s.actors {
		if a.done != nil {
			_ = a.conn.CancelRequest(context.Background())
			<-a.done
		}
		_ = a.conn.Close(context.Background())
	}
	_ = s.watch.Close(context.Background())
}

package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	accounts = 20
	opening  = 1000 // of each account
	groupOf  = 25   // rows of a row group
)

// ledger is what clients were told, over all rounds. A statement whose answer never came may have happened or not, but
// wholly.
type ledger struct {
	mu       sync.Mutex
	inserted map[string]bool // row keys acknowledged, by "branch:key"
	deleted  map[string]bool
	groups   map[int]bool      // row groups acknowledged
	copied   map[int]int       // COPYs acknowledged: rows
	tables   map[string]string // tables: "there", "gone"
	branches map[string]string // branches: "there", "gone", "merged"
	acked    atomic.Int64
	next     atomic.Int64
}

func newLedger() *ledger {
	return &ledger{inserted: map[string]bool{}, deleted: map[string]bool{}, groups: map[int]bool{}, copied: map[int]int{}, tables: map[string]string{}, branches: map[string]string{}}
}

func (l *ledger) note(f func()) {
	l.mu.Lock()
	f()
	l.mu.Unlock()
	l.acked.Add(1)
}

func (l *ledger) id() int { return int(l.next.Add(1)) }

// client is one of the clients that work until the server dies.
type client struct {
	*pgx.Conn
	l   *ledger
	rnd *rand.Rand
	t   *testing.T
}

// do runs SQL; it reports whether it was acknowledged. Errors other than the loss of the server, or those that the work
// may meet, fail the test.
func (c *client) do(sql string, may ...string) bool {
	err := try(c.Conn, sql)
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.Code != "57P01" && !strings.Contains(strings.Join(may, " "), pe.Code) {
		c.t.Errorf("%s: %v", short(sql), err)
	}
	return err == nil
}

// work is what the clients do, one of these at a time.
var work = []func(c *client){
	func(c *client) { // an insert
		id := c.l.id()
		if c.do(fmt.Sprintf("INSERT INTO rows VALUES (%d, %d, 'v%d')", id, id%7, id)) {
			c.l.note(func() { c.l.inserted[fmt.Sprint("main:", id)] = true })
		}
	},
	func(c *client) { // an insert, an update and a delete of rows of its own, each by itself
		id := c.l.id()
		if !c.do(fmt.Sprintf("INSERT INTO rows VALUES (%d, %d, 'old')", id, id%7)) {
			return
		}
		if !c.do(fmt.Sprintf("UPDATE rows SET b = b + 100, c = 'new' WHERE a = %d", id)) {
			return
		}
		if c.do(fmt.Sprintf("DELETE FROM rows WHERE a = %d", id)) {
			c.l.note(func() { c.l.deleted[fmt.Sprint("main:", id)] = true })
		}
	},
	func(c *client) { // a transfer
		from, to, sum := c.rnd.Intn(accounts), c.rnd.Intn(accounts), c.rnd.Intn(50)
		c.do(fmt.Sprintf("BEGIN; UPDATE accounts SET balance = balance - %d WHERE id = %d; UPDATE accounts SET balance = balance + %d WHERE id = %d; "+
			"INSERT INTO transfers VALUES (%d, %d, %d, %d); COMMIT", sum, min(from, to), sum, max(from, to), c.l.id(), min(from, to), max(from, to), sum), "40P01")
		_ = try(c.Conn, "ROLLBACK") // after a deadlock
		c.l.acked.Add(1)
	},
	func(c *client) { // a row group in several statements
		id := c.l.id()
		var b strings.Builder
		b.WriteString("BEGIN;")
		for i := range groupOf {
			fmt.Fprintf(&b, "INSERT INTO groups VALUES (%d, %d, '%s');", id, i, times("g", 50))
		}
		fmt.Fprintf(&b, "UPDATE groups SET text = 'x' WHERE id = %d AND n %% 2 = 0; COMMIT", id)
		if c.do(b.String()) {
			c.l.note(func() { c.l.groups[id] = true })
		}
	},
	func(c *client) { // a table, made or made and dropped
		name := fmt.Sprintf("t%d", c.l.id())
		if !c.do(fmt.Sprintf("BEGIN; CREATE TABLE %[1]s (a int PRIMARY KEY, b text); CREATE INDEX ON %[1]s (b); INSERT INTO %[1]s SELECT i, i::text FROM generate_series(1, 50) i; COMMIT", name)) {
			return
		}
		c.l.note(func() { c.l.tables[name] = "there" })
		if c.rnd.Intn(2) == 0 {
			c.l.note(func() { c.l.tables[name] = "" }) // either
			if c.do("DROP TABLE " + name) {
				c.l.note(func() { c.l.tables[name] = "gone" })
			}
		}
	},
	func(c *client) { // a branch: made, written to, merged, dropped
		id := c.l.id()
		name := fmt.Sprintf("b%d", id)
		if !c.do(fmt.Sprintf("SELECT rowan.create_branch('%s', source => 'main')", name)) {
			return
		}
		c.l.note(func() { c.l.branches[name] = "there" })
		if !c.do(fmt.Sprintf("SET rowan.branch = '%s'", name)) {
			return
		}
		ok := c.do(fmt.Sprintf("INSERT INTO rows VALUES (%d, 0, 'branch')", id))
		if !c.do("RESET rowan.branch") || !ok {
			return
		}
		c.l.note(func() { c.l.inserted[fmt.Sprint(name, ":", id)] = true })
		if c.rnd.Intn(2) == 0 {
			if !c.do(fmt.Sprintf("SELECT rowan.merge('%s', target => 'main')", name), "40001") {
				return
			}
			c.l.note(func() { c.l.inserted[fmt.Sprint("main:", id)] = true })
		}
		if c.rnd.Intn(2) == 0 {
			c.l.note(func() { c.l.branches[name] = ""; delete(c.l.inserted, fmt.Sprint(name, ":", id)) })
			if c.do(fmt.Sprintf("SELECT rowan.drop_branch('%s')", name)) {
				c.l.note(func() { c.l.branches[name] = "gone" })
			}
		}
	},
}

// copyIn is a client that does one large COPY after the other.
func (c *client) copyIn() {
	id, n := c.l.id(), 2000+c.rnd.Intn(20000)
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d\t%d\t%s\n", id, i, "copied text")
	}
	if _, err := c.PgConn().CopyFrom(context.Background(), strings.NewReader(b.String()), "COPY copies FROM STDIN"); err == nil {
		c.l.note(func() { c.l.copied[id] = n })
	}
}

// crowd lets clients work until they lose the server.
func crowd(t *testing.T, p *process, l *ledger, seed int64) *sync.WaitGroup {
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			conn, err := pgx.Connect(context.Background(), p.url("postgres"))
			if err != nil {
				return // killed already
			}
			defer func() { _ = conn.Close(context.Background()) }() // most likely it is cut
			c := &client{Conn: conn, l: l, rnd: rand.New(rand.NewSource(seed*100 + int64(i))), t: t}
			for !conn.IsClosed() {
				if i == 0 {
					c.copyIn()
					continue
				}
				work[c.rnd.Intn(len(work))](c)
			}
		})
	}
	return &wg
}

// TestKill kills the server at random moments while clients work, and looks at what is there after the restart. The long
// form begins anew with an empty store every few rounds, since each round looks at all that is there, and ends after some
// minutes; with -v it tells how far it is.
func TestKill(t *testing.T) {
	rounds, wait, end := 6, 400, time.Now()
	if os.Getenv("ROWAN_LONG") != "" {
		rounds, wait, end = 20, 1500, time.Now().Add(5*time.Minute)
	}
	seed := time.Now().UnixNano()
	rnd := rand.New(rand.NewSource(seed))
	for store := 1; store == 1 || time.Now().Before(end); store++ {
		t.Logf("store %d, seed %d", store, seed)
		killRounds(t, rnd, rounds, wait, end)
	}
}

// killRounds kills the server of one store some times, each after wait milliseconds at most; after the end a few times are
// enough.
func killRounds(t *testing.T, rnd *rand.Rand, rounds, wait int, end time.Time) {
	dir, l := t.TempDir(), newLedger()
	p := startProcess(t, dir)
	run(t, dial(t, p, "postgres"),
		"CREATE TABLE rows (a int PRIMARY KEY, b int, c text)", "CREATE INDEX rows_b ON rows (b)", "CREATE UNIQUE INDEX rows_u ON rows (a, c)",
		"CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)", "CREATE INDEX ON accounts (balance)",
		fmt.Sprintf("INSERT INTO accounts SELECT i, %d FROM generate_series(0, %d) i", opening, accounts-1),
		"CREATE TABLE transfers (id int PRIMARY KEY, a int, b int, n int)",
		"CREATE TABLE groups (id int, n int, text text, PRIMARY KEY (id, n))", "CREATE INDEX ON groups (text, id)",
		"CREATE TABLE copies (id int, n int, text text, UNIQUE (id, n))")
	for round := range rounds {
		if round >= 6 && time.Now().After(end) {
			break
		}
		wg := crowd(t, p, l, rnd.Int63n(1e6))
		time.Sleep(time.Duration(50+rnd.Intn(wait)) * time.Millisecond)
		p.kill()
		wg.Wait()
		killed := time.Now()
		p = startProcess(t, dir)
		started := time.Now()
		checkAfterCrash(t, p, l)
		t.Logf("round %d: %d acknowledged commits, restarted in %v, checked in %v", round, l.acked.Load(),
			started.Sub(killed).Round(time.Millisecond), time.Since(started).Round(time.Millisecond))
		if t.Failed() {
			t.Fatalf("after round %d:\n%.2000s", round, p.out.String())
		}
	}
	p.stop()
	p = startProcess(t, dir)
	checkAfterCrash(t, p, l)
	p.stop()
}

// set runs a query for one column and returns its values.
func set(t *testing.T, c *pgx.Conn, sql string) map[string]bool {
	t.Helper()
	results, err := c.PgConn().Exec(context.Background(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	out := map[string]bool{}
	for _, row := range results[len(results)-1].Rows {
		out[string(row[0])] = true
	}
	return out
}

func checkAfterCrash(t *testing.T, p *process, l *ledger) {
	t.Helper()
	c := dial(t, p, "postgres")
	l.mu.Lock()
	defer l.mu.Unlock()
	there := set(t, c, "SELECT name FROM rowan.branches()")
	checkNames(t, "branch", l.branches, there)
	checkNames(t, "table", l.tables, set(t, c, "SELECT relname FROM pg_class WHERE relkind = 'r'"))
	for name, state := range l.tables {
		if state == "there" && value(t, c, "SELECT count(*) FROM "+name) != "50" {
			t.Errorf("the table %s has not all rows", name)
		}
	}
	rows := map[string]map[string]bool{"main": set(t, c, "SELECT a FROM rows")}
	for k := range l.inserted {
		branch, id, _ := strings.Cut(k, ":")
		if rows[branch] == nil {
			b := dial(t, p, "postgres/"+branch)
			rows[branch] = set(t, b, "SELECT a FROM rows")
			sum(t, b)
			_ = b.Close(context.Background()) // read only
		}
		if !rows[branch][id] {
			t.Errorf("the row %s was acknowledged and is not on branch %s", id, branch)
		}
	}
	for k := range l.deleted {
		if rows["main"][strings.TrimPrefix(k, "main:")] {
			t.Errorf("the row %s was deleted and is back", k)
		}
	}
	sum(t, c)
	groups := set(t, c, fmt.Sprintf("SELECT id FROM groups GROUP BY id HAVING count(*) = %d AND count(*) FILTER (WHERE text = 'x') = %d", groupOf, (groupOf+1)/2))
	if n := value(t, c, "SELECT count(DISTINCT id) FROM groups"); n != fmt.Sprint(len(groups)) {
		t.Errorf("%s groups, of which %d are whole", n, len(groups))
	}
	for id := range l.groups {
		if !groups[fmt.Sprint(id)] {
			t.Errorf("the group %d was acknowledged and is not there", id)
		}
	}
	copied := set(t, c, "SELECT id || ':' || count(*) FROM copies GROUP BY id")
	for id, n := range l.copied {
		if !copied[fmt.Sprintf("%d:%d", id, n)] {
			t.Errorf("the COPY %d of %d rows was acknowledged and is not there", id, n)
		}
	}
	for k := range copied {
		if id, n, _ := strings.Cut(k, ":"); value(t, c, "SELECT max(n) + 1 FROM copies WHERE id = "+id) != n {
			t.Errorf("the COPY %s is there in part", k)
		}
	}
	agree(t, c)
	for problem := range set(t, c, "SELECT concat_ws(' ', kind, place, key, problem) FROM rowan.check()") {
		t.Errorf("check: %s", problem)
	}
	_ = c.Close(context.Background()) // read only
}

// sum wants the accounts to hold what they began with, moved as the transfers say.
func sum(t *testing.T, c *pgx.Conn) {
	t.Helper()
	if got := value(t, c, "SELECT sum(balance) FROM accounts"); got != fmt.Sprint(accounts*opening) {
		t.Errorf("the accounts hold %s", got)
	}
	if got := value(t, c, fmt.Sprintf("SELECT count(*) FROM accounts x WHERE balance <> %d - (SELECT coalesce(sum(n), 0) FROM transfers WHERE a = x.id) "+
		"+ (SELECT coalesce(sum(n), 0) FROM transfers WHERE b = x.id)", opening)); got != "0" {
		t.Errorf("%s accounts do not agree with the transfers", got)
	}
}

func checkNames(t *testing.T, what string, want map[string]string, there map[string]bool) {
	t.Helper()
	for name, state := range want {
		if state == "there" && !there[name] {
			t.Errorf("the %s %s was acknowledged and is not there", what, name)
		}
		if state == "gone" && there[name] {
			t.Errorf("the %s %s was dropped and is back", what, name)
		}
	}
}

// agree compares what indexes say with what the tables say.
func agree(t *testing.T, c *pgx.Conn) {
	t.Helper()
	for _, q := range []string{
		"SELECT md5(coalesce(string_agg(a || ',' || b, ' ' ORDER BY a), '')) FROM rows WHERE b >= 0",
		"SELECT md5(coalesce(string_agg(a || c, ' ' ORDER BY a), '')) FROM rows WHERE a >= 0 AND c >= ''",
		"SELECT md5(coalesce(string_agg(id || ',' || n, ' ' ORDER BY id, n), '')) FROM groups WHERE text >= 'a'",
		"SELECT md5(coalesce(string_agg(id || ',' || n, ' ' ORDER BY id, n), '')) FROM copies WHERE id > 0 AND n >= 0",
		"SELECT string_agg(id || ',' || balance, ' ' ORDER BY id) FROM accounts WHERE balance > -1000000",
	} {
		run(t, c, "SET enable_indexscan = off", "SET enable_bitmapscan = off", "SET enable_indexonlyscan = off", "SET enable_seqscan = on")
		table := value(t, c, q)
		run(t, c, "SET enable_indexscan = on", "SET enable_bitmapscan = on", "SET enable_indexonlyscan = on", "SET enable_seqscan = off")
		if index := value(t, c, q); index != table {
			t.Errorf("%s: %s by the table, %s by an index", q, table, index)
		}
	}
}

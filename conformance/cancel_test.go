package conformance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// async runs a statement and hands its error over.
func async(c *pgx.Conn, sql string) chan error {
	done := make(chan error, 1)
	go func() { done <- try(c, sql) }()
	return done
}

// within waits for an error.
func within(t *testing.T, done chan error, d time.Duration) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(d):
		t.Fatalf("still runs after %v", d)
		return nil
	}
}

// waits waits until somebody waits for a lock.
func waits(t *testing.T, by *pgx.Conn) {
	t.Helper()
	becomes(t, by, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
}

// nobodyWaits waits until nobody waits for a lock.
func nobodyWaits(t *testing.T, by *pgx.Conn) {
	t.Helper()
	becomes(t, by, "SELECT count(*) = 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
}

// runs waits until the server is busy with a statement of that session.
func runs(t *testing.T, by *pgx.Conn, pid uint32) {
	t.Helper()
	becomes(t, by, fmt.Sprintf("SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = %d AND state = 'active'", pid))
}

// ended waits until a session is gone.
func ended(t *testing.T, by *pgx.Conn, pid uint32) {
	t.Helper()
	becomes(t, by, fmt.Sprintf("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %d", pid))
}

// becomes waits until a query says true.
func becomes(t *testing.T, by *pgx.Conn, sql string) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(10 * time.Millisecond) {
		if value(t, by, sql) == "t" {
			return
		}
	}
	t.Fatalf("never true: %s", sql)
}

// longStatements run for ever, or nearly so.
var longStatements = map[string]string{
	"sleep":         "SELECT pg_sleep(100)",
	"endless CTE":   "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT count(*) FROM r",
	"growing CTE":   "WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 2000000000) SELECT max(n) FROM r",
	"series":        "SELECT count(*) FROM generate_series(1, 100000000000)",
	"cross join":    "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE a.a + b.b = 0",
	"hash join":     "SELECT count(*) FROM generate_series(1, 100000) a JOIN generate_series(1, 1000000000) b ON a.a = b.b",
	"sort":          "SELECT a FROM generate_series(1, 1000000000) a ORDER BY -a LIMIT 1 OFFSET 999999999",
	"aggregate":     "SELECT count(DISTINCT a) FROM generate_series(1, 1000000000) a",
	"window":        "SELECT sum(s) FROM (SELECT sum(a) OVER (ORDER BY a) s FROM generate_series(1, 1000000000) a) x",
	"output":        "SELECT repeat('x', 1000) FROM generate_series(1, 1000000000)",
	"insert":        "INSERT INTO big SELECT generate_series(1, 1000000000)",
	"create table":  "CREATE TABLE big2 AS SELECT generate_series(1, 1000000000)",
	"nested loop":   "SELECT count(*) FROM generate_series(1, 300000) a WHERE NOT EXISTS (SELECT 1 FROM generate_series(1, 1000000) b WHERE b.b * 2 = a.a + 0.5)",
	"string_agg":    "SELECT length(string_agg(repeat('x', 10), ',')) FROM generate_series(1, 30000000)",
	"materialised":  "WITH x AS MATERIALIZED (SELECT generate_series(1, 1000000000) a) SELECT count(*) FROM x, x y",
	"function call": "SELECT sum(length(repeat('x', (a % 1000)::int))) FROM generate_series(1, 10000000000) a",
	"anti join":     "SELECT a FROM generate_series(1, 1000000000) a EXCEPT SELECT generate_series(1, 1000000000)",
}

// TestCancel cancels statements that would not end, by a request, by a timeout and by ending the session's process.
func TestCancel(t *testing.T) {
	target := against(t)
	admin := dial(t, target, "postgres")
	run(t, admin, "DROP TABLE IF EXISTS big", "CREATE TABLE big (a int)")
	for name, sql := range longStatements {
		t.Run(name, func(t *testing.T) {
			c := dial(t, target, "postgres")
			run(t, c, "SET statement_timeout = '60ms'")
			start := time.Now()
			wantCode(t, try(c, sql), "57014", "canceling statement due to statement timeout")
			if took := time.Since(start); took > patience {
				t.Errorf("the timeout took %v", took)
			}
			run(t, c, "SET statement_timeout = 0")
			done := async(c, sql)
			runs(t, admin, c.PgConn().PID())
			start = time.Now()
			if err := c.PgConn().CancelRequest(context.Background()); err != nil {
				t.Fatal(err)
			}
			wantCode(t, within(t, done, patience), "57014", "canceling statement due to user request")
			if took := time.Since(start); took > patience {
				t.Errorf("the cancel took %v", took)
			}
			run(t, c, "SELECT 1")
		})
	}
	if got := value(t, admin, "SELECT (SELECT count(*) FROM big) + (SELECT count(*) FROM pg_class WHERE relname = 'big2')"); got != "0" {
		t.Errorf("%s rows are left", got)
	}
	victim := dial(t, target, "postgres")
	pid := value(t, victim, "SELECT pg_backend_pid()")
	done := async(victim, "SELECT pg_sleep(100)")
	runs(t, admin, victim.PgConn().PID())
	if got := value(t, admin, "SELECT pg_terminate_backend("+pid+")"); got != "t" {
		t.Errorf("pg_terminate_backend: %s", got)
	}
	wantCode(t, within(t, done, patience), "57P01", "terminating connection due to administrator command")
}

// TestLockWaitsEnd ends waits for a lock by cancel, by lock_timeout and by the loss of the holder.
func TestLockWaitsEnd(t *testing.T) {
	target := against(t)
	admin := dial(t, target, "postgres")
	run(t, admin, "DROP TABLE IF EXISTS l", "CREATE TABLE l (a int PRIMARY KEY, b int)", "INSERT INTO l VALUES (1, 0)")
	holder, waiter := dial(t, target, "postgres"), dial(t, target, "postgres")
	run(t, holder, "BEGIN", "UPDATE l SET b = 1")
	run(t, waiter, "SET lock_timeout = '50ms'")
	for _, sql := range []string{"UPDATE l SET b = 2", "SELECT * FROM l FOR SHARE", "DELETE FROM l", "ALTER TABLE l ADD c int", "DROP TABLE l", "TRUNCATE l", "LOCK TABLE l"} {
		if sql == "LOCK TABLE l" {
			sql = "BEGIN; LOCK TABLE l"
		}
		wantCode(t, try(waiter, sql), "55P03", "canceling statement due to lock timeout")
		_ = try(waiter, "ROLLBACK") // one case opens a block
	}
	run(t, waiter, "SET lock_timeout = 0", "SET statement_timeout = '50ms'")
	wantCode(t, try(waiter, "UPDATE l SET b = 2"), "57014", "canceling statement due to statement timeout")
	run(t, waiter, "SET statement_timeout = 0")
	done := async(waiter, "UPDATE l SET b = 2")
	waits(t, admin)
	if err := waiter.PgConn().CancelRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, within(t, done, patience), "57014", "canceling statement due to user request")
	done = async(waiter, "UPDATE l SET b = b + 5")
	waits(t, admin)
	_ = holder.PgConn().Conn().Close() // in mid-transaction
	if err := within(t, done, patience); err != nil {
		t.Error(err)
	}
	if got := value(t, admin, "SELECT b FROM l"); got != "5" {
		t.Errorf("b = %s", got)
	}
}

// TestDroppedMidStatement cuts connections while their statements run or wait.
func TestDroppedMidStatement(t *testing.T) {
	target := against(t)
	admin := dial(t, target, "postgres")
	run(t, admin, "DROP TABLE IF EXISTS d", "CREATE TABLE d (a int PRIMARY KEY, b int)", "INSERT INTO d VALUES (1, 0)", "BEGIN", "UPDATE d SET b = 1")
	waiter, runner := dial(t, target, "postgres"), dial(t, target, "postgres")
	run(t, runner, "BEGIN", "INSERT INTO d VALUES (2, 0)", "SET client_connection_check_interval = '100ms'")
	run(t, waiter, "SET client_connection_check_interval = '100ms'")
	_ = async(waiter, "UPDATE d SET b = 2")
	_ = async(runner, longStatements["cross join"])
	watch := dial(t, target, "postgres")
	waits(t, watch)
	_ = waiter.PgConn().Conn().Close()
	_ = runner.PgConn().Conn().Close()
	nobodyWaits(t, watch)
	run(t, admin, "COMMIT", "SET lock_timeout = '5s'", "INSERT INTO d VALUES (2, 1)")
	if got := value(t, watch, "SELECT string_agg(a || ':' || b, ' ' ORDER BY a) FROM d"); got != "1:1 2:1" {
		t.Errorf("rows %s", got)
	}
}

// TestIdleInTransaction wants idle_in_transaction_session_timeout to end the session and free its locks.
func TestIdleInTransaction(t *testing.T) {
	target := against(t)
	c, other := dial(t, target, "postgres"), dial(t, target, "postgres")
	run(t, c, "DROP TABLE IF EXISTS i", "CREATE TABLE i (a int)", "INSERT INTO i VALUES (1)",
		"SET idle_in_transaction_session_timeout = '100ms'", "BEGIN; UPDATE i SET a = 2")
	run(t, other, "UPDATE i SET a = 3")
	ended(t, other, c.PgConn().PID())
	wantCode(t, try(c, "COMMIT"), "25P03", "terminating connection due to idle-in-transaction timeout")
	if got := value(t, other, "SELECT a FROM i"); got != "3" {
		t.Errorf("a = %s", got)
	}
	idle := dial(t, target, "postgres")
	run(t, idle, "SET idle_session_timeout = '50ms'")
	ended(t, other, idle.PgConn().PID())
	wantCode(t, try(idle, "SELECT 1"), "57P05", "terminating connection due to idle-session timeout")
}

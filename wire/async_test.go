package wire

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestNotifications wants a notification to reach a listener that is idle, one that runs a statement, and one in a
// transaction block, the last only after the block.
func TestNotifications(t *testing.T) {
	addr, _ := startServer(t, Config{})
	other := connect(t, addr, "")
	got := make(chan *pgconn.Notification, 10)
	cfg, err := pgconn.ParseConfig("postgres://ada@" + addr + "/x?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	cfg.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { got <- n }
	listener, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close(context.Background()) }()
	run := func(c *pgconn.PgConn, sql string) {
		t.Helper()
		if err := runSQL(t.Context(), c, sql); err != nil {
			t.Fatal(err)
		}
	}
	run(listener, "listen")
	run(other, "notify while idle")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := listener.WaitForNotification(ctx); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n.Channel != "ch" || n.Payload != "while idle" || n.PID != other.PID() {
		t.Errorf("got %+v", n)
	}
	run(listener, "begin")
	run(other, "notify in a block")
	run(listener, "rows 1")
	if len(got) != 0 {
		t.Error("a notification came within a transaction block")
	}
	run(listener, "commit")
	if n := <-got; n.Payload != "in a block" {
		t.Errorf("got %+v", n)
	}
	run(listener, "notify own")
	if n := <-got; n.Payload != "own" || n.PID != listener.PID() {
		t.Errorf("got %+v", n)
	}
}

func TestIdleTimeout(t *testing.T) {
	addr, _ := startServer(t, Config{})
	c := connect(t, addr, "")
	if err := runSQL(t.Context(), c, "limit 60"); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each statement starts the time anew
		time.Sleep(30 * time.Millisecond)
		if err := runSQL(t.Context(), c, "rows 1"); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(120 * time.Millisecond)
	err := runSQL(t.Context(), c, "rows 1")
	if sqlState(err) != "25P03" && !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v", err)
	}
}

package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func connect(t *testing.T, addr, more string) *pgconn.PgConn {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	c, err := pgconn.Connect(t.Context(), fmt.Sprintf("host=%s port=%s user=ada dbname=x sslmode=disable %s", host, port, more))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// waitFor waits until the condition holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for range 500 {
		if cond() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("still waiting for: %s", what)
}

func TestCancelRequest(t *testing.T) {
	opener := &fakeOpener{}
	addr, _ := startServer(t, Config{Opener: opener})
	c := connect(t, addr, "")
	if err := c.CancelRequest(t.Context()); err != nil {
		t.Fatal(err) // while idle: ignored
	}
	done := make(chan error, 1)
	go func() { done <- runSQL(t.Context(), c, "hang") }()
	waitFor(t, "the statement to run", func() bool { return opener.hanging.Load() == 1 })
	if err := c.CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := <-done
	if sqlState(err) != "57014" || !strings.Contains(err.Error(), "canceling statement due to user request") {
		t.Errorf("got %v", err)
	}
	if err := runSQL(t.Context(), c, "rows 1"); err != nil {
		t.Errorf("after the cancel: %v", err)
	}
}

func runSQL(ctx context.Context, c *pgconn.PgConn, sql string) error {
	_, err := c.Exec(ctx, sql).ReadAll()
	return err
}

func TestCancelWithWrongKey(t *testing.T) {
	opener := &fakeOpener{}
	addr, s := startServer(t, Config{Opener: opener})
	c := connect(t, addr, "")
	done := make(chan error, 1)
	go func() { done <- runSQL(t.Context(), c, "hang") }()
	waitFor(t, "the statement to run", func() bool { return opener.hanging.Load() == 1 })
	secret := s.conns.find(c.PID()).secret
	secret[0]++
	s.cancelRequest(c.PID(), secret[:])
	s.cancelRequest(c.PID(), nil)
	s.cancelRequest(c.PID()+1, secret[:])
	select {
	case err := <-done:
		t.Errorf("cancelled by a stranger: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	if !s.CancelBackend(c.PID()) {
		t.Error("CancelBackend: no such connection")
	}
	if err := <-done; sqlState(err) != "57014" {
		t.Errorf("got %v", err)
	}
}

// TestCancelCopy cancels a COPY that waits for data which the client does not send.
func TestCancelCopy(t *testing.T) {
	addr, s := startServer(t, Config{})
	cl := dial(t, addr)
	_, _ = cl.conn.Write(startupMessage(protocol3, [][2]string{{"user", "ada"}}))
	cl.ready = 1
	cl.read("")
	cl.send(`Query "copyin"`)
	_ = cl.front.Flush()
	cl.read("CopyInResponse")
	time.Sleep(10 * time.Millisecond)
	s.conns.all()[0].intr.stop(errCancel())
	cl.read("")
	cl.send(`CopyData "late"`)
	cl.send("CopyDone")
	cl.send(`Query "rows 1"`)
	_ = cl.front.Flush()
	cl.read("")
	got := cl.trace.String()
	for _, want := range []string{"C57014", "SELECT 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// TestLostClient closes the client's end while its statement runs.
func TestLostClient(t *testing.T) {
	opener := &fakeOpener{}
	addr, _ := startServer(t, Config{Opener: opener, WatchEvery: 10 * time.Millisecond})
	c := connect(t, addr, "")
	go func() { _ = runSQL(context.Background(), c, "hang") }()
	waitFor(t, "the statement to run", func() bool { return opener.hanging.Load() == 1 })
	_ = c.Conn().Close()
	waitFor(t, "the statement to end", func() bool { return opener.hanging.Load() == 0 })
	waitFor(t, "the session to end", func() bool { return opener.closed.Load() == 1 })
}

// TestLostCopy closes the client's end in the middle of COPY.
func TestLostCopy(t *testing.T) {
	opener := &fakeOpener{}
	addr, _ := startServer(t, Config{Opener: opener})
	cl := dial(t, addr)
	_, _ = cl.conn.Write(startupMessage(protocol3, [][2]string{{"user", "ada"}}))
	cl.send(`Query "copyin"`)
	cl.send(`CopyData "1\n"`)
	_ = cl.front.Flush()
	cl.read("CopyInResponse")
	_ = cl.conn.Close()
	waitFor(t, "the session to end", func() bool { return opener.closed.Load() == 1 })
}

func TestShutdown(t *testing.T) {
	opener := &fakeOpener{}
	addr, s := startServer(t, Config{Opener: opener})
	idle, busy := connect(t, addr, ""), connect(t, addr, "")
	done := make(chan error, 1)
	go func() { done <- runSQL(t.Context(), busy, "hang") }()
	waitFor(t, "the statement to run", func() bool { return opener.hanging.Load() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"busy": <-done, "idle": runSQL(t.Context(), idle, "rows 1")} {
		if sqlState(err) != "57P01" && (name == "busy" || !lost(err)) {
			t.Errorf("%s client: %v", name, err)
		}
	}
	if _, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		t.Error("still accepting")
	}
}

// TestTerminateBackend ends idle connections right before a statement of theirs arrives: it must not be run.
func TestTerminateBackend(t *testing.T) {
	addr, s := startServer(t, Config{MaxConnections: 1000})
	for range 200 {
		c := connect(t, addr, "")
		if !s.TerminateBackend(c.PID()) || s.TerminateBackend(c.PID()+1) {
			t.Fatal("TerminateBackend finds the wrong connections")
		}
		if err := runSQL(t.Context(), c, "rows 1"); err == nil {
			t.Fatal("a statement was run after the end")
		} else if state := sqlState(err); state != "57P01" && !lost(err) {
			t.Fatalf("got %v", err)
		}
	}
}

// lost reports whether the client found the connection closed before it read why.
func lost(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrUnexpectedEOF)
}

func TestTooManyConnections(t *testing.T) {
	addr, _ := startServer(t, Config{MaxConnections: 1})
	c := connect(t, addr, "")
	host, port, _ := net.SplitHostPort(addr)
	dsn := fmt.Sprintf("host=%s port=%s user=ada sslmode=disable", host, port)
	_, err := pgconn.Connect(t.Context(), dsn)
	if sqlState(err) != "53300" || !strings.Contains(err.Error(), "sorry, too many clients already") {
		t.Errorf("got %v", err)
	}
	_ = c.Close(t.Context())
	waitFor(t, "the place to be free", func() bool {
		again, err := pgconn.Connect(t.Context(), dsn)
		if err == nil {
			_ = again.Close(t.Context())
		}
		return err == nil
	})
}

// TestPanic wants a panic to end the client's connection, be logged with its stack, and touch nobody else.
func TestPanic(t *testing.T) {
	core, logs := observer.New(zap.ErrorLevel)
	addr, _ := startServer(t, Config{Log: zap.New(core)})
	victim, other := connect(t, addr, ""), connect(t, addr, "")
	err := runSQL(t.Context(), victim, "panic")
	if sqlState(err) != "XX000" || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("got %v", err)
	}
	if err := runSQL(t.Context(), other, "rows 1"); err != nil {
		t.Errorf("another session: %v", err)
	}
	entries := logs.FilterMessage("panic in a session").All()
	if len(entries) != 1 || !strings.Contains(fmt.Sprint(entries[0].ContextMap()["stack"]), "fakeSession") {
		t.Errorf("log: %v", entries)
	}
}

package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// built is the directory in which executable has built, if it has.
var built string

// executable builds the server once for all tests. ROWAN_BINARY names one that is built already.
var executable = sync.OnceValues(func() (string, error) {
	if b := os.Getenv("ROWAN_BINARY"); b != "" {
		return b, nil
	}
	dir, err := os.MkdirTemp("", "rowan-binary-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "rowan")
	if out, err := exec.Command("go", "build", "-o", path, "github.com/rowandb/rowan/cmd/rowan").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// removeBinary removes what executable built.
func removeBinary() {
	if built != "" {
		_ = os.RemoveAll(built) // in the temporary directory anyway
	}
}

// process is the server as a process of its own, which can be killed.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	pgAddr string
	out    output
	done   chan struct{} // closed when the process has ended
	err    error         // of Wait, once done
}

// output collects what a process prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// command is the binary with arguments and an environment without settings of this process.
func command(t testing.TB, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ROWAN_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// startProcess starts the binary on a data directory and waits until it answers.
func startProcess(t testing.TB, dir string, env ...string) *process {
	t.Helper()
	return startWebProcess(t, dir, "", env...)
}

// startWebProcess is startProcess with HTTP at an address; "" is none.
func startWebProcess(t testing.TB, dir, httpAddr string, env ...string) *process {
	t.Helper()
	if env == nil {
		env = []string{"ROWAN_AUTH=trust"}
	}
	p := &process{t: t, pgAddr: freeAddr(t), done: make(chan struct{})}
	p.cmd = command(t, env, "serve", "--data-dir", dir, "--pg-addr", p.pgAddr, "--http-addr", httpAddr, "--memory", "small")
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if p.ended() {
			break
		}
		if strings.Contains(p.out.String(), "is ready") {
			return p
		}
	}
	t.Fatalf("the server did not start:\n%s", p.out.String())
	return nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails when it has ended
	<-p.done
}

// stop is SIGTERM; it wants exit code 0.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("the server does not stop:\n%s", p.out.String())
	}
	if p.err != nil {
		p.t.Errorf("stop: %v\n%s", p.err, p.out.String())
	}
}

func (p *process) url(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", p.pgAddr, database)
}

// against is the server that tests of behaviour talk to: the one named by ROWAN_AGAINST (to see what PostgreSQL does), or
// a fresh process.
func against(t testing.TB) endpoint {
	t.Helper()
	if u := os.Getenv("ROWAN_AGAINST"); u != "" {
		return urlServer(u)
	}
	return startProcess(t, t.TempDir())
}

type urlServer string

func (u urlServer) url(database string) string {
	return string(u) + "/" + database + "?sslmode=disable"
}

// address is where an endpoint listens.
func address(t testing.TB, e endpoint) string {
	t.Helper()
	cfg, err := pgconn.ParseConfig(e.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port))
}

// dial connects and closes the connection with the test.
func dial(t testing.TB, e endpoint, database string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(context.Background(), e.url(database))
	if err != nil {
		t.Fatalf("connect to %s: %v", database, err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) }) // it may have been cut by the test
	return c
}

// run runs statements by the simple protocol and wants them to succeed.
func run(t testing.TB, c *pgx.Conn, sql ...string) {
	t.Helper()
	for _, s := range sql {
		if err := try(c, s); err != nil {
			t.Fatalf("%s: %v", short(s), err)
		}
	}
}

// patience is how long tests wait for what should come at once, before they say that it never does: longer than a machine
// that has much else to do takes for it.
const patience = time.Minute

// try runs a statement by the simple protocol.
func try(c *pgx.Conn, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := c.PgConn().Exec(ctx, sql).ReadAll()
	return err
}

// value returns the one value that a query returns, as text.
func value(t testing.TB, c *pgx.Conn, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	results, err := c.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", short(sql), err)
	}
	last := results[len(results)-1]
	if len(last.Rows) != 1 || len(last.Rows[0]) != 1 {
		t.Fatalf("%s: %d rows", short(sql), len(last.Rows))
	}
	return string(last.Rows[0][0])
}

// short is a statement as messages show it.
func short(sql string) string {
	if len(sql) > 200 {
		return sql[:200] + "…"
	}
	return sql
}

// code is the SQLSTATE of an error; "" for nil, and the error itself when it has none.
func code(err error) string {
	var pe *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &pe):
		return pe.Code
	}
	return err.Error()
}

// wantCode fails unless the error has the SQLSTATE ("": there is none; "a|b": either) and its texts contain what.
func wantCode(t testing.TB, err error, want, what string) {
	t.Helper()
	text := ""
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		text = pe.Message + "\n" + pe.Detail + "\n" + pe.Hint
	}
	if !slices.Contains(strings.Split(want, "|"), code(err)) || !strings.Contains(text, what) {
		t.Errorf("got %v, want %s with %q\n%s", err, want, what, text)
	}
}

// lines are the lines that a process printed, without blank ones.
func lines(s string) (out []string) {
	sc := bufio.NewScanner(strings.NewReader(s))
	for sc.Scan() {
		if strings.TrimSpace(sc.Text()) != "" {
			out = append(out, sc.Text())
		}
	}
	return out
}

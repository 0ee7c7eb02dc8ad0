// Package oracle runs a real PostgreSQL 15 for tests that compare with it: a cluster in a temporary directory, on a spare
// loopback port, under an unprivileged user when the tests run as root. It knows nothing of Rowan. Where there is no
// PostgreSQL 15, Start returns ErrAbsent and the tests skip. Only tests and benchmarks import it.
package oracle

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// ErrAbsent says that this machine has no PostgreSQL 15; tests skip.
var ErrAbsent = errors.New("PostgreSQL 15 is not installed")

// Server is a running PostgreSQL.
type Server struct {
	Port int
	dir  string
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
}

// patience is how long a busy machine may take to start it.
const patience = time.Minute

// errGone says that the process has ended before it was ready: most likely somebody else has taken its port meanwhile.
var errGone = errors.New("PostgreSQL ended as it started")

// binDir is where Debian puts PostgreSQL 15.
func binDir() string {
	if d := os.Getenv("PG_BIN"); d != "" {
		return d
	}
	return "/usr/lib/postgresql/15/bin"
}

// Start makes a cluster and starts it. Extra are lines for postgresql.conf.
func Start(ctx context.Context, extra ...string) (*Server, error) {
	initdb := filepath.Join(binDir(), "initdb")
	if _, err := os.Stat(initdb); err != nil {
		return nil, ErrAbsent
	}
	dir, err := os.MkdirTemp("", "rowan-oracle-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	attr, err := s.unprivileged()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	init := exec.CommandContext(ctx, initdb, "-D", data, "-U", "postgres", "--auth=trust", "--locale=C.UTF-8", "-E", "UTF8")
	init.SysProcAttr, init.Dir = attr, dir
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	for range 5 {
		if err = s.run(ctx, attr, extra); !errors.Is(err, errGone) {
			break
		}
	}
	if err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// run starts the cluster on a port that is free at the moment.
func (s *Server) run(ctx context.Context, attr *syscall.SysProcAttr, extra []string) error {
	var err error
	if s.Port, err = freePort(); err != nil {
		return err
	}
	args := []string{"-D", filepath.Join(s.dir, "data"), "-p", strconv.Itoa(s.Port), "-h", "127.0.0.1", "-k", s.dir, "-c", "log_destination=stderr", "-c", "max_connections=200"}
	for _, e := range extra {
		args = append(args, "-c", e)
	}
	cmd, gone := exec.Command(filepath.Join(binDir(), "postgres"), args...), make(chan struct{})
	cmd.SysProcAttr, cmd.Dir = attr, s.dir
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait()
		close(gone)
	}()
	s.cmd, s.gone = cmd, gone
	return s.wait(ctx)
}

// unprivileged gives the directory to a user that PostgreSQL runs as, when the tests run as root.
func (s *Server) unprivileged() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(s.dir, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// wait asks at the cluster's own socket, which no other server answers.
func (s *Server) wait(ctx context.Context) error {
	for begun := time.Now(); time.Since(begun) < patience; {
		ready := exec.CommandContext(ctx, filepath.Join(binDir(), "pg_isready"), "-q", "-h", s.dir, "-p", strconv.Itoa(s.Port))
		if ready.Run() == nil {
			return nil
		}
		select {
		case <-s.gone:
			return errGone
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("PostgreSQL did not start")
}

// URL is a connection string for a database.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.Port, database)
}

// PID is the process id of the postmaster.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Stop ends the server and removes the cluster.
func (s *Server) Stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.gone
	}
	_ = os.RemoveAll(s.dir)
}

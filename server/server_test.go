package server

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/rowandb/rowan/internal/password"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
	"github.com/rowandb/rowan/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeEngine keeps nothing but the superuser's verifier, in a file.
type fakeEngine struct {
	verifier string
	closed   bool
}

func openFake(_ context.Context, o EngineOptions) (*Engine, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(o.Dir, "verifier")
	e := &fakeEngine{}
	saved, err := os.ReadFile(file)
	created := err != nil
	e.verifier = string(saved)
	if created {
		if e.verifier, err = password.Verifier(o.Password); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, []byte(e.verifier), 0o600); err != nil {
			return nil, err
		}
	}
	web := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	return &Engine{Sessions: e, Roles: e, HTTP: web, Created: created, Close: func() error { e.closed = true; return nil }}, nil
}

func (e *fakeEngine) Verifier(context.Context, string) (string, bool) { return e.verifier, true }

func (e *fakeEngine) Open(context.Context, wire.Startup) (wire.Session, error) {
	return fakeSession{}, nil
}

// fakeSession answers every query with nothing.
type fakeSession struct{ wire.Session }

func (fakeSession) Query(_ context.Context, _ string, out vector.Sink) error {
	return out.Complete("DONE")
}
func (fakeSession) TxnStatus() byte       { return 'I' }
func (fakeSession) Changed() [][2]string  { return nil }
func (fakeSession) Format() *types.Format { return types.DefaultFormat() }
func (fakeSession) Close() error          { return nil }

func config(t *testing.T, out *bytes.Buffer) Config {
	return Config{
		DataDir: filepath.Join(t.TempDir(), "data"), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0",
		Auth: AuthSCRAM, Memory: MemorySmall, Open: openFake, Out: out,
	}
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

func ping(t *testing.T, s *Server, pw string) error {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), "postgres://postgres:"+pw+"@"+s.PGAddr()+"/postgres?sslmode=disable")
	if err != nil {
		return err
	}
	_, err = c.Exec(t.Context(), "select 1").ReadAll()
	return errors.Join(err, c.Close(t.Context()))
}

// TestFirstStart wants a password to be made up, shown at the first start only, and to hold at the next.
func TestFirstStart(t *testing.T) {
	var out bytes.Buffer
	cfg := config(t, &out)
	s := start(t, cfg)
	_, rest, ok := strings.Cut(out.String(), "shown only now:\n\n")
	if !ok {
		t.Fatalf("no password in\n%s", out.String())
	}
	pw := strings.Fields(rest)[0]
	if err := ping(t, s, pw); err != nil {
		t.Errorf("with the password shown: %v", err)
	}
	if err := ping(t, s, "other"); err == nil {
		t.Error("another password is taken as well")
	}
	res, err := http.Get("http://" + s.HTTPAddr() + "/")
	if err != nil || res.StatusCode != http.StatusTeapot {
		t.Errorf("HTTP: %v, %v", res, err)
	} else {
		_ = res.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	stop(t, s)

	out.Reset()
	s = start(t, cfg)
	defer stop(t, s)
	if strings.Contains(out.String(), "password") {
		t.Errorf("second start says\n%s", out.String())
	}
	if err := ping(t, s, pw); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestGivenPassword(t *testing.T) {
	var out bytes.Buffer
	cfg := config(t, &out)
	cfg.Password = "s3cret"
	s := start(t, cfg)
	defer stop(t, s)
	if strings.Contains(out.String(), "s3cret") {
		t.Error("the password given is shown")
	}
	if err := ping(t, s, "s3cret"); err != nil {
		t.Error(err)
	}
}

func TestTrust(t *testing.T) {
	cfg := config(t, &bytes.Buffer{})
	cfg.Auth = AuthTrust
	s := start(t, cfg)
	defer stop(t, s)
	if err := ping(t, s, ""); err != nil {
		t.Error(err)
	}
}

// TestRefusals has what is told in one line when a server cannot start.
func TestRefusals(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	tests := []struct {
		name   string
		change func(*Config)
		config bool // a ConfigError
		want   string
	}{
		{"no directory", func(c *Config) { c.DataDir = "" }, true, "no data directory"},
		{"unknown auth", func(c *Config) { c.Auth = "md5" }, true, "--auth must be"},
		{"unknown memory", func(c *Config) { c.Memory = "huge" }, true, "--memory must be"},
		{"half of TLS", func(c *Config) { c.TLSCert = "x" }, true, "given together"},
		{"no such certificate", func(c *Config) { c.TLSCert, c.TLSKey = "/nowhere", "/nowhere" }, true, "cannot load the TLS certificate"},
		{"no port", func(c *Config) { c.PGAddr = "127.0.0.1" }, true, "--pg-addr must be host:port"},
		{"trust for all", func(c *Config) { c.Auth, c.PGAddr = AuthTrust, "0.0.0.0:0" }, true, "must be a loopback address"},
		{"trust for all, unnamed", func(c *Config) { c.Auth, c.PGAddr = AuthTrust, ":0" }, true, "must be a loopback address"},
		{"trust over HTTP", func(c *Config) { c.Auth, c.HTTPAddr = AuthTrust, "[::]:0" }, true, "--http-addr must be a loopback address"},
		{"taken port", func(c *Config) { c.PGAddr = taken.Addr().String() }, false, "the port is taken; choose another with --pg-addr"},
		{"taken HTTP port", func(c *Config) { c.HTTPAddr = taken.Addr().String() }, false, "the port is taken; choose another with --http-addr"},
		{"not ours", func(c *Config) { write(t, c.DataDir, "precious", "") }, false, "not made by Rowan"},
		{"of the future", func(c *Config) { write(t, c.DataDir, markerFile, "rowan 9\n") }, false, `has the format "rowan 9"`},
		{"without its store", func(c *Config) { write(t, c.DataDir, markerFile, dirFormat) }, false, "store: it is missing. rowan check"},
		{"without the list of its files", func(c *Config) {
			write(t, c.DataDir, markerFile, dirFormat)
			write(t, filepath.Join(c.DataDir, storeDir), "000001.sst", "precious")
		}, false, "MANIFEST: it is missing. rowan check"},
		{"a file", func(c *Config) { c.DataDir = filepath.Join(write(t, c.DataDir, "f", ""), "f") }, false, "cannot make the data directory"},
		{"profiles for all", func(c *Config) { c.PprofAddr = "0.0.0.0:0" }, true, "--pprof-addr must be a loopback address"},
		{"damaged", func(c *Config) { c.Open = openDamaged }, false, "cannot open the store in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(t, &bytes.Buffer{})
			tt.change(&cfg)
			s, err := Start(t.Context(), cfg)
			if err == nil {
				stop(t, s)
				t.Fatal("started")
			}
			var bad *ConfigError
			if errors.As(err, &bad) != tt.config || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%T %v", err, err)
			}
		})
	}
}

func openDamaged(context.Context, EngineOptions) (*Engine, error) {
	return nil, errors.New("MANIFEST has a bad checksum")
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestKilledAtFirst wants a directory that a first start had only begun to make to be taken all the same.
func TestKilledAtFirst(t *testing.T) {
	cfg := config(t, &bytes.Buffer{})
	if err := os.MkdirAll(filepath.Join(cfg.DataDir, storeDir), 0o700); err != nil {
		t.Fatal(err)
	}
	stop(t, start(t, cfg))
}

// TestLock wants a second server on the same directory to be refused, and the directory to be free afterwards.
func TestLock(t *testing.T) {
	cfg := config(t, &bytes.Buffer{})
	s := start(t, cfg)
	if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "is in use by another server (process ") {
		t.Errorf("second server: %v", err)
	}
	stop(t, s)
	stop(t, start(t, cfg))
}

// TestProfiles wants profiles where they were asked for, and the listener to end with the server.
func TestProfiles(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, &bytes.Buffer{})
	cfg.PprofAddr = l.Addr().String()
	_ = l.Close() // nobody listens there now
	s := start(t, cfg)
	resp, err := http.Get("http://" + cfg.PprofAddr + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	http.DefaultClient.CloseIdleConnections()
	stop(t, s)
	if c, err := net.Dial("tcp", cfg.PprofAddr); err == nil {
		_ = c.Close()
		t.Error("profiles are served after the end")
	}
}

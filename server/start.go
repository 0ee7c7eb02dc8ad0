package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/auth"
	"github.com/rowandb/rowan/admin/limit"
	"github.com/rowandb/rowan/internal/password"
	"github.com/rowandb/rowan/wire"
)

// Server is a running server. Safe for many goroutines.
type Server struct {
	cfg    Config
	dir    *dataDir
	engine *Engine
	pg     *wire.Server
	web    *http.Server
	pgL    net.Listener
	webL   net.Listener // nil: no HTTP
	// requests are those of web.
	requests *requests
	// profiles and its listener are nil unless asked for.
	profiles  *http.Server
	profilesL net.Listener
	wg        sync.WaitGroup
	failed    chan error
}

// Start starts a server and returns once it accepts connections. An error says in one line what to do about it.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, failed: make(chan error, 3)}
	if err := s.open(ctx); err != nil {
		s.abandon()
		return nil, err
	}
	s.serve()
	return s, nil
}

// open takes what the server needs, in the order in which it most likely fails: addresses, directory, engine.
func (s *Server) open(ctx context.Context) (err error) {
	tlsConfig, err := s.cfg.tls()
	if err != nil {
		return err
	}
	if s.pgL, err = listen(ctx, "--pg-addr", s.cfg.PGAddr); err != nil {
		return err
	}
	if s.cfg.HTTPAddr != "" {
		if s.webL, err = listen(ctx, "--http-addr", s.cfg.HTTPAddr); err != nil {
			return err
		}
	}
	if err := s.listenProfiles(ctx); err != nil {
		return err
	}
	if s.dir, err = openDataDir(s.cfg.DataDir); err != nil {
		return err
	}
	pw := s.cfg.Password
	if pw == "" {
		pw = password.Generate()
	}
	if err := s.openEngine(ctx, pw); err != nil {
		return err
	}
	wireConfig := wire.Config{
		Opener: s.engine.Sessions, Auth: s.engine.Roles, TLS: tlsConfig,
		MaxConnections: s.cfg.MaxConnections, Log: s.cfg.Log.Named("wire"),
	}
	if s.cfg.Auth == AuthTrust {
		wireConfig.Auth = nil
	}
	rates, err := s.cfg.HTTP.rates()
	if err != nil {
		return err
	}
	if rates != nil {
		wireConfig.Guesses = guesses{limit.New(rates)}
	}
	s.pg = wire.NewServer(wireConfig)
	s.requests = newRequests()
	if s.engine.Attach != nil {
		s.engine.Attach(backends{s.pg, s.requests})
	}
	if s.engine.HTTP != nil && s.webL != nil {
		s.web = &http.Server{
			Handler: s.requests.count(s.engine.HTTP), BaseContext: func(net.Listener) context.Context { return s.requests.ctx }, TLSConfig: tlsConfig, ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout: 2 * time.Minute, ErrorLog: zap.NewStdLog(s.cfg.Log.Named("http")),
		}
	}
	s.greet(pw)
	return nil
}

// guesses counts the logins that fail on the PostgreSQL protocol.
type guesses struct{ *limit.Limiter }

// Guess implements wire.Guesses.
func (g guesses) Guess(remote, user string) (wait time.Duration, back func()) {
	return g.Login(auth.Network(remote), user)
}

func (s *Server) openEngine(ctx context.Context, pw string) (err error) {
	s.engine, err = s.cfg.Open(ctx, EngineOptions{
		Dir: s.dir.file(storeDir), TempDir: s.dir.file(tempDir), Password: pw,
		Trust: s.cfg.Auth == AuthTrust, Key: s.cfg.Key, Memory: s.cfg.Memory, HTTP: s.cfg.HTTP, Log: s.cfg.Log,
	})
	if err != nil {
		return openError(s.dir.path, err)
	}
	return nil
}

// listen opens an address and words the usual failures for people.
func listen(ctx context.Context, flag, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen on %s: the port is taken; choose another with %s", addr, flag)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return l, nil
}

// serve starts the two listeners.
func (s *Server) serve() {
	s.wg.Go(func() {
		if err := s.pg.Serve(s.pgL); !errors.Is(err, wire.ErrClosed) {
			s.failed <- fmt.Errorf("the PostgreSQL listener failed: %w", err)
		}
	})
	if s.profiles != nil {
		s.wg.Go(s.serveProfiles)
	}
	if s.web == nil {
		return
	}
	s.wg.Go(func() {
		if err := s.serveHTTP(); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("the HTTP listener failed: %w", err)
		}
	})
}

func (s *Server) serveHTTP() error {
	if s.web.TLSConfig != nil {
		return s.web.ServeTLS(s.webL, "", "")
	}
	return s.web.Serve(s.webL)
}

// PGAddr is the address on which the PostgreSQL protocol is served.
func (s *Server) PGAddr() string { return s.pgL.Addr().String() }

// HTTPAddr is the address on which HTTP is served, "" when it is not.
func (s *Server) HTTPAddr() string {
	if s.web == nil {
		return ""
	}
	return s.webL.Addr().String()
}

// Failed yields an error when a listener has failed and the server had better be stopped.
func (s *Server) Failed() <-chan error { return s.failed }

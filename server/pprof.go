package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// listenProfiles makes ready to serve the profiles of the process, for who works on its speed. They tell much and cost
// something: loopback addresses only, and off unless asked for.
func (s *Server) listenProfiles(ctx context.Context) error {
	if s.cfg.PprofAddr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(s.cfg.PprofAddr)
	if err != nil || !loopback(host) {
		return badConfig("--pprof-addr must be a loopback address such as 127.0.0.1:6060, not %q", s.cfg.PprofAddr)
	}
	if s.profilesL, err = listen(ctx, "--pprof-addr", s.cfg.PprofAddr); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	s.profiles = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return nil
}

func (s *Server) serveProfiles() {
	if err := s.profiles.Serve(s.profilesL); !errors.Is(err, http.ErrServerClosed) {
		s.failed <- fmt.Errorf("the listener of profiles failed: %w", err)
	}
}

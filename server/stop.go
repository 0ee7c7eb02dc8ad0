package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"
)

// lastWords is how long the answers of requests that were stopped may take to go out.
const lastWords = 5 * time.Second

// Stop ends the server: HTTP requests under way are finished, while other clients are told and their statements cancelled;
// then the store is closed. When ctx ends first, requests are stopped, answer that, and connections are cut; the store is
// closed in order all the same.
func (s *Server) Stop(ctx context.Context) error {
	s.cfg.Log.Info("shutting down")
	if s.profiles != nil {
		_ = s.profiles.Close() // a profile under way is of no more use
	}
	var both sync.WaitGroup
	if s.web != nil {
		both.Go(func() { s.stopWeb(ctx) })
	}
	if err := s.pg.Shutdown(ctx); err != nil {
		s.cfg.Log.Warn("connections were cut", zap.Error(err))
	}
	both.Wait()
	s.wg.Wait()
	err := errors.Join(s.engine.Close(), s.dir.close())
	s.cfg.Log.Info("shut down", zap.Error(err))
	return err
}

// stopWeb ends the HTTP listener and waits for the last request.
func (s *Server) stopWeb(ctx context.Context) {
	if s.web.Shutdown(ctx) != nil {
		s.requests.stop(errStopping)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
		defer cancel()
		if s.web.Shutdown(last) != nil {
			_ = s.web.Close() // cuts what Shutdown would have waited for
		}
	}
	s.requests.end()
}

// abandon gives back what a failed start has taken.
func (s *Server) abandon() {
	if s.engine != nil {
		_ = s.engine.Close() // the failure of the start is what is reported
	}
	if s.dir != nil {
		_ = s.dir.close() // as above
	}
	if s.pgL != nil {
		_ = s.pgL.Close() // as above
	}
	if s.webL != nil {
		_ = s.webL.Close() // as above
	}
	if s.profilesL != nil {
		_ = s.profilesL.Close() // as above
	}
}

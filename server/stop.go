package server

import (
	"context"
	"errors"

	"go.uber.org/zap"
)

// Stop ends the server: HTTP requests under way are finished, other clients are told and their statements cancelled, then the
// store is closed. When ctx ends before
// the last client has gone, connections are cut; the store is closed in order all the same.
func (s *Server) Stop(ctx context.Context) error {
	s.cfg.Log.Info("shutting down")
	if s.profiles != nil {
		_ = s.profiles.Close() // a profile under way is of no more use
	}
	if s.web != nil {
		if err := s.web.Shutdown(ctx); err != nil {
			s.requests.stop(errStopping)
			_ = s.web.Close() // cuts what Shutdown would have waited for
		}
		s.requests.end()
	}
	if err := s.pg.Shutdown(ctx); err != nil {
		s.cfg.Log.Warn("connections were cut", zap.Error(err))
	}
	s.wg.Wait()
	err := errors.Join(s.engine.Close(), s.dir.close())
	s.cfg.Log.Info("shut down", zap.Error(err))
	return err
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

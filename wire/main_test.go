package wire

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startServer serves fake sessions on a free port until the test ends, and checks that all sessions were closed.
func startServer(t testing.TB, cfg Config) (addr string, s *Server) {
	t.Helper()
	opener := &fakeOpener{}
	if cfg.Opener == nil {
		cfg.Opener = opener
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = NewServer(cfg)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; !errors.Is(err, ErrClosed) {
			t.Errorf("Serve: %v", err)
		}
		if a, b := opener.opened.Load(), opener.closed.Load(); a != b {
			t.Errorf("%d sessions opened, %d closed", a, b)
		}
	})
	return l.Addr().String(), s
}

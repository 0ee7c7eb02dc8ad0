package wire

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/xdg-go/scram"
	"go.uber.org/zap"
)

// Config is what a Server needs. Zero values give PostgreSQL's defaults.
type Config struct {
	Opener Opener
	// Auth knows the password verifiers; nil lets everybody in as whom they say they are (trust).
	Auth Authenticator
	// Guesses bounds how often passwords may be wrong; nil: nothing does.
	Guesses Guesses
	// TLS is offered to clients that ask for it; nil: not offered.
	TLS *tls.Config
	// MaxConnections is the most sessions at a time; 0 is 100.
	MaxConnections int
	// MaxMessage is the largest message body accepted after authentication; 0 is 1 GiB.
	MaxMessage int
	// AuthTimeout is how long a client may take from connecting to the end of authentication; 0 is a minute.
	AuthTimeout time.Duration
	// WatchEvery is how often clients of long-running statements are checked for being there; 0 is a second.
	WatchEvery time.Duration
	Log        *zap.Logger
}

func (c Config) withDefaults() Config {
	if c.MaxConnections == 0 {
		c.MaxConnections = 100
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = 1<<30 - 1
	}
	if c.AuthTimeout == 0 {
		c.AuthTimeout = time.Minute
	}
	if c.WatchEvery == 0 {
		c.WatchEvery = time.Second
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	return c
}

// Guesses counts passwords that are wrong, by where they come from and whose they should be.
type Guesses interface {
	// Guess counts a try. wait is how long there may be no other, 0 for one that may be made; back takes the count back, for a try that
	// was right.
	Guess(remote, user string) (wait time.Duration, back func())
}

// Server accepts connections and serves each in a goroutine of its own. Safe for many goroutines.
type Server struct {
	cfg    Config
	conns  registry
	base   context.Context // of all statements; ends when Shutdown gives up waiting
	cancel context.CancelFunc
	mock   [32]byte   // makes up salts for roles that do not exist
	proofs sync.Mutex // is held while a proof is checked, so that many good ones at a time do not count
	// binding is what SCRAM binds to TLS, the zero one when there is none.
	binding scram.ChannelBinding
	wg      sync.WaitGroup

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	open      map[*conn]struct{} // every accepted connection, in startup ones too
	watching  bool
	stopping  bool
	quit      chan struct{} // closed when stopping is set
}

// NewServer makes a Server. It serves once Serve is called.
func NewServer(cfg Config) *Server {
	base, cancel := context.WithCancel(context.Background())
	s := &Server{
		cfg: cfg.withDefaults(), base: base, cancel: cancel,
		conns:     registry{byID: map[uint32]*conn{}},
		listeners: map[net.Listener]struct{}{}, open: map[*conn]struct{}{}, quit: make(chan struct{}),
	}
	s.binding = endpointBinding(cfg.TLS)
	_, _ = rand.Read(s.mock[:]) // never fails
	return s
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("wire: server closed")

// Serve accepts connections from l until Shutdown, and closes l.
func (s *Server) Serve(l net.Listener) error {
	defer func() { _ = l.Close() }()
	if !s.listen(l) {
		return ErrClosed
	}
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			s.accept(nc)
		case s.stopped():
			return ErrClosed
		case temporary(err):
			s.cfg.Log.Warn("accept failed; trying again", zap.Error(err))
			time.Sleep(50 * time.Millisecond)
		default:
			return err
		}
	}
}

// temporary reports whether accepting may work again later, as when the process is out of file descriptors.
func temporary(err error) bool {
	return !errors.Is(err, net.ErrClosed)
}

func (s *Server) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.listeners[l] = struct{}{}
	if !s.watching {
		s.watching = true
		s.wg.Go(s.watch)
	}
	return true
}

func (s *Server) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// accept starts serving a connection. Twice as many as there may be sessions are let in, so that a cancel request and
// the refusal of one client too many get through; beyond that the connection is closed without a word.
func (s *Server) accept(nc net.Conn) {
	c := newConn(s, nc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || len(s.open) >= 2*s.cfg.MaxConnections+16 {
		_ = nc.Close()
		return
	}
	s.open[c] = struct{}{}
	s.wg.Go(func() {
		defer s.forget(c)
		c.serve()
	})
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// Shutdown stops accepting, tells every client that its connection ends, and waits until all have gone. When ctx ends
// first, the connections are closed under the clients' feet.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		s.cancel()
		return nil
	case <-ctx.Done():
	}
	s.cancel()
	for _, c := range s.accepted() {
		_ = c.raw.Close()
	}
	<-done
	return ctx.Err()
}

func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.stopping = true
		close(s.quit)
	}
	for l := range s.listeners {
		_ = l.Close()
	}
	for c := range s.open {
		c.intr.terminate(errShutdown())
	}
}

func (s *Server) accepted() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*conn, 0, len(s.open))
	for c := range s.open {
		conns = append(conns, c)
	}
	return conns
}

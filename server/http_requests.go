package server

import (
	"context"
	"net/http"
	"sync"
)

// requests are those that the HTTP listener is busy with: the store may not be closed under them.
type requests struct {
	ctx  context.Context // of all of them
	stop context.CancelFunc

	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

func newRequests() *requests {
	q := &requests{}
	q.ctx, q.stop = context.WithCancel(context.Background())
	return q
}

// enter notes a request; false: it comes too late.
func (q *requests) enter() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.wg.Add(1)
	return true
}

// count makes a handler whose requests are noted.
func (q *requests) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !q.enter() {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer q.wg.Done()
		next.ServeHTTP(w, r)
	})
}

// end cancels what still runs and waits for it.
func (q *requests) end() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.stop()
	q.wg.Wait()
}

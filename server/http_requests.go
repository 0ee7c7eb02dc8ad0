package server

import (
	"context"
	"net/http"
	"sync"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// requests are those that the HTTP listener is busy with: the store may not be closed under them, and their statements can
// be stopped as those of other clients can. Each has a process id, above those of connections.
type requests struct {
	ctx  context.Context // of all of them
	stop context.CancelCauseFunc

	mu      sync.Mutex
	closed  bool
	last    uint32
	running map[uint32]context.CancelCauseFunc
	wg      sync.WaitGroup
}

// firstRequest is the process id below which all are connections'.
const firstRequest = 1 << 30

func newRequests() *requests {
	q := &requests{last: firstRequest, running: map[uint32]context.CancelCauseFunc{}}
	q.ctx, q.stop = context.WithCancelCause(context.Background())
	return q
}

type requestKey struct{}

// request is what a context knows of the request that it is of.
type request struct {
	pid    uint32
	client string // address
}

// requestOf is zero where a context is of none.
func requestOf(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}

var errStopping = pgerr.New(pgerrcode.AdminShutdown, "terminating connection due to administrator command")

// enter notes a request; false: it comes too late.
func (q *requests) enter(cancel context.CancelCauseFunc) (pid uint32, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, false
	}
	q.wg.Add(1)
	if q.last++; q.last < firstRequest || q.last > 1<<31-1 {
		q.last = firstRequest + 1
	}
	q.running[q.last] = cancel
	return q.last, true
}

func (q *requests) leave(pid uint32) {
	q.mu.Lock()
	delete(q.running, pid)
	q.mu.Unlock()
	q.wg.Done()
}

// count makes a handler whose requests are noted.
func (q *requests) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		pid, ok := q.enter(cancel)
		if !ok {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer q.leave(pid)
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, requestKey{}, request{pid, r.RemoteAddr})))
	})
}

// end cancels what still runs and waits for it.
func (q *requests) end() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.stop(errStopping)
	q.wg.Wait()
}

// interrupt stops a request for a reason; false: there is none with that process id.
func (q *requests) interrupt(pid uint32, why *pgerr.Error) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	cancel := q.running[pid]
	if cancel != nil {
		cancel(why)
	}
	return cancel != nil
}

// backends are connections and requests together.
type backends struct {
	Backends
	requests *requests
}

// CancelBackend implements Backends.
func (b backends) CancelBackend(pid uint32) bool {
	return b.requests.interrupt(pid, pgerr.New(pgerrcode.QueryCanceled, "canceling statement due to user request")) || b.Backends.CancelBackend(pid)
}

// TerminateBackend implements Backends.
func (b backends) TerminateBackend(pid uint32) bool {
	return b.requests.interrupt(pid, errStopping) || b.Backends.TerminateBackend(pid)
}

package wire

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"sync"
	"time"

	"github.com/rowandb/rowan/pgerr"
)

// past is a deadline that has gone by: setting it wakes a goroutine that reads.
var past = time.Unix(1, 0)

// interrupt is how others stop what a connection does. The statement's context lives on from statement to statement and
// is made anew only after it was cancelled, so that a statement costs no allocation here. Safe for many goroutines.
type interrupt struct {
	base    context.Context
	setRead func(time.Time) error // the connection's read deadline

	mu      sync.Mutex
	ctx     context.Context
	cancel  context.CancelCauseFunc
	running bool         // a statement is being run: a cancel request now means it
	reading bool         // … and it waits for COPY data
	seq     uint64       // counts statements
	term    *pgerr.Error // the connection is to end with this error
}

// begin marks the start of a statement and returns its context.
func (i *interrupt) begin() context.Context {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.running = true
	i.seq++
	if i.ctx == nil || i.ctx.Err() != nil {
		i.ctx, i.cancel = context.WithCancelCause(i.base)
	}
	if i.term != nil {
		i.cancel(i.term)
	}
	return i.ctx
}

// end marks the end of a statement: cancel requests that come later are too late.
func (i *interrupt) end() {
	i.mu.Lock()
	i.running = false
	i.mu.Unlock()
}

// stop cancels the running statement, if any.
func (i *interrupt) stop(cause *pgerr.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.running {
		return
	}
	i.cancel(cause)
	if i.reading {
		_ = i.setRead(past) // fails only on a closed connection, whose reader wakes anyway
	}
}

// terminate ends the connection with the error, now or as soon as the running statement has noticed.
func (i *interrupt) terminate(cause *pgerr.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.term != nil {
		return
	}
	i.term = cause
	if i.running {
		i.cancel(cause)
	}
	_ = i.setRead(past) // as above
}

// terminated returns the error that is to end the connection, or nil.
func (i *interrupt) terminated() *pgerr.Error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.term
}

// startReading and stopReading enclose the wait for COPY data, which a cancel must wake.
func (i *interrupt) startReading() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.reading = true
	if i.ctx.Err() != nil {
		_ = i.setRead(past)
	}
}

func (i *interrupt) stopReading() {
	i.mu.Lock()
	i.reading = false
	i.mu.Unlock()
	i.readUntil(time.Time{})
}

// readUntil sets the read deadline (zero: none), unless the connection is to end.
func (i *interrupt) readUntil(t time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.term == nil {
		_ = i.setRead(t)
	}
}

// stuckSince reports whether the statement that was running at seq is still running, and the present seq.
func (i *interrupt) stuckSince(seq uint64) (bool, uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.running && !i.reading && i.seq == seq, i.seq
}

// release frees the statement's context for good.
func (i *interrupt) release() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cancel != nil {
		i.cancel(context.Canceled)
	}
}

// registry finds connections by process id, for cancel requests and pg_terminate_backend. Safe for many goroutines.
type registry struct {
	mu   sync.Mutex
	last uint32
	byID map[uint32]*conn
}

// add gives c a process id and a secret and makes it known; it refuses beyond limit connections (0: no limit).
func (r *registry) add(c *conn, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if limit > 0 && len(r.byID) >= limit {
		return false
	}
	for {
		r.last = r.last%(1<<31-1) + 1 // clients show it as a signed integer
		if _, taken := r.byID[r.last]; !taken {
			break
		}
	}
	c.pid = r.last
	_, _ = rand.Read(c.secret[:]) // never fails
	r.byID[c.pid] = c
	return true
}

func (r *registry) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID[c.pid] == c {
		delete(r.byID, c.pid)
	}
}

func (r *registry) find(pid uint32) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byID[pid]
}

// all returns the connections known at the moment.
func (r *registry) all() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	conns := make([]*conn, 0, len(r.byID))
	for _, c := range r.byID {
		conns = append(conns, c)
	}
	return conns
}

// cancelRequest serves a client's CancelRequest. A wrong key does nothing, and nothing is answered in any case.
func (s *Server) cancelRequest(pid uint32, secret []byte) {
	c := s.conns.find(pid)
	if c == nil || subtle.ConstantTimeCompare(c.secret[:], secret) != 1 {
		return
	}
	c.intr.stop(errCancel())
}

// CancelBackend cancels the statement that the connection with this process id runs, as pg_cancel_backend does. It
// reports whether there is such a connection.
func (s *Server) CancelBackend(pid uint32) bool {
	c := s.conns.find(pid)
	if c != nil {
		c.intr.stop(errCancel())
	}
	return c != nil
}

// TerminateBackend ends a connection, as pg_terminate_backend does. It reports whether there is such a connection.
func (s *Server) TerminateBackend(pid uint32) bool {
	c := s.conns.find(pid)
	if c != nil {
		c.intr.terminate(errShutdown())
	}
	return c != nil
}

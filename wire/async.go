package wire

import (
	"errors"
	"os"
	"time"

	"github.com/rowandb/rowan/pgerr"
)

// Notifier is a Session to which notifications may come. The wire asks for them whenever the client is told that it may
// go on outside of a transaction block, and after Startup.Wake has been called.
type Notifier interface {
	// Deliver sends what has come since the last call; pid is the process id of the session that notified.
	Deliver(send func(pid uint32, channel, payload string))
}

// Idler is a Session that limits how long its client may be silent.
type Idler interface {
	// IdleTimeout returns the limit as of now (0: none) and the error with which the connection then ends.
	IdleTimeout() (time.Duration, *pgerr.Error)
}

// idle is a limit on the client's silence that is in force.
type idle struct {
	until time.Time // zero: none
	err   *pgerr.Error
}

// notifications sends what has come, unless a transaction block is open.
func (c *conn) notifications() {
	if c.notifier != nil && c.sess.TxnStatus() == 'I' {
		c.notifier.Deliver(c.notify)
	}
}

// notification sends a NotificationResponse.
func (c *conn) notification(pid uint32, channel, payload string) {
	start := c.out.begin('A')
	c.out.int32(int32(pid))
	c.out.cstring(clean(channel))
	c.out.cstring(clean(payload))
	c.out.end(start)
}

// startIdle puts the session's limit on silence in force.
func (c *conn) startIdle() {
	if c.idler == nil {
		return
	}
	limit, err := c.idler.IdleTimeout()
	if limit <= 0 {
		return
	}
	c.idle = idle{until: time.Now().Add(limit), err: err}
	c.intr.readUntil(c.idle.until)
}

// endIdle lifts the limit: the client has said something.
func (c *conn) endIdle() {
	if !c.idle.until.IsZero() {
		c.idle = idle{}
		c.intr.readUntil(time.Time{})
	}
}

// interrupted handles a read that was not the client's doing: the order to end, a limit that has run out, notifications,
// or what is left over of a cancelled COPY. It reports false when the read failed otherwise.
func (c *conn) interrupted() bool {
	if term := c.intr.terminated(); term != nil {
		c.sendError(term)
		return true
	}
	if !errors.Is(c.in.err, os.ErrDeadlineExceeded) {
		return false
	}
	if !c.idle.until.IsZero() && !time.Now().Before(c.idle.until) {
		c.sendError(asFatal(c.idle.err))
		return true
	}
	c.intr.readUntil(c.idle.until)
	if c.state == stReady {
		c.notifications()
		_ = c.out.flush() // a write that failed is seen by the next Receive
	}
	return true
}

// wake makes an idle connection look for notifications. A connection that runs a statement looks anyway afterwards.
func (i *interrupt) wake() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.running {
		_ = i.setRead(past) // fails only on a closed connection
	}
}

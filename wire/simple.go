package wire

import (
	"context"

	"github.com/rowandb/rowan/pgerr"
)

// query serves a simple Query: any number of statements, whose results follow each other, then ReadyForQuery.
func (c *conn) query(sql string) {
	if err := checkText(sql); err != nil {
		c.reject(err)
		return
	}
	if c.state == stBatch {
		c.step(evSync) // a simple query ends the batch before it; the session goes on in the same implicit transaction
	}
	ctx := c.intr.begin()
	c.sink.reset(true, nil)
	err := c.sess.Query(ctx, sql, &c.sink)
	c.intr.end()
	c.endCopy()
	if err != nil {
		c.sendError(c.explain(ctx, err))
	}
	c.finish()
}

// reject answers a message that is not part of an extended batch and that the session never sees.
func (c *conn) reject(err error) {
	c.sess.Failed()
	ctx := c.intr.begin()
	serr := c.sess.Sync(ctx)
	c.intr.end()
	c.sendError(pgerr.From(err))
	if serr != nil {
		c.sendError(c.explain(ctx, serr))
	}
	c.finish()
}

// finish ends a simple query or an extended batch, unless it has ended the connection.
func (c *conn) finish() {
	if c.state == stClosed {
		return
	}
	c.step(evSync)
	c.ready()
}

// ready tells the client that it may go on: settings that changed, then ReadyForQuery.
func (c *conn) ready() {
	c.parameterStatus()
	c.notifications()
	status := c.sess.TxnStatus()
	if status == 'I' {
		clear(c.formats) // portals end with their transaction
	}
	c.out.buf = append(c.out.buf, 'Z', 0, 0, 0, 5, status)
	if c.out.flush() != nil {
		c.step(evClose)
		return
	}
	c.startIdle()
}

// parameterStatus reports the settings that changed.
func (c *conn) parameterStatus() {
	for _, kv := range c.sess.Changed() {
		start := c.out.begin('S')
		c.out.cstring(clean(kv[0]))
		c.out.cstring(clean(kv[1]))
		c.out.end(start)
	}
}

// sync serves Sync: the end of an extended batch, failed or not.
func (c *conn) sync() {
	ctx := c.intr.begin()
	err := c.sess.Sync(ctx)
	c.intr.end()
	if err != nil {
		c.sendError(c.explain(ctx, err))
	}
	c.finish()
}

// done ends one message of an extended batch that the session has handled.
func (c *conn) done(ctx context.Context, err error) bool {
	c.intr.end()
	if err == nil {
		c.step(evExtended)
		return true
	}
	c.sendError(c.explain(ctx, err))
	if c.state != stClosed {
		c.step(evFail)
	}
	return false
}

// failUnseen fails the extended batch with an error that the session has not seen.
func (c *conn) failUnseen(err error) {
	c.sess.Failed()
	c.sendError(pgerr.From(err))
	if c.state != stClosed {
		c.step(evFail)
	}
}

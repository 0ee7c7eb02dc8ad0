package wire

import (
	"errors"
	"io"
	"net"
	"runtime/debug"
	"strings"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgproto3"
	"go.uber.org/zap"

	"github.com/rowandb/rowan/pgerr"
)

// conn is one client's connection. All but intr belongs to the goroutine that runs serve.
type conn struct {
	srv    *Server
	log    *zap.Logger
	raw    net.Conn // as accepted
	net    net.Conn // raw, or TLS over it
	in     input
	back   *pgproto3.Backend // decodes what is received; sending is out's
	out    output
	state  state
	sess   Session
	pid    uint32
	secret [4]byte
	intr   interrupt
	sink   sink
	// formats are the result format codes of the named portals, unnamed those of the unnamed one.
	formats map[string][]int16
	unnamed []int16
	idle    idle

	// The session once more, where it can do more than a Session must; else nil.
	notifier Notifier
	idler    Idler
	notify   func(pid uint32, channel, payload string) // notification, as a value made once
}

// input is the client's end as the decoder reads it. It remembers a failure to read, which tells a lost connection
// from a message that cannot be decoded.
type input struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (i *input) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	i.err = err
	return n, err
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{srv: s, log: s.cfg.Log, raw: nc}
	c.intr.base = s.base
	c.intr.setRead = nc.SetReadDeadline
	c.use(nc)
	return c
}

// use makes nc the way to the client: the raw connection, then perhaps TLS over it.
func (c *conn) use(nc net.Conn) {
	c.net = nc
	c.in = input{r: nc}
	c.out.w = nc
	c.back = pgproto3.NewBackend(&c.in, io.Discard)
}

// attach gives the connection its session.
func (c *conn) attach(s Session) {
	c.sess = s
	c.sink.c = c
	c.notifier, _ = s.(Notifier)
	c.idler, _ = s.(Idler)
	c.notify = c.notification
}

// serve is the connection's whole life.
func (c *conn) serve() {
	defer c.close()
	defer c.recover()
	if !c.start() {
		return
	}
	for c.state != stClosed {
		c.next()
	}
}

// recover is the edge that no panic crosses. What the session left half done cannot be known, so its client has to
// connect again; nobody else notices.
func (c *conn) recover() {
	v := recover()
	if v == nil {
		return
	}
	c.log.Error("panic in a session", zap.Any("panic", v), zap.Uint32("pid", c.pid), zap.ByteString("stack", debug.Stack()))
	c.sendError(fatalError(pgerrcode.InternalError, "internal error: %v", v))
}

// close ends the session and the connection, whatever state they are in.
func (c *conn) close() {
	defer func() { _ = c.net.Close() }()
	defer c.srv.conns.remove(c)
	defer c.intr.release()
	defer func() {
		if v := recover(); v != nil {
			c.log.Error("panic while a session was closed", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
		}
	}()
	_ = c.out.flush() // the client may be gone
	if c.sess == nil {
		return
	}
	if err := c.sess.Close(); err != nil {
		c.log.Warn("closing a session failed", zap.Error(err), zap.Uint32("pid", c.pid))
	}
}

// next receives one message and handles it.
func (c *conn) next() {
	if c.out.flushIfFull() != nil {
		c.step(evClose)
		return
	}
	msg, err := c.back.Receive()
	if err != nil {
		c.receiveFailed(err)
		return
	}
	if term := c.intr.terminated(); term != nil { // the message came first by a hair
		c.sendError(term)
		return
	}
	if c.state == stSkipping && !endsSkipping(msg) {
		return
	}
	c.endIdle()
	c.handle(msg)
}

// endsSkipping reports whether the message is one that counts although the batch has failed.
func endsSkipping(msg pgproto3.FrontendMessage) bool {
	switch msg.(type) {
	case *pgproto3.Sync, *pgproto3.Terminate:
		return true
	default:
		return false
	}
}

// handle is the switch on the message type: one method a type.
func (c *conn) handle(msg pgproto3.FrontendMessage) {
	switch m := msg.(type) {
	case *pgproto3.Query:
		c.query(m.String)
	case *pgproto3.Parse:
		c.parse(m)
	case *pgproto3.Bind:
		c.bind(m)
	case *pgproto3.Describe:
		c.describe(m)
	case *pgproto3.Execute:
		c.execute(m)
	case *pgproto3.Close:
		c.closeObject(m)
	case *pgproto3.Flush:
		_ = c.out.flush() // a write that failed is seen by the next Receive
	case *pgproto3.Sync:
		c.sync()
	case *pgproto3.FunctionCall:
		c.reject(pgerr.Unsupported("the function call message of the protocol"))
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		// What is left of a COPY that failed on this side.
	case *pgproto3.Terminate:
		c.step(evClose)
	default:
		c.sendError(fatalError(pgerrcode.ProtocolViolation, "invalid frontend message type %d", 'p'))
	}
}

// receiveFailed handles an error of Receive: the order to end, a lost connection, a lost frame, or a message that cannot
// be decoded but whose end is known.
func (c *conn) receiveFailed(err error) {
	switch {
	case c.interrupted():
	case c.in.err != nil:
		c.step(evClose)
	case lostFrame(err):
		c.sendError(asFatal(frameError(err)))
	default:
		c.undecodable(err)
	}
}

// undecodable answers a message whose body is wrong: an extended one fails its batch, others are answered at once.
func (c *conn) undecodable(err error) {
	if c.state == stSkipping && !strings.HasPrefix(err.Error(), "Sync") {
		return
	}
	bad := formatError(err)
	if strings.HasPrefix(err.Error(), "Terminate") {
		c.sendError(asFatal(bad))
		return
	}
	for _, simple := range []string{"Query", "Sync", "FunctionCall"} {
		if strings.HasPrefix(err.Error(), simple) {
			c.reject(bad)
			return
		}
	}
	if strings.HasPrefix(err.Error(), "Copy") {
		return
	}
	c.failUnseen(bad)
}

// formatError is the error for a message whose body cannot be decoded.
func formatError(err error) *pgerr.Error {
	e := protocolError("invalid message format")
	if err != io.EOF { // so the decoder says of a string without an end
		e = e.WithDetail("%s", strings.TrimSpace(err.Error()))
	}
	return e
}

// lostFrame reports whether the error means that it is not known where the next message begins.
func lostFrame(err error) bool {
	var tooLong *pgproto3.ExceededMaxBodyLenErr
	return errors.As(err, &tooLong) || strings.HasPrefix(err.Error(), "invalid message length") ||
		strings.HasPrefix(err.Error(), "unknown message type")
}

// frameError words the error of a lost frame as PostgreSQL does.
func frameError(err error) *pgerr.Error {
	if kind, unknown := strings.CutPrefix(err.Error(), "unknown message type: "); unknown {
		return protocolError("invalid frontend message type %d", []rune(kind)[0])
	}
	var tooLong *pgproto3.ExceededMaxBodyLenErr
	if errors.As(err, &tooLong) {
		return protocolError("invalid message length").
			WithDetail("The message has %d bytes; at most %d are accepted.", tooLong.ActualBodyLen, tooLong.MaxExpectedBodyLen)
	}
	return protocolError("invalid message length")
}

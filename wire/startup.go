package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/rowandb/rowan/pgerr"
)

const (
	maxStartup   = 10_000 // bytes of a startup packet
	maxAuthToken = 65_535 // bytes of a message during authentication

	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104

	protocol3 = 3 << 16
)

// start brings a connection from its first byte to the first ReadyForQuery. It reports false when there is nothing more
// to do: a cancel request, a client refused, a connection lost.
func (c *conn) start() bool {
	c.deadline(time.Now().Add(c.srv.cfg.AuthTimeout))
	packet, err := c.startupPacket()
	if err != nil {
		c.startFailed(err)
		return false
	}
	if packet == nil {
		return false
	}
	if err := c.login(packet); err != nil {
		c.startFailed(err)
		return false
	}
	return c.state != stClosed
}

// startFailed tells the client why there will be no session. Connections that just went away are no news.
func (c *conn) startFailed(err error) {
	var told *pgerr.Error
	switch {
	case c.intr.terminated() != nil:
		c.sendError(c.intr.terminated())
	case errors.As(err, &told):
		c.sendError(asFatal(told))
	case errors.Is(err, os.ErrDeadlineExceeded) && c.state == stAuth:
		c.deadline(time.Now().Add(time.Second)) // for the message
		c.sendError(fatalError(pgerrcode.QueryCanceled, "canceling authentication due to timeout"))
	}
	c.step(evClose)
}

// deadline limits reading and writing until it is set anew; an order to end the connection has its own.
func (c *conn) deadline(t time.Time) {
	_ = c.net.SetDeadline(t) // fails only on a closed connection
	if c.intr.terminated() != nil {
		_ = c.raw.SetReadDeadline(past)
	}
}

// startupPacket answers requests for encryption until the StartupMessage comes and returns its body, version included.
// A cancel request is served, and gives nil.
func (c *conn) startupPacket() ([]byte, error) {
	sslDone, gssDone := false, false
	for {
		packet, err := c.readStartup()
		if err != nil {
			return nil, err
		}
		switch code := binary.BigEndian.Uint32(packet); {
		case code == codeCancel:
			if len(packet) == 12 {
				c.srv.cancelRequest(binary.BigEndian.Uint32(packet[4:]), packet[8:])
			}
			return nil, nil
		case code == codeSSL && !sslDone:
			sslDone = true
			err = c.offerTLS()
		case code == codeGSS && !gssDone:
			gssDone = true
			_, err = c.net.Write([]byte{'N'})
		default:
			return packet, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// readStartup reads one packet of the startup phase, and not a byte more: what follows may be a TLS handshake.
func (c *conn) readStartup() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.net, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 8 || n > maxStartup {
		return nil, protocolError("invalid length of startup packet")
	}
	packet := make([]byte, n-4)
	_, err := io.ReadFull(c.net, packet)
	return packet, err
}

// login reads the StartupMessage, makes sure of the user and opens the session.
func (c *conn) login(packet []byte) error {
	start, err := c.readParameters(packet)
	if err != nil {
		return err
	}
	c.step(evStartup)
	if !c.srv.conns.add(c, c.srv.cfg.MaxConnections) {
		return pgerr.New(pgerrcode.TooManyConnections, "sorry, too many clients already")
	}
	start.PID, start.Wake = c.pid, c.intr.wake
	c.back.SetMaxBodyLen(maxAuthToken)
	if err := c.authenticate(start.User); err != nil {
		return err
	}
	c.back.SetMaxBodyLen(c.srv.cfg.MaxMessage)
	c.deadline(time.Time{})
	return c.open(start)
}

// open opens the session and greets the client.
func (c *conn) open(start Startup) error {
	ctx := c.intr.begin()
	sess, err := c.srv.cfg.Opener.Open(ctx, start)
	c.intr.end()
	if err != nil {
		return c.explain(ctx, err)
	}
	c.attach(sess)
	c.out.send(&pgproto3.AuthenticationOk{})
	c.parameterStatus()
	c.out.send(&pgproto3.BackendKeyData{ProcessID: c.pid, SecretKey: c.secret[:]})
	c.step(evAuthenticated)
	c.ready()
	return nil
}

// readParameters decodes the StartupMessage and settles the protocol's version.
func (c *conn) readParameters(packet []byte) (Startup, error) {
	version := binary.BigEndian.Uint32(packet)
	if version>>16 != 3 {
		return Startup{}, pgerr.New(pgerrcode.FeatureNotSupported,
			"unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", version>>16, version&0xffff)
	}
	params, err := splitParameters(packet[4:])
	if err != nil {
		return Startup{}, err
	}
	c.negotiate(version, params)
	return c.startup(params)
}

// splitParameters splits the names and values of a StartupMessage.
func splitParameters(b []byte) (map[string]string, error) {
	params := map[string]string{}
	for {
		name, rest, ok := bytes.Cut(b, []byte{0})
		if ok && len(name) == 0 && len(rest) == 0 {
			return params, nil
		}
		value, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 || len(name) == 0 {
			return nil, protocolError("invalid startup packet layout: expected terminator as last byte")
		}
		if err := errors.Join(checkText(name), checkText(value)); err != nil {
			return nil, err
		}
		params[string(name)] = string(value)
		b = rest
	}
}

// negotiate tells a client that wants a newer minor version, or protocol options, what it gets, and drops the options.
func (c *conn) negotiate(version uint32, params map[string]string) {
	var unknown []string
	for name := range params {
		if strings.HasPrefix(name, "_pq_.") {
			unknown = append(unknown, name)
			delete(params, name)
		}
	}
	if version&0xffff > 0 || unknown != nil {
		c.out.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: protocol3, UnrecognizedOptions: unknown})
	}
}

// startup sorts the parameters out.
func (c *conn) startup(params map[string]string) (Startup, error) {
	start := Startup{User: params["user"], Database: params["database"], Parameters: map[string]string{}}
	if addr := c.raw.RemoteAddr(); addr != nil {
		start.RemoteAddr = addr.String()
	}
	if start.User == "" {
		return start, pgerr.New(pgerrcode.InvalidAuthorizationSpecification, "no PostgreSQL user name specified in startup packet")
	}
	if start.Database == "" {
		start.Database = start.User
	}
	if err := refuseReplication(params["replication"]); err != nil {
		return start, err
	}
	if err := splitOptions(params["options"], start.Parameters); err != nil {
		return start, err
	}
	for name, value := range params {
		switch name {
		case "user", "database", "options", "replication":
		default:
			start.Parameters[name] = value
		}
	}
	return start, nil
}

func refuseReplication(value string) error {
	switch strings.ToLower(value) {
	case "", "false", "off", "no", "0":
		return nil
	case "true", "on", "yes", "1", "database":
		return pgerr.Unsupported("streaming replication")
	default:
		return pgerr.New(pgerrcode.InvalidParameterValue, `invalid value for parameter "replication": "%s"`, value).
			WithHint(`Valid values are: "false", 0, "true", 1, "database".`)
	}
}

package wire

import (
	"context"
	"crypto/tls"
)

// offerTLS answers an SSLRequest. Not a byte after the request has been read, so that nothing which was sent in the clear
// can be taken for part of the encrypted conversation.
func (c *conn) offerTLS() error {
	if c.srv.cfg.TLS == nil {
		_, err := c.net.Write([]byte{'N'})
		return err
	}
	if _, err := c.net.Write([]byte{'S'}); err != nil {
		return err
	}
	secure := tls.Server(c.raw, c.srv.cfg.TLS)
	if err := secure.HandshakeContext(context.Background()); err != nil { // the deadline of the start holds for it
		return err
	}
	c.use(secure)
	return nil
}

// encrypted reports whether the client speaks TLS.
func (c *conn) encrypted() bool {
	_, ok := c.net.(*tls.Conn)
	return ok
}

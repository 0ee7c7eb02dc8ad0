package wire

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"math"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/scram"

	"github.com/rowandb/rowan/internal/password"
	"github.com/rowandb/rowan/pgerr"
)

const (
	mechanism     = "SCRAM-SHA-256"
	mechanismPlus = "SCRAM-SHA-256-PLUS" // with the server's certificate bound in
	iterations    = 4096
)

// authenticate makes sure that the client is the user it says it is.
func (c *conn) authenticate(user string) error {
	if c.srv.cfg.Auth == nil {
		return nil
	}
	first, binding, err := c.offerSCRAM()
	if err != nil {
		return err
	}
	ctx := c.intr.begin()
	credentials, known := c.srv.credentials(ctx, user)
	c.intr.end()
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return credentials, nil })
	if err != nil {
		return pgerr.Internal("SCRAM: %v", err)
	}
	conversation := server.NewConversation()
	if binding.IsSupported() {
		conversation = server.NewConversationWithChannelBinding(binding)
	}
	return c.talkSCRAM(conversation, user, known, first)
}

// offerSCRAM sends the mechanisms and returns the client's first message, and the channel binding on offer.
func (c *conn) offerSCRAM() (first string, binding scram.ChannelBinding, err error) {
	offered := []string{mechanism}
	if c.encrypted() && c.srv.binding.IsSupported() {
		binding = c.srv.binding
		offered = []string{mechanismPlus, mechanism}
	}
	c.out.send(&pgproto3.AuthenticationSASL{AuthMechanisms: offered})
	msg, err := c.receiveAuth(pgproto3.AuthTypeSASL)
	if err != nil {
		return "", binding, err
	}
	initial, ok := msg.(*pgproto3.SASLInitialResponse)
	if !ok || initial.AuthMechanism != mechanism && initial.AuthMechanism != offered[0] {
		return "", binding, protocolError("client selected an invalid SASL authentication mechanism")
	}
	if initial.AuthMechanism == mechanism && len(initial.Data) > 0 && initial.Data[0] == 'p' ||
		initial.AuthMechanism == mechanismPlus && (len(initial.Data) == 0 || initial.Data[0] != 'p') {
		return "", binding, protocolError("malformed SCRAM message").
			WithDetail("The client's channel binding flag does not go with the mechanism %s.", initial.AuthMechanism)
	}
	return string(initial.Data), binding, nil
}

// talkSCRAM leads the conversation after the client's first message. The proof of a role that does not exist is checked
// like any other's, and is always wrong.
func (c *conn) talkSCRAM(conv *scram.ServerConversation, user string, known bool, first string) error {
	challenge, err := conv.Step(first)
	if err != nil {
		return protocolError("malformed SCRAM message").WithDetail("%s", err)
	}
	c.out.send(&pgproto3.AuthenticationSASLContinue{Data: []byte(challenge)})
	msg, err := c.receiveAuth(pgproto3.AuthTypeSASLContinue)
	if err != nil {
		return err
	}
	proof, ok := msg.(*pgproto3.SASLResponse)
	if !ok {
		return protocolError("expected SASL response, got message type %T", msg)
	}
	final, err := c.prove(conv, user, known, string(proof.Data))
	if err != nil {
		return err
	}
	c.out.send(&pgproto3.AuthenticationSASLFinal{Data: []byte(final)})
	return nil
}

// prove checks the client's proof, if there were not too many wrong ones of its address for this user.
func (c *conn) prove(conv *scram.ServerConversation, user string, known bool, proof string) (final string, err error) {
	back := func() {}
	if c.srv.cfg.Guesses != nil {
		c.srv.proofs.Lock()
		defer c.srv.proofs.Unlock()
		var wait time.Duration
		if wait, back = c.srv.cfg.Guesses.Guess(c.raw.RemoteAddr().String(), user); wait > 0 {
			return "", pgerr.New(pgerrcode.InvalidAuthorizationSpecification, `too many failed logins of user "%s" from this address`, user).
				WithHint("Try again in %d seconds.", int64(math.Ceil(wait.Seconds())))
		}
	}
	final, err = conv.Step(proof)
	if err != nil || !conv.Valid() || !known {
		return "", pgerr.New(pgerrcode.InvalidPassword, `password authentication failed for user "%s"`, user)
	}
	back()
	return final, nil
}

// endpointBinding makes the channel binding tls-server-end-point, a hash of the server's certificate. It is not on offer
// when the certificate is not a single fixed one, or is of a kind that the method does not know.
func endpointBinding(cfg *tls.Config) (none scram.ChannelBinding) {
	if cfg == nil || len(cfg.Certificates) != 1 || cfg.GetCertificate != nil || cfg.GetConfigForClient != nil {
		return none
	}
	cert, err := x509.ParseCertificate(cfg.Certificates[0].Certificate[0])
	if err != nil {
		return none
	}
	// The module's function is written for clients: their peer's certificate is the server's.
	binding, err := scram.NewTLSServerEndpointBinding(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}})
	if err != nil {
		return none
	}
	return binding
}

// receiveAuth flushes and receives the client's answer to an authentication request of the given kind.
func (c *conn) receiveAuth(kind uint32) (pgproto3.FrontendMessage, error) {
	if err := c.out.flush(); err != nil {
		return nil, err
	}
	if err := c.back.SetAuthType(kind); err != nil {
		return nil, pgerr.Internal("SCRAM: %v", err)
	}
	msg, err := c.back.Receive()
	switch {
	case err == nil:
		return msg, nil
	case c.in.err != nil:
		return nil, err
	case lostFrame(err):
		return nil, frameError(err)
	default:
		return nil, formatError(err)
	}
}

// credentials returns the user's verifier, or one made up and known=false. What is made up is the same at each attempt,
// so that it cannot be told from a real one.
func (s *Server) credentials(ctx context.Context, user string) (stored scram.StoredCredentials, known bool) {
	if verifier, ok := s.cfg.Auth.Verifier(ctx, user); ok {
		if stored, err := password.Parse(verifier); err == nil {
			return stored, true
		}
		s.cfg.Log.Warn("role has a password verifier that cannot be read")
	}
	mac := hmac.New(sha256.New, s.mock[:])
	mac.Write([]byte(user))
	sum := mac.Sum(nil)
	return scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(sum[:16]), Iters: iterations},
		StoredKey:  sum, ServerKey: sum,
	}, false
}

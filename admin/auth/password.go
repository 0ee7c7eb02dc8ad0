package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/web"
	"github.com/rowandb/rowan/internal/password"
)

// digest stands for a password and the verifier that it was checked by.
type digest [sha256.Size]byte

// passwords remembers, for each role, that a password was good. To check one is costly by design, and every request brings
// its own; and whoever has proved to know it is not kept out by those who guess. A changed password has another verifier.
type passwords struct {
	once sync.Once
	key  [32]byte // of digests; lives as long as the process

	mu       sync.Mutex
	good     map[string]digest // by role
	checking map[digest]chan struct{}
}

func (p *passwords) digest(verifier, pw string) (d digest) {
	p.once.Do(func() {
		_, _ = rand.Read(p.key[:]) // never fails
		p.good, p.checking = map[string]digest{}, map[digest]chan struct{}{}
	})
	mac := hmac.New(sha256.New, p.key[:])
	_, _ = mac.Write([]byte(verifier + "\x00" + pw)) // never fails
	mac.Sum(d[:0])
	return d
}

// begin reports whether a password is known to be good. If not, it is the caller's to check, alone, until end.
func (p *passwords) begin(r *http.Request, role string, d digest) (good bool, end func(good bool), err error) {
	for {
		p.mu.Lock()
		if known, ok := p.good[role]; ok && hmac.Equal(known[:], d[:]) {
			p.mu.Unlock()
			return true, nil, nil
		}
		other := p.checking[d]
		if other == nil {
			done := make(chan struct{})
			p.checking[d] = done
			p.mu.Unlock()
			return false, func(good bool) { p.end(role, d, done, good) }, nil
		}
		p.mu.Unlock()
		select {
		case <-other:
		case <-r.Context().Done():
			return false, nil, r.Context().Err()
		}
	}
}

func (p *passwords) end(role string, d digest, done chan struct{}, good bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if good {
		p.good[role] = d
	}
	delete(p.checking, d)
	close(done)
}

// nobody is the verifier of roles that have none, so that it takes as long to refuse them.
var nobody = sync.OnceValue(func() string {
	v, _ := password.Verifier(password.Generate()) // if it fails, nobody is refused sooner: no more than that
	return v
})

// password checks a role's password, if its address has not been wrong too often.
func (a *Authenticator) password(r *http.Request, role, pw string) error {
	verifier, ok := a.Roles.Verifier(r.Context(), role)
	if !ok {
		verifier = nobody()
	}
	good, end, err := a.passwords.begin(r, role, a.passwords.digest(verifier, pw))
	if good || err != nil {
		return err
	}
	defer func() { end(good) }()
	back, header := func() {}, http.Header{}
	if a.Guesses != nil {
		if header, back, err = a.Guesses.Guess(addressOf(r), role); err != nil {
			return err
		}
	}
	if good = password.Check(verifier, pw) && ok; good {
		back()
		return nil
	}
	a.Log.Info("password refused", zap.String("request_id", web.ID(r)), zap.String("address", r.RemoteAddr), zap.String("role", role))
	failure := web.Unauthorized("invalid role or password")
	failure.Header = header
	return failure
}

func addressOf(r *http.Request) string { return Network(r.RemoteAddr) }

// Network is what of an address stands for a client: of IPv6 its network, for a client has all of it.
func Network(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		if network, err := ip.Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}

package auth

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
	"github.com/rowandb/rowan/internal/password"
)

// people are roles with passwords, and one key.
type people struct {
	mu        sync.Mutex
	verifiers map[string]string
}

func (p *people) set(t *testing.T, role, pw string) {
	t.Helper()
	v, err := password.Verifier(pw)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.verifiers[role] = v
}

func (p *people) Verifier(_ context.Context, role string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.verifiers[role]
	return v, ok
}
func (p *people) MayLogin(string) bool     { return true }
func (p *people) Anonymous() string        { return "" }
func (p *people) IsKey(secret string) bool { return len(secret) > 3 && secret[:3] == "rk_" }
func (p *people) ProveKey(_ context.Context, secret string) (api.Principal, bool, error) {
	return api.Principal{Role: "ann"}, secret == "rk_good", nil
}

// few lets three tries in and no more.
type few struct {
	mu   sync.Mutex
	left map[string]int
}

var errMany = &web.Error{Status: http.StatusTooManyRequests}

func (f *few) Guess(address, who string) (http.Header, func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := address + " " + who
	if f.left[k] >= 3 {
		return nil, nil, errMany
	}
	f.left[k]++
	return http.Header{"X-Left": {"some"}}, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.left[k]--
	}, nil
}

// TestGuesses wants those who guess to be kept out, whether they are right or not, and those who have proved that they know
// it, or hold a key, to be let in all the while; a password that was changed proves nothing.
func TestGuesses(t *testing.T) {
	who := &people{verifiers: map[string]string{}}
	who.set(t, "ann", "secret")
	who.set(t, "bob", "sesame")
	a := &Authenticator{Roles: who, Keys: who, Log: zap.NewNop(), Guesses: &few{left: map[string]int{}}}
	try := func(role, pw string) int {
		r := request(t)
		if role == "" {
			r.Header.Set("X-API-Key", pw)
		} else {
			r.SetBasicAuth(role, pw)
		}
		p, err := a.Find(r)
		var e *web.Error
		switch {
		case errors.As(err, &e):
			if e.Status == http.StatusUnauthorized && e.Header.Get("X-Left") == "" {
				t.Errorf("%s %s: nothing is said of what is left", role, pw)
			}
			return e.Status
		case err != nil || p.Role == "":
			t.Errorf("%+v %v", p, err)
		}
		return http.StatusOK
	}
	var all sync.WaitGroup // many at once with a password that is good, as pools of connections begin
	for range 20 {
		all.Go(func() {
			if status := try("ann", "secret"); status != http.StatusOK {
				t.Error(status)
			}
		})
	}
	all.Wait()
	for i := range 5 {
		want := http.StatusUnauthorized
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		for _, role := range []string{"ann", "bob", "nobody", ""} {
			if status := try(role, "rk_guess"[min(3, len(role)):]); status != want {
				t.Errorf("guess %d at %q: %d, want %d", i, role, status, want)
			}
		}
	}
	for _, tt := range []struct {
		role, secret string
		want         int
	}{{"ann", "secret", 200}, {"ann", "rk_good", 200}, {"", "rk_good", 200}, {"bob", "sesame", 429}} {
		if status := try(tt.role, tt.secret); status != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.role, tt.secret, status, tt.want)
		}
	}
	who.set(t, "ann", "changed")
	if status := try("ann", "secret"); status != http.StatusTooManyRequests {
		t.Errorf("the old password: %d", status)
	}
}

// BenchmarkPassword is what a request with a password costs that was good before.
func BenchmarkPassword(b *testing.B) {
	v, err := password.Verifier("secret")
	if err != nil {
		b.Fatal(err)
	}
	who := &people{verifiers: map[string]string{"ann": v}}
	a := &Authenticator{Roles: who, Keys: who, Log: zap.NewNop()}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.SetBasicAuth("ann", "secret")
	for b.Loop() {
		if _, err := a.Find(r); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAddress wants a client of IPv6 to be its network, and one of IPv4 the same however it is written.
func TestAddress(t *testing.T) {
	for remote, want := range map[string]string{"192.0.2.7:81": "192.0.2.7", "[::ffff:192.0.2.7]:81": "192.0.2.7", "[2001:db8:1:2:3:4:5:6]:81": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:81": "fe80::/64", "@": "@"} {
		if got := addressOf(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}

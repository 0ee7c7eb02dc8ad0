package limit

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/rowandb/rowan/admin/web"
)

// TestGuess wants an address to have so many guesses at a role and five times as many in all, keys to be counted apart, good
// tries not to count, and buckets that are full to be forgotten.
func TestGuess(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := New(Rates{web.Failures: 4})
	l.clock = func() time.Time { return now }
	guess := func(address, who string) (ok bool, h http.Header, back func()) {
		h, back, err := l.Guess(address, who)
		var e *web.Error
		if errors.As(err, &e) && (e.Status != http.StatusTooManyRequests || e.Code != "RATE_LIMITED" || e.Header.Get("Retry-After") == "" || e.Header.Get("X-RateLimit-Remaining") != "0") {
			t.Errorf("%+v", e)
		}
		return err == nil, h, back
	}
	for i := range 100 { // good ones
		ok, _, back := guess("a", "ann")
		if back(); !ok || len(l.buckets) != 0 {
			t.Fatalf("good try %d: %v, %v", i, ok, l.buckets)
		}
	}
	for i := range 4 {
		if ok, h, _ := guess("a", "ann"); !ok || h.Get("X-RateLimit-Remaining") != string(rune('0'+3-i)) || h.Get("X-RateLimit-Limit") != "4" {
			t.Errorf("guess %d: %v %v", i, ok, h)
		}
	}
	for range 3 {
		if ok, _, _ := guess("a", "ann"); ok {
			t.Error("a fifth guess")
		}
	}
	if ok, _, _ := guess("b", "ann"); !ok {
		t.Error("another address waits")
	}
	now = now.Add(15 * time.Second)
	if ok, _, _ := guess("a", "ann"); !ok {
		t.Error("a guess should be free after a quarter of a minute")
	}
	n := 0
	for i := range 50 { // 5 of the 20 in all are used, of which one has come back
		if ok, _, _ := guess("a", "role "+string(rune('a'+i))); ok {
			n++
		}
	}
	if n != 19 && n != 20 {
		t.Errorf("%d roles were guessed at", n)
	}
	if len(l.buckets) > n+4 { // of a, at ann, of b, at ann
		t.Errorf("%d buckets", len(l.buckets))
	}
	for i := range 25 {
		if ok, _, _ := guess("a", ""); ok != (i < 20) {
			t.Errorf("key %d: %v", i, ok)
		}
	}
	now = now.Add(2 * time.Minute)
	if ok, _, _ := guess("c", "ann"); !ok || len(l.buckets) != 2 {
		t.Errorf("%d buckets", len(l.buckets))
	}
	off := New(Rates{})
	for range 1000 {
		if _, _, err := off.Guess("a", "ann"); err != nil {
			t.Fatal("there is no limit")
		}
	}
}

// TestLogin wants logins of the protocol without headers to be counted as guesses are.
func TestLogin(t *testing.T) {
	l := New(Rates{web.Failures: 2})
	now := time.Unix(1_700_000_000, 0)
	l.clock = func() time.Time { return now }
	for i, want := range []time.Duration{0, 0, 30 * time.Second} {
		if wait, _ := l.Login("a", "ann"); wait != want {
			t.Errorf("try %d: wait %s", i, wait)
		}
	}
	if wait, back := l.Login("b", "ann"); wait != 0 {
		t.Errorf("another address waits %s", wait)
	} else if back(); len(l.buckets) != 2 { // of a, and of a at ann
		t.Errorf("%d buckets", len(l.buckets))
	}
	if wait, _ := New(Rates{}).Login("a", "ann"); wait != 0 {
		t.Errorf("without a limit: %s", wait)
	}
}

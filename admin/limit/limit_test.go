package limit

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// TestLimiter wants as many requests as the rate at once, then as many as the time gives, each account for itself.
func TestLimiter(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := New(Rates{web.Queries: 60, web.Branches: 10})
	l.clock = func() time.Time { return now }
	take := func(account string, class web.Class) (status int, remaining, reset string) {
		w := httptest.NewRecorder()
		err := l.Take(w, api.Principal{Account: account}, class)
		var e *web.Error
		if errors.As(err, &e) {
			status = e.Status
			if e.Code != "RATE_LIMITED" || w.Header().Get("Retry-After") == "" {
				t.Errorf("%v %v", e, w.Header())
			}
		}
		return status, w.Header().Get("X-RateLimit-Remaining"), w.Header().Get("X-RateLimit-Reset")
	}
	for i := range 10 {
		if status, remaining, _ := take("a", web.Branches); status != 0 || remaining != string(rune('0'+9-i)) {
			t.Fatalf("request %d: %d, %s left", i, status, remaining)
		}
	}
	if status, _, reset := take("a", web.Branches); status != 429 || reset != "1700000060" {
		t.Errorf("the 11th: %d, reset %s", status, reset)
	}
	if status, _, _ := take("b", web.Branches); status != 0 {
		t.Error("another account waits")
	}
	if status, remaining, _ := take("a", web.Queries); status != 0 || remaining != "59" {
		t.Error("another class waits")
	}
	if status, remaining, _ := take("a", web.Reads); status != 0 || remaining != "" {
		t.Error("a class without limit is counted")
	}
	for range 100 {
		if status, _, _ := take("", web.Branches); status != 0 {
			t.Fatal("nobody's requests are counted")
		}
	}
	now = now.Add(6 * time.Second)
	if status, _, _ := take("a", web.Branches); status != 0 {
		t.Error("a token should have come")
	}
	if status, _, _ := take("a", web.Branches); status != 429 {
		t.Error("two tokens have come")
	}
	now = now.Add(3 * time.Minute)
	if take("c", web.Branches); len(l.buckets) != 1 {
		t.Errorf("%d buckets are kept", len(l.buckets))
	}
}

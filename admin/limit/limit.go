// Package limit counts requests: each account has a bucket of tokens for each class of requests, which fills steadily.
//
// It does not know what requests are: a Mux asks it before it runs one. Invariants: memory is bounded, for buckets that
// are full are forgotten; an account without a name is not counted. Package admin makes one for all dialects.
package limit

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// Rates are requests a minute by class; 0 is no limit.
type Rates map[web.Class]int

// Default are the rates that the specification names, and that of failed logins.
func Default() Rates {
	return Rates{web.Reads: 1000, web.Writes: 100, web.Queries: 60, web.Branches: 10, web.Failures: 10}
}

// Limiter implements web.Limiter.
type Limiter struct {
	rates Rates
	clock func() time.Time

	mu      sync.Mutex
	buckets map[account]*bucket
	swept   time.Time
}

type account struct {
	name  string
	class web.Class
}

type bucket struct {
	tokens, rate float64
	at           time.Time
}

// New makes a Limiter.
func New(r Rates) *Limiter {
	return &Limiter{rates: r, clock: time.Now, buckets: map[account]*bucket{}}
}

// Take implements web.Limiter: it takes a token and writes the headers.
func (l *Limiter) Take(w http.ResponseWriter, p api.Principal, class web.Class) error {
	rate := l.rates[class]
	if rate <= 0 || p.Account == "" {
		return nil
	}
	left, full, wait := l.take(account{p.Account, class}, float64(rate))
	h := w.Header()
	show(h, rate, left, full)
	if wait == 0 {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	h.Set("Retry-After", strconv.Itoa(seconds))
	return &web.Error{Code: "RATE_LIMITED", Status: http.StatusTooManyRequests, Message: "Too many requests",
		Details: map[string]any{"class": class, "limit": rate, "window_seconds": 60, "retry_after_seconds": seconds}}
}

// show writes how a bucket stands.
func show(h http.Header, rate, left int, full time.Time) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(rate))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(full.Unix(), 10))
}

// take returns the tokens left, when the bucket will be full again, and how long to wait for a token: 0 when one was taken.
func (l *Limiter) take(a account, rate float64) (left int, full time.Time, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	l.sweep(now)
	b := l.buckets[a]
	if b == nil {
		b = &bucket{rate, rate, now}
		l.buckets[a] = b
	}
	perSecond := rate / 60
	b.tokens = min(rate, b.tokens+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	if b.tokens < 1 {
		wait = seconds((1 - b.tokens) / perSecond)
	} else {
		b.tokens--
	}
	return int(b.tokens), now.Add(seconds((rate - b.tokens) / perSecond)).Add(time.Second - 1), wait
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// sweep forgets, once a minute, the buckets that nobody has used for a minute: they are full.
func (l *Limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for a, b := range l.buckets {
		if now.Sub(b.at) > time.Minute {
			delete(l.buckets, a)
		}
	}
}

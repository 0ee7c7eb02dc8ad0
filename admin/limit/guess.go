package limit

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/rowandb/rowan/admin/web"
)

// perAddress is how many times the guesses at one role an address has in all: many may sit behind it.
const perAddress = 5

// standing is how a bucket stands after a try; wait is not 0 where there was no token.
type standing struct {
	rate, left int
	full       time.Time
	wait       time.Duration
}

// Guess implements auth.Guesses.
func (l *Limiter) Guess(address, who string) (h http.Header, back func(), err error) {
	s, back := l.guess(address, who)
	h = http.Header{}
	if s.rate == 0 {
		return h, back, nil
	}
	show(h, s.rate, s.left, s.full)
	if s.wait > 0 {
		err = tooMany(h, s.wait)
	}
	return h, back, err
}

// Login counts a try of an address at a role's password like Guess. wait is how long there may be no other; 0: this one may be made.
func (l *Limiter) Login(address, role string) (wait time.Duration, back func()) {
	s, back := l.guess(address, role)
	return s.wait, back
}

// guess takes a token for a try. An address has a bucket for each role that it guesses at, so that nobody's guesses at one
// role keep others out of theirs, and a wider one for all roles; who "" has one of its own.
func (l *Limiter) guess(address, who string) (s standing, back func()) {
	rate := float64(l.rates[web.Failures])
	if rate <= 0 {
		return standing{}, func() {}
	}
	take := func(a account, rate float64) standing {
		left, full, wait := l.take(a, rate)
		return standing{int(rate), left, full, wait}
	}
	all := account{"guesses of " + address, web.Failures}
	if who == "" { // of keys and tokens
		all.name += " at "
		return take(all, rate*perAddress), func() { l.give(all) }
	}
	one := account{"guesses of " + address + " at " + who, web.Failures}
	if s = take(one, rate); s.wait > 0 {
		return s, func() {}
	}
	if wide := take(all, rate*perAddress); wide.wait > 0 {
		l.give(one)
		return wide, func() {}
	}
	return s, func() {
		l.give(all)
		l.give(one)
	}
}

// tooMany says when to come again.
func tooMany(h http.Header, wait time.Duration) error {
	seconds := int(math.Ceil(wait.Seconds()))
	h.Set("Retry-After", strconv.Itoa(seconds))
	return &web.Error{Code: "RATE_LIMITED", Status: http.StatusTooManyRequests, Message: "Too many failed logins", Header: h,
		Details: map[string]any{"class": web.Failures, "retry_after_seconds": seconds}}
}

// give puts a token back. A bucket that is full is forgotten.
func (l *Limiter) give(a account) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[a]
	if b == nil {
		return
	}
	if b.tokens++; b.tokens >= b.rate {
		delete(l.buckets, a)
	}
}

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

// Guess implements auth.Guesses. An address has a bucket for each role that it guesses at, so that nobody's guesses at one
// role keep others out of theirs, and a wider one for all roles; who "" has one of its own.
func (l *Limiter) Guess(address, who string) (h http.Header, back func(), err error) {
	rate := float64(l.rates[web.Failures])
	h, back = http.Header{}, func() {}
	if rate <= 0 {
		return h, back, nil
	}
	all := account{"guesses of " + address, web.Failures}
	one := account{"guesses of " + address + " at " + who, web.Failures}
	if who == "" { // of keys and tokens
		all, one, rate = one, account{}, rate*perAddress
	}
	if one.name != "" {
		left, full, wait := l.take(one, rate)
		show(h, int(rate), left, full)
		if wait > 0 {
			return h, back, tooMany(h, wait)
		}
		rate *= perAddress
	}
	left, full, wait := l.take(all, rate)
	if one.name == "" || wait > 0 {
		show(h, int(rate), left, full)
	}
	back = func() {
		l.give(all)
		l.give(one)
	}
	if wait > 0 {
		l.give(one)
		return h, func() {}, tooMany(h, wait)
	}
	return h, back, nil
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

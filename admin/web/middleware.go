package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"runtime/debug"
	"time"

	"go.uber.org/zap"
)

type contextKey int

const (
	keyRequestID contextKey = iota
	keyStarted
)

// RequestID gives each request an id, the client's own when it sent a sensible one, and notes when it came.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-ID")
		if !sensible(id) {
			var b [9]byte
			_, _ = rand.Read(b[:])
			id = "req_" + hex.EncodeToString(b[:])
		}
		w.Header().Set("X-Request-ID", id)
		ctx := context.WithValue(r.Context(), keyRequestID, id)
		ctx = context.WithValue(ctx, keyStarted, time.Now())
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// BodyWithin gives the body of a request a time to arrive, for net/http waits for what a handler has left unread before it sends the
// answer. Who reads a body gives it a time of its own.
func BodyWithin(limit time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength != 0 {
				_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit)) // fails only where there is no connection: in tests
			}
			next.ServeHTTP(w, r)
		})
	}
}

// sensible reports whether an id of a client can stand in logs and headers.
func sensible(id string) bool {
	if id == "" || len(id) > 100 {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// ID returns the request's id.
func ID(r *http.Request) string {
	id, _ := r.Context().Value(keyRequestID).(string)
	return id
}

// Elapsed returns the milliseconds since the request came.
func Elapsed(r *http.Request) int64 {
	t, _ := r.Context().Value(keyStarted).(time.Time)
	return time.Since(t).Milliseconds()
}

// Recover turns a panic into a 500 of that request alone, which fail writes.
func Recover(log *zap.Logger, fail http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				p := recover()
				if p == http.ErrAbortHandler {
					panic(p) // net/http cuts the connection, so that the client sees that the answer is not whole
				}
				if p != nil {
					log.Error("panic in HTTP handler", zap.Any("panic", p), zap.String("path", r.URL.Path), zap.String("request_id", ID(r)), zap.ByteString("stack", debug.Stack()))
					fail(w, r)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
}

package admin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"time"

	"go.uber.org/zap"
)

type contextKey int

const (
	keyRequestID contextKey = iota
	keyStarted
	keyPrincipal
)

// requestID gives each request an id, the client's own when it sent a sensible one, and notes when it came.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-ID")
		if id == "" || len(id) > 100 {
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

func idOf(r *http.Request) string {
	id, _ := r.Context().Value(keyRequestID).(string)
	return id
}

func elapsed(r *http.Request) int64 {
	t, _ := r.Context().Value(keyStarted).(time.Time)
	return time.Since(t).Milliseconds()
}

func principalOf(r *http.Request) Principal {
	p, _ := r.Context().Value(keyPrincipal).(Principal)
	return p
}

// recoverer turns a panic into a 500 of that request alone.
func recoverer(log *zap.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if p := recover(); p != nil && p != http.ErrAbortHandler {
					log.Error("panic in HTTP handler", zap.Any("panic", p), zap.String("path", r.URL.Path), zap.ByteString("stack", debug.Stack()))
					writeJSON(w, http.StatusInternalServerError, failure(r, heliosError{"INTERNAL_ERROR", http.StatusInternalServerError, "internal error", nil}))
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body)
}

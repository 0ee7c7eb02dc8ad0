package admin

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/zap"
)

// maxBody is the largest request body, in bytes.
const maxBody = 16 << 20

// New makes the router: shared paths, and a dialect for each prefix.
func New(s Services, log *zap.Logger) http.Handler {
	r := chi.NewRouter()
	r.Use(requestID, recoverer(log), limitBody)
	h := health{s.Status}
	r.Get("/health", h.health)
	r.Get("/healthz", h.health)
	r.Get("/ready", h.ready)
	r.Mount("/v1", newHelios(s, log).routes())
	r.NotFound(func(w http.ResponseWriter, req *http.Request) {
		writeJSON(w, http.StatusNotFound, map[string]any{"error": "NotFound", "message": "no such path: " + req.URL.Path, "details": map[string]any{}})
	})
	return r
}

func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// health answers the probes. Its answer is the union of what the dialects' clients read.
type health struct{ status Status }

func (h health) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"status": "healthy", "version": h.status.Version(), "connected": true,
		"uptime_seconds": int64(time.Since(h.status.Started()).Seconds()), "namespaces": []string{},
	})
}

func (h health) ready(w http.ResponseWriter, r *http.Request) {
	if err := h.status.Ready(r.Context()); err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "message": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"ready": true, "metadata_connected": true})
}

// credentials are what a request carries: a role and its password by Basic authentication, or nothing.
func credentials(r *http.Request) (role, password string, given bool) {
	if role, password, ok := r.BasicAuth(); ok {
		return role, password, true
	}
	given = r.Header.Get("Authorization") != "" || r.Header.Get("X-API-Key") != ""
	return "", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), given
}

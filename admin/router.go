// Package admin is the HTTP side of Rowan: one router that tells the dialects by the path's prefix, and the paths that
// they share.
//
// Each dialect owns its parsing, authentication, error shape, 404 and 405; see the packages below this one. There is no
// SQL, no storage and no lock in them: server fills the interfaces of package api over sessions and the store. Invariants:
// a request acts with the rights of the role it has proved to be, the same as over the PostgreSQL protocol; no request ends
// the process.
package admin

import (
	"cmp"
	"net/http"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/auth"
	"github.com/rowandb/rowan/admin/helios"
	"github.com/rowandb/rowan/admin/native"
	"github.com/rowandb/rowan/admin/openapi"
	"github.com/rowandb/rowan/admin/web"
)

// Options are what a server says of its HTTP API.
type Options struct {
	Log     *zap.Logger
	Origins []string // of pages that may call the API; "*": all
	Tokens  *auth.Tokens
	Limits  web.Limiter  // nil: none
	Guesses auth.Guesses // nil: they are not counted
	// Most is how many requests run at a time; others wait.
	Most int
}

// defaultMost is Most, where it is not said.
const defaultMost = 100

// New makes the router: shared paths, and a dialect for each prefix.
func New(s api.Services, o Options) http.Handler {
	a := &auth.Authenticator{Roles: s.Roles, Keys: s.Keys, Tokens: o.Tokens, Guesses: o.Guesses, Log: o.Log}
	r := chi.NewRouter()
	r.Use(web.RequestID, web.BodyWithin(web.BodyTime), web.Recover(o.Log, internalError), web.CORS(o.Origins), web.SameOrigin(o.Origins, s.Roles.Anonymous() != "", otherOrigin), middleware.GetHead)
	h := health{s.Status}
	r.Get("/health", h.health)
	r.Get("/healthz", h.health)
	r.Get("/ready", h.ready)
	r.Get("/", h.index)
	var doc map[string]any // of the routes, these among them
	docs := openapi.Routes(sync.OnceValues(func() (*openapi.Pages, error) { return openapi.NewPages(doc) }))
	v1 := helios.New(s, a, o.Log)
	routes := append(v1.Routes(), docs...)
	turns := web.Turns(cmp.Or(o.Most, defaultMost), busy)
	mount(r, helios.Prefix, turns(web.NewMux(helios.Prefix, routes, v1, o.Limits)))
	v2 := native.New(s, a, o.Log)
	own := append(v2.Routes(), docs...)
	mount(r, native.Prefix, turns(web.NewMux(native.Prefix, own, v2, o.Limits)))
	doc = openapi.Document(s.Status.Version(),
		openapi.Section{Name: "Shared", Routes: probes, Failure: notReady, Media: "application/json"},
		openapi.Section{Name: "Helios", Prefix: helios.Prefix, Routes: routes, Wrap: helios.Wrap, Failure: helios.Failure(), Media: "application/json"},
		openapi.Section{Name: "Rowan", Prefix: native.Prefix, Routes: own, Failure: native.Failure(), Media: native.Media})
	for _, prefix := range []string{"/auth/v1", "/rest/v1", "/realtime/v1", "/storage/v1", "/functions/v1"} {
		r.Handle(prefix+"/*", http.HandlerFunc(notSupported))
	}
	r.NotFound(func(w http.ResponseWriter, req *http.Request) {
		web.WriteJSON(w, http.StatusNotFound, map[string]any{"error": "NotFound", "message": "no such path: " + req.URL.Path, "details": map[string]any{}})
	})
	r.MethodNotAllowed(otherMethod)
	return r
}

// otherMethod answers a method that a shared path does not have, or that HTTP does not.
func otherMethod(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		failure(w, r, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", r.Method+" is not allowed on "+r.URL.Path)
	default:
		failure(w, r, http.StatusNotImplemented, "NOT_SUPPORTED", "there is no method "+r.Method)
	}
}

// mount gives a dialect its prefix and all below it.
func mount(r chi.Router, prefix string, h http.Handler) {
	r.Handle(prefix, h)
	r.Handle(prefix+"/*", h)
}

// otherOrigin answers a request that a page of another origin has sent.
func otherOrigin(w http.ResponseWriter, r *http.Request) {
	failure(w, r, http.StatusForbidden, "FORBIDDEN", "pages of this origin may not call the API; see --http-origins")
}

// notSupported answers what client libraries of the dialects call beyond those.
func notSupported(w http.ResponseWriter, r *http.Request) {
	failure(w, r, http.StatusNotImplemented, "NOT_SUPPORTED", r.URL.Path+" is not supported")
}

// busy answers a request whose turn has not come.
func busy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "5")
	failure(w, r, http.StatusServiceUnavailable, "UNAVAILABLE", "the server is busy with other requests")
}

// internalError answers a request whose handler has failed in a way that it should not.
func internalError(w http.ResponseWriter, r *http.Request) {
	failure(w, r, http.StatusInternalServerError, "INTERNAL_ERROR", "internal error")
}

// failure answers a request before it has reached a dialect, in the shape that most of them read.
func failure(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	shown := map[string]any{"code": code, "message": message, "details": map[string]any{}}
	web.WriteJSON(w, status, map[string]any{"success": false, "error": shown, "code": code, "message": message, "details": map[string]any{},
		"meta": map[string]any{"request_id": web.ID(r)}})
}

package web

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// CORS lets pages of other origins call the API. Origins are those allowed, "*" all. The origin is echoed and never
// answered with "*", so that answers are not shared between origins by caches; cookies are never allowed, since the API
// knows none.
func CORS(origins []string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if len(origins) == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			origin := r.Header.Get("Origin")
			h := w.Header()
			h.Add("Vary", "Origin")
			if origin == "" || !slices.Contains(origins, "*") && !slices.Contains(origins, origin) {
				next.ServeHTTP(w, r)
				return
			}
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "X-Request-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After")
			if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
				next.ServeHTTP(w, r)
				return
			}
			h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-API-Key, X-Request-ID, X-Database")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
		})
	}
}

// SameOrigin refuses requests by which a page of another origin would change something: a browser sends them with the
// password that its user has given, or from the machine whose every program is let in. local refuses names that are not
// this machine's as well, behind which a page can hide where it comes from.
func SameOrigin(origins []string, local bool, refuse http.HandlerFunc) func(http.Handler) http.Handler {
	check := http.NewCrossOriginProtection()
	for _, o := range origins {
		_ = check.AddTrustedOrigin(o) // one that is none never comes
	}
	all := slices.Contains(origins, "*")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !all && (check.Check(r) != nil || local && !isLocal(r.Host)) {
				refuse(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// isLocal reports whether a Host is an address, or the name that every machine has for itself.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	return host == "" || strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") || net.ParseIP(host) != nil
}

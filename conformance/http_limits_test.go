package conformance

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rowandb/rowan/server"
)

// TestHTTPRateLimits wants the headers on every answer, and 429 in the specification's shape when an account has sent too
// much of one class.
func TestHTTPRateLimits(t *testing.T) {
	base := startHTTP(t)
	create := func(i int) (*http.Response, string) {
		resp, text := fetch(t, http.MethodPost, base+"/v1/branches", `{"name": "b`+strings.Repeat("x", i)+`"}`, nil)
		return resp, string(text)
	}
	for i := range 10 {
		resp, text := create(i)
		if resp.StatusCode != http.StatusCreated || resp.Header.Get("X-RateLimit-Limit") != "10" || resp.Header.Get("X-RateLimit-Reset") == "" {
			t.Fatalf("%s %v %s", resp.Status, resp.Header, text)
		}
	}
	resp, text := create(11)
	if resp.StatusCode != http.StatusTooManyRequests || !strings.Contains(text, `"RATE_LIMITED"`) || resp.Header.Get("Retry-After") == "" || resp.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("%s %v %s", resp.Status, resp.Header, text)
	}
	if resp, _ := fetch(t, http.MethodGet, base+"/v1/branches", "", nil); resp.StatusCode != http.StatusOK || resp.Header.Get("X-RateLimit-Limit") != "1000" {
		t.Errorf("another class: %s %v", resp.Status, resp.Header)
	}
	if resp, _ := fetch(t, http.MethodPost, base+"/v1/branches/main/query", `{"sql": "SELECT 1"}`, nil); resp.Header.Get("X-RateLimit-Limit") != "60" {
		t.Errorf("queries: %v", resp.Header)
	}
}

// TestHTTPOrigins wants pages of the origins that were allowed to be let in by browsers, and no others.
func TestHTTPOrigins(t *testing.T) {
	s, err := server.Start(context.Background(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Auth: server.AuthTrust,
		HTTP: server.HTTPConfig{Origins: []string{"https://app.example.com"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	base := "http://" + s.HTTPAddr()
	for origin, want := range map[string]string{"https://app.example.com": "https://app.example.com", "https://evil.example.com": ""} {
		resp, _ := fetch(t, http.MethodGet, base+"/v1/branches", "", http.Header{"Origin": {origin}})
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want || resp.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", origin, resp.Header)
		}
		resp, _ = fetch(t, http.MethodOptions, base+"/v1/branches", "", http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}})
		if (resp.StatusCode == http.StatusNoContent) != (want != "") {
			t.Errorf("preflight of %s: %s", origin, resp.Status)
		}
	}
	if resp, _ := fetch(t, http.MethodGet, base+"/v1/branches", "", http.Header{"Authorization": nil, "X-API-Key": {"your-api-key"}}); resp.StatusCode != http.StatusOK ||
		resp.Header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("trust: %s %v", resp.Status, resp.Header)
	}
}

// TestHTTPTokens wants JSON Web Tokens to stand for the role that their claim leads to, as far as they reach.
func TestHTTPTokens(t *testing.T) {
	cfg := server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Password: "secret"}
	cfg.HTTP.JWT.Secret = []byte("0123456789abcdef0123456789abcdef")
	cfg.HTTP.JWT.Audience, cfg.HTTP.JWT.Roles = "rowan", map[string]string{"dba": "postgres", "clerk": "clerk", "*": ""}
	s, err := server.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	base := "http://" + s.HTTPAddr()
	token := func(claims jwt.MapClaims) http.Header {
		claims["aud"], claims["exp"] = "rowan", time.Now().Add(time.Minute).Unix()
		text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(cfg.HTTP.JWT.Secret)
		if err != nil {
			t.Fatal(err)
		}
		return http.Header{"Authorization": {"Bearer " + text}}
	}
	send := func(header http.Header, path, body string) (int, string) {
		resp, text := fetch(t, http.MethodPost, base+path, body, header)
		return resp.StatusCode, string(text)
	}
	for _, sql := range []string{"CREATE ROLE clerk LOGIN", "CREATE ROLE nologin", "CREATE TABLE t (id int)", "GRANT SELECT ON t TO clerk"} {
		if status, text := send(token(jwt.MapClaims{"role": "dba"}), "/v1/branches/main/execute", `{"sql": "`+sql+`"}`); status != http.StatusOK {
			t.Fatalf("%s: %d %s", sql, status, text)
		}
	}
	tests := []struct {
		claims jwt.MapClaims
		sql    string
		status int
	}{
		{jwt.MapClaims{"role": "clerk"}, "SELECT * FROM t", http.StatusOK},
		{jwt.MapClaims{"role": "clerk"}, "INSERT INTO t VALUES (1)", http.StatusForbidden},
		{jwt.MapClaims{"role": "dba"}, "INSERT INTO t VALUES (1)", http.StatusOK},
		{jwt.MapClaims{"role": "dba", "scopes": []string{"read"}}, "INSERT INTO t VALUES (1)", http.StatusForbidden},
		{jwt.MapClaims{"role": "dba", "branches": []string{"ci/*"}}, "SELECT 1", http.StatusForbidden},
		{jwt.MapClaims{"role": "postgres"}, "SELECT 1", http.StatusUnauthorized},
		{jwt.MapClaims{"role": "nologin"}, "SELECT 1", http.StatusUnauthorized},
		{jwt.MapClaims{}, "SELECT 1", http.StatusUnauthorized},
	}
	for _, tt := range tests {
		if status, text := send(token(tt.claims), "/v1/branches/main/execute", `{"sql": "`+tt.sql+`"}`); status != tt.status {
			t.Errorf("%v %s: %d, want %d: %s", tt.claims, tt.sql, status, tt.status, text)
		}
	}
}

package conformance

import (
	"context"
	"net/http"
	"strings"
	"testing"

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

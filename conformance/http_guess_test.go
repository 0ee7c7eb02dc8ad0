package conformance

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/rowandb/rowan/server"
)

// TestHTTPGuesses wants whoever guesses a password to be told to wait, those behind the same address who know theirs to notice
// nothing, and a password that was valid until yesterday to be none.
func TestHTTPGuesses(t *testing.T) {
	s, err := server.Start(context.Background(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Password: "secret",
		HTTP: server.HTTPConfig{Rates: "queries=0,failures=2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	base := "http://" + s.HTTPAddr()
	basic := func(role, pw string) http.Header {
		r := &http.Request{Header: http.Header{}}
		r.SetBasicAuth(role, pw)
		return r.Header
	}
	query := func(header http.Header, sql string) (*http.Response, string) {
		resp, text := fetch(t, http.MethodPost, base+"/v1/branches/main/execute", `{"sql": "`+sql+`"}`, header)
		return resp, string(text)
	}
	for _, sql := range []string{"CREATE ROLE ann LOGIN PASSWORD 'apple'", "CREATE ROLE old LOGIN PASSWORD 'apple' VALID UNTIL '2020-01-01'",
		"CREATE ROLE ever LOGIN PASSWORD 'apple' VALID UNTIL 'infinity'"} {
		if resp, text := query(nil, sql); resp.StatusCode != http.StatusOK {
			t.Fatal(text)
		}
	}
	for _, tt := range []struct {
		role, pw string
		status   int
		left     string
	}{
		{"ann", "apple", 200, ""}, {"ever", "apple", 200, ""}, {"old", "apple", 401, "1"},
		{"ann", "x", 401, "1"}, {"ann", "y", 401, "0"}, {"ann", "z", 429, "0"}, {"ann", "apple", 200, ""}, {"postgres", "secret", 200, ""},
	} {
		resp, text := query(basic(tt.role, tt.pw), "SELECT 1")
		limited := resp.StatusCode != tt.status || resp.Header.Get("Retry-After") == "" == (tt.status == 429)
		if left := resp.Header.Get("X-RateLimit-Remaining"); limited || tt.left != "" && left != tt.left {
			t.Errorf("%s %s: %s, %q left, %v %s", tt.role, tt.pw, resp.Status, left, resp.Header, text)
		}
		if tt.status == 429 && !strings.Contains(text, `"RATE_LIMITED"`) {
			t.Error(text)
		}
	}
	if resp, text := fetch(t, http.MethodGet, base+"/v1/branches", "", http.Header{"Authorization": nil}); resp.StatusCode != 401 || resp.Header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("without credentials: %s %v %s", resp.Status, resp.Header, text)
	}
}

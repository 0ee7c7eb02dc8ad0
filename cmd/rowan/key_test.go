package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/rowandb/rowan/server"
)

// TestKeyCommands wants a key of the command line to do over HTTP what it was made for, until it is revoked.
func TestKeyCommands(t *testing.T) {
	s, err := server.Start(t.Context(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Auth: server.AuthTrust, Memory: server.MemorySmall})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	c := &commandTest{t, s.PGAddr()}
	var made, failed bytes.Buffer
	if run(t.Context(), []string{"key", "create", "reader", "--scopes", "read,branch", "--branches", "ci/*,main:read", "--expires", "1 day", "--pg-addr", c.addr}, &made, &failed) != 0 {
		t.Fatal(failed.String())
	}
	key := regexp.MustCompile(`rk_[0-9a-f]+_[0-9a-f]+`).FindString(made.String())
	send := func(method, path, body string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.HTTPAddr()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-Key", key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/branches", "", 200},
		{"POST", "/v1/branches", `{"name": "ci/one"}`, 201},
		{"POST", "/v1/branches", `{"name": "mine"}`, 403},
		{"POST", "/v1/branches/ci/one/execute", `{"sql": "CREATE TABLE t ()"}`, 403},
	} {
		if status := send(tt.method, tt.path, tt.body); status != tt.status {
			t.Errorf("%s %s %s: %d, want %d", tt.method, tt.path, tt.body, status, tt.status)
		}
	}
	if got := c.rowan(1, "key create reader"); !strings.Contains(got, "already exists") {
		t.Errorf("a second key of that name: %s", got)
	}
	if got := c.rowan(1, "key create bad --scopes fly"); !strings.Contains(got, "Known scopes") {
		t.Errorf("%s", got)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(c.rowan(0, "key --json")), &list); err != nil || len(list) != 1 || list[0]["name"] != "reader" || list[0]["active"] != true {
		t.Errorf("%v %v", list, err)
	}
	c.want(0, "key revoke reader", "KEY     REVOKED\nreader  t")
	if status := send("GET", "/v1/branches", ""); status != http.StatusUnauthorized {
		t.Errorf("a revoked key: %d", status)
	}
	if got := c.rowan(1, "key revoke reader"); !strings.Contains(got, "does not exist") {
		t.Errorf("%s", got)
	}
	for _, expires := range []string{"2100-01-01", "2100-01-01T00:00:00Z", "30d"} {
		if got := c.rowan(0, "key create until --expires "+expires); !strings.Contains(got, "rk_") {
			t.Errorf("%s: %s", expires, got)
		}
		c.rowan(0, "key revoke until")
	}
}

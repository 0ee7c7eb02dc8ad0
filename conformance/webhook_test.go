package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rowandb/rowan/server"
)

// hookServer starts a server that may send webhooks to this machine, and an endpoint that notes what it gets.
func hookServer(t *testing.T, dir string) (base, hook string, got func() []string, stop func()) {
	t.Helper()
	var mu sync.Mutex
	var events []string
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var e struct {
			Event string
			Data  map[string]any
		}
		if err := json.Unmarshal(body, &e); err != nil || r.Header.Get("webhook-signature") == "" {
			t.Errorf("%s: %v", body, err)
		}
		mu.Lock()
		defer mu.Unlock()
		name, _ := e.Data["branch_name"].(string)
		events = append(events, e.Event+" "+name)
	}))
	t.Cleanup(endpoint.Close)
	s, err := server.Start(context.Background(), server.Config{DataDir: dir, PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Password: "secret",
		HTTP: server.HTTPConfig{PrivateHooks: true}})
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + s.HTTPAddr(), endpoint.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Sorted(slices.Values(events))
	}, func() { _ = s.Stop(context.Background()) }
}

// TestWebhooks wants what happens over HTTP and SQL to reach a webhook, with the story of a branch from its making to its
// merge and end.
func TestWebhooks(t *testing.T) {
	base, hook, got, stop := hookServer(t, t.TempDir())
	defer stop()
	send := func(method, path, body string) map[string]any {
		t.Helper()
		resp, text := fetch(t, method, base+path, body, nil)
		if resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %s %s", method, path, resp.Status, text)
		}
		var v map[string]any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		data, _ := v["data"].(map[string]any)
		return data
	}
	send("POST", "/v1/branches/main/execute", `{"sql": "CREATE TABLE t (id int PRIMARY KEY)"}`)
	made := send("POST", "/v1/webhooks", `{"url": "`+hook+`"}`)
	id, _ := made["id"].(string)
	if secret, _ := made["secret"].(string); !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("%v", made)
	}
	send("POST", "/v1/branches", `{"name": "dev"}`)
	send("POST", "/v1/branches/dev/tables/t/data", `{"rows": [{"id": 1}]}`)
	send("PATCH", "/v1/branches/dev", `{"is_protected": true}`)
	send("PATCH", "/v1/branches/dev", `{"is_protected": false}`)
	send("POST", "/v1/branches/dev/merge", `{"target_branch": "main", "delete_source_after_merge": true}`)
	resp, _ := fetch(t, "POST", base+"/v1/branches/main/execute", `{"sql": "INSERT INTO t VALUES (1)"}`, nil)
	if resp.StatusCode != http.StatusConflict {
		t.Errorf("%s", resp.Status)
	}
	want := []string{"branch.created dev", "branch.data_changed dev", "branch.data_changed main", "branch.deleted dev", "branch.merged main"}
	var events []string
	for range 1200 {
		// Protection that came and went between two looks at the branch need not be told of.
		events = slices.DeleteFunc(got(), func(e string) bool { return e == "branch.protected dev" })
		if len(events) >= len(want) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !slices.Equal(events, want) {
		t.Errorf("got %q, want %q", events, want)
	}
	var list []any
	for range 1200 { // what has arrived is noted a little later
		if list = send("GET", "/v1/webhooks/"+id+"/deliveries?status=delivered", "")["deliveries"].([]any); len(list) >= len(want) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(list) < len(want) {
		t.Errorf("%d deliveries", len(list))
	}
	one := list[0].(map[string]any)["id"].(string)
	send("POST", "/v1/webhooks/"+id+"/deliveries/"+one+"/replay", "")
	send("PATCH", "/v1/webhooks/"+id, `{"active": false, "events": ["branch.deleted"]}`)
	if h := send("GET", "/v1/webhooks/"+id, ""); h["active"] != false || h["secret"] != nil {
		t.Errorf("%v", h)
	}
	send("DELETE", "/v1/webhooks/"+id, "")
	if resp, _ := fetch(t, "GET", base+"/v1/webhooks/"+id, "", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("%s", resp.Status)
	}
	for _, bad := range []string{`{"url": "ftp://x"}`, `{}`, `{"url": "https://x", "events": ["x"]}`, `{"url": "https://x", "colour": 1}`} {
		if resp, text := fetch(t, "POST", base+"/v1/webhooks", bad, nil); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s %s", bad, resp.Status, text)
		}
	}
}

// TestWebhookReset wants a branch that goes back to a point to be told of: what its readers keep of it is no longer so. What
// was rolled back is not told of.
func TestWebhookReset(t *testing.T) {
	base, hook, got, stop := hookServer(t, t.TempDir())
	defer stop()
	send := func(path, body string) []byte {
		t.Helper()
		resp, text := fetch(t, "POST", base+path, body, nil)
		if resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %s %s", path, body, resp.Status, text)
		}
		return text
	}
	send("/v1/branches/main/execute", `{"sql": "CREATE TABLE t (id int PRIMARY KEY)"}`)
	send("/v1/branches", `{"name": "dev"}`)
	send("/v1/branches/dev/execute", `{"sql": "INSERT INTO t VALUES (1)"}`)
	send("/v1/webhooks", `{"url": "`+hook+`", "events": ["branch.data_changed"]}`)
	fetch(t, "POST", base+"/v1/branches/dev/execute", `{"sql": "INSERT INTO t VALUES (2), (2)"}`, nil)
	fetch(t, "POST", base+"/v1/branches/dev/execute", `{"sql": "DO $$ BEGIN INSERT INTO t VALUES (3); RAISE EXCEPTION 'no'; END $$"}`, nil)
	_, history := fetch(t, "GET", base+"/v1/branches/dev/history", "", nil)
	send("/v1/branches/dev/restore/"+part(t, history, "data.history.1.id"), "{}")
	await(t, "reset", func() bool { return slices.Equal(got(), []string{"branch.data_changed dev"}) })
	_, history = fetch(t, "GET", base+"/v1/branches/dev/history", "", nil)
	reset := part(t, history, "data.history.0.id")
	if !strings.HasPrefix(reset, "scn_") {
		t.Errorf("%s", history)
	}
	text := send("/v1/branches/dev/query", `{"sql": "SELECT count(*) FROM t", "as_of": {"type": "snapshot", "value": "`+reset+`"}}`)
	if part(t, text, "data.rows.0.0") != "0" {
		t.Errorf("%s", text)
	}
	send("/v1/branches/dev/execute", `{"sql": "INSERT INTO t VALUES (4)"}`)
	send("/v1/branches/dev/execute", `{"sql": "TRUNCATE t"}`)
	await(t, "changes after it", func() bool { return len(got()) == 3 })
}

// TestWebhookPrivateAddress wants webhooks to this machine to be refused unless the server was told otherwise.
func TestWebhookPrivateAddress(t *testing.T) {
	base := startHTTP(t)
	resp, text := fetch(t, "POST", base+"/v1/webhooks", `{"url": "http://127.0.0.1:9/"}`, nil)
	if resp.StatusCode != http.StatusBadRequest || !bytes.Contains(text, []byte("must be https")) {
		t.Errorf("%s %s", resp.Status, text)
	}
}

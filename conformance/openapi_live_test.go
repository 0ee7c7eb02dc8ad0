package conformance

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// liveRequest is an operation whose parameters only a running server knows. In path, query and body, what stands in ${ } is
// asked of the server first: an address and where in its answer the value is.
type liveRequest struct {
	operation string   // as the document has it
	sql       []string // to run before, on branch main
	path      map[string]string
	query     map[string]string
	body      string
}

const (
	native       = "/api/v2/databases/{database}"
	nativeHook   = "${/api/v2/databases/postgres/webhooks items.0.id}"
	heliosHook   = "${/v1/webhooks data.webhooks.0.id}"
	pendingMerge = "${/api/v2/databases/postgres/merges?limit=10000 items.0.id}"
)

func inPostgres(pairs ...string) map[string]string {
	m := map[string]string{"database": "postgres"}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// conflict makes a pending merge with a conflict.
func conflict(branch string) []string {
	return []string{
		"SELECT rowan.create_branch('" + branch + "')",
		`UPDATE "postgres/` + branch + `".public.users SET name = 'of ` + branch + `' WHERE id = 2`,
		"UPDATE users SET name = name || '!' WHERE id = 2",
		"SELECT rowan.merge('" + branch + "', strategy => 'manual')",
	}
}

// liveRequests are the operations that have no example, in an order in which they work.
var liveRequests = []liveRequest{
	{operation: "GET " + native + "/commits/{id}", path: inPostgres("id", "${/api/v2/databases/postgres/commits items.0.id}")},
	{operation: "GET " + native + "/snapshots/{id}", path: inPostgres("id", "${/api/v2/databases/postgres/snapshots items.0.id}")},
	{operation: "DELETE " + native + "/snapshots/{id}", path: inPostgres("id", "${/api/v2/databases/postgres/snapshots items.0.id}")},
	{operation: "POST " + native + "/branches/{branch}/undelete", sql: []string{"SELECT rowan.create_branch('gone')", "SELECT rowan.drop_branch('gone')"}, path: inPostgres("branch", "gone")},
	{operation: "GET " + native + "/merges/{id}", sql: conflict("first"), path: inPostgres("id", pendingMerge)},
	{operation: "GET " + native + "/conflicts/{id}", path: inPostgres("id", "${/api/v2/databases/postgres/conflicts items.0.id}")},
	{operation: "POST " + native + "/conflicts/{id}/resolve", path: inPostgres("id", "${/api/v2/databases/postgres/conflicts items.0.id}"), body: `{"side": "source"}`},
	{operation: "POST " + native + "/conflicts/resolve", path: inPostgres(), body: `{"side": "target"}`},
	{operation: "POST " + native + "/merges/{id}/complete", path: inPostgres("id", "${/api/v2/databases/postgres/conflicts items.0.merge_id}"), body: `{"message": "by hand"}`},
	{operation: "POST " + native + "/merges/{id}/abort", sql: conflict("second"), path: inPostgres("id", "${/api/v2/databases/postgres/conflicts items.0.merge_id}")},
	{operation: "POST " + native + "/squash", sql: []string{"INSERT INTO users (name) VALUES ('Eve')", "SELECT rowan.commit('more')"}, path: inPostgres(), body: `{"since": "${/api/v2/databases/postgres/commits?branch=main&limit=10000 items.0.parents.0}", "message": "all of it"}`},
	{operation: "PUT " + native + "/merge-policies", path: inPostgres(), body: `{"table_name": "users", "column_name": "updated_at", "policy": null}`},
	{operation: "GET /api/v2/keys/{key}", path: map[string]string{"key": "${/api/v2/keys items.0.id}"}},
	{operation: "POST /v1/branches/{branch}/time-travel", path: map[string]string{"branch": "main"},
		body: `{"sql": "SELECT count(*) FROM users", "timestamp": "${/v1/branches/main/history data.history.0.timestamp}"}`},
	{operation: "GET " + native + "/webhooks/{id}", path: inPostgres("id", nativeHook)},
	{operation: "PATCH " + native + "/webhooks/{id}", path: inPostgres("id", nativeHook), body: `{"description": "changed"}`},
	{operation: "GET " + native + "/webhooks/{id}/deliveries", path: inPostgres("id", nativeHook)},
	{operation: "GET /v1/webhooks/{id}", path: map[string]string{"id": heliosHook}},
	{operation: "PATCH /v1/webhooks/{id}", path: map[string]string{"id": heliosHook}, body: `{"active": false}`},
	{operation: "GET /v1/webhooks/{id}/deliveries", path: map[string]string{"id": heliosHook}, query: map[string]string{"status": "all"}},
	{operation: "DELETE /v1/webhooks/{id}", path: map[string]string{"id": heliosHook}},
	{operation: "DELETE " + native + "/webhooks/{id}", path: inPostgres("id", nativeHook)},
}

// elsewhereTested are operations that need more than a server: a receiver of webhooks, another session.
var elsewhereTested = map[string]string{
	"DELETE /api/v2/sessions/{pid}":                                  "TestHTTPSessions",
	"POST /v1/webhooks/{id}/deliveries/{delivery}/replay":            "TestWebhooks",
	"POST " + native + "/webhooks/{id}/deliveries/{delivery}/replay": "TestWebhooks",
}

var lookup = regexp.MustCompile(`\$\{([^ }]+) ([^ }]+)\}`)

// resolve asks the server for what a text leaves open.
func resolve(t *testing.T, base, text string) string {
	t.Helper()
	return lookup.ReplaceAllStringFunc(text, func(found string) string {
		m := lookup.FindStringSubmatch(found)
		_, answer := fetch(t, http.MethodGet, base+m[1], "", nil)
		return part(t, answer, m[2])
	})
}

// send sends a live request as if it were an example.
func (l *liveRequest) send(t *testing.T, base string, operations []documentedOperation) {
	t.Helper()
	for _, sql := range l.sql {
		b, _ := json.Marshal(map[string]string{"sql": sql})
		if resp, text := fetch(t, http.MethodPost, base+"/v1/branches/main/execute", string(b), nil); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", sql, text)
		}
	}
	method, path, _ := strings.Cut(l.operation, " ")
	for _, o := range operations {
		if o.method != method || o.path != path {
			continue
		}
		e := exampleRequest{path: map[string]string{}, query: l.query, body: resolve(t, base, l.body)}
		for name, v := range l.path {
			e.path[name] = resolve(t, base, v)
		}
		sendExample(t, base, o, e)
		return
	}
	t.Errorf("the document has no %s", l.operation)
}

package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestHTTPBranchReach wants a key that is bound to some branches to get neither data nor names of others.
func TestHTTPBranchReach(t *testing.T) {
	base := startHTTP(t)
	for _, sql := range []string{
		"CREATE TABLE notes (id int PRIMARY KEY, body text)", "SELECT rowan.create_branch('launch')", "SELECT rowan.create_branch('ci/one')",
		`INSERT INTO "postgres/launch".public.notes VALUES (1, 'classified')`, "SELECT rowan.create_tag('v1', branch => 'launch')",
	} {
		b, _ := json.Marshal(map[string]string{"sql": sql})
		if resp, text := fetch(t, http.MethodPost, base+"/v1/branches/main/execute", string(b), nil); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", sql, text)
		}
	}
	_, text := fetch(t, http.MethodPost, base+"/api/v2/keys", `{"name": "ci", "scopes": ["read", "write", "branch"], "branches": ["ci/*"]}`, nil)
	bound := http.Header{"Authorization": nil, "X-Api-Key": {part(t, text, "result")}}
	point := func(value string) string { return `"as_of": {"type": "snapshot", "value": "` + value + `"}` }
	tests := []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/v1/branches", `{"name": "ci/loot", "source_branch": "ci/one", ` + point("launch") + `}`, 403},
		{"POST", "/v1/branches", `{"name": "ci/loot", "source_branch": "ci/one", ` + point("launch~0") + `}`, 403},
		{"POST", "/v1/branches", `{"name": "ci/loot", "source_branch": "ci/one", ` + point("v1") + `}`, 403},
		{"POST", "/v1/branches", `{"name": "ci/loot", "source_branch": "launch"}`, 403},
		{"POST", "/v1/branches", `{"name": "ci/loot", "source_branch": "nope"}`, 404},
		{"POST", "/v1/branches/ci%2Fone/restore/launch", `{}`, 404},
		{"POST", "/v1/branches/ci%2Fone/merge", `{"target_branch": "nope"}`, 404},
		{"POST", "/v1/branches/ci%2Fone/query", `{"sql": "SELECT * FROM notes", ` + point("v1") + `}`, 403},
		{"POST", "/v1/branches/ci%2Fone/query", `{"sql": "SELECT * FROM \"postgres/nope\".public.notes"}`, 404},
		{"POST", "/v1/branches/ci%2Fone/query", `{"sql": "SET rowan.branch = nope"}`, 404},
		{"GET", "/v1/branches/nope", "", 404},
		{"GET", "/v1/branches/br_2", "", 403},
		{"GET", "/v1/branches/nope/tables/notes/data", "", 404},
		{"GET", "/v1/branches/ci%2Fone/tables/notes/data?as_of_type=snapshot&as_of_value=launch", "", 403},
		{"POST", "/api/v2/databases/postgres/branches", `{"name": "ci/loot", "as_of": "launch"}`, 403},
		{"POST", "/v1/branches", `{"name": "ci/two", "source_branch": "ci/one"}`, 201},
	}
	for _, tt := range tests {
		resp, text := fetch(t, tt.method, base+tt.path, tt.body, bound)
		named := strings.Contains(string(text), "Known branches") || strings.Contains(tt.path, "br_2") && strings.Contains(string(text), "launch")
		if resp.StatusCode != tt.status || named || strings.Contains(string(text), "classified") {
			t.Errorf("%s %s %s: %s %s", tt.method, tt.path, tt.body, resp.Status, text)
		}
	}
	if resp, text := fetch(t, http.MethodGet, base+"/v1/branches/nope", "", nil); resp.StatusCode != http.StatusNotFound || !strings.Contains(string(text), "Known branches") {
		t.Errorf("credentials that reach all branches are told of them: %s %s", resp.Status, text)
	}
}

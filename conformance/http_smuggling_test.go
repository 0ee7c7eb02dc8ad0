package conformance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestHTTPSmuggling wants parts of SQL that requests carry to stay what they are: expressions, with the rights of who asks,
// which change nothing where a request reads.
func TestHTTPSmuggling(t *testing.T) {
	base := startHTTP(t)
	for _, sql := range []string{
		"CREATE ROLE app LOGIN",
		"CREATE TABLE notes (id int PRIMARY KEY, body text)",
		"CREATE TABLE secrets (id int PRIMARY KEY)",
		"CREATE SEQUENCE counter",
		"CREATE FUNCTION forbidden() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"REVOKE EXECUTE ON FUNCTION forbidden() FROM public",
		"INSERT INTO notes VALUES (1, 'one'), (2, 'two')",
		"INSERT INTO secrets VALUES (42)",
		"GRANT ALL ON notes TO app",
		"GRANT USAGE ON SEQUENCE counter TO app",
	} {
		b, _ := json.Marshal(map[string]string{"sql": sql})
		if resp, text := fetch(t, http.MethodPost, base+"/v1/branches/main/execute", string(b), nil); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", sql, text)
		}
	}
	_, text := fetch(t, http.MethodPost, base+"/api/v2/keys", `{"name": "app", "role": "app", "scopes": ["read", "write"]}`, nil)
	s := smuggler{t: t, notes: base + "/v1/branches/main/tables/notes", key: part(t, text, "result")}
	for _, condition := range []string{
		"true; DROP TABLE notes", "true) OR (true", "true) UNION SELECT id, '' FROM secrets --", "true /* ", "true -- \n) OR (true", "'", "$$", "E'\\'", "$1 = 1",
		"id IN (SELECT id FROM secrets)", "EXISTS (TABLE secrets)", "(SELECT count(*) FROM pg_authid) > 0", "forbidden() = 1", "pg_read_file('/etc/passwd') <> ''",
		"rowan.create_branch('loot') <> ''", "rowan.create_api_key('more') <> ''", "set_config('role', 'postgres', false) <> ''",
		"set_config('session_authorization', 'postgres', false) <> ''", "(WITH d AS (DELETE FROM notes RETURNING 1) SELECT true FROM d)",
		"(SELECT true FROM query_to_xml('TABLE secrets', true, true, '') x)", `EXISTS (TABLE "postgres/main".public.secrets)`, "true LIMIT 1", "true FOR UPDATE", "true\x00",
		"(SELECT count(*) FROM rowan.history('secrets') AS h(id int)) > 0", "(SELECT count(*) FROM secrets AS OF '-1 s') > 0",
	} {
		for _, path := range []string{"/data?filter=", "/export?filter="} {
			s.refused(http.MethodGet, path+url.QueryEscape(condition), "")
		}
		s.refused(http.MethodDelete, "/data?filter="+url.QueryEscape(condition), "")
		b, _ := json.Marshal(map[string]any{"filter": condition, "updates": map[string]any{"body": "stolen"}})
		s.refused(http.MethodPut, "/data", string(b))
	}
	for _, condition := range []string{"nextval('counter') > 0", "set_config('transaction_read_only', 'off', false) = 'off' AND nextval('counter') > 0", "setval('counter', 9) > 0", "txid_current() > 0 AND lo_create(1) > 0"} {
		s.refused(http.MethodGet, "/data?filter="+url.QueryEscape(condition), "")
	}
	for _, order := range []string{"id; DROP TABLE notes", "id LIMIT 1", "id UNION SELECT 1", "(SELECT max(id) FROM secrets)", "id) --", "forbidden()"} {
		s.refused(http.MethodGet, "/data?order_by="+url.QueryEscape(order), "")
		s.refused(http.MethodGet, "/export?order_by="+url.QueryEscape(order), "")
	}
	for _, columns := range []string{"* FROM secrets --", "id FROM secrets", "(SELECT max(id) FROM secrets)", "id INTO loot", "DISTINCT id", "forbidden()", "*; DROP TABLE notes"} {
		s.refused(http.MethodGet, "/data?columns="+url.QueryEscape(columns), "")
	}
	s.refused(http.MethodGet, "/data?filter=id=1;drop+table+notes", "") // a semicolon in a query string is no separator
	for _, body := range []string{
		`{"updates": {"body = 'x' WHERE true; --": "x"}, "filter": "true"}`, `{"updates": {"body\" = 'x'; --": "x"}, "filter": "true"}`,
	} {
		s.refused(http.MethodPut, "/data", body)
	}
	s.refused(http.MethodPost, "/data", `{"rows": [{"id) SELECT id FROM secrets --": 1}]}`)
	s.notes = base + "/v1/branches/main/tables"
	for _, path := range []string{"/secrets", "/secrets/data", "/secrets/export", "/secrets/timeline", "/notes%22%3B%20DROP%20TABLE%20notes/data"} {
		s.refused(http.MethodGet, path, "")
	}
	s.refused(http.MethodDelete, "/secrets", "")
	s.refused(http.MethodPost, "/secrets/data", `{"rows": [{"id": 1}]}`)
	for _, column := range []string{`"type": "int); DROP TABLE notes"`, `"type": "int", "default": "1); DROP TABLE notes"`, `"type": "int", "default": "(SELECT max(id) FROM secrets)"`, `"type": "int CHECK (true)"`} {
		s.refused(http.MethodPost, "", `{"name": "made", "columns": [{"name": "id", `+column+`}]}`)
	}
	for table, want := range map[string]string{"notes": `[[1,"one"],[2,"two"]]`, "secrets": "[[42]]"} {
		_, text := fetch(t, http.MethodGet, base+"/v1/branches/main/tables/"+table+"/data", "", nil)
		if !bytes.Contains(text, []byte(`"rows":`+want)) {
			t.Errorf("%s: %s", table, text)
		}
	}
	_, text = fetch(t, http.MethodPost, base+"/v1/branches/main/query", `{"sql": "SELECT is_called FROM counter"}`, nil)
	if got := part(t, text, "data.rows.0.0"); got != "false" {
		t.Errorf("a request that reads has moved a sequence: %s", got)
	}
}

// smuggler sends what is to be refused.
type smuggler struct {
	t          *testing.T
	notes, key string
}

func (s *smuggler) refused(method, path, body string) {
	s.t.Helper()
	resp, text := fetch(s.t, method, s.notes+path, body, http.Header{"Authorization": nil, "X-Api-Key": {s.key}})
	if resp.StatusCode < 400 || resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented || strings.Contains(string(text), "INTERNAL_ERROR") {
		s.t.Errorf("%s %s %s: %s %.300s", method, path, body, resp.Status, text)
	}
}

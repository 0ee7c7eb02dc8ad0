package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// stockClient sends requests as a client library of the family does, and reads answers as strictly as it.
type stockClient struct {
	t    *testing.T
	base string
	key  string
	head http.Header
}

// newStockClients starts a server and makes an API key; each client is the headers that its library sends.
func newStockClients(t *testing.T) func(header ...string) *stockClient {
	t.Helper()
	base := startHTTP(t)
	resp, text := fetch(t, http.MethodPost, base+"/api/v2/keys", `{"name": "library"}`, nil)
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s", resp.Status, text)
	}
	return func(header ...string) *stockClient {
		c := &stockClient{t: t, base: base, key: part(t, text, "result"), head: http.Header{}}
		for i := 0; i < len(header); i += 2 {
			c.head.Set(header[i], header[i+1])
		}
		return c
	}
}

func (c *stockClient) send(method, path, media string, body io.Reader) (int, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	for name, v := range c.head {
		req.Header[name] = v
	}
	req.Header.Set("X-API-Key", c.key)
	req.Header.Set("Content-Type", media)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// call sends JSON and decodes a success into answer, in which every field must be there.
func (c *stockClient) call(method, path string, body, answer any) {
	c.t.Helper()
	var in io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	status, text := c.send(method, path, "application/json", in)
	if status >= 300 {
		c.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(text, answer); err != nil {
		c.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}

// object is the body of a request.
type object = map[string]any

// typedResult is what the libraries in Python and TypeScript make of the answer to a query; models of theirs refuse an
// answer that lacks a field.
type typedResult struct {
	Columns []struct{ Name, Type string }
	Rows    [][]any
	Count   *int64   `json:"row_count"`
	Elapsed *float64 `json:"execution_time_ms"`
}

type typedBranch struct {
	Name    string
	Parent  *string
	Created time.Time `json:"created_at"`
	Commits *int64    `json:"commit_count"`
}

type typedTable struct {
	Name    string
	Rows    *int64    `json:"row_count"`
	Size    *int64    `json:"size_bytes"`
	Created time.Time `json:"created_at"`
}

// TestTypedClients goes through what the libraries in Python and TypeScript call.
func TestTypedClients(t *testing.T) {
	open := newStockClients(t)
	for _, agent := range []string{"heliosdb-python/2.6.0", "heliosdb-typescript/2.6.0"} {
		t.Run(agent, func(t *testing.T) {
			c := open("User-Agent", agent, "Accept", "application/json")
			c.t = t
			typedStory(c, "/v1/branches/main", strings.TrimSuffix(strings.TrimPrefix(agent, "heliosdb-"), "/2.6.0"))
		})
	}
}

func typedStory(c *stockClient, main, table string) {
	t := c.t
	var health struct {
		Status, Version string
		Uptime          *int64 `json:"uptime_seconds"`
	}
	if c.call("GET", "/health", nil, &health); health.Status != "healthy" || health.Version == "" || health.Uptime == nil {
		t.Errorf("%+v", health)
	}
	query := func(branch, sql string, params ...any) (out typedResult) {
		t.Helper()
		c.call("POST", "/v1/branches/"+branch+"/query", object{"sql": sql, "params": append([]any{}, params...), "timeout_ms": 30000, "mode": "normal"}, &out)
		if out.Count == nil || out.Elapsed == nil || out.Columns == nil || out.Rows == nil {
			t.Errorf("%s: a field is missing: %+v", sql, out)
		}
		return out
	}
	var made typedTable
	c.call("POST", main+"/tables", object{"name": table, "columns": []object{{"name": "id", "type": "INTEGER", "nullable": false}, {"name": "name", "type": "TEXT"}, {"name": "email", "type": "TEXT"}},
		"primary_key": []string{"id"}}, &made)
	if made.Name != table || made.Rows == nil || made.Size == nil || time.Since(made.Created) > time.Hour {
		t.Errorf("%+v", made)
	}
	if n := query("main", "INSERT INTO "+table+" VALUES ($1, $2), (2, 'Bob')", 1, "Alice"); *n.Count != 2 {
		t.Errorf("%+v", n)
	}
	if r := query("main", `SELECT "id", "name" FROM "`+table+`" WHERE "name" = $1 ORDER BY "id" DESC LIMIT 10`, "Alice"); fmt.Sprint(r.Columns, r.Rows) != "[{id INTEGER} {name TEXT}] [[1 Alice]]" {
		t.Errorf("%+v", r)
	}
	typedTables(c, main, table)
	typedBranches(c, query, table)
	var asOf typedResult
	at := part(t, mustFetch(c, "GET", main+"/history?limit=1"), "data.history.0.timestamp")
	query("main", "DELETE FROM "+table+" WHERE id = 2")
	c.call("POST", main+"/time-travel", object{"sql": "SELECT count(*) FROM " + table, "timestamp": at, "params": []any{}}, &asOf)
	if fmt.Sprint(asOf.Rows) != "[[4]]" || asOf.Columns[0].Name != "count" {
		t.Errorf("%+v", asOf)
	}
	c.call("DELETE", main+"/tables/"+table, nil, &object{})
	typedErrors(c, main)
}

func mustFetch(c *stockClient, method, path string) []byte {
	c.t.Helper()
	status, text := c.send(method, path, "application/json", http.NoBody)
	if status >= 300 {
		c.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return text
}

// typedTables is what the libraries do with tables and rows.
func typedTables(c *stockClient, main, table string) {
	t := c.t
	c.call("POST", main+"/query", object{"sql": "CREATE INDEX ON " + table + " (name, email)", "params": []any{}, "timeout_ms": 30000, "mode": "normal"}, &object{})
	var schema struct {
		Name    string
		Columns []struct {
			Name, Type string
			Nullable   *bool
			Default    *string
		}
		Key     []string `json:"primary_key"`
		Indexes []struct {
			Name, Type string
			Columns    []string
			Unique     *bool
		}
	}
	c.call("GET", main+"/tables/"+table, nil, &schema)
	if len(schema.Columns) != 3 || schema.Columns[0].Type != "INTEGER" || *schema.Columns[0].Nullable || fmt.Sprint(schema.Key) != "[id]" || len(schema.Indexes) != 1 ||
		schema.Indexes[0].Type != "btree" || fmt.Sprint(schema.Indexes[0].Columns) != "[name email]" || *schema.Indexes[0].Unique {
		t.Errorf("%+v", schema)
	}
	var inserted struct{ Inserted int64 }
	c.call("POST", main+"/tables/"+table+"/data?auto_create=false", object{"rows": []object{{"id": 3, "name": "Cid"}, {"id": 2, "name": "Bo"}}, "on_conflict": "update"}, &inserted)
	if inserted.Inserted != 2 {
		t.Errorf("%+v", inserted)
	}
	c.call("POST", main+"/tables/"+table+"_auto/data?auto_create=true", object{"rows": []object{{"id": 1, "price": 1.5}, {"id": 2, "tags": []string{"a"}}}, "on_conflict": "error"}, &inserted)
	var tables struct{ Tables []typedTable }
	c.call("GET", main+"/tables", nil, &tables)
	found := 0
	for _, x := range tables.Tables {
		if x.Rows == nil || x.Size == nil || x.Created.IsZero() {
			t.Errorf("%+v", x)
		}
		if x.Name == table && *x.Rows == 3 || x.Name == table+"_auto" && *x.Rows == 2 {
			found++
		}
	}
	if found != 2 {
		t.Errorf("%+v", tables)
	}
	var inferred struct {
		Schema     map[string]string `json:"inferred_schema"`
		SQL        string            `json:"create_sql"`
		Confidence *float64
	}
	c.call("POST", "/v1/schema/infer", object{"data": []object{{"id": 1, "at": "2025-12-01T10:00:00Z"}}, "table_name": "x"}, &inferred)
	if inferred.Schema["at"] != "TIMESTAMPTZ" || !strings.HasPrefix(inferred.SQL, "CREATE TABLE x (") || inferred.Confidence == nil {
		t.Errorf("%+v", inferred)
	}
}

// typedBranches is the libraries' way with branches: one that is merged, one that is left behind.
func typedBranches(c *stockClient, query func(branch, sql string, params ...any) typedResult, table string) {
	t := c.t
	dev := table + "-dev"
	var b typedBranch
	c.call("POST", "/v1/branches", object{"name": dev, "from_branch": "main"}, &b)
	if b.Name != dev || b.Parent == nil || *b.Parent != "main" || b.Created.IsZero() || b.Commits == nil {
		t.Errorf("%+v", b)
	}
	query(dev, "INSERT INTO "+table+" VALUES (10, 'from a branch')")
	var merged struct {
		Success   bool
		Conflicts []object
		Changes   *int64 `json:"changes_applied"`
	}
	c.call("POST", "/v1/branches/"+dev+"/merge", object{"target": "main", "strategy": "three_way"}, &merged)
	if !merged.Success || merged.Conflicts == nil || merged.Changes == nil || *merged.Changes != 1 {
		t.Errorf("%+v", merged)
	}
	var list struct{ Branches []typedBranch }
	c.call("GET", "/v1/branches", nil, &list)
	for _, b := range list.Branches {
		if b.Created.IsZero() || b.Commits == nil || (b.Parent == nil) != (b.Name == "main") {
			t.Errorf("%+v", b)
		}
	}
	c.call("GET", "/v1/branches/"+dev, nil, &b)
	c.call("DELETE", "/v1/branches/"+dev, nil, &object{})
}

// typedErrors wants what the libraries read of a failure at its top level.
func typedErrors(c *stockClient, main string) {
	for path, want := range map[string]struct {
		body, code string
		status     int
	}{
		main + "/query":               {`{"sql": "SELEC", "params": [], "timeout_ms": 30000, "mode": "normal"}`, "INVALID_SQL", 400},
		"/v1/branches/none/query":     {`{"sql": "SELECT 1", "params": [], "timeout_ms": 30000, "mode": "normal"}`, "BRANCH_NOT_FOUND", 404},
		"/v1/branches":                {`{"name": "main", "from_branch": "main"}`, "BRANCH_EXISTS", 409},
		main + "/time-travel":         {`{"sql": "SELECT 1", "params": []}`, "INVALID_REQUEST", 400},
		"/v1/nl/query":                {`{"question": "how many?", "branch": "main"}`, "NOT_SUPPORTED", 501},
		"/v1/vectors/stores/x/search": {`{"vector": [1], "top_k": 1}`, "NOT_SUPPORTED", 501},
		"/v1/agents/memory/s/add":     {`{"role": "user", "content": "hello"}`, "NOT_SUPPORTED", 501},
		"/v1/chat/completions":        {`{"messages": []}`, "NOT_SUPPORTED", 501},
		"/auth/v1/signup":             {`{"email": "a@example.com", "password": "x"}`, "NOT_SUPPORTED", 501},
		"/rest/v1/users":              {`{"id": 1}`, "NOT_SUPPORTED", 501},
		"/realtime/v1/websocket":      {`{}`, "NOT_SUPPORTED", 501},
	} {
		status, text := c.send("POST", path, "application/json", strings.NewReader(want.body))
		var e struct {
			Code, Message string
			Details       map[string]any
		}
		if err := json.Unmarshal(text, &e); err != nil || status != want.status || e.Code != want.code || e.Message == "" || e.Details == nil {
			c.t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

// plainResult is what the libraries in Go and Rust, and that of the editor, make of the answer to a query.
type plainResult struct {
	Rows    []map[string]any
	Columns []string
	Changed int64 `json:"rows_affected"`
}

// TestPlainClients goes through what the libraries without a name of their own call: they send no mode and no timeout, and
// changes of data to where the specification has queries.
func TestPlainClients(t *testing.T) {
	open := newStockClients(t)
	for agent, name := range map[string]string{"Go-http-client/1.1": "go", "axios/1.6.2": "editor", "": "rust"} {
		c := open("User-Agent", agent)
		query := func(body object) (out plainResult) {
			t.Helper()
			c.call("POST", "/v1/branches/main/query", body, &out)
			return out
		}
		query(object{"sql": "CREATE TABLE " + name + " (id int PRIMARY KEY, name text)", "params": nil})
		if r := query(object{"sql": "INSERT INTO " + name + " VALUES ($1, $2)", "params": []any{1, "a"}}); r.Changed != 1 {
			t.Errorf("%+v", r)
		}
		r := query(object{"sql": "SELECT * FROM " + name, "params": nil})
		if fmt.Sprint(r) != "{[map[id:1 name:a]] [id name] 1}" {
			t.Errorf("%+v", r)
		}
		at := time.Now().UTC()
		query(object{"sql": "DELETE FROM " + name})
		r = query(object{"sql": "SELECT count(*) FROM " + name, "params": nil, "as_of_timestamp": at.Format(time.RFC3339Nano)})
		if fmt.Sprint(r.Rows) != "[map[count:1]]" {
			t.Errorf("%+v", r)
		}
		status, text := c.send("POST", "/v1/branches/main/query", "application/json", strings.NewReader(`{"sql": "DELETE FROM `+name+`", "as_of_timestamp": "`+at.Format(time.RFC3339Nano)+`"}`))
		if status != http.StatusForbidden {
			t.Errorf("a change in the past: %d %s", status, text)
		}
		var b struct {
			Name, Parent string
			Created      string `json:"created_at"`
		}
		c.call("POST", "/v1/branches", object{"name": name + "-dev", "from_branch": "main"}, &b)
		if b.Parent != "main" || b.Created == "" {
			t.Errorf("%+v", b)
		}
		c.call("POST", "/v1/branches/"+name+"-dev/merge", object{"target": "main"}, nil)
	}
	curl := open("User-Agent", "curl/8.5.0")
	if status, text := curl.send("POST", "/v1/branches/main/query", "application/json", strings.NewReader(`{"sql": "DELETE FROM go"}`)); status != http.StatusForbidden {
		t.Errorf("what the specification calls read-only: %d %s", status, text)
	}
}

// TestEditorFiles wants what the editor exports to come back when it is imported, in every format.
func TestEditorFiles(t *testing.T) {
	c := newStockClients(t)("User-Agent", "axios/1.6.2")
	c.call("POST", "/v1/branches/main/query", object{"sql": `CREATE TABLE plants (id int PRIMARY KEY, name text, price numeric(8,2), tags text[], doc jsonb, at timestamptz, twice int GENERATED ALWAYS AS (id * 2) STORED)`}, nil)
	c.call("POST", "/v1/branches/main/query", object{"sql": `INSERT INTO plants SELECT g, CASE g % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'it''s "' || g || E'", \n' END, g / 3.0, ARRAY['a', NULL, 'b,' || g],
		jsonb_build_object('g', g, 'x', ARRAY[1, NULL]), timestamptz '2025-01-01 00:00:00+00' + g * interval '1 hour' FROM generate_series(1, 2500) g`}, nil)
	export := func(branch, format string) []byte {
		t.Helper()
		return mustFetch(c, "GET", "/v1/branches/"+branch+"/tables/plants/export?format="+format)
	}
	for _, format := range []string{"csv", "json", "jsonl"} {
		c.call("POST", "/v1/branches", object{"name": format, "from_branch": "main"}, nil)
		c.call("POST", "/v1/branches/"+format+"/query", object{"sql": "DELETE FROM plants"}, nil)
		c.call("POST", "/v1/branches/"+format+"/query", object{"sql": "ALTER TABLE plants DROP COLUMN twice, ADD COLUMN twice int"}, nil)
		file := export("main", format)
		status, text := c.send("POST", "/v1/branches/"+format+"/import", "", nil)
		if status != http.StatusBadRequest {
			t.Errorf("nothing at all: %d %s", status, text)
		}
		media, form := upload(t, file, "data."+format, "plants", format)
		if status, text = c.send("POST", "/v1/branches/"+format+"/import", media, form); status != http.StatusOK || part(t, text, "imported") != "2500" {
			t.Fatalf("%s: %d %s", format, status, text)
		}
		if again := export(format, format); !bytes.Equal(again, file) {
			t.Errorf("%s: %d bytes have become %d: %.300s", format, len(file), len(again), again)
		}
	}
	c.call("POST", "/v1/branches", object{"name": "sql", "from_branch": "main"}, nil)
	c.call("POST", "/v1/branches/sql/query", object{"sql": "DELETE FROM plants"}, nil)
	for statement := range strings.SplitSeq(strings.TrimSpace(string(export("main", "sql"))), ";\n") {
		c.call("POST", "/v1/branches/sql/query", object{"sql": statement}, nil)
	}
	if !bytes.Equal(export("sql", "csv"), export("main", "csv")) {
		t.Error("sql: rows have changed")
	}
}

// TestEditorImport wants tables to be made for files, the rows of a bad file not to be there, and a timeline of it all.
func TestEditorImport(t *testing.T) {
	c := newStockClients(t)("User-Agent", "axios/1.6.2")
	imports := func(file, table, format string) (int, string) {
		media, form := upload(t, []byte(file), "herbs."+format, table, format)
		status, text := c.send("POST", "/v1/branches/main/import", media, form)
		return status, string(text)
	}
	for _, tt := range []struct {
		file, table, format string
		status              int
		want                string
	}{
		{"id,name\n1,thyme\n2,\n", "herbs", "csv", 200, `"imported":2,"table_created":true`},
		{`[{"id": 3, "name": "sage"}]`, "herbs", "json", 200, `"imported":1,"table_created":false`},
		{"{\"id\": 4}\n{\"id\": 5, \"name\": \"dill\"}\n", "herbs", "jsonl", 200, `"imported":2,"table_created":false`},
		{"id,name\n6,mint\n1,again\n", "herbs", "csv", 409, "CONSTRAINT_VIOLATION"},
		{"id,name\n6,mint\n7\n", "herbs", "csv", 400, "line 3 has 1 fields"},
		{"id,colour\n6,green\n", "herbs", "csv", 400, "colour"},
		{`[{"id": 6}, 7]`, "herbs", "json", 400, "row 2"},
		{`[{"id": 6},`, "herbs", "json", 400, "row 2: the file ends before it"},
		{"id\n8\n", "herbs", "xml", 400, "format"},
		{"a,b\n1,2\n3\n", "broken", "csv", 400, "line 3"},
	} {
		if status, text := imports(tt.file, tt.table, tt.format); status != tt.status || !strings.Contains(text, tt.want) {
			t.Errorf("%q: %d %s, want %d %s", tt.file, status, text, tt.status, tt.want)
		}
	}
	if status, text := c.send("GET", "/v1/branches/main/tables/broken", "", http.NoBody); status != http.StatusNotFound {
		t.Errorf("a table for a bad file: %d %s", status, text)
	}
	if got := string(mustFetch(c, "GET", "/v1/branches/main/tables/herbs/export?format=csv&order_by=id+desc&filter="+url.QueryEscape("name IS NOT NULL"))); got != "id,name\n5,dill\n3,sage\n1,thyme\n" {
		t.Errorf("%q", got)
	}
	var timeline struct {
		Events []struct {
			Timestamp time.Time
			Type      string
			Details   map[string]any
		}
	}
	c.call("GET", "/v1/branches/main/tables/herbs/timeline", nil, &timeline)
	if len(timeline.Events) != 3 || timeline.Events[0].Type != "insert" || timeline.Events[0].Details["inserts"] != 2.0 || timeline.Events[0].Timestamp.IsZero() {
		t.Errorf("%+v", timeline)
	}
	for _, path := range []string{"/none/export?format=csv", "/herbs/export?format=pdf", "/herbs/export?filter=nope", "/none/timeline"} {
		if status, text := c.send("GET", "/v1/branches/main/tables"+path, "", http.NoBody); status < 400 || !bytes.Contains(text, []byte(`"success":false`)) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

// upload makes the form in which the editor sends a file.
func upload(t *testing.T, file []byte, name, table, format string) (media string, body io.Reader) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	w, err := form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(file)
	_ = form.WriteField("table", table)
	_ = form.WriteField("format", format)
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return form.FormDataContentType(), &b
}

// TestServerShapes wants what clients of the family's server read and send: numbers for points, states as objects.
func TestServerShapes(t *testing.T) {
	c := newStockClients(t)("User-Agent", "curl/8.5.0")
	c.call("POST", "/v1/branches/main/execute", object{"sql": "CREATE TABLE t (id int PRIMARY KEY)"}, nil)
	time.Sleep(2 * time.Millisecond) // points are in milliseconds
	c.call("POST", "/v1/branches/main/execute", object{"sql": "INSERT INTO t VALUES (1)"}, nil)
	history := mustFetch(c, "GET", "/v1/branches/main/history?limit=1")
	at, err := time.Parse(time.RFC3339Nano, part(t, history, "data.history.0.timestamp"))
	if err != nil {
		t.Fatal(err)
	}
	c.call("POST", "/v1/branches/main/execute", object{"sql": "INSERT INTO t VALUES (2)"}, nil)
	var result struct {
		Columns []string
		Rows    []map[string]any
		Count   int `json:"row_count"`
	}
	c.call("POST", "/v1/branches/main/query", object{"sql": "SELECT count(*) FROM t", "as_of": object{"type": "timestamp", "value": at.UnixMilli()}}, &result)
	if n, _ := result.Rows[0]["count"].(float64); len(result.Rows) != 1 || n > 1 { // a millisecond holds more than one commit
		t.Errorf("%+v", result)
	}
	var b struct {
		ID     uint64 `json:"branch_id"`
		Name   string
		Parent string
		State  struct{ Status string }
	}
	c.call("POST", "/v1/branches", object{"name": "dev", "parent": "main", "snapshot_id": json.Number(part(t, history, "data.history.0.scn")), "options": object{"region": "x"}}, &b)
	if b.ID == 0 || b.State.Status != "active" || b.Parent != "main" {
		t.Errorf("%+v", b)
	}
	if got := part(t, mustFetch(c, "GET", "/v1/branches/dev/tables/t"), "row_count"); got != "1" {
		t.Errorf("%s rows at the snapshot", got)
	}
	c.call("POST", "/v1/branches/dev/execute", object{"sql": "INSERT INTO t VALUES (3)"}, nil)
	var merged struct {
		Completed bool
		Keys      int `json:"merged_keys"`
		Conflicts []object
		Message   string
	}
	c.call("POST", "/v1/branches/dev/merge", object{"target": "main", "strategy": "auto"}, &merged)
	if !merged.Completed || merged.Keys != 1 || merged.Conflicts == nil || merged.Message == "" {
		t.Errorf("%+v", merged)
	}
}

package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/internal/password"
	"github.com/rowandb/rowan/pgerr"
)

// What tests do not call.
type (
	someBranches api.Branches
	someTables   api.Tables
	someNative   api.Native
)

// verifier is that of ann's password.
var verifier = sync.OnceValue(func() string {
	v, err := password.Verifier("secret")
	if err != nil {
		panic(err)
	}
	return v
})

// fake answers every call with what a test wants, and remembers what it was asked.
type fake struct {
	someBranches
	someTables
	someNative
	anonymous string
	err       error
	branch    string
	table     string
	statement api.Statement
	merge     api.Merge
	principal api.Principal
	panics    bool
}

func (f *fake) Verifier(_ context.Context, role string) (string, bool) {
	return verifier(), role == "ann"
}
func (f *fake) MayLogin(role string) bool { return role == "ann" }
func (f *fake) Anonymous() string         { return f.anonymous }
func (f *fake) IsKey(secret string) bool  { return strings.HasPrefix(secret, "rk_") }
func (f *fake) ProveKey(_ context.Context, secret string) (api.Principal, bool, error) {
	return api.Principal{Role: "ann", Scopes: []string{"read"}, Branches: []string{"dev"}}, secret == "rk_good", nil
}
func (f *fake) Function(string) (api.Function, bool) { return api.Function{}, false }
func (f *fake) Version() string                      { return "1" }
func (f *fake) Started() time.Time                   { return time.Now() }
func (f *fake) Ready(context.Context) error          { return f.err }
func (f *fake) Get(_ context.Context, p api.Principal, name string, _ bool) (api.Branch, error) {
	f.branch, f.principal = name, p
	if f.panics {
		panic("a bug")
	}
	return api.Branch{Name: name}, f.err
}
func (f *fake) Create(_ context.Context, _ api.Principal, b api.NewBranch) (api.Branch, error) {
	f.branch = b.Name + "@" + b.Point
	return api.Branch{Name: b.Name}, f.err
}
func (f *fake) Drop(_ context.Context, _ api.Principal, name string, _ bool) (api.Branch, error) {
	f.branch = name
	return api.Branch{Name: name}, f.err
}
func (f *fake) Merge(_ context.Context, _ api.Principal, m api.Merge) (api.Merged, error) {
	f.merge = m
	return api.Merged{}, f.err
}
func (f *fake) Select(_ context.Context, _ api.Principal, s api.Selection) (api.Page, error) {
	f.branch, f.table = s.Branch, s.Table
	return api.Page{}, f.err
}
func (f *fake) Run(_ context.Context, _ api.Principal, s api.Statement) (api.Result, error) {
	f.statement = s
	return api.Result{}, f.err
}

func (f *fake) request(t *testing.T, method, path, body string, header ...string) (int, map[string]any) {
	t.Helper()
	h := New(api.Services{Roles: f, Keys: f, Branches: f, Tables: f, SQL: f, Native: f, Status: f}, Options{Log: zap.NewNop()})
	r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return w.Code, answer
}

func code(answer map[string]any) string {
	e, _ := answer["error"].(map[string]any)
	c, _ := e["code"].(string)
	return c
}

// TestPaths wants a branch's name to be told from what is done with it, slashes and all.
func TestPaths(t *testing.T) {
	tests := []struct {
		method, path string
		status       int
		branch       string
	}{
		{"GET", "/v1/branches/dev", 200, "dev"},
		{"GET", "/v1/branches/feature/x", 200, "feature/x"},
		{"GET", "/v1/branches/feature%2Fx", 200, "feature/x"},
		{"GET", "/v1/branches/a%20b%3Fc", 200, "a b?c"},
		{"DELETE", "/v1/branches/feature/x", 200, "feature/x"},
		{"POST", "/v1/branches/feature/x/query", 200, "feature/x"},
		{"POST", "/v1/branches/feature/query/execute", 200, "feature/query"},
		{"POST", "/v1/branches/feature%2Fmerge/merge", 200, "feature/merge"},
		{"GET", "/v1/branches/feature/x/tables/users/data", 200, "feature/x.users"},
		{"GET", "/v1/branches/dev/tables/s.a%2Fb/data", 200, "dev.s.a/b"},
		{"GET", "/v1/branches/dev/query", 405, ""},
		{"POST", "/v1/branches/dev", 405, ""},
		{"PATCH", "/v1/branches/dev/merge", 405, ""},
		{"GET", "/v1/branches/dev/restore/snap_1", 405, ""},
		{"GET", "/v1/nothing", 404, ""},
		{"GET", "/v2/branches", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			f := &fake{anonymous: "ann"}
			body := `{}`
			if tt.status == 200 && !strings.Contains(tt.path, "merge/") && tt.method == "POST" && !strings.HasSuffix(tt.path, "/merge") {
				body = `{"sql": "SELECT 1"}`
			}
			status, answer := f.request(t, tt.method, tt.path, body)
			got := f.branch + f.statement.Branch + f.merge.Source
			if f.table != "" {
				got += "." + f.table
			}
			if status != tt.status || got != tt.branch {
				t.Errorf("%d %q, want %d %q: %v", status, got, tt.status, tt.branch, answer)
			}
		})
	}
}

// TestErrors wants the dialect's code and status for each SQLSTATE, and the default of the kind of request for the others.
func TestErrors(t *testing.T) {
	tests := []struct {
		sqlstate string
		status   int
		code     string
		ofSQL    string
	}{
		{"3D000", 404, "BRANCH_NOT_FOUND", "BRANCH_NOT_FOUND"},
		{"42P04", 409, "BRANCH_EXISTS", "BRANCH_EXISTS"},
		{"42501", 403, "FORBIDDEN", "FORBIDDEN"},
		{"25006", 403, "FORBIDDEN", "FORBIDDEN"},
		{"28P01", 401, "UNAUTHORIZED", "UNAUTHORIZED"},
		{"57014", 408, "QUERY_TIMEOUT", "QUERY_TIMEOUT"},
		{"40001", 409, "CONFLICT", "CONFLICT"},
		{"40P01", 409, "CONFLICT", "CONFLICT"},
		{"55P03", 409, "CONFLICT", "CONFLICT"},
		{"XX000", 500, "INTERNAL_ERROR", "INTERNAL_ERROR"},
		{"53200", 500, "INTERNAL_ERROR", "INTERNAL_ERROR"},
		{"53400", 413, "RESULT_TOO_LARGE", "RESULT_TOO_LARGE"},
		{"42601", 400, "INVALID_REQUEST", "INVALID_SQL"},
		{"23505", 409, "CONSTRAINT_VIOLATION", "CONSTRAINT_VIOLATION"},
		{"0A000", 501, "NOT_SUPPORTED", "NOT_SUPPORTED"},
	}
	for _, tt := range tests {
		f := &fake{anonymous: "ann", err: pgerr.New(tt.sqlstate, "as asked")}
		if status, answer := f.request(t, "GET", "/v1/branches/x", ""); status != tt.status || code(answer) != tt.code {
			t.Errorf("%s: %d %s, want %d %s", tt.sqlstate, status, code(answer), tt.status, tt.code)
		}
		if status, answer := f.request(t, "POST", "/v1/branches/x/query", `{"sql": "x"}`); status != tt.status || code(answer) != tt.ofSQL {
			t.Errorf("query, %s: %d %s, want %d %s", tt.sqlstate, status, code(answer), tt.status, tt.ofSQL)
		}
	}
	f := &fake{anonymous: "ann", err: errors.New("without SQLSTATE")}
	if status, answer := f.request(t, "GET", "/v1/branches/x", ""); status != 500 || code(answer) != "INTERNAL_ERROR" {
		t.Errorf("%d %v", status, answer)
	}
	f = &fake{anonymous: "ann", err: pgerr.New("2BP01", "protected")}
	if status, answer := f.request(t, "DELETE", "/v1/branches/x", ""); status != 403 || code(answer) != "BRANCH_PROTECTED" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := f.request(t, "POST", "/v1/branches/x/query", `{"sql": "x"}`); status != 409 || code(answer) != "DEPENDENT_OBJECTS" {
		t.Errorf("%d %v", status, answer)
	}
	f = &fake{anonymous: "ann", err: pgerr.New("42P01", "no such table")}
	if status, answer := f.request(t, "GET", "/v1/branches/x/tables/t/data", ""); status != 404 || code(answer) != "TABLE_NOT_FOUND" {
		t.Errorf("%d %v", status, answer)
	}
}

// TestAuthentication wants nobody in without a role's password, but where there is a role for them.
func TestAuthentication(t *testing.T) {
	tests := []struct {
		anonymous string
		header    []string
		status    int
		role      string
	}{
		{"", nil, 401, ""},
		{"", []string{"Authorization", "Basic YW5uOnNlY3JldA=="}, 200, "ann"}, // ann:secret
		{"", []string{"Authorization", "Basic YW5uOndyb25n"}, 401, ""},        // ann:wrong
		{"", []string{"Authorization", "Bearer x"}, 401, ""},
		{"", []string{"Authorization", "Digest x"}, 401, ""},
		{"", []string{"X-API-Key", "x"}, 401, ""},
		{"", []string{"X-API-Key", "rk_good"}, 200, "ann"},
		{"", []string{"Authorization", "Bearer rk_good"}, 200, "ann"},
		{"", []string{"X-API-Key", "rk_bad"}, 401, ""},
		{"bob", []string{"X-API-Key", "rk_bad"}, 401, ""},
		{"bob", nil, 200, "bob"},
		{"bob", []string{"X-API-Key", "x"}, 200, "bob"},
		{"bob", []string{"Authorization", "Basic YW5uOndyb25n"}, 200, "ann"},
	}
	for _, tt := range tests {
		f := &fake{anonymous: tt.anonymous}
		status, answer := f.request(t, "GET", "/v1/branches/x", "", tt.header...)
		if status != tt.status || f.principal.Role != tt.role || status == 401 && code(answer) != "UNAUTHORIZED" {
			t.Errorf("%q %v: %d %q %v", tt.anonymous, tt.header, status, f.principal.Role, answer)
		}
	}
	f := &fake{err: errors.New("not yet")}
	if status, answer := f.request(t, "GET", "/ready", ""); status != 503 || answer["ready"] != false {
		t.Errorf("ready: %d %v", status, answer)
	}
}

// TestPanic wants a bug in a handler to be that request's alone.
func TestPanic(t *testing.T) {
	f := &fake{anonymous: "ann", panics: true}
	if status, answer := f.request(t, "GET", "/v1/branches/x", ""); status != 500 || code(answer) != "INTERNAL_ERROR" {
		t.Errorf("%d %v", status, answer)
	}
}

// TestPoints wants each type of as_of to become a point as SQL has it.
func TestPoints(t *testing.T) {
	tests := []struct{ asOf, want string }{
		{`{"type": "now"}`, "x@"},
		{`null`, "x@"},
		{`{"type": "timestamp", "value": "2025-12-01T08:00:00Z"}`, "x@2025-12-01T08:00:00Z"},
		{`{"type": "scn", "value": 987654}`, "x@987654"},
		{`{"type": "scn", "value": "987654"}`, "x@987654"},
		{`{"type": "transaction", "value": 12345}`, "x@tx:12345"},
		{`{"type": "transaction", "value": "tx_12345"}`, "x@tx:12345"},
		{`{"type": "snapshot", "value": "snap_xyz789"}`, "x@snap_xyz789"},
		{`{"type": "snapshot", "value": "scn_12"}`, "x@12"},
		{`{"type": "scn", "value": -1}`, ""},
		{`{"type": "scn", "value": 1.5}`, ""},
		{`{"type": "timestamp", "value": "2025-12-01"}`, ""},
		{`{"type": "snapshot"}`, ""},
		{`{"type": "snapshot", "value": {}}`, ""},
		{`{"type": "moon", "value": 1}`, ""},
		{`{"type": "now", "when": 1}`, ""},
	}
	for _, tt := range tests {
		f := &fake{anonymous: "ann"}
		status, answer := f.request(t, "POST", "/v1/branches", `{"name": "x", "as_of": `+tt.asOf+`}`)
		if f.branch != tt.want || (status == 201) != (tt.want != "") {
			t.Errorf("%s: %d %q, want %q: %v", tt.asOf, status, f.branch, tt.want, answer)
		}
	}
}

// TestStrictness wants wrong fields and parameters to be refused by name.
func TestStrictness(t *testing.T) {
	tests := []struct{ method, path, body, field string }{
		{"POST", "/v1/branches", `{"nam": "x"}`, "nam"},
		{"POST", "/v1/branches", `{"name": 1}`, "name"},
		{"POST", "/v1/branches", `{"name": "x", "metadata": []}`, "metadata"},
		{"POST", "/v1/branches", `{}`, "name"},
		{"POST", "/v1/branches/x/merge", `{"dry_run": "yes"}`, "dry_run"},
		{"POST", "/v1/branches/x/merge", `{"conflict_resolution": "coin"}`, "conflict_resolution"},
		{"POST", "/v1/branches/x/query", `{"sql": "x", "timeout_ms": -1}`, "timeout_ms"},
		{"POST", "/v1/branches/x/query", `{"sql": "x", "timeout_ms": "1"}`, "timeout_ms"},
		{"POST", "/v1/branches/x/query", `{"sql": " "}`, "sql"},
		{"GET", "/v1/branches?limit=101", "", "limit"},
		{"GET", "/v1/branches?page=0", "", "page"},
		{"GET", "/v1/branches?page=x", "", "page"},
		{"GET", "/v1/branches?status=gone", "", "status"},
		{"GET", "/v1/branches?sort=size", "", "sort"},
		{"GET", "/v1/branches?order=up", "", "order"},
		{"GET", "/v1/branches/x?include_stats=2", "", "include_stats"},
		{"GET", "/v1/branches/x/tables/t/data?limit=1001", "", "limit"},
		{"DELETE", "/v1/branches/x/tables/t/data", "", "filter"},
		{"PUT", "/v1/branches/x/tables/t/data", `{"updates": {"a": 1}}`, "filter"},
		{"PUT", "/v1/branches/x/tables/t/data", `{"filter": "true"}`, "updates"},
		{"POST", "/v1/branches/x/tables/t/data", `{"rows": []}`, "rows"},
		{"POST", "/v1/branches/x/tables/t/data", `{"rows": [{}], "on_conflict": "shrug"}`, "on_conflict"},
		{"GET", "/v1/branches/x/history?from=yesterday", "", "from"},
		{"DELETE", "/v1/branches/x/tables/t/data?filter=id=1&filter=id=2", "", "filter"},
		{"GET", "/v1/branches?limit=1&limit=1", "", "limit"},
	}
	for _, tt := range tests {
		f := &fake{anonymous: "ann"}
		status, answer := f.request(t, tt.method, tt.path, tt.body)
		e, _ := answer["error"].(map[string]any)
		details, _ := e["details"].(map[string]any)
		if status != 400 || details["field"] != tt.field {
			t.Errorf("%s %s %s: %d %v", tt.method, tt.path, tt.body, status, answer)
		}
	}
	for _, body := range []string{`[]`, `{`, `{} {}`, `"x"`} {
		if status, answer := (&fake{anonymous: "ann"}).request(t, "POST", "/v1/branches", body); status != 400 || code(answer) != "INVALID_REQUEST" {
			t.Errorf("%s: %d %v", body, status, answer)
		}
	}
}

package admin

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
)

type someWebhooks api.Webhooks

// idle implements what dialects ask for, and does nothing.
type idle struct {
	*fake
	someWebhooks
}

func (idle) List(context.Context, api.Principal) ([]api.Branch, error)                { return nil, nil }
func (idle) Get(context.Context, api.Principal, string, bool) (b api.Branch, _ error) { return b, nil }
func (idle) Create(context.Context, api.Principal, api.NewBranch) (b api.Branch, _ error) {
	return b, nil
}
func (idle) Alter(context.Context, api.Principal, string, api.BranchChange) (b api.Branch, _ error) {
	return b, nil
}
func (idle) Drop(context.Context, api.Principal, string, bool) (b api.Branch, _ error) { return b, nil }
func (idle) Merge(context.Context, api.Principal, api.Merge) (m api.Merged, _ error)   { return m, nil }
func (idle) History(context.Context, api.Principal, string, api.Span) ([]api.Event, error) {
	return nil, nil
}
func (idle) Snapshots(context.Context, api.Principal, string) ([]api.Snapshot, error) {
	return nil, nil
}
func (idle) Restore(context.Context, api.Principal, string, string, string) (r api.Restored, _ error) {
	return r, nil
}
func (idle) Tables(context.Context, api.Principal, string) ([]api.Table, error) { return nil, nil }
func (idle) Table(context.Context, api.Principal, string, string) (t api.Table, _ error) {
	return t, nil
}
func (idle) Select(context.Context, api.Principal, api.Selection) (p api.Page, _ error) {
	return p, nil
}
func (idle) Export(_ context.Context, _ api.Principal, _ api.Selection, _ bool, to api.RowSink) error {
	return to.Begin(api.Table{})
}
func (idle) Definition(api.NewTable) (string, error) { return "", nil }
func (idle) CreateTable(context.Context, api.Principal, string, api.NewTable) (t api.Table, _ error) {
	return t, nil
}
func (idle) DropTable(context.Context, api.Principal, string, string, bool) error { return nil }
func (idle) Timeline(context.Context, api.Principal, string, string, int) ([]api.Change, error) {
	return nil, nil
}
func (idle) Insert(_ context.Context, _ api.Principal, in api.Insertion) (out api.Inserted, _ error) {
	if in.Create != nil {
		if _, err := in.Create(); err != nil {
			return out, err
		}
	}
	for _, err := range in.Rows {
		if err != nil {
			return out, err
		}
	}
	return out, nil
}
func (idle) Update(context.Context, api.Principal, string, string, string, map[string]any) (int64, error) {
	return 0, nil
}
func (idle) Delete(context.Context, api.Principal, string, string, string) (int64, error) {
	return 0, nil
}
func (idle) CreateWebhook(context.Context, api.Principal, api.Webhook) (w api.Webhook, _ error) {
	return w, nil
}

// FuzzRequests wants no request to make a handler panic or an answer that is no JSON.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][2]string{
		{"POST /v1/branches", `{"name": "x", "as_of": {"type": "scn", "value": 1}, "metadata": {"a": [1]}}`},
		{"GET /v1/branches/a%2Fb/tables/t/data?filter=a%3Db;c&limit=1&as_of_type=scn&as_of_value=7", ""},
		{"POST /v1/branches/a/b/query", `{"sql": "x", "params": [null, 1e400, {"a": []}], "timeout_ms": 1}`},
		{"POST /v1/branches/main/tables/t/data?auto_create=true", `{"rows": [{"id": 1, "a": "2025-01-01"}, {}]}`},
		{"POST /v1/branches/main/tables", `{"name": "t", "columns": [{"name": "a", "type": "int", "default": true}]}`},
		{"POST /v1/schema/infer", `{"data": [{"a": null}, {"a": {}}], "samples": []}`},
		{"GET /v1/branches/main/tables/t/export?format=json", ""},
		{"POST /v1/branches/main/import", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\na,b\n1,2\n\r\n--b--\r\n"},
		{"POST /v1/webhooks", `{"url": "https://x", "events": []}`},
		{"PATCH /v1/branches/x", `{"metadata": {"a": null}, "is_protected": true}`},
		{"POST /v1/branches/x/restore/snap_1", ``},
		{"DELETE /v1/branches/x?force=1", ""},
		{"GET /api/v2/databases/postgres/branches", ""},
	} {
		method, target, _ := strings.Cut(seed[0], " ")
		f.Add(method, target, seed[1])
	}
	i := idle{fake: &fake{anonymous: "ann"}}
	h := New(api.Services{Roles: i, Keys: i, Branches: i, Tables: i, SQL: i, Webhooks: i, Native: i.fake, Status: i}, Options{Log: zap.NewNop()})
	f.Fuzz(func(t *testing.T, method, target, body string) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/", strings.NewReader(body))
		u, err := r.URL.Parse(target)
		if err != nil || strings.Contains(u.Path, "/webhooks/") || method == "GET" && strings.HasSuffix(u.Path, "/webhooks") || u.Host != "localhost" {
			return
		}
		r.Method, r.URL = method, u
		if strings.HasPrefix(body, "--b\r\n") {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 500 {
			t.Errorf("%s %s %q: %s", method, target, body, w.Body)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s %q: no JSON: %q", method, target, body, w.Body)
		}
	})
}

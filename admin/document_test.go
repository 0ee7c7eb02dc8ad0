package admin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/auth"
	"github.com/rowandb/rowan/admin/helios"
	"github.com/rowandb/rowan/admin/native"
	"github.com/rowandb/rowan/admin/openapi"
	"github.com/rowandb/rowan/admin/web"
)

// everything is a fake whose functions are all there, so that all operations are.
type everything struct{ *fake }

func (everything) Function(name string) (api.Function, bool) {
	return api.Function{Name: name, Comment: name}, true
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// TestDocumentAndRouter wants the document to have every path that the router has, and the router every one of the document's.
func TestDocumentAndRouter(t *testing.T) {
	f := everything{&fake{}}
	services := api.Services{Roles: f, Keys: f, Branches: f, Tables: f, SQL: f, Native: f, Status: f}
	h := New(services, Options{Log: zap.NewNop()})
	documented := operations(t, h)
	a := &auth.Authenticator{Roles: f, Keys: f, Log: zap.NewNop()}
	served := []string{"GET /", "GET /health", "GET /ready"}
	docs := openapi.Routes(nil)
	for prefix, routes := range map[string][]web.Route{helios.Prefix: helios.New(services, a, zap.NewNop()).Routes(), native.Prefix: native.New(services, a, zap.NewNop()).Routes()} {
		for _, r := range append(routes, docs...) {
			if !r.Hidden {
				served = append(served, r.Method+" "+prefix+r.Template())
			} else if r.Tag != "Documentation" && r.Name != "beyond" {
				t.Errorf("%s %s is hidden", r.Method, r.Path)
			}
		}
	}
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Errorf("the document has\n%s\nand the server\n%s", strings.Join(documented, "\n"), strings.Join(served, "\n"))
	}
	for _, o := range documented {
		method, path, _ := strings.Cut(o, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+parameter.ReplaceAllString(path, "1"), nil))
		public := !strings.Contains(path, "/v") || strings.Count(path, "/") < 4 && regexp.MustCompile(`/(docs|redoc|openapi\.\w+)$`).MatchString(path)
		if want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[public]; w.Code != want {
			t.Errorf("%s without credentials: %d, want %d", o, w.Code, want)
		}
	}
	known := []string{"/", "/api/v2", "/api/v2/*", "/auth/v1/*", "/functions/v1/*", "/health", "/healthz", "/ready", "/realtime/v1/*", "/rest/v1/*", "/storage/v1/*", "/v1", "/v1/*"}
	var mounted []string
	_ = chi.Walk(h.(chi.Router), func(_, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		mounted = append(mounted, route)
		return nil
	})
	slices.Sort(mounted)
	if got := slices.Compact(mounted); !slices.Equal(got, known) {
		t.Errorf("the router has %v", got)
	}
}

// operations lists those of the document that a handler serves.
func operations(t *testing.T, h http.Handler) (out []string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/v1/openapi.json", nil))
	var doc struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method := range methods {
			out = append(out, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(out)
	return out
}

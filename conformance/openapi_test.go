package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"gopkg.in/yaml.v3"
)

// documentSetup makes what the document's examples speak of.
var documentSetup = []string{
	"CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, email text, active bool DEFAULT true, created_at timestamp DEFAULT now(), updated_at timestamptz)",
	"CREATE TABLE orders (id serial PRIMARY KEY, user_id int REFERENCES users)",
	"INSERT INTO users (name, email) VALUES ('Alice', 'alice@example.com'), ('Bob', 'bob@example.com')",
	"INSERT INTO orders (user_id) SELECT 1 + g % 2 FROM generate_series(1, 9) g",
	"SELECT rowan.snapshot('before the examples')",
}

func fetch(t *testing.T, method, address, body string, header http.Header) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("postgres", "secret")
	maps.Copy(req.Header, header)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, text
}

// exampleRequest is one example of an operation, put together from its parts in the document.
type exampleRequest struct {
	path, query map[string]string
	body        string
	media       string
}

// examplesOf gathers the examples of an operation by their names, in order.
func examplesOf(t *testing.T, op *openapi3.Operation) []exampleRequest {
	t.Helper()
	byName := map[string]*exampleRequest{}
	get := func(name string) *exampleRequest {
		if byName[name] == nil {
			byName[name] = &exampleRequest{path: map[string]string{}, query: map[string]string{}}
		}
		return byName[name]
	}
	for _, p := range op.Parameters {
		for name, e := range p.Value.Examples {
			text, ok := e.Value.Value.(string)
			if !ok {
				b, _ := json.Marshal(e.Value.Value)
				text = string(b)
			}
			if p.Value.In == "path" {
				get(name).path[p.Value.Name] = text
			} else {
				get(name).query[p.Value.Name] = text
			}
		}
	}
	if op.RequestBody != nil {
		for media, content := range op.RequestBody.Value.Content {
			for name, e := range content.Examples {
				get(name).body, get(name).media = encodeBody(t, media, e.Value.Value)
			}
		}
	}
	inPath := slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.In == "path" })
	if len(byName) == 0 && op.RequestBody == nil && !inPath {
		get("")
	}
	var out []exampleRequest
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, *byName[name])
	}
	return out
}

// encodeBody writes the value of an example as a body of its type.
func encodeBody(t *testing.T, media string, value any) (body, contentType string) {
	t.Helper()
	if media == "application/json" {
		b, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(b), media
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, v := range value.(map[string]any) {
		w, err := form.CreateFormField(name)
		if name == "file" {
			w, err = form.CreateFormFile(name, "example")
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, v.(string))
	}
	_ = form.Close()
	return b.String(), form.FormDataContentType()
}

type documentedOperation struct {
	method, path string
	op           *openapi3.Operation
}

func operationsOf(doc *openapi3.T) (out []documentedOperation) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			out = append(out, documentedOperation{method, path, op})
		}
	}
	order := func(o documentedOperation) float64 {
		n, _ := o.op.Extensions["x-order"].(float64)
		return n
	}
	slices.SortFunc(out, func(a, b documentedOperation) int { return cmp.Compare(order(a), order(b)) })
	return out
}

// TestOpenAPI validates the document and sends all of its examples to a server, and requests to the operations that have
// none. The answers must be successes and as the document says.
func TestOpenAPI(t *testing.T) {
	base := startHTTP(t)
	for _, sql := range documentSetup {
		b, _ := json.Marshal(map[string]string{"sql": sql})
		if resp, text := fetch(t, http.MethodPost, base+"/v1/branches/main/execute", string(b), nil); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", sql, text)
		}
	}
	resp, text := fetch(t, http.MethodGet, base+"/v1/openapi.json", "", nil)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", resp.Status, text)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	operations, sent := operationsOf(doc), map[string]bool{}
	for _, o := range operations {
		for _, e := range examplesOf(t, o.op) {
			sent[o.method+" "+o.path] = true
			sendExample(t, base, o, e)
		}
	}
	for i := range liveRequests {
		sent[liveRequests[i].operation] = true
		liveRequests[i].send(t, base, operations)
	}
	for _, o := range operations {
		if name := o.method + " " + o.path; !sent[name] && elsewhereTested[name] == "" {
			t.Errorf("nobody has tried %s", name)
		}
	}
}

func sendExample(t *testing.T, base string, o documentedOperation, e exampleRequest) {
	t.Helper()
	path := o.path
	for name, v := range e.path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(v))
	}
	query := url.Values{}
	for name, v := range e.query {
		query.Set(name, v)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	resp, text := fetch(t, o.method, base+path, e.body, http.Header{"Content-Type": {cmp.Or(e.media, "application/json")}})
	if resp.StatusCode >= 300 {
		t.Errorf("%s %s %s: %s %s", o.method, path, e.body, resp.Status, text)
		return
	}
	answer := o.op.Responses.Status(resp.StatusCode)
	if answer == nil {
		t.Errorf("%s %s: the document does not know the status %d", o.method, path, resp.StatusCode)
		return
	}
	media := answer.Value.Content.Get(resp.Header.Get("Content-Type"))
	if media == nil {
		t.Errorf("%s %s: the document does not know the type %s", o.method, path, resp.Header.Get("Content-Type"))
		return
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if err := media.Schema.Value.VisitJSON(v, openapi3.VisitAsResponse()); err != nil {
		t.Errorf("%s %s: %v\n%s", o.method, path, err, text)
	}
}

// TestOpenAPIYAML wants the YAML to say what the JSON does.
func TestOpenAPIYAML(t *testing.T) {
	base := startHTTP(t)
	_, asJSON := fetch(t, http.MethodGet, base+"/v1/openapi.json", "", nil)
	_, asYAML := fetch(t, http.MethodGet, base+"/v1/openapi.yaml", "", nil)
	var fromJSON, fromYAML any
	if err := json.Unmarshal(asJSON, &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(asYAML, &fromYAML); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(fromJSON)
	b, err := json.Marshal(fromYAML)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("the two documents differ")
	}
}

// TestOpenAPINullable wants every schema that allows null to say what else it allows: without a type the word means nothing.
func TestOpenAPINullable(t *testing.T) {
	_, body := fetch(t, http.MethodGet, startHTTP(t)+"/v1/openapi.json", "", nil)
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s/%d", path, i), e)
			}
		case map[string]any:
			if v["nullable"] == true && v["type"] == nil {
				t.Errorf("%s is nullable and has no type", path)
			}
			for name, e := range v {
				walk(path+"/"+name, e)
			}
		}
	}
	walk("", document)
}

// TestDocumentationPages wants the pages and all that they load to come from this server, packed or not.
func TestDocumentationPages(t *testing.T) {
	base := startHTTP(t)
	for path, want := range map[string]string{
		"/v1/docs": "swagger-ui-bundle.js", "/v1/redoc": "redoc.standalone.js", "/v1/ui/swagger-ui-bundle.js": "SwaggerUIBundle", "/v1/ui/swagger-ui.css": ".swagger-ui",
		"/v1/ui/redoc.standalone.js": "Redoc", "/v1/ui/swagger.js": "openapi.json",
	} {
		for _, encoding := range []string{"gzip", "identity"} {
			resp, text := fetch(t, http.MethodGet, base+path, "", http.Header{"Accept-Encoding": {encoding}, "Authorization": nil})
			packed := resp.Header.Get("Content-Encoding") == "gzip"
			if resp.StatusCode != http.StatusOK || !packed && !bytes.Contains(text, []byte(want)) || packed && encoding != "gzip" {
				t.Errorf("%s (%s): %s, %d bytes", path, encoding, resp.Status, len(text))
			}
			if bytes.Contains(text, []byte("https://cdn.")) && strings.HasSuffix(path, "s") && len(text) < 5000 {
				t.Errorf("%s loads from elsewhere", path)
			}
		}
	}
	if resp, _ := fetch(t, http.MethodGet, base+"/v1/ui/..%2Fdoc.go", "", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is none: %s", resp.Status)
	}
}

package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/rowandb/rowan/server"
)

// startHTTP starts a server that asks for passwords, the superuser's being secret.
func startHTTP(t *testing.T) string {
	t.Helper()
	s, err := server.Start(context.Background(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return "http://" + s.HTTPAddr()
}

// TestHTTP runs the conversations of testdata/http. A command is a request, its input the body:
//
//	http POST /v1/branches status=201 keep=id:data.id
//
// keep names a part of the answer for later: ${id}. anonymous leaves the password out, key sends a key instead, sleep waits first. Of an envelope
// only the specification's parts are shown; whole shows what client libraries read beside them as well.
func TestHTTP(t *testing.T) {
	datadriven.Walk(t, "testdata/http", func(t *testing.T, file string) {
		c := &httpConversation{base: startHTTP(t), kept: map[string]string{}}
		datadriven.RunTest(t, file, c.command)
	})
}

type httpConversation struct {
	base string
	kept map[string]string
}

func (c *httpConversation) command(t *testing.T, d *datadriven.TestData) string {
	if d.Cmd != "http" || len(d.CmdArgs) < 2 {
		t.Fatalf("%s: not a request: %s", d.Pos, d.Cmd)
	}
	if d.HasArg("sleep") {
		time.Sleep(1100 * time.Millisecond) // timestamps of the API may be cut to seconds
	}
	method, path := d.CmdArgs[0].Key, d.CmdArgs[1].String()
	req, err := http.NewRequestWithContext(t.Context(), method, c.base+c.fill(path), strings.NewReader(c.fill(d.Input)))
	if err != nil {
		t.Fatal(err)
	}
	if !d.HasArg("anonymous") {
		req.SetBasicAuth("postgres", "secret")
	}
	if d.HasArg("key") {
		var key string
		d.ScanArgs(t, "key", &key)
		req.Header.Del("Authorization")
		req.Header.Set("X-API-Key", c.fill(key))
	}
	status, header, body := do(t, req)
	if d.HasArg("keep") {
		var keep string
		d.ScanArgs(t, "keep", &keep)
		name, where, _ := strings.Cut(keep, ":")
		c.kept[name] = part(t, body, where)
	}
	out := fmt.Sprintf("%d\n", status)
	if a := header.Get("Allow"); a != "" {
		out += "Allow: " + a + "\n"
	}
	return out + pretty(t, body, d.HasArg("whole"))
}

func do(t *testing.T, req *http.Request) (status int, header http.Header, body []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	if ct := resp.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") && ct != "application/problem+json" {
		t.Errorf("%s %s: Content-Type %q", req.Method, req.URL, ct)
	}
	return resp.StatusCode, resp.Header, body
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

func (c *httpConversation) fill(s string) string {
	return variable.ReplaceAllStringFunc(s, func(v string) string { return c.kept[v[2:len(v)-1]] })
}

// part finds what a path such as data.rows.0.1 leads to.
func part(t *testing.T, body []byte, path string) string {
	t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				t.Fatalf("no %s in %s", path, body)
			}
			v = x[i]
		}
	}
	return fmt.Sprint(v)
}

// volatile are the parts of answers that differ from run to run, and what stands for them.
var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`"req_[0-9a-f]+"`), `"req_…"`},
	{regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[-+][0-9:]+)"`), `"TIME"`},
	{regexp.MustCompile(`"(execution_time_ms|uptime_seconds|size_bytes|txid|scn|\w+_scn)": \d+`), `"$1": N`},
	{regexp.MustCompile(`\b(scn|br|mc|snap|tx)_\d+`), `${1}_N`},
	{regexp.MustCompile(`"rk_[0-9a-f]+_[0-9a-f]+"`), `"rk_…"`},
	{regexp.MustCompile(`"wh_[0-9a-f]+"`), `"wh_…"`},
	{regexp.MustCompile(`"[0-9a-f]{40}"`), `"COMMIT"`},
	{regexp.MustCompile(`"execution_plan": "(?:[^"\\]|\\.)+"`), `"execution_plan": "PLAN"`},
}

// pretty lays an answer out for the file: indented, keys sorted, without what changes from run to run.
func pretty(t *testing.T, body []byte, whole bool) string {
	t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if m, ok := v.(map[string]any); ok && m["success"] != nil && !whole {
		maps.DeleteFunc(m, func(name string, _ any) bool {
			return !slices.Contains([]string{"success", "data", "error", "meta"}, name)
		})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	out := b.String()
	for _, r := range volatile {
		out = r.pattern.ReplaceAllString(out, r.with)
	}
	return out
}

// TestHTTPBody wants a body above the limit to be refused with 413, and the connection's server to live on.
func TestHTTPBody(t *testing.T) {
	base := startHTTP(t)
	huge := `{"sql": "SELECT '` + strings.Repeat("x", 17<<20) + `'"}`
	for _, tt := range []struct {
		body string
		want int
	}{{huge, http.StatusRequestEntityTooLarge}, {`{"sql": "SELECT 1"}`, http.StatusOK}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/branches/main/query", strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("postgres", "secret")
		if status, _, body := do(t, req); status != tt.want {
			t.Errorf("status %d, want %d: %.200s", status, tt.want, body)
		}
	}
}

// TestHTTPCancel wants a statement to end when its time is over, and when its client goes.
func TestHTTPCancel(t *testing.T) {
	base := startHTTP(t)
	post := func(ctx context.Context, sql string) (int, []byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/branches/main/query", strings.NewReader(sql))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("postgres", "secret")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, body, err
	}
	began := time.Now()
	status, body, err := post(t.Context(), `{"sql": "SELECT pg_sleep(600)", "timeout_ms": 100}`)
	if err != nil || status != http.StatusRequestTimeout || time.Since(began) > patience {
		t.Errorf("status %d after %v: %s %v", status, time.Since(began), body, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := post(ctx, `{"sql": "SELECT pg_sleep(600)"}`); err == nil {
		t.Error("the client did not go")
	}
	for until := time.Now().Add(patience); time.Now().Before(until); {
		_, body, err := post(t.Context(), `{"sql": "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(600)%' AND pid <> pg_backend_pid() AND state = 'active'"}`)
		if err != nil {
			t.Fatal(err)
		}
		if part(t, body, "data.rows.0.0") == "0" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the statement of a client that has gone still runs")
}

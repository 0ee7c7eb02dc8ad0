package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rowandb/rowan/server"
)

// active counts the running statements that hold a text.
func active(t *testing.T, base, text string) string {
	t.Helper()
	_, body := fetch(t, http.MethodPost, base+"/v1/branches/main/query",
		`{"sql": "SELECT count(*) FROM pg_stat_activity WHERE position('`+text+`' IN query) > 0 AND pid <> pg_backend_pid() AND state = 'active'"}`, nil)
	return part(t, body, "data.rows.0.0")
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 2400 {
		if holds() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("it never came that %s", what)
}

// TestHTTPShutdown wants requests under way to be finished when the server is told to end, those that take too long to be
// stopped and to say so, and the store to be closed after both.
func TestHTTPShutdown(t *testing.T) {
	for _, tt := range []struct {
		name, seconds string
		grace         time.Duration
		finished      bool
	}{{"finished", "0.5", time.Minute, true}, {"cut", "600", time.Millisecond, false}} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := server.Start(context.Background(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Auth: server.AuthTrust})
			if err != nil {
				t.Fatal(err)
			}
			base := "http://" + s.HTTPAddr()
			answers := make(chan string, 1)
			go func() {
				resp, err := http.Post(base+"/v1/branches/main/query", "application/json", strings.NewReader(`{"sql": "SELECT 'done', pg_sleep(`+tt.seconds+`)"}`))
				if err != nil {
					answers <- err.Error()
					return
				}
				defer func() { _ = resp.Body.Close() }()
				body, _ := io.ReadAll(resp.Body)
				answers <- string(body)
			}()
			await(t, "the statement runs", func() bool { return len(answers) > 0 || active(t, base, "pg_sleep("+tt.seconds+")") == "1" })
			ctx, cancel := context.WithTimeout(context.Background(), tt.grace)
			defer cancel()
			if err := s.Stop(ctx); err != nil {
				t.Errorf("stop: %v", err)
			}
			got := <-answers
			if strings.Contains(got, `"UNAVAILABLE"`) == tt.finished || strings.Contains(got, `"done"`) != tt.finished {
				t.Errorf("%s", got)
			}
		})
	}
}

// TestHTTPExportGone wants an export to end when its client has gone, and one that fails in its midst to be seen to.
func TestHTTPExportGone(t *testing.T) {
	base := startHTTP(t)
	for _, sql := range []string{
		"CREATE VIEW endless AS SELECT g, repeat('x', 1000) AS x FROM generate_series(1, 1000000000) g",
		"CREATE VIEW broken AS SELECT 1 / (100000 - g) AS x, repeat('x', 100) AS y FROM generate_series(1, 200000) g",
	} {
		if resp, text := fetch(t, http.MethodPost, base+"/v1/branches/main/execute", `{"sql": "`+sql+`"}`, nil); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s", text)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	open := func(ctx context.Context, view string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v1/branches/main/tables/"+view+"/export", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("postgres", "secret")
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Fatalf("%v %v", resp, err)
		}
		return resp
	}
	resp := open(ctx, "endless")
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); line != "g,x\n" {
		t.Errorf("%q %v", line, err)
	}
	if n := active(t, base, "endless"); n != "1" {
		t.Errorf("%s exports run", n)
	}
	cancel()
	await(t, "the export ends", func() bool { return active(t, base, "endless") == "0" })
	_ = resp.Body.Close()
	resp = open(t.Context(), "broken")
	defer func() { _ = resp.Body.Close() }()
	if n, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Errorf("an export that has failed looks whole, %d bytes", n)
	}
}

// TestHTTPCrowd wants more requests at a time than there are turns to be answered all the same, each by itself.
func TestHTTPCrowd(t *testing.T) {
	s, err := server.Start(context.Background(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Auth: server.AuthTrust})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 500}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			resp, err := client.Post("http://"+s.HTTPAddr()+"/v1/branches/main/query", "application/json", strings.NewReader(fmt.Sprintf(`{"sql": "SELECT $1::int", "params": [%d]}`, i)))
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = resp.Body.Close() }()
			body, _ := io.ReadAll(resp.Body)
			if want := fmt.Sprintf(`"rows":[[%d]]`, i); resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(want)) {
				t.Errorf("%d: %s %s", i, resp.Status, body)
			}
		})
	}
	all.Wait()
}

// TestHTTPMethods wants what HTTP has beside the operations: HEAD, OPTIONS, connections that are kept, wrong types of bodies.
func TestHTTPMethods(t *testing.T) {
	base := startHTTP(t)
	for path, want := range map[string]int{"/health": 200, "/ready": 200, "/": 200, "/v1/branches": 200, "/v1/branches/none": 404, "/v1/openapi.json": 200, "/api/v2/databases": 200} {
		resp, text := fetch(t, http.MethodHead, base+path, "", nil)
		if resp.StatusCode != want || len(text) != 0 {
			t.Errorf("HEAD %s: %s, %d bytes", path, resp.Status, len(text))
		}
	}
	for path, want := range map[string]string{"/v1/branches": "GET, HEAD, POST, OPTIONS", "/v1/branches/main": "GET, HEAD, PATCH, DELETE, OPTIONS",
		"/v1/branches/main/merge": "POST, OPTIONS", "/health": "GET, HEAD, OPTIONS", "/": "GET, HEAD, OPTIONS"} {
		resp, _ := fetch(t, http.MethodOptions, base+path, "", http.Header{"Authorization": nil})
		if resp.StatusCode != http.StatusNoContent || resp.Header.Get("Allow") != want {
			t.Errorf("OPTIONS %s: %s %s", path, resp.Status, resp.Header.Get("Allow"))
		}
	}
	for _, tt := range []struct {
		method, path, allow string
		want                int
	}{{"POST", "/health", "GET, HEAD, OPTIONS", 405}, {"DELETE", "/v1/branches", "GET, HEAD, POST, OPTIONS", 405}, {"BREW", "/v1/branches", "", 501}, {"BREW", "/health", "", 501}, {"GET", "/v1", "", 404}, {"GET", "/api/v2", "", 404}} {
		resp, text := fetch(t, tt.method, base+tt.path, "", nil)
		if resp.StatusCode != tt.want || resp.Header.Get("Allow") != tt.allow || !json.Valid(text) {
			t.Errorf("%s %s: %s %q %s", tt.method, tt.path, resp.Status, resp.Header.Get("Allow"), text)
		}
	}
	for media, want := range map[string]int{"": 200, "application/json": 200, "application/x-www-form-urlencoded": 200, "text/plain": 200, "multipart/form-data; boundary=x": 415} {
		resp, text := fetch(t, http.MethodPost, base+"/v1/branches/main/query", `{"sql": "SELECT 1"}`, http.Header{"Content-Type": {media}})
		if resp.StatusCode != want {
			t.Errorf("%s: %s %s", media, resp.Status, text)
		}
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for i, request := range []string{
		"GET /v1/branches HTTP/1.1\r\nHost: x\r\nAuthorization: Basic cG9zdGdyZXM6c2VjcmV0\r\n\r\n",
		"POST /v1/branches/main/query HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{\"sql", // refused before the body is read
		"GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		_, _ = io.WriteString(conn, request)
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != []int{200, 401, 200}[i] {
			t.Fatalf("request %d of the connection: %v %v", i+1, resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
}

// TestHTTPOtherOrigins wants a page of another origin to change nothing with what its visitor's browser adds, be it a
// password or, where everybody on the machine is let in, nothing but the place.
func TestHTTPOtherOrigins(t *testing.T) {
	s, err := server.Start(context.Background(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Auth: server.AuthTrust,
		HTTP: server.HTTPConfig{Origins: []string{"https://app.example.com"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	base := "http://" + s.HTTPAddr()
	for _, tt := range []struct {
		host   string
		header http.Header
		status int
	}{
		{"", http.Header{}, 200},
		{"", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 200},
		{"", http.Header{"Sec-Fetch-Site": {"none"}}, 200},
		{"", http.Header{"Origin": {base}}, 200},
		{"localhost:8080", http.Header{}, 200},
		{"", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example.com"}}, 403},
		{"", http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://evil.example.com"}}, 403},
		{"", http.Header{"Origin": {"https://evil.example.com"}}, 403},
		{"", http.Header{"Origin": {"null"}}, 403},
		{"", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://app.example.com"}}, 200},
		{"evil.example.com", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 403}, // a name that was made to lead here
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/branches/main/execute", strings.NewReader(`{"sql": "SELECT 1"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header, req.Host = tt.header, tt.host
		if status, _, text := do(t, req); status != tt.status {
			t.Errorf("%s %v: %d %s", tt.host, tt.header, status, text)
		}
	}
}

// TestHTTPSessions wants the statements of requests to be seen and stopped as those of connections are.
func TestHTTPSessions(t *testing.T) {
	base := startHTTP(t)
	for query, want := range map[string]string{"statement=true": `409 "QUERY_CANCELED"`, "": `503 "UNAVAILABLE"`} {
		answers := make(chan string, 1)
		go func() {
			resp, text := fetch(t, http.MethodPost, base+"/v1/branches/main/query", `{"sql": "SELECT pg_sleep(600)", "timeout_ms": 1200000}`, nil)
			answers <- fmt.Sprintf("%d %s", resp.StatusCode, text)
		}()
		await(t, "the statement runs", func() bool { return len(answers) > 0 || active(t, base, "pg_sleep(600)") == "1" })
		_, list := fetch(t, http.MethodPost, base+"/v1/branches/main/query", `{"sql": "SELECT pid, client_addr FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'"}`, nil)
		if addr := part(t, list, "data.rows.0.1"); addr != "127.0.0.1" {
			t.Errorf("client at %q", addr)
		}
		if resp, text := fetch(t, http.MethodDelete, base+"/api/v2/sessions/"+part(t, list, "data.rows.0.0")+"?"+query, "", nil); resp.StatusCode != http.StatusOK || part(t, text, "ended") != "true" {
			t.Fatalf("%s %s", resp.Status, text)
		}
		got := <-answers
		status, code, _ := strings.Cut(want, " ")
		if !strings.HasPrefix(got, status) || !strings.Contains(got, code) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// TestHTTPText wants files and bodies whose text is not UTF-8, or is packed, to be refused: nothing in a table may be what no
// other client could have written.
func TestHTTPText(t *testing.T) {
	base := startHTTP(t)
	for name, file := range map[string]string{
		"bytes.csv": "id,body\n1,\xff\xfe\n", "zero.csv": "id,body\n1,a\x00b\n", "name.csv": "id,bo\xffdy\n1,a\n", "bytes.jsonl": "{\"id\": 1, \"body\": \"\xff\"}\n",
		"zero.json": `[{"id": 1, "body": "\u0000"}]`, "half.json": `[{"id": 1, "body": "\ud800"}]`, "wide.csv": "\xff\xfei\x00d\x00\n\x001\x00",
	} {
		media, body := upload(t, []byte(file), name, "made", "")
		text, _ := io.ReadAll(body)
		resp, answer := fetch(t, http.MethodPost, base+"/v1/branches/main/import", string(text), http.Header{"Content-Type": {media}})
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s %s", name, resp.Status, answer)
		}
	}
	for body, header := range map[string]http.Header{"{\"sql\": \"SELECT '\xff'\"}": nil, `{"sql": "SELECT 1"}`: {"Content-Encoding": {"gzip"}}} {
		if resp, answer := fetch(t, http.MethodPost, base+"/v1/branches/main/query", body, header); resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%q %v: %s %s", body, header, resp.Status, answer)
		}
	}
	if _, answer := fetch(t, http.MethodGet, base+"/v1/branches/main/tables", "", nil); !bytes.Contains(answer, []byte(`"tables":[]`)) {
		t.Errorf("%s", answer)
	}
}

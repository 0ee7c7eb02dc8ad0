package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/admin/api"
)

// plain is a dialect that lets everybody in.
type plain struct{}

func (plain) Authenticate(*http.Request) (api.Principal, error) { return api.Principal{}, nil }
func (plain) OK(c *Call, status int, data any)                  { WriteJSON(c.Writer, status, data) }
func (plain) Fail(w http.ResponseWriter, _ *http.Request, _ *Call, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Status: http.StatusInternalServerError, Message: err.Error()}
	}
	WriteJSON(w, e.Status, e)
}

func serve(t *testing.T, routes ...Route) string {
	t.Helper()
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	s := httptest.NewServer(Recover(zap.NewNop(), refuse)(NewMux("", routes, plain{}, nil)))
	t.Cleanup(s.Close)
	return s.URL
}

// TestSlowBody wants a body that does not arrive to be given up, and a handler that works long after its body has come to be
// left alone.
func TestSlowBody(t *testing.T) {
	base := serve(t,
		Route{Method: http.MethodPost, Path: "/read", Handler: Plain(func(c *Call) (any, error) {
			done := c.Hurry(50 * time.Millisecond)
			defer done()
			_, err := io.ReadAll(c.Body)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = BodyError(err)
			}
			return nil, err
		})},
		Route{Method: http.MethodPost, Path: "/work", Handler: Plain(func(c *Call) (any, error) {
			done := c.Hurry(50 * time.Millisecond)
			_, err := io.ReadAll(c.Body)
			done()
			select {
			case <-c.Context().Done():
				err = context.Cause(c.Context())
			case <-time.After(200 * time.Millisecond):
			}
			return "done", err
		})})
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nnot all")
	answer := make([]byte, 30)
	if _, err := io.ReadFull(conn, answer); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("%q %v", answer, err)
	}
	resp, err := http.Post(base+"/work", "text/plain", strings.NewReader("all of it"))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
}

// TestUnreadBody wants an answer to go out though the body that the handler has not read never comes.
func TestUnreadBody(t *testing.T) {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	s := httptest.NewServer(BodyWithin(50 * time.Millisecond)(refuse))
	defer s.Close()
	for _, length := range []string{"Content-Length: 100", "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\n"+length+"\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		answer := make([]byte, 13)
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 401 " {
			t.Errorf("%s: %q %v", length, answer, err)
		}
		_ = conn.Close()
	}
}

// TestNotKept wants answers that are for who asks to be kept by nobody on the way: proxies do not know that X-API-Key is a credential.
func TestNotKept(t *testing.T) {
	answer := Plain(func(*Call) (any, error) { return "data", nil })
	base := serve(t, Route{Method: http.MethodGet, Path: "/own", Handler: answer}, Route{Method: http.MethodGet, Path: "/all", Public: true, Handler: answer})
	for path, want := range map[string]string{"/own": "no-store", "/none": "no-store", "/all": ""} {
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.Header.Get("Cache-Control") != want {
			t.Errorf("%s: %v", path, resp.Header)
		}
	}
}

// TestLimits wants bodies above a route's limit to be refused, and what cannot be read of a query string.
func TestLimits(t *testing.T) {
	type in struct {
		A string `json:"a"`
	}
	base := serve(t,
		Route{Method: http.MethodPost, Path: "/small", MaxBody: 20, Handler: Body(func(_ *Call, in *in) (any, error) { return in, nil })},
		Route{Method: http.MethodGet, Path: "/query", Query: []Param{{Name: "filter", Type: "string"}}, Handler: Plain(func(c *Call) (any, error) { return c.Text("filter"), nil })})
	for body, want := range map[string]int{`{"a": "x"}`: 200, `{"a": "xxxxxxxxxxxxxxxxxxxxx"}`: 413} {
		resp, err := http.Post(base+"/small", "application/json", strings.NewReader(body))
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v %v", body, resp, err)
		}
		_ = resp.Body.Close()
	}
	for query, want := range map[string]int{"filter=a%3Bb": 200, "filter=a;b": 400, "filter=%zz": 400, "other=1": 200} {
		resp, err := http.Get(base + "/query?" + query)
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v %v", query, resp, err)
		}
		_ = resp.Body.Close()
	}
}

// TestDeclaredSize wants a body that says itself that it is too large to be refused before any of it is sent.
func TestDeclaredSize(t *testing.T) {
	base := serve(t, Route{Method: http.MethodPost, Path: "/small", MaxBody: 20, Handler: Body(func(_ *Call, in *struct{}) (any, error) { return in, nil })})
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	answer := make([]byte, 13)
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 413 " {
		t.Errorf("%q %v", answer, err)
	}
}

// TestExactNames wants members of a body to be called as the route says, letter by letter.
func TestExactNames(t *testing.T) {
	type point struct {
		Type string `json:"type"`
	}
	type in struct {
		SQL    string         `json:"sql"`
		AsOf   *point         `json:"as_of"`
		List   []point        `json:"list"`
		Params []any          `json:"params"`
		Free   map[string]any `json:"free"`
	}
	base := serve(t, Route{Method: http.MethodPost, Path: "/x", Handler: Body(func(_ *Call, in *in) (any, error) { return in.SQL, nil })})
	for body, want := range map[string]string{
		`{"sql": "a", "as_of": {"type": "b"}, "list": [{"type": "c"}], "params": [{"TYPE": 1}], "free": {"SQL": 1}}`: `"a"`,
		`{"sql": "a", "as_of": null, "list": null}`: `"a"`,
		`{"SQL": "a"}`:                             `unknown field "SQL"`,
		`{"sql": "a", "Sql": "b"}`:                 `unknown field "Sql"`,
		`{"as_of": {"Type": "b"}}`:                 `unknown field "Type"`,
		`{"list": [{"type": "b"}, {"tYpe": "b"}]}`: `unknown field "tYpe"`,
		`{"\u0073ql": "a"}`:                        `"a"`,
		`{"\u017fql": "a"}`:                        `unknown field "ſql"`,
		`{"other": "a"}`:                           `unknown field "other"`,
	} {
		resp, err := http.Post(base+"/x", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(strings.ReplaceAll(string(got), `\"`, `"`), want) {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
}

// TestFile wants a failure before the first piece to be an answer, and one behind it to cut the connection.
func TestFile(t *testing.T) {
	base := serve(t, Route{Method: http.MethodGet, Path: "/{pieces}", Handler: Plain(func(c *Call) (any, error) {
		f := NewFile(c.Writer, "text/plain", "x.txt")
		for i := range len(c.Path("pieces")) - 1 {
			_, _ = fmt.Fprintln(f, i)
		}
		return Done, f.End(map[bool]error{true: nil, false: Missing("NOT_FOUND", "it failed")}[strings.HasSuffix(c.Path("pieces"), "!")])
	})})
	for pieces, want := range map[string]string{"x": "404", "xxx": "cut", "!": "200 0", "xx!": "200 4"} {
		resp, err := http.Get(base + "/" + pieces)
		if err != nil { // nothing had left the server's buffer
			if want != "cut" {
				t.Error(err)
			}
			continue
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		got := fmt.Sprint(resp.StatusCode)
		switch {
		case err != nil:
			got = "cut"
		case resp.StatusCode == 200:
			got += fmt.Sprint(" ", len(text))
		}
		if got != want {
			t.Errorf("%s: %s %q, want %s", pieces, got, text, want)
		}
	}
}

// TestTurns wants no more requests at a time than there are turns, and one whose client goes while it waits to be let go.
func TestTurns(t *testing.T) {
	enter, leave := make(chan struct{}), make(chan struct{})
	h := Turns(1, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			enter <- struct{}{}
			<-leave
		}))
	go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	<-enter
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
	waiting := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		waiting <- w.Code
	}()
	leave <- struct{}{}
	<-enter
	leave <- struct{}{}
	if code := <-waiting; code != http.StatusOK {
		t.Errorf("%d", code)
	}
}

package conformance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is an endpoint that notes what reaches it, and answers only when it is told to.
type receiver struct {
	t      *testing.T
	secret string

	mu      sync.Mutex
	holding chan struct{} // not nil: requests wait until it is closed
	ids     map[string][]string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	id := req.Header.Get("webhook-id")
	r.mu.Lock()
	r.ids[id] = append(r.ids[id], part(r.t, body, "event")+" "+part(r.t, body, "data.branch_name"))
	holding, secret := r.holding, r.secret
	r.mu.Unlock()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + req.Header.Get("webhook-timestamp") + "." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); err != nil || req.Header.Get("webhook-signature") != want {
		r.t.Errorf("signature %q, want %q: %v", req.Header.Get("webhook-signature"), want, err)
	}
	if holding != nil {
		<-holding
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// times counts the arrivals of an event of a branch, and its ids.
func (r *receiver) times(event string) (arrivals, ids int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, list := range r.ids {
		if list[0] == event {
			ids++
			arrivals += len(list)
		}
	}
	return arrivals, ids
}

func (r *receiver) wait(event string, arrivals int) {
	r.t.Helper()
	for range 1200 {
		if n, _ := r.times(event); n >= arrivals {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	n, _ := r.times(event)
	r.t.Fatalf("%s: %d arrivals, want %d", event, n, arrivals)
}

// TestWebhookCrash wants what was committed to be told after a crash, be it between the commit and the sending or between
// the sending and the answer, and the second time under the same id; and a replay to be signed as the first time.
func TestWebhookCrash(t *testing.T) {
	r := &receiver{t: t, ids: map[string][]string{}}
	endpoint := httptest.NewServer(r)
	defer endpoint.Close()
	dir, addr := t.TempDir(), freeAddr(t)
	env := []string{"ROWAN_AUTH=trust", "ROWAN_WEBHOOKS_TO_PRIVATE=true"}
	base := "http://" + addr
	post := func(path, body string) []byte {
		t.Helper()
		resp, text := fetch(t, http.MethodPost, base+path, body, nil)
		if resp.StatusCode >= 300 {
			t.Fatalf("%s: %s %s", path, resp.Status, text)
		}
		return text
	}
	p := startWebProcess(t, dir, addr, env...)
	made := post("/v1/webhooks", `{"url": "`+endpoint.URL+`", "events": ["branch.created"]}`)
	holding := make(chan struct{})
	r.mu.Lock()
	r.secret, r.holding = part(t, made, "data.secret"), holding
	r.mu.Unlock()
	post("/v1/branches", `{"name": "under-way"}`)
	r.wait("branch.created under-way", 1)
	post("/v1/branches", `{"name": "unsent"}`)
	p.kill()
	r.mu.Lock()
	r.holding = nil
	r.mu.Unlock()
	close(holding)
	p = startWebProcess(t, dir, addr, env...)
	defer p.stop()
	r.wait("branch.created under-way", 2)
	r.wait("branch.created unsent", 1)
	if n, ids := r.times("branch.created under-way"); ids != 1 {
		t.Errorf("%d arrivals under %d ids", n, ids)
	}
	hook := part(t, made, "data.id")
	_, list := fetch(t, http.MethodGet, base+"/v1/webhooks/"+hook+"/deliveries?limit=1", "", nil)
	before, _ := r.times("branch.created unsent")
	post("/v1/webhooks/"+hook+"/deliveries/"+part(t, list, "data.deliveries.0.id")+"/replay", "")
	r.wait("branch.created unsent", before+1)
	if n, ids := r.times("branch.created unsent"); ids != 1 {
		t.Errorf("replay: %d arrivals under %d ids", n, ids)
	}
}

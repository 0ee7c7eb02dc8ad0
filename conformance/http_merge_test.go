package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestHTTPMergesAtOnce merges branches that change the same rows at the same time: each waits for those before it.
func TestHTTPMergesAtOnce(t *testing.T) {
	base := startHTTP(t)
	run := func(branch, sql string) {
		t.Helper()
		resp, text := fetch(t, http.MethodPost, base+"/v1/branches/"+branch+"/execute", fmt.Sprintf(`{"sql": %q}`, sql), nil)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", sql, text)
		}
	}
	run("main", "CREATE TABLE stock (id int PRIMARY KEY, n int)")
	run("main", "INSERT INTO stock SELECT i, 100 FROM generate_series(1, 200) i")
	run("main", "ALTER TABLE stock ALTER n SET (merge_policy = 'sum')")
	const branches = 6
	for i := range branches {
		fetch(t, http.MethodPost, base+"/v1/branches", fmt.Sprintf(`{"name": "b%d"}`, i), nil)
		run(fmt.Sprintf("b%d", i), "UPDATE stock SET n = n - 1")
	}
	var all sync.WaitGroup
	for i := range branches {
		all.Go(func() {
			resp, text := fetch(t, http.MethodPost, fmt.Sprintf("%s/v1/branches/b%d/merge", base, i), `{"target_branch": "main"}`, nil)
			if resp.StatusCode != http.StatusOK {
				t.Errorf("b%d: %s", i, text)
			}
		})
	}
	all.Wait()
	_, text := fetch(t, http.MethodPost, base+"/v1/branches/main/query", `{"sql": "SELECT min(n), max(n) FROM stock"}`, nil)
	if want := fmt.Sprintf(`"rows":[[%d,%d]]`, 100-branches, 100-branches); !strings.Contains(string(text), want) {
		t.Errorf("%s, want %s", text, want)
	}
}

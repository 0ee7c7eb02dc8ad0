package badgerkv

import (
	"os"
	"path/filepath"
	"testing"
)

// TestEmptyLogs opens a store in which a kill has left logs that were just made, or about to be removed.
func TestEmptyLogs(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": []byte("0123456789abcdef")} {
		for _, files := range [][]string{{"00001.mem"}, {"00099.mem"}, {"000099.vlog"}, {"000000.vlog"}, {"00098.mem", "00099.mem", "000077.vlog", "000099.vlog"}} {
			dir := t.TempDir()
			e := mustOpen(t, Options{Dir: dir, Key: key})
			must(t, put(e, "a", "1"))
			must(t, e.Close())
			for _, f := range files {
				must(t, os.WriteFile(filepath.Join(dir, f), nil, 0o600))
			}
			for range 2 {
				e, err := Open(Options{Dir: dir, Small: true, Key: key})
				if err != nil {
					t.Fatalf("%s with empty %s: %v", name, files, err)
				}
				if v, ok, err := e.Get(ctx, []byte("a"), nil); !ok || err != nil || string(v) != "1" {
					t.Errorf("%s with empty %s: %q, %v, %v", name, files, v, ok, err)
				}
				must(t, put(e, "b", "2"))
				must(t, e.Close())
			}
		}
	}
}

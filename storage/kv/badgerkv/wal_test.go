package badgerkv

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestRotatedLogsAreSynced wants a sync to reach every log that may have been written to since the last one: of those begun
// meanwhile all, and the one before them once more.
func TestRotatedLogsAreSynced(t *testing.T) {
	dir := t.TempDir()
	create := func(n int) {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.mem", n)), []byte("log"), 0o600))
	}
	create(4)
	var w walFiles
	must(t, w.open(&memLogs{dir: dir}))
	defer w.close()
	synced := map[string]int{}
	w.datasync = func(f *os.File) error {
		synced[filepath.Base(f.Name())]++
		return nil
	}
	want := func(files ...string) {
		t.Helper()
		clear(synced)
		must(t, w.sync())
		if len(synced) != len(files) {
			t.Errorf("synced %v, want %v", synced, files)
		}
		for _, f := range files {
			if synced[f] != 1 {
				t.Errorf("%s was synced %d times", f, synced[f])
			}
		}
	}
	want("00004.mem")
	create(5)
	create(6)
	want("00004.mem", "00005.mem", "00006.mem")
	want("00006.mem")
	must(t, os.Remove(memoryLog(dir, 6)))
	create(10) // the others came and went
	want("00006.mem", "00010.mem")
}

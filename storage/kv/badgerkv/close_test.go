package badgerkv

import (
	"errors"
	"os"
	"testing"
	"time"
)

// TestCloseAwaitsFlattening closes a store whose levels are being made one, which takes longer than a read may.
func TestCloseAwaitsFlattening(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir()})
	e.flattening <- struct{}{}
	must(t, e.enter())
	go func() {
		time.Sleep(readGrace + readGrace/10)
		e.leave()
		<-e.flattening
	}()
	must(t, e.Close())
}

// TestCloseBesideReads does not wait for a read for ever, and what was written is on disk all the same.
func TestCloseBesideReads(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	synced := 0
	flush := datasync
	must(t, e.enter())
	must(t, put(e, "key", "value"))
	e.wal.datasync = func(f *os.File) error {
		synced++
		return flush(f)
	}
	if err := e.Close(); !errors.Is(err, errInUse) || synced == 0 {
		t.Errorf("%v after %d syncs", err, synced)
	}
	e.leave()
	must(t, e.closeStore())
}

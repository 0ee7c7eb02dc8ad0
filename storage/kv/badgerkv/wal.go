package badgerkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// walFiles syncs the logs of Badger's memtables. Badger either syncs after every transaction or, by DB.Sync, only the
// active memtable's log and not one that was rotated away since; here every log that may have unsynced writes is synced
// by its file name. Badger numbers the files upwards (00001.mem, 00002.mem, …) and removes one once its content is in a
// synced table. Only the commit loop uses it.
type walFiles struct {
	dir      string
	datasync func(*os.File) error // nil: datasync; tests let it fail
	first    int                  // number of the oldest file when the store was opened
	next     int                  // number of the file that does not exist yet
	live     []*os.File
}

func (w *walFiles) name(n int) string { return memoryLog(w.dir, n) }

func (w *walFiles) open(dir string) error {
	w.dir, w.next = dir, 0
	names, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil {
		return err
	}
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "%d.mem", &n); err != nil {
			continue
		}
		if w.next == 0 || n < w.first {
			w.first = n
		}
		w.next = max(w.next, n+1)
		if f, err := os.OpenFile(name, os.O_RDWR, 0); err == nil {
			allocate(f)
			w.live = append(w.live, f)
		}
	}
	return nil
}

// sync makes durable what was written before the call.
func (w *walFiles) sync() error {
	added, err := w.discover()
	if err != nil {
		return err
	}
	flush := datasync
	if w.datasync != nil {
		flush = w.datasync
	}
	for _, f := range w.live {
		if err := flush(f); err != nil {
			return fmt.Errorf("sync of %s: %w", f.Name(), err)
		}
	}
	if added {
		if err := syncDir(w.dir); err != nil {
			return err
		}
	}
	// All but the newest are full: nothing will be written to them any more.
	for len(w.live) > 1 {
		_ = w.live[0].Close()
		w.live = w.live[1:]
	}
	return nil
}

// discover opens logs begun since the last call.
func (w *walFiles) discover() (added bool, err error) {
	for misses := 0; misses < 2; {
		f, err := os.OpenFile(w.name(w.next), os.O_RDWR, 0)
		switch {
		case err == nil:
			allocate(f)
			w.live = append(w.live, f)
			w.next++
			added, misses = true, 0
		case errors.Is(err, fs.ErrNotExist):
			// The next but one tells whether this one came and went already.
			if misses++; misses == 1 && w.exists(w.next+1) {
				w.next++
				misses = 0
				continue
			}
			return added, nil
		default:
			return added, err
		}
	}
	return added, nil
}

func (w *walFiles) exists(n int) bool {
	_, err := os.Stat(w.name(n))
	return err == nil
}

func (w *walFiles) close() {
	for _, f := range w.live {
		_ = f.Close()
	}
	w.live = nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

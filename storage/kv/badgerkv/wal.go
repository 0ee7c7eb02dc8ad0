package badgerkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// walFiles syncs the logs of Badger's memtables. Badger either syncs after every transaction or, by DB.Sync, only the
// active memtable's log and not one that was rotated away since; here every log that may have unsynced writes is synced
// by its file name. Badger numbers the files upwards (00001.mem, 00002.mem, …) and removes one once its content is in a
// synced table. Only the commit loop uses it.
type walFiles struct {
	logs     *memLogs
	datasync func(*os.File) error // nil: datasync; tests let it fail
	newest   int                  // number of the newest log that was met
	live     []*os.File           // the newest is the last; those before are full
	listed   bool                 // the directory is on disk with them
}

func (w *walFiles) open(logs *memLogs) error {
	w.logs, w.newest = logs, -1
	_, err := w.discover()
	return err
}

// sync makes durable what was written before the call.
func (w *walFiles) sync() error {
	if err := w.syncFull(); err != nil {
		return err
	}
	for _, f := range w.live {
		if err := w.flush(f); err != nil {
			return err
		}
	}
	return nil
}

// full is the number of the last log that is full, as far as is known.
func (w *walFiles) full() int { return w.newest - 1 }

// syncFull makes durable the logs that are full.
func (w *walFiles) syncFull() error {
	added, err := w.discover()
	if err != nil {
		return err
	}
	for len(w.live) > 1 {
		if err := w.flush(w.live[0]); err != nil {
			return err
		}
		_ = w.live[0].Close()
		w.live = w.live[1:]
	}
	if added || !w.listed {
		err = syncDir(w.logs.dir)
		w.listed = err == nil
	}
	return err
}

func (w *walFiles) flush(f *os.File) error {
	flush := datasync
	if w.datasync != nil {
		flush = w.datasync
	}
	if err := flush(f); err != nil {
		return fmt.Errorf("sync of %s: %w", f.Name(), err)
	}
	return nil
}

// discover opens logs begun since the last call. One that is gone already is in a table.
func (w *walFiles) discover() (added bool, err error) {
	numbers, err := w.logs.list()
	if err != nil {
		return false, err
	}
	for _, n := range numbers {
		if n <= w.newest {
			continue
		}
		f, err := os.OpenFile(memoryLog(w.logs.dir, n), os.O_RDWR, 0)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return added, err
		}
		if w.newest = n; err == nil {
			allocate(f)
			w.live, added = append(w.live, f), true
		}
	}
	return added, nil
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

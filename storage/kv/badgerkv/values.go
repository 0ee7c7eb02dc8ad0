package badgerkv

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/dgraph-io/badger/v4"
)

// valueLogs syncs the value logs. Badger itself syncs the one alone that is written now, and a log is changed for the next as soon as it is
// full: what was committed last is in the one before. The commit loop and whoever opens the store use it.
type valueLogs struct {
	dir      string
	size     int                  // safely below the size from which values are in a log
	datasync func(*os.File) error // tests look on
	from     int                  // number of the first log that may not be on disk as a whole
	unsynced bool                 // something was written

	reading sync.RWMutex // held for reading by look-ups of large values, for writing where a log is removed
}

func (v *valueLogs) open(dir string, threshold int64) {
	v.dir, v.size, v.datasync, v.unsynced = dir, min(valueLogSize, int(threshold)), datasync, true
}

// any reports whether there are values that may be in a log among what is written.
func (v *valueLogs) any(group []*request) bool {
	for _, r := range group {
		if r.batch == nil {
			continue
		}
		for i := range r.batch.Len() {
			if _, val := r.batch.At(i); len(val) >= v.size {
				return true
			}
		}
	}
	return false
}

// sync makes durable what was written before the call.
func (v *valueLogs) sync() error {
	if !v.unsynced {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(v.dir, "*.vlog"))
	if err != nil {
		return err
	}
	last := v.from
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "%d.vlog", &n); err != nil || n < v.from {
			continue
		}
		if err := v.syncFile(name); err != nil {
			return fmt.Errorf("sync of %s: %w", name, err)
		}
		last = max(last, n)
	}
	if last > v.from {
		if err := syncDir(v.dir); err != nil {
			return err
		}
	}
	v.from, v.unsynced = last, false
	return nil
}

func (v *valueLogs) syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is synced
	return v.datasync(f)
}

// keeper has Badger keep the value logs that it would remove, until remove is called: as for an iterator.
type keeper struct{ it *badger.Iterator }

func (e *Engine) keepValueLogs() keeper {
	return keeper{e.db.NewTransactionAt(1, false).NewIterator(badger.IteratorOptions{})}
}

func (k keeper) remove(v *valueLogs) {
	v.reading.Lock()
	defer v.reading.Unlock()
	k.it.Close()
}

// value gives f the value of an item. A large one is looked up again, for its log may have been removed meanwhile; none is now.
// false: the key is gone.
func (e *Engine) value(key []byte, item *badger.Item, f func([]byte) error) (found bool, err error) {
	if item.EstimatedSize() < int64(e.values.size) {
		return true, item.Value(f)
	}
	v, found, err := e.largeValue(key)
	if !found || err != nil {
		return found, err
	}
	return true, f(v)
}

func (e *Engine) largeValue(key []byte) (v []byte, found bool, err error) {
	e.values.reading.RLock()
	defer e.values.reading.RUnlock()
	item, err := e.get(key)
	if err != nil || item == nil {
		return nil, false, err
	}
	v, err = item.ValueCopy(nil)
	return v, true, err
}

package badgerkv

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Badger maps its tables into memory, where every page that was ever read or written stays until the machine runs short:
// a scan or a load would make the process as large as its data. So the tables are let go of now and then. What the system
// has cached of them stays cached, and comes back at the cost of a page fault.

const residentEvery = 50 * time.Millisecond

// trim keeps the mapped tables within a share of memory, until stop is closed.
func (e *Engine) trim(share int64, stop <-chan struct{}) {
	t := time.NewTicker(residentEvery)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return
		case <-t.C:
			if mappedBytes() > share {
				e.letGo()
			}
		}
	}
}

// letGo drops the pages of the tables from the process's memory. A table whose mapping goes meanwhile must not be among them:
// its addresses may be somebody else's memory by then. An iterator holds all the tables that there are when it is made; those
// that were there before and are there after it are among them, for a table's number is never given again. Nobody but Badger
// may have mapped them, which the lock sees to.
func (e *Engine) letGo() {
	if e.enter() != nil {
		return
	}
	defer e.leave()
	before := tableNames(e.db)
	it := e.read.NewIterator(badger.IteratorOptions{AllVersions: true})
	defer it.Close()
	held := tableNames(e.db)
	for name := range held {
		held[name] = before[name]
	}
	foreign.Lock()
	defer foreign.Unlock()
	maps, err := openMaps()
	if err != nil {
		return
	}
	defer maps.Close()
	for _, m := range mappedTables(maps, e.opts.Dir, held) {
		release(m)
	}
}

// foreign is held for reading by those who map tables beside Badger.
var foreign sync.RWMutex

func tableNames(db *badger.DB) map[string]bool {
	names := map[string]bool{}
	for _, t := range db.Tables() {
		names[fmt.Sprintf("%06d.sst", t.ID)] = true
	}
	return names
}

type mapping struct{ from, to uintptr }

// mappedTables reads the list of the process's mappings for tables of a directory.
func mappedTables(maps io.Reader, dir string, held map[string]bool) (out []mapping) {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for sc := bufio.NewScanner(maps); sc.Scan(); {
		_, path, ok := strings.Cut(sc.Text(), " /")
		if !ok || filepath.Dir("/"+path) != dir || !held[filepath.Base(path)] {
			continue
		}
		var m mapping
		if n, _ := fmt.Sscanf(sc.Text(), "%x-%x ", &m.from, &m.to); n == 2 && m.from < m.to {
			out = append(out, m)
		}
	}
	return out
}

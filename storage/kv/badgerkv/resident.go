package badgerkv

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Badger maps its tables into memory, where every page that was ever read or written stays until the machine runs short:
// a scan or a load would make the process as large as its data. So the tables are let go of now and then. What the system
// has cached of them stays cached, and comes back at the cost of a page fault.

const residentEvery = 200 * time.Millisecond

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

// letGo has the pages of all tables reclaimed. An iterator holds the tables meanwhile; one that a compaction makes and drops
// in between is not held, which is why release must do no harm to whatever its addresses are by then.
func (e *Engine) letGo() {
	if e.enter() != nil {
		return
	}
	defer e.leave()
	it := e.read.NewIterator(badger.IteratorOptions{AllVersions: true})
	defer it.Close()
	held := map[string]bool{}
	for _, t := range e.db.Tables() {
		held[fmt.Sprintf("%06d.sst", t.ID)] = true
	}
	maps, err := openMaps()
	if err != nil {
		return
	}
	defer maps.Close()
	for _, m := range mappedTables(maps, e.opts.Dir, held) {
		release(m)
	}
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

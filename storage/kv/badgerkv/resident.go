package badgerkv

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Badger maps its tables into memory, where every page that was ever read or written stays until the machine runs short:
// a scan or a load would make the process as large as its data. So the tables are let go of now and then. What the system
// has cached of them stays cached, and comes back at the cost of a page fault.

const residentEvery = 50 * time.Millisecond

// trims looks after the tables until the engine stops.
func (e *Engine) trims() {
	t := time.NewTicker(residentEvery)
	defer t.Stop()
	for {
		select {
		case <-e.stopped:
			return
		case <-t.C:
			e.trim()
		}
	}
}

// trim keeps the mapped tables within a share of memory. Compactions, which read and make tables faster than any clock, call it
// for each table that they have filled.
func (e *Engine) trim() {
	if e.opts.Memory == 0 || e.opts.keepResident || !e.ready.Load() || !e.trimming.TryLock() {
		return
	}
	defer e.trimming.Unlock()
	if mappedBytes() > mappedShare(e.opts.Memory) {
		e.letGo()
	}
}

// letGo drops the pages of the tables from the process's memory. A table whose mapping goes meanwhile must not be among them:
// its addresses may be somebody else's memory by then, of which what is dropped would be lost. An iterator holds all the tables that there are when it is made; those
// that were there before and are there after it are among them, for a table's number is never given again. Nobody but Badger
// maps them.
//
// The others may be what a compaction makes, which is a part of all tables where it meets a gap between keys that others fill.
// They go out of memory in a way that does no harm to whoever has the address, but they go out of the system's cache as well.
func (e *Engine) letGo() {
	if e.enter() != nil {
		return
	}
	defer e.leave()
	before := tableNames(e.db)
	it := e.epochs.all.NewIterator(badger.IteratorOptions{AllVersions: true})
	defer it.Close()
	held := tableNames(e.db)
	maps.DeleteFunc(held, func(name string, _ bool) bool { return !before[name] })
	list, err := openMaps()
	if err != nil {
		return
	}
	defer list.Close()
	for _, m := range mappedTables(list, e.opts.Dir) {
		if held[m.name] {
			release(m)
		} else {
			pageOut(m)
		}
	}
}

func tableNames(db *badger.DB) map[string]bool {
	names := map[string]bool{}
	for _, t := range db.Tables() {
		names[fmt.Sprintf("%06d.sst", t.ID)] = true
	}
	return names
}

type mapping struct {
	name     string
	from, to uintptr
}

// mappedTables reads the list of the process's mappings for tables of a directory.
func mappedTables(list io.Reader, dir string) (out []mapping) {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for sc := bufio.NewScanner(list); sc.Scan(); {
		_, path, ok := strings.Cut(sc.Text(), " /")
		if !ok || filepath.Dir("/"+path) != dir || filepath.Ext(path) != ".sst" {
			continue
		}
		m := mapping{name: filepath.Base(path)}
		if n, _ := fmt.Sscanf(sc.Text(), "%x-%x ", &m.from, &m.to); n == 2 && m.from < m.to {
			out = append(out, m)
		}
	}
	return out
}

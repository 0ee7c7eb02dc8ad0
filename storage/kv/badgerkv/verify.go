package badgerkv

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"github.com/rowandb/rowan/storage/kv"
)

// verifier reads the files of a store beside Badger. Tables never change once written, so that it may run while the store
// is open; a table that goes meanwhile was replaced by others.
type verifier struct {
	dir    string
	key    []byte
	tables map[uint64]badger.TableManifest
	bytes  int64               // of all tables
	keys   *badger.KeyRegistry // nil: plain
	found  []kv.Damage
	open   bool // beside an open store, whose compactions drop tables
}

// Verify reads the files of a store that is not open.
func Verify(ctx context.Context, dir string, key []byte, progress func(done, total int64)) ([]kv.Damage, error) {
	if err := checkKey(dir, key); err != nil {
		return nil, err
	}
	v := verifier{dir: dir, key: key}
	return v.verify(ctx, progress)
}

func (v *verifier) verify(ctx context.Context, progress func(done, total int64)) ([]kv.Damage, error) {
	if err := v.list(); err != nil {
		return nil, err
	}
	err := v.run(ctx, true, progress)
	return v.found, err
}

// Verify implements kv.Verifier.
func (e *Engine) Verify(ctx context.Context, progress func(done, total int64)) ([]kv.Damage, error) {
	v := verifier{dir: e.opts.Dir, key: e.opts.Key, open: true}
	return v.verify(ctx, progress)
}

// scrub reads all tables once and has Health tell of damage.
func (e *Engine) scrub(ctx context.Context, progress func(done, total int64)) {
	if found, err := e.Verify(ctx, progress); err == nil && len(found) > 0 {
		e.foundDamage(found)
	}
}

// foundDamage has Health and the log tell of damage.
func (e *Engine) foundDamage(found []kv.Damage) {
	if !e.health.damaged() {
		e.report(found)
	}
	e.health.damage(foundError(e.opts.Dir, found))
}

// scrubEvery is how often the tables of an open store are read: damage where nothing else looks shows then at the latest.
const scrubEvery = 24 * time.Hour

// scrubs reads the tables now and then until the engine is closed, at once if first. It takes a tenth of a processor.
func (e *Engine) scrubs(first bool) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-e.stopped
		cancel()
	}()
	rest := func(d time.Duration) {
		select {
		case <-ctx.Done():
		case <-time.After(d):
		}
	}
	if !first {
		rest(scrubEvery)
	}
	for ctx.Err() == nil {
		since := time.Now()
		e.scrub(ctx, func(int64, int64) {
			rest(9 * time.Since(since))
			since = time.Now()
		})
		rest(scrubEvery)
	}
}

// list reads which tables there are.
func (v *verifier) list() error {
	m, err := v.manifest()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		return err
	}
	if err != nil {
		v.bad(badger.ManifestFilename, "%s", oneLine(err))
		return nil
	}
	v.tables = m.Tables
	for id := range m.Tables {
		if st, err := os.Stat(table.NewFilename(id, v.dir)); err == nil {
			v.bytes += st.Size()
		}
	}
	return v.openKeys()
}

func (v *verifier) manifest() (badger.Manifest, error) {
	f, err := os.Open(filepath.Join(v.dir, badger.ManifestFilename))
	if err != nil {
		return badger.Manifest{}, err
	}
	defer func() { _ = f.Close() }() // it was read only
	m, end, err := badger.ReplayManifestFile(f, 0, badger.DefaultOptions(v.dir))
	if err == nil && !v.open && !unfinished(f, end) {
		err = fmt.Errorf("it is damaged at byte %d", end)
	}
	return m, err
}

// unfinished reports whether the list of tables was being written to where it ends for Badger, which removes the tables that
// it does not name: what follows is not whole with any length.
//
//	4: length | 4: CRC | changes
func unfinished(f *os.File, end int64) bool {
	b, err := io.ReadAll(io.NewSectionReader(f, end, 1<<30))
	if err != nil || len(b) < 8 {
		return err == nil
	}
	sum, want := uint32(0), binary.BigEndian.Uint32(b[4:])
	for i := range b[8:] {
		if sum = crc32.Update(sum, y.CastagnoliCrcTable, b[8+i:9+i]); sum == want {
			return false
		}
	}
	return true
}

// gone reports whether a table was dropped since it was listed.
func (v *verifier) gone(id uint64) bool {
	if !v.open {
		return false
	}
	m, err := v.manifest()
	_, there := m.Tables[id]
	return err == nil && !there
}

func (v *verifier) openKeys() (err error) {
	if v.key == nil {
		return nil
	}
	if v.keys, err = registry(v.dir, v.key); err != nil {
		return fmt.Errorf("badger: %s", oneLine(err))
	}
	return nil
}

func (v *verifier) bad(file, format string, args ...any) {
	v.found = append(v.found, kv.Damage{File: file, Problem: fmt.Sprintf(format, args...)})
}

// err is an error that names the first damaged file, or nil.
func (v *verifier) err() error {
	if len(v.found) == 0 {
		return nil
	}
	return foundError(v.dir, v.found)
}

// foundError is an error that names the first damaged file.
func foundError(dir string, found []kv.Damage) error {
	more := ""
	switch n := len(found) - 1; {
	case n == 1:
		more = " (and another file)"
	case n > 1:
		more = fmt.Sprintf(" (and %d more files)", n)
	}
	return fmt.Errorf("%w: %s: %s%s", kv.ErrCorrupt, filepath.Join(dir, found[0].File), found[0].Problem, more)
}

// run looks at each table, at its index and if whole at all of its blocks; and at the logs, of which Badger cuts those that are
// still written to when it opens them.
func (v *verifier) run(ctx context.Context, whole bool, progress func(done, total int64)) error {
	logs := v.logs()
	total, done := int64(len(v.tables)+len(logs)), int64(0)
	tell := func() {
		if done++; progress != nil {
			progress(done, total)
		}
	}
	if err := v.runTables(ctx, whole, tell); err != nil {
		return err
	}
	for _, l := range logs {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if whole || !l.closed {
			v.log(l)
		}
		tell()
	}
	return nil
}

func (v *verifier) runTables(ctx context.Context, whole bool, tell func()) error {
	for _, id := range slices.Sorted(maps.Keys(v.tables)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if problem := v.table(id, whole); problem != "" && !v.gone(id) {
			v.bad(filepath.Base(table.NewFilename(id, v.dir)), "%s", problem)
		}
		tell()
	}
	return nil
}

// table returns what is wrong with a table.
func (v *verifier) table(id uint64, whole bool) string {
	name, m := table.NewFilename(id, v.dir), v.tables[id]
	if v.keys == nil {
		return tableProblem(name, m, nil, whole)
	}
	key, err := v.keys.DataKey(m.KeyID)
	if err != nil {
		return oneLine(err)
	}
	return tableProblem(name, m, key, whole)
}

// index reads the index of a table; fs.ErrNotExist: the table went meanwhile.
func (v *verifier) index(id uint64) (*fb.TableIndex, error) {
	f, err := os.Open(table.NewFilename(id, v.dir))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	t := &tableReader{m: v.tables[id]}
	if v.keys != nil {
		if t.key, err = v.keys.DataKey(t.m.KeyID); err != nil {
			return nil, err
		}
	}
	if err := t.open(f); err != nil {
		return nil, err
	}
	return t.index()
}

// log looks at a log, unless it went meanwhile.
func (v *verifier) log(l logName) {
	problem := logProblem(l.name, l.closed, v.keys, true)
	if _, err := os.Stat(l.name); problem != "" && !(v.open && errors.Is(err, fs.ErrNotExist)) {
		v.bad(filepath.Base(l.name), "%s", problem)
	}
}

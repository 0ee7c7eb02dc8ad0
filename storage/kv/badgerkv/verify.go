package badgerkv

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2"
	"github.com/dgraph-io/ristretto/v2/z"

	"github.com/rowandb/rowan/storage/kv"
)

// verifier reads the files of a store beside Badger. Tables never change once written, so that it may run while the store
// is open; a table that goes meanwhile was replaced by others.
type verifier struct {
	dir    string
	key    []byte
	tables map[uint64]badger.TableManifest
	bytes  int64 // of all tables
	keys   *badger.KeyRegistry
	cache  *ristretto.Cache[uint64, *fb.TableIndex] // nil: plain
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
	defer v.close()
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
		e.health.damage()
	}
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
	m, _, err := badger.ReplayManifestFile(f, 0, badger.DefaultOptions(v.dir))
	return m, err
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
	v.cache, err = ristretto.NewCache(&ristretto.Config[uint64, *fb.TableIndex]{NumCounters: 1000, MaxCost: 64 << 20, BufferItems: 64})
	return err
}

func (v *verifier) close() {
	if v.cache != nil {
		v.cache.Close()
	}
}

func (v *verifier) bad(file, format string, args ...any) {
	v.found = append(v.found, kv.Damage{File: file, Problem: fmt.Sprintf(format, args...)})
}

// err is an error that names the first damaged file, or nil.
func (v *verifier) err() error {
	if len(v.found) == 0 {
		return nil
	}
	more := ""
	if n := len(v.found) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more files)", n)
	}
	return fmt.Errorf("%w: %s: %s%s", kv.ErrCorrupt, filepath.Join(v.dir, v.found[0].File), v.found[0].Problem, more)
}

// run looks at each table: at its index, and if whole at all of its blocks.
func (v *verifier) run(ctx context.Context, whole bool, progress func(done, total int64)) error {
	for i, id := range slices.Sorted(maps.Keys(v.tables)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := table.NewFilename(id, v.dir)
		if problem := v.table(name, v.tables[id], whole); problem != "" && !v.gone(id) {
			v.bad(filepath.Base(name), "%s", problem)
		}
		if progress != nil {
			progress(int64(i+1), int64(len(v.tables)))
		}
	}
	return nil
}

// table returns what is wrong with a table. Badger's own code panics at some damage, and a table that a compaction drops
// becomes empty under the reader.
func (v *verifier) table(name string, m badger.TableManifest, whole bool) (problem string) {
	foreign.RLock()
	defer foreign.RUnlock()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			problem = "it cannot be read: " + firstWords(fmt.Sprint(r))
		}
		damages.forget()
	}()
	if err := footer(name); errors.Is(err, fs.ErrNotExist) {
		return "it is missing"
	} else if err != nil {
		return err.Error()
	}
	o := table.Options{ChkMode: options.NoVerification, Compression: m.Compression, BlockSize: 4 << 10}
	if v.keys != nil {
		key, err := v.keys.DataKey(m.KeyID)
		if err != nil {
			return oneLine(err)
		}
		o.DataKey, o.IndexCache = key, v.cache
	}
	f, err := z.OpenMmapFile(name, os.O_RDONLY, 0)
	if err != nil {
		return oneLine(err)
	}
	t, err := table.OpenTable(f, o)
	if err != nil {
		return firstWords(oneLine(err))
	}
	defer func() { _ = f.Close(-1) }() // it was read only
	if !whole {
		return ""
	}
	if err := t.VerifyChecksum(); err != nil {
		return firstWords(oneLine(err))
	}
	return ""
}

// footer wants the lengths at a table's end to be within the table: Badger ends the process when they are not.
//
//	blocks | index | 4: length of the index | checksum | 4: length of the checksum
func footer(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was read only
	st, err := f.Stat()
	if err != nil {
		return err
	}
	word := func(at int64) (int64, error) {
		var b [4]byte
		if at < 0 {
			return 0, errors.New("its footer is damaged")
		}
		_, err := f.ReadAt(b[:], at)
		return int64(binary.BigEndian.Uint32(b[:])), err
	}
	sum, err := word(st.Size() - 4)
	if err != nil {
		return err
	}
	index, err := word(st.Size() - 8 - sum)
	if err == nil && index > st.Size()-8-sum {
		err = errors.New("its footer is damaged")
	}
	return err
}

// firstWords shortens what Badger says.
func firstWords(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\n", " "))
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return s
}

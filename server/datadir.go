package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
)

// A data directory holds:
//
//	ROWAN       the format of the rest, one line
//	rowan.lock  locked by the process that uses the directory, with its process id
//	store/      what the engine keeps
//	tmp/        files of running statements, removed at the start
const (
	markerFile = "ROWAN"
	lockFile   = "rowan.lock"
	storeDir   = "store"
	listFile   = "store/MANIFEST"
	tempDir    = "tmp"
	dirFormat  = "rowan 1"
)

// dataDir is a data directory in use.
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir makes the directory where it is missing, locks it and looks whether it is one of ours.
func openDataDir(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the data directory: %w", err)
	}
	lock, err := lockDir(path)
	if err != nil {
		return nil, err
	}
	d := &dataDir{path: path, lock: lock}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// prepare checks or writes the marker and empties the temporary directory.
func (d *dataDir) prepare() error {
	marker, err := os.ReadFile(d.file(markerFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = d.initialize()
	case err == nil && strings.TrimSpace(string(marker)) != dirFormat:
		return fmt.Errorf("the data directory %s has the format %q; this version of Rowan reads only %q", d.path, strings.TrimSpace(string(marker)), dirFormat)
	case err == nil:
		if err := d.complete(); err != nil {
			return openError(d.path, err)
		}
	}
	if err != nil {
		return fmt.Errorf("cannot use the data directory %s: %w", d.path, err)
	}
	if err := os.RemoveAll(d.file(tempDir)); err != nil {
		return fmt.Errorf("cannot empty the temporary directory: %w", err)
	}
	return os.MkdirAll(d.file(tempDir), 0o700)
}

var errNotOurs = errors.New("it is not empty, and was not made by Rowan")

// initialize marks an empty directory as ours, for good: what is committed later must not be in a directory without a name.
func (d *dataDir) initialize() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockFile {
			continue
		}
		// A first start that was killed leaves an empty store.
		if inside, err := os.ReadDir(d.file(e.Name())); e.Name() != storeDir || err != nil || len(inside) > 0 {
			return errNotOurs
		}
	}
	if err := os.MkdirAll(d.file(storeDir), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(d.file(markerFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(dirFormat + "\n")
	_ = syncDir(filepath.Dir(d.path)) // it need not be ours to open
	return errors.Join(err, f.Sync(), f.Close(), syncDir(d.path))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// complete refuses a directory whose store is gone, or the list of the store's files: the engine would take it for a new one,
// and remove what is left.
func (d *dataDir) complete() error {
	files, err := os.ReadDir(d.file(storeDir))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s: it is missing", kv.ErrCorrupt, d.file(storeDir))
	}
	if err != nil || len(files) == 0 { // a first start that was killed
		return err
	}
	if _, err := os.Stat(d.file(listFile)); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range files {
		switch filepath.Ext(f.Name()) {
		case ".sst", ".vlog", ".mem":
			return fmt.Errorf("%w: %s: it is missing", kv.ErrCorrupt, d.file(listFile))
		}
	}
	return nil
}

// openError says why a store cannot be opened and, where that is for good, what can be done.
func openError(dir string, err error) error {
	if errors.Is(err, kv.ErrCorrupt) {
		return fmt.Errorf("cannot open the store in %s: %w. rowan check --data-dir lists all damage; rowan restore makes a new directory of backups", dir, err)
	}
	switch {
	case errors.Is(err, badgerkv.ErrNoKey):
		return fmt.Errorf("cannot open the store in %s: %w, with --encryption-key-file", dir, err)
	case errors.Is(err, badgerkv.ErrWrongKey):
		return fmt.Errorf("cannot open the store in %s: %w than the one given (or its KEYREGISTRY is damaged)", dir, err)
	}
	return fmt.Errorf("cannot open the store in %s: %w", dir, err)
}

func (d *dataDir) file(name string) string { return filepath.Join(d.path, name) }

// close gives the directory free for another process.
func (d *dataDir) close() error { return d.lock.Close() }

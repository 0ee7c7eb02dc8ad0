package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// initialize marks an empty directory as ours.
func (d *dataDir) initialize() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != lockFile {
			return errNotOurs
		}
	}
	return os.WriteFile(d.file(markerFile), []byte(dirFormat+"\n"), 0o600)
}

func (d *dataDir) file(name string) string { return filepath.Join(d.path, name) }

// close gives the directory free for another process.
func (d *dataDir) close() error { return d.lock.Close() }

package badgerkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"

	"github.com/rowandb/rowan/storage/kv"
)

// The errors about keys.
var (
	ErrNoKey    = errors.New("the data is encrypted: its key must be given")
	ErrWrongKey = errors.New("the data is encrypted with another key")
	ErrPlain    = errors.New("the data is not encrypted, but a key was given")
	ErrKeySize  = errors.New("an encryption key has 16, 24 or 32 bytes")
)

// registry opens the file in which Badger keeps its data keys, encrypted with the store's key.
func registry(dir string, key []byte) (*badger.KeyRegistry, error) {
	return badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: dir, ReadOnly: true, EncryptionKey: key})
}

func hasRegistry(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, badger.KeyRegistryFileName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// checkKey wants the key of the store in a directory, if there is one yet.
func checkKey(dir string, key []byte) error {
	switch len(key) {
	case 0, 16, 24, 32:
	default:
		return ErrKeySize
	}
	exists, err := hasRegistry(dir)
	if err != nil || !exists {
		return err
	}
	if _, err := registry(dir, nil); err == nil {
		if key != nil {
			return ErrPlain
		}
		return nil
	}
	if noDataKeys(dir) {
		return fmt.Errorf("%w: %s: it has no data key, nor that of a store without encryption", kv.ErrCorrupt, filepath.Join(dir, badger.KeyRegistryFileName))
	}
	if key == nil {
		return ErrNoKey
	}
	_, err = registry(dir, key)
	return registryError(dir, err)
}

// registryError words why the data keys cannot be read.
func registryError(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, badger.ErrEncryptionKeyMismatch):
		return ErrWrongKey
	}
	return fmt.Errorf("%w: %s: its data keys cannot be read: %s", kv.ErrCorrupt, filepath.Join(dir, badger.KeyRegistryFileName), oneLine(err))
}

// emptyRegistry is how long the file is that has no data keys: 16 bytes to begin with, and a text that shows the right key.
const emptyRegistry = 16 + 12

// noDataKeys reports whether a store with data has no data keys, as one without encryption.
func noDataKeys(dir string) bool {
	st, err := os.Stat(filepath.Join(dir, badger.KeyRegistryFileName))
	logs, _ := filepath.Glob(filepath.Join(dir, "*.vlog")) // no pattern is bad
	return err == nil && st.Size() == emptyRegistry && len(logs) > 0
}

// Rotate encrypts the data keys of a store that nobody has open with another key. The data itself stays as it is: it is
// encrypted with data keys, which Badger renews as it writes.
func Rotate(dir string, from, to []byte) error {
	if len(from) == 0 {
		return ErrPlain
	}
	if err := checkKey(dir, from); err != nil {
		return err
	}
	switch len(to) {
	case 16, 24, 32:
	default:
		return ErrKeySize
	}
	r, err := registry(dir, from)
	if err != nil {
		return registryError(dir, err)
	}
	if err := badger.WriteKeyRegistry(r, badger.KeyRegistryOptions{Dir: dir, EncryptionKey: to}); err != nil {
		return fmt.Errorf("badger: %s", oneLine(err))
	}
	return checkKey(dir, to)
}

package badgerkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
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
	if key == nil {
		return ErrNoKey
	}
	if _, err := registry(dir, key); errors.Is(err, badger.ErrEncryptionKeyMismatch) {
		return ErrWrongKey
	} else if err != nil {
		return fmt.Errorf("badger: %s", oneLine(err))
	}
	return nil
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
		return fmt.Errorf("badger: %s", oneLine(err))
	}
	if err := badger.WriteKeyRegistry(r, badger.KeyRegistryOptions{Dir: dir, EncryptionKey: to}); err != nil {
		return fmt.Errorf("badger: %s", oneLine(err))
	}
	return checkKey(dir, to)
}

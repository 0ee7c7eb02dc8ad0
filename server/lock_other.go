//go:build !unix

package server

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockDir only opens the lock file where the system has no flock; the store's own lock stays.
func lockDir(path string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(path, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the data directory: %w", err)
	}
	return f, nil
}

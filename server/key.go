package server

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/rowandb/rowan/storage/kv/badgerkv"
)

// ReadKey reads an encryption key from a file: 16, 24 or 32 bytes as they are, or in hexadecimal or base64. No error shows
// any of it.
func ReadKey(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the encryption key: %w", err)
	}
	if keySize(b) {
		return b, nil
	}
	text := strings.TrimSpace(string(b))
	if k, err := hex.DecodeString(text); err == nil && keySize(k) {
		return k, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if k, err := enc.DecodeString(text); err == nil && keySize(k) {
			return k, nil
		}
	}
	if keySize([]byte(text)) {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("%s has no encryption key: 16, 24 or 32 bytes, as they are or in hexadecimal or base64", file)
}

func keySize(b []byte) bool { return len(b) == 16 || len(b) == 24 || len(b) == 32 }

// RotateKey changes the key of a data directory that no server uses.
func RotateKey(dir string, from, to []byte) error {
	d, err := openExisting(dir)
	if err != nil {
		return err
	}
	return errors.Join(badgerkv.Rotate(d.file(storeDir), from, to), d.close())
}

package server

import (
	"context"
	"errors"
	"os"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// openTemp returns what opens the store of temporary tables: small, never synced, and begun anew with each server.
func openTemp(dir string, key []byte, keyspaces func(context.Context) (catalog.Keyspace, error)) func(context.Context) (storage.Store, error) {
	return func(ctx context.Context) (storage.Store, error) {
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		kv, err := badgerkv.Open(badgerkv.Options{Dir: dir, Small: true, NoSync: true, Key: key})
		if err != nil {
			return nil, err
		}
		s, err := mvcc.Open(kv, mvcc.Options{Keyspaces: keyspaces})
		if err != nil {
			return nil, errors.Join(err, kv.Close())
		}
		if err := mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	}
}

package server

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// Verify looks at the files and keys of a data directory that no server uses, without opening the store in it. opens tells
// whether there is any sense in trying to.
func Verify(ctx context.Context, dir string, key []byte, progress func(phase string, done, total int64)) (found []storage.Problem, opens bool, err error) {
	d, err := openExisting(dir)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = d.close() }() // nothing was written
	damaged, err := badgerkv.Verify(ctx, d.file(storeDir), key, func(done, total int64) { progress("files", done, total) })
	if err != nil {
		return nil, false, openError(dir, err)
	}
	for _, x := range damaged {
		found = append(found, storage.Problem{Kind: storage.ProblemFile, Where: filepath.Join(storeDir, x.File), Text: x.Problem})
	}
	if len(found) > 0 {
		return found, false, nil
	}
	kv, err := badgerkv.Open(badgerkv.Options{Dir: d.file(storeDir), Small: true, Key: key})
	if err != nil {
		return append(found, storage.Problem{Kind: storage.ProblemUnreadable, Where: storeDir, Text: oneLine(err).Error()}), false, nil
	}
	found, err = mvcc.CheckKeys(ctx, kv, progress)
	return found, true, errors.Join(err, kv.Close())
}

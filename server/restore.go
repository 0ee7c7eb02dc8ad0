package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/rowandb/rowan/storage/backup"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// RestoreOptions say what to restore, and where.
type RestoreOptions struct {
	From     []string // files, or directories of them
	Point    backup.Point
	DataDir  string // made; must not exist, or be empty
	Key      []byte // to encrypt what is restored; nil: plain
	Progress func(phase, file string, entries int64)
}

// Restore makes a data directory of backups. All files are verified before anything is written.
func Restore(ctx context.Context, o RestoreOptions) (backup.Plan, error) {
	if o.Progress == nil {
		o.Progress = func(string, string, int64) {}
	}
	made, err := emptyDir(o.DataDir)
	if err != nil {
		return backup.Plan{}, err
	}
	all, err := backup.Files(o.From)
	if err != nil {
		return backup.Plan{}, err
	}
	chain, err := backup.Chain(all)
	if err != nil {
		return backup.Plan{}, err
	}
	plan, err := backup.Prepare(ctx, chain, o.Point, mvcc.ReadCommit, func(file string) { o.Progress("verifying", file, 0) })
	if err != nil {
		return plan, err
	}
	if err := restore(ctx, &plan, o); err != nil {
		cleanUp(o.DataDir, made)
		return plan, err
	}
	return plan, nil
}

// emptyDir refuses a directory with something in it; made says that there is none yet.
func emptyDir(path string) (made bool, err error) {
	if path == "" {
		return false, badConfig("no data directory given: use --data-dir")
	}
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case len(entries) > 0:
		return false, fmt.Errorf("the data directory %s is not empty: a backup is restored into a new one", path)
	}
	return false, nil
}

// cleanUp removes what a failed restore has made of a directory that was empty or not there.
func cleanUp(path string, made bool) {
	if made {
		_ = os.RemoveAll(path) // the failure of the restore is what is reported
		return
	}
	entries, _ := os.ReadDir(path) // as above
	for _, e := range entries {
		_ = os.RemoveAll(path + string(os.PathSeparator) + e.Name()) // as above
	}
}

func restore(ctx context.Context, plan *backup.Plan, o RestoreOptions) error {
	d, err := openDataDir(o.DataDir)
	if err != nil {
		return err
	}
	kv, err := badgerkv.Open(badgerkv.Options{Dir: d.file(storeDir), Key: o.Key})
	if err != nil {
		return errors.Join(err, d.close())
	}
	err = plan.Run(ctx, mvcc.NewImporter(ctx, kv, plan.SCN, plan.Until), func(file string, n int64) { o.Progress("restoring", file, n) })
	return errors.Join(err, kv.Close(), d.close())
}

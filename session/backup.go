package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/backup"
	"github.com/rowandb/rowan/types"
)

// backupRow is how much of a backup one row carries.
const backupRow = 32 << 10

// errStopped ends a backup whose rows nobody wants any more.
var errStopped = errors.New("nobody reads the backup any more")

// takeBackup is rowan.backup(base): the bytes of a backup file, in rows. base is the header of the backup to build on, in
// JSON. COPY (SELECT * FROM rowan.backup()) TO STDOUT streams it in bounded memory.
func takeBackup(s *Session, ctx context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
	if r := s.global().RoleByName(s.user); r == nil || !r.Superuser && !r.Replication {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser or replication role to take a backup")
	}
	store, ok := s.engine.Store.(storage.Exporter)
	if !ok {
		return pgerr.Unsupported("rowan.backup() with this storage")
	}
	h := backup.Header{ID: newBackupID(), Made: time.Now().UTC(), Version: s.engine.Version}
	var since *storage.ExportInfo
	if !a[0].Null {
		var base backup.Header
		if err := json.Unmarshal([]byte(a[0].S), &base); err != nil || base.ID == "" {
			return pgerr.New(pgerrcode.InvalidParameterValue, "the base is not the header of a backup")
		}
		h.Base, since = base.ID, &base.Info
	}
	out := &rowWriter{yield: yield}
	var w *backup.Writer
	err := store.Export(ctx, since, func(info storage.ExportInfo) (err error) {
		h.Info = info
		w, err = backup.NewWriter(out, h)
		return err
	}, func(key, val []byte) error { return w.Put(key, val) })
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = out.flush()
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

func newBackupID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// rowWriter makes rows of what is written to it.
type rowWriter struct {
	yield func([]types.Datum) bool
	buf   []byte
}

// Write implements io.Writer.
func (w *rowWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	for len(w.buf) >= backupRow {
		if !w.yield([]types.Datum{types.String(string(w.buf[:backupRow]))}) {
			return 0, errStopped
		}
		w.buf = append(w.buf[:0], w.buf[backupRow:]...)
	}
	return len(p), nil
}

func (w *rowWriter) flush() error {
	if len(w.buf) > 0 && !w.yield([]types.Datum{types.String(string(w.buf))}) {
		return errStopped
	}
	return nil
}

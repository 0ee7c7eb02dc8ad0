package mvcc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/lock"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

func errSerialize(what string) error {
	return pgerr.New(pgerrcode.SerializationFailure, "could not serialize access due to concurrent %s", what)
}

// errNull is PostgreSQL's error for a NULL in a NOT NULL column.
func errNull(s *catalog.Snapshot, t *catalog.Table, c *catalog.Column, columns []catalog.ColumnID, b *vector.Batch, row int) error {
	var parts []string
	for _, col := range t.Live() {
		d, ok := types.Null, false
		for i, id := range columns {
			if id == col.ID {
				d, ok = b.Cols[i].Datum(row), true
			}
		}
		if !ok || d.Null {
			parts = append(parts, "null")
			continue
		}
		parts = append(parts, clip(types.Text(col.Type, d, types.DefaultFormat()), 64))
	}
	return pgerr.New(pgerrcode.NotNullViolation, "null value in column \"%s\" of relation \"%s\" violates not-null constraint", c.Name, t.Name).
		WithDetail("%s", "Failing row contains ("+strings.Join(parts, ", ")+").").
		WithTable(s.SchemaName(t.Schema), t.Name, c.Name, "")
}

// clip shortens a value as PostgreSQL does in details of whole rows.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "..."
}

// errDuplicate is PostgreSQL's error for a second row with one key.
func errDuplicate(s *catalog.Snapshot, t *catalog.Table, ix *catalog.Index, columns []catalog.ColumnID, cols []*vector.Vector, row int) error {
	d := duplicate(t, ix, columns, cols, row)
	return pgerr.New(pgerrcode.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", ix.Name).
		WithDetail("Key %s already exists.", d.Text(types.DefaultFormat())).WithTable(s.SchemaName(t.Schema), t.Name, "", ix.Name).Because(d)
}

func duplicate(t *catalog.Table, ix *catalog.Index, columns []catalog.ColumnID, cols []*vector.Vector, row int) *storage.Duplicate {
	d := &storage.Duplicate{Table: t, Index: ix}
	for _, c := range ix.Columns {
		value := types.Null
		if i := slices.Index(columns, c.Column); i >= 0 {
			value = cols[i].Datum(row).Clone()
		}
		d.Key = append(d.Key, value)
	}
	return d
}

// lockError turns an error of the lock manager into PostgreSQL's. table may be nil.
func (s *Store) lockError(err error, table *catalog.Table, row bool) error {
	var d *lock.Deadlock
	switch {
	case err == nil:
		return nil
	case errors.As(err, &d):
		return s.errDeadlock(d)
	case errors.Is(err, lock.ErrTimeout):
		return pgerr.New(pgerrcode.LockNotAvailable, "canceling statement due to lock timeout")
	case errors.Is(err, lock.ErrBusy) && table != nil && row:
		return pgerr.New(pgerrcode.LockNotAvailable, "could not obtain lock on row in relation \"%s\"", table.Name)
	case errors.Is(err, lock.ErrBusy) && table != nil:
		return pgerr.New(pgerrcode.LockNotAvailable, "could not obtain lock on relation \"%s\"", table.Name)
	case errors.Is(err, lock.ErrBusy):
		return pgerr.New(pgerrcode.LockNotAvailable, "could not obtain lock")
	}
	return err
}

func (s *Store) errDeadlock(d *lock.Deadlock) error {
	var lines []string
	for _, e := range d.Waits {
		var what string
		switch e.Key.Kind {
		case lock.Table:
			_, db := s.branchOf(e.Key.A)
			what = fmt.Sprintf("%s on relation %d of database %d", tableModes[e.Mode], e.Key.B, db)
		case lock.Advisory:
			k := advisoryOf(e.Key)
			sub := 1
			if k.Pair {
				sub = 2
			}
			what = fmt.Sprintf("%s on advisory lock [%d,%d,%d,%d]", advisoryModes[e.Mode], k.Database, uint32(k.Key>>32), uint32(k.Key), sub)
		default:
			what = fmt.Sprintf("ShareLock on transaction %d", e.BlockerTxn)
		}
		lines = append(lines, fmt.Sprintf("Process %d waits for %s; blocked by process %d.", e.PID, what, e.Blocker))
	}
	return pgerr.New(pgerrcode.DeadlockDetected, "deadlock detected").
		WithDetail("%s", strings.Join(lines, "\n")).WithHint("See server log for query details.")
}

// storeError turns an error of the engine into one that a client understands.
func storeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kv.ErrFull):
		return pgerr.Wrap(pgerrcode.DiskFull, err).WithHint("Free some space on the disk of the data directory. Commits are taken again as soon as there is some.")
	case errors.Is(err, kv.ErrCorrupt):
		return pgerr.Wrap(pgerrcode.DataCorrupted, err).WithHint("No write is taken any more. Before the server is stopped, what can still be read can be dumped with rowan dump. rowan check lists all damage; rowan restore makes a new data directory of backups.")
	case errors.Is(err, kv.ErrFailed):
		return pgerr.Wrap(pgerrcode.IOError, err).WithHint("Restart the server. What it acknowledged before is safe if the disk is.")
	case errors.Is(err, kv.ErrUnknown):
		return pgerr.Wrap(pgerrcode.TransactionResolutionUnknown, err)
	case errors.Is(err, kv.ErrKeyLimit):
		return pgerr.Wrap(pgerrcode.ProgramLimitExceeded, err)
	case errors.Is(err, kv.ErrClosed):
		return pgerr.New(pgerrcode.AdminShutdown, "the database system is shutting down")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return err
}

// Health returns why the engine takes no writes, or nil.
func (s *Store) Health() error {
	if h, ok := s.kv.(kv.Health); ok {
		return storeError(h.Health())
	}
	return nil
}

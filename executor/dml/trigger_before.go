package dml

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// eachRow calls f for each live row of a batch, as a batch of its own whose vectors may be changed, and hold until f returns.
func eachRow(b *vector.Batch, f func(k int, one *vector.Batch) error) error {
	vecs := make([]vector.Vector, len(b.Cols))
	one := &vector.Batch{N: 1, Cols: make([]*vector.Vector, len(b.Cols))}
	var row [1]uint16
	for k := range b.Live() {
		row[0] = uint16(b.Row(k))
		for i := range vecs {
			vecs[i].Gather(b.Cols[i], row[:])
			one.Cols[i] = &vecs[i]
		}
		one.N, one.Sel = 1, nil
		if err := f(k, one); err != nil {
			return err
		}
	}
	return nil
}

// beforeRow fires the BEFORE triggers of one row; old or now is nil where the event has no such row. They may change now.
// false: the row is to be left as it is.
func (x *triggers) beforeRow(ctx context.Context, old, now []*vector.Vector) (bool, error) {
	var was []types.Datum
	if old != nil {
		was = x.seen(0, old)
	}
	for _, t := range x.before {
		if t.when != nil {
			ok, err := t.applies(x.both(old, now))
			if err != nil {
				return false, err
			}
			if !ok {
				continue
			}
		}
		var is []types.Datum
		if now != nil {
			is = x.seen(1, now)
			x.hide(is)
		}
		row, err := x.fire(ctx, t, was, is, nil)
		if err != nil || row == nil {
			return false, err
		}
		if now != nil {
			x.take(now, row)
		}
	}
	if now == nil || x.compute == nil {
		return true, nil
	}
	cols, err := x.compute.Run(&vector.Batch{N: 1, Cols: now})
	if err != nil {
		return false, err
	}
	for i, at := range x.at {
		d := cols[i].Datum(0).Clone()
		now[at].Reset(now[at].Type)
		now[at].Append(d)
	}
	return true, nil
}

// take puts what a function has returned in the place of the new row.
func (x *triggers) take(now []*vector.Vector, row []types.Datum) {
	for k, at := range x.live {
		d := row[k].Clone()
		now[at].Reset(now[at].Type)
		now[at].Append(d)
	}
}

// untouched makes sure that a row which is about to be changed was not changed by its own trigger, and locks it more strongly
// where that has changed a key.
func (w *writer) untouched(ctx context.Context, key string, version storage.SCN, strength catalog.RowLock, what string) error {
	found, err := w.env.Txn.LockRows(ctx, storage.LockRequest{
		View: w.view, Table: w.table, Keys: []string{key}, Seen: []storage.SCN{version}, Strength: strength, Wait: catalog.Wait,
	})
	if err != nil || found[0] == storage.LockUnchanged {
		return err
	}
	return pgerr.New(pgerrcode.TriggeredDataChangeViolation, "tuple to be %s was already modified by an operation triggered by the current command", what).
		WithHint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows.")
}

// keyStrength is the lock that a row takes which is changed from old to now.
func (w *writer) keyStrength(old, now []*vector.Vector) catalog.RowLock {
	var changed []catalog.ColumnID
	for i, id := range w.columns {
		if old[i].Datum(0) != now[i].Datum(0) {
			changed = append(changed, id)
		}
	}
	return strength(w.table, changed)
}

// singlyUpdated gives the rows of a batch to f one by one, as BEFORE triggers have left them. The new columns begin at from.
func (w *writer) singlyUpdated(ctx context.Context, x *triggers, b *vector.Batch, keys []string, width, from int, f func(one *vector.Batch, key []string) error) error {
	return eachRow(b, func(k int, one *vector.Batch) error {
		old, now := one.Cols[:width], one.Cols[from:from+width]
		ok, err := x.beforeRow(ctx, old, now)
		if err != nil || !ok {
			return err
		}
		if err := w.untouched(ctx, keys[k], storage.SCN(one.Cols[width+1].Datum(0).I), w.keyStrength(old, now), "updated"); err != nil {
			return err
		}
		return f(one, keys[k:k+1])
	})
}

// singlyRemoved is singlyUpdated for rows to be deleted.
func (w *writer) singlyRemoved(ctx context.Context, x *triggers, b *vector.Batch, keys []string, width int, f func(one *vector.Batch, key []string) error) error {
	return eachRow(b, func(k int, one *vector.Batch) error {
		ok, err := x.beforeRow(ctx, one.Cols[:width], nil)
		if err != nil || !ok {
			return err
		}
		if err := w.untouched(ctx, keys[k], storage.SCN(one.Cols[width+1].Datum(0).I), catalog.ForUpdate, "deleted"); err != nil {
			return err
		}
		return f(one, keys[k:k+1])
	})
}

// enabledColumns lists all columns where a BEFORE trigger may change any.
func (x *triggers) changed(columns []catalog.ColumnID) []catalog.ColumnID {
	if x.singly() {
		return nil
	}
	return slices.Clip(columns)
}

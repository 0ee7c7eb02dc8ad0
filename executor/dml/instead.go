package dml

import (
	"context"

	"github.com/rowandb/rowan/types/vector"
)

// insteadInsert gives the rows of a batch one by one to the INSTEAD OF triggers of a view. What these return is what RETURNING sees; rows
// for which one returned NULL do not count.
func (w *writer) insteadInsert(ctx context.Context, b *vector.Batch) error {
	return w.eachFed(b, func(one *vector.Batch) error {
		ok, err := w.fires[inserted].beforeRow(ctx, nil, one.Cols)
		if err != nil || !ok {
			return err
		}
		return w.wrote(inserted, nil, one, one)
	})
}

// insteadUpdate is insteadInsert for UPDATE: of the batch, the first columns are the view's row, those that follow the new one.
func (w *writer) insteadUpdate(ctx context.Context, b *vector.Batch, width int) error {
	return eachRow(b, func(_ int, one *vector.Batch) error {
		ok, err := w.fires[updated].beforeRow(ctx, one.Cols[:width], one.Cols[width:2*width])
		if err != nil || !ok {
			return err
		}
		return w.wrote(updated, nil, nil, one)
	})
}

// insteadDelete is insteadInsert for DELETE.
func (w *writer) insteadDelete(ctx context.Context, b *vector.Batch, width int) error {
	return eachRow(b, func(_ int, one *vector.Batch) error {
		ok, err := w.fires[deleted].beforeRow(ctx, one.Cols[:width], nil)
		if err != nil || !ok {
			return err
		}
		return w.wrote(deleted, nil, nil, one)
	})
}

package dml

import (
	"context"

	"github.com/rowandb/rowan/types/vector"
)

// What COPY FROM feeds in is told of by its place there. A row that is dealt with by itself has no place of its own: its batch
// has one row, and whoever took it from the batch that was fed knows which one it was.

// behind is the error of the row behind the batch that was fed, which comes before those of writing the batch.
func (w *writer) behind() error {
	if w.env.Places == nil || w.alone {
		return nil
	}
	return w.env.Places.Behind()
}

// fedRow gives an error the place of the row of the fed batch that it is about. shown: with its text.
func (w *writer) fedRow(err error, row int, shown bool) error {
	if err == nil || w.env.Places == nil || w.alone {
		return err
	}
	return w.env.Places.Within(err, row, shown)
}

// eachFed calls f for each live row of a batch that may have been fed, as eachRow does.
func (w *writer) eachFed(b *vector.Batch, f func(one *vector.Batch) error) error {
	w.alone = true
	defer func() { w.alone = false }()
	return eachRow(b, func(k int, one *vector.Batch) error {
		err := f(one)
		if err == nil || w.env.Places == nil {
			return err
		}
		return w.env.Places.Within(err, b.Row(k), true)
	})
}

// failing says of an error of the input which fed row it is about: its rows come once more, one by one, until it is met again.
func (w *writer) failing(ctx context.Context, err error) error {
	places := w.env.Places
	if places == nil || ctx.Err() != nil || err == places.Behind() {
		return err
	}
	places.Again()
	for {
		b, again := w.input.Next(ctx)
		if again != nil {
			return places.Within(again, -1, true)
		}
		if b == nil {
			return err
		}
	}
}

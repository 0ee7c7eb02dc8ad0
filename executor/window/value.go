package window

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/vector"
)

func lag(w *Window, f *function, out *vector.Vector) error  { return shift(w, f, -1, out) }
func lead(w *Window, f *function, out *vector.Vector) error { return shift(w, f, 1, out) }

// shift looks at the row some rows before or after: arguments are the value, how many rows, and what to give where there
// is no such row.
func shift(w *Window, f *function, sign int64, out *vector.Vector) error {
	ids := make([]uint32, w.part.n)
	var missing []int
	for i := range ids {
		by := int64(1)
		if len(f.args) > 1 {
			d, err := w.rows.Datum(f.args[1], uint32(i))
			if err != nil {
				return err
			}
			if d.Null {
				ids[i] = spill.NoRow
				continue
			}
			by = d.I
		}
		if to := int64(i) + sign*by; to >= 0 && to < int64(w.part.n) {
			ids[i] = uint32(to)
			continue
		}
		ids[i] = spill.NoRow
		missing = append(missing, i)
	}
	if err := w.rows.Gather(out, f.args[0], ids); err != nil {
		return err
	}
	out.Type = f.T
	if len(f.args) < 3 {
		return nil
	}
	for _, i := range missing {
		d, err := w.rows.Datum(f.args[2], uint32(i))
		if err != nil {
			return err
		}
		if !d.Null {
			out.Nulls.Clear(i)
			out.Set(i, d)
		}
	}
	return nil
}

func firstValue(w *Window, f *function, out *vector.Vector) error {
	return pick(w, f, out, func(i int) (int, error) { return w.frame.nth(w, i, 0), nil })
}

func lastValue(w *Window, f *function, out *vector.Vector) error {
	return pick(w, f, out, func(i int) (int, error) { return w.frame.last(w, i), nil })
}

func nthValue(w *Window, f *function, out *vector.Vector) error {
	return pick(w, f, out, func(i int) (int, error) {
		d, err := w.rows.Datum(f.args[1], uint32(i))
		switch {
		case err != nil || d.Null:
			return -1, err
		case d.I <= 0:
			return 0, pgerr.New(pgerrcode.InvalidArgumentForNthValueFunction, "argument of nth_value must be greater than zero")
		case d.I > int64(w.part.n):
			return -1, nil
		}
		return w.frame.nth(w, i, int(d.I)-1), nil
	})
}

// pick gathers, for each row, the first argument in the row that row names; -1 is NULL.
func pick(w *Window, f *function, out *vector.Vector, row func(i int) (int, error)) error {
	ids := make([]uint32, w.part.n)
	for i := range ids {
		j, err := row(i)
		if err != nil {
			return err
		}
		ids[i] = spill.NoRow
		if j >= 0 {
			ids[i] = uint32(j)
		}
	}
	err := w.rows.Gather(out, f.args[0], ids)
	out.Type = f.T
	return err
}

package window

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/vector"
)

func rowNumber(w *Window, _ *function, out *vector.Vector) error {
	for i := range w.part.n {
		out.Int = append(out.Int, int64(i)+1)
	}
	return nil
}

func rank(w *Window, _ *function, out *vector.Vector) error {
	for i := range w.part.n {
		from, _ := w.part.peers(i)
		out.Int = append(out.Int, int64(from)+1)
	}
	return nil
}

func denseRank(w *Window, _ *function, out *vector.Vector) error {
	for i := range w.part.n {
		out.Int = append(out.Int, int64(w.part.group[i])+1)
	}
	return nil
}

func percentRank(w *Window, _ *function, out *vector.Vector) error {
	for i := range w.part.n {
		from, _ := w.part.peers(i)
		if w.part.n == 1 {
			out.Float = append(out.Float, 0)
			continue
		}
		out.Float = append(out.Float, float64(from)/float64(w.part.n-1))
	}
	return nil
}

func cumeDist(w *Window, _ *function, out *vector.Vector) error {
	for i := range w.part.n {
		_, to := w.part.peers(i)
		out.Float = append(out.Float, float64(to)/float64(w.part.n))
	}
	return nil
}

// ntile parts the rows into buckets as even as can be, the larger ones first. The number is that of the first row.
func ntile(w *Window, f *function, out *vector.Vector) error {
	d, err := w.rows.Datum(f.args[0], 0)
	if err != nil {
		return err
	}
	if !d.Null && d.I <= 0 {
		return pgerr.New(pgerrcode.InvalidArgumentForNtileFunction, "argument of ntile must be greater than zero")
	}
	n := int64(w.part.n)
	for i := range n {
		if d.Null {
			out.AppendNull()
			continue
		}
		size, larger := n/d.I, n%d.I
		bucket := int64(0)
		if border := larger * (size + 1); i < border {
			bucket = i / (size + 1)
		} else {
			bucket = larger + (i-border)/size
		}
		out.Int = append(out.Int, bucket+1)
	}
	return nil
}

package sort

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// threshold is the worst row that the bounded buffer has room for: rows that are not better are dropped as they come.
type threshold struct {
	n    int
	last []types.Datum // its keys, nil while there are fewer than n rows
	sel  []uint16
}

// set takes the last of the rows, which have just been sorted and cut.
func (t *threshold) set(s *Sort) error {
	if s.rows.Len() < t.n {
		return nil
	}
	t.last = t.last[:0]
	for _, k := range s.keys {
		d, err := s.rows.Datum(k.Col, uint32(t.n-1))
		if err != nil {
			return err
		}
		t.last = append(t.last, d.Clone())
	}
	return nil
}

// better lists the rows that come before the threshold. A row that ties came later, and loses.
func (t *threshold) better(s *Sort, cols []*vector.Vector, n int, sel []uint16) []uint16 {
	if t.last == nil {
		return sel
	}
	out := t.sel[:0]
	if out == nil {
		out = make([]uint16, 0, vector.Size)
	}
	first := cols[s.keys[0].Col]
	if s.keys[0].Class == types.ClassInt && len(first.Nulls) == 0 && !t.last[0].Null && !first.Const {
		out = t.ints(first.Int, s.keys[0].Desc, n, sel, out)
		sel = out
		out = out[:0]
	}
	if sel == nil {
		for i := range n {
			if t.before(s, cols, i) {
				out = append(out, uint16(i))
			}
		}
	} else {
		for _, i := range sel {
			if t.before(s, cols, int(i)) {
				out = append(out, i)
			}
		}
	}
	t.sel = out
	return out
}

// ints lists the rows whose first key, an integer, does not come after the threshold's.
func (t *threshold) ints(v []int64, desc bool, n int, sel, out []uint16) []uint16 {
	out = out[:max(n, len(sel))]
	last, k := t.last[0].I, 0
	switch {
	case sel != nil:
		for _, i := range sel {
			out[k] = i
			if v[i] == last || (v[i] < last) != desc {
				k++
			}
		}
	case desc:
		for i, x := range v[:n] {
			out[k] = uint16(i)
			if x >= last {
				k++
			}
		}
	default:
		for i, x := range v[:n] {
			out[k] = uint16(i)
			if x <= last {
				k++
			}
		}
	}
	return out[:k]
}

func (t *threshold) before(s *Sort, cols []*vector.Vector, i int) bool {
	for k := range s.keys {
		key := &s.keys[k]
		if c := key.Compare(cols[key.Col].Datum(i), t.last[k]); c != 0 {
			return c < 0
		}
	}
	return false
}

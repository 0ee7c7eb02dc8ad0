package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/vector"
)

// intervalSum is sum and avg of intervals.
type intervalSum struct {
	avg   bool
	state []intervalTotal
}

type intervalTotal struct {
	sum datetime.Interval
	n   int64
}

func (s *intervalSum) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.state = extend(s.state, maxGroup(groups))
	a, idx := args[0], rows(len(groups), sel)
	m := mask(a)
	for k, g := range groups {
		i := int(idx[k])
		if a.IsNull(i) {
			continue
		}
		t := &s.state[g]
		sum, err := datetime.AddIntervals(t.sum, datetime.Unpack(a.Str[i&m]))
		if err != nil {
			return err
		}
		t.sum = sum
		t.n++
	}
	return nil
}

func (s *intervalSum) Result(n int, out *vector.Vector) error {
	s.state = extend(s.state, n)
	for _, t := range s.state[:n] {
		if t.n == 0 {
			out.AppendNull()
			continue
		}
		v := t.sum
		if s.avg {
			var err error
			if v, err = datetime.DivInterval(v, float64(t.n)); err != nil {
				return err
			}
		}
		out.Append(types.String(v.Pack()))
	}
	return nil
}

func (s *intervalSum) Bytes() int64 { return int64(24 * cap(s.state)) }

package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// stringAgg is string_agg of text and of bytea: each value but the first comes after its own row's delimiter.
type stringAgg struct {
	text  [][]byte // nil: no value yet
	bytes int64
}

func newStringAgg(*Env, []types.Type, types.Type) (Aggregate, error) { return &stringAgg{}, nil }

func (s *stringAgg) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.text = extend(s.text, maxGroup(groups))
	a, d := args[0], args[1]
	ma, md, idx := mask(a), mask(d), rows(len(groups), sel)
	for k, g := range groups {
		i := int(idx[k])
		if a.IsNull(i) {
			continue
		}
		b := s.text[g]
		before := cap(b)
		if b == nil {
			b = make([]byte, 0, 16)
		} else if !d.IsNull(i) {
			b = append(b, d.Str[i&md]...)
		}
		b = append(b, a.Str[i&ma]...)
		s.text[g] = b
		s.bytes += int64(cap(b) - before)
	}
	return nil
}

func (s *stringAgg) Result(n int, out *vector.Vector) error {
	s.text = extend(s.text, n)
	for _, b := range s.text[:n] {
		if b == nil {
			out.AppendNull()
			continue
		}
		out.AppendBytes(b)
	}
	return nil
}

func (s *stringAgg) Bytes() int64 { return int64(24*cap(s.text)) + s.bytes }

package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// newBoolAgg makes bool_and (all) and bool_or.
func newBoolAgg(all bool) NewAggregate {
	if all {
		return newBitAgg('&')
	}
	return newBitAgg('|')
}

// newBitAgg makes bit_and, bit_or, bit_xor of integers.
func newBitAgg(op byte) NewAggregate {
	return func(_ *Env, args []types.Type, _ types.Type) (Aggregate, error) {
		if args[0].Class != types.ClassInt {
			return nil, unsupportedAggregate("bit_and", args)
		}
		return &bitAgg{op: op}, nil
	}
}

type bitAgg struct {
	op    byte
	value []int64
	some  []bool
}

func (s *bitAgg) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	n := maxGroup(groups)
	s.value, s.some = extend(s.value, n), extend(s.some, n)
	a := args[0]
	v, m, idx, nulls := a.Int, mask(a), rows(len(groups), sel), len(a.Nulls) > 0
	for k, g := range groups {
		i := int(idx[k])
		if nulls && a.IsNull(i) {
			continue
		}
		x := v[i&m]
		switch {
		case !s.some[g]:
			s.value[g], s.some[g] = x, true
		case s.op == '&':
			s.value[g] &= x
		case s.op == '|':
			s.value[g] |= x
		default:
			s.value[g] ^= x
		}
	}
	return nil
}

func (s *bitAgg) Result(n int, out *vector.Vector) error {
	s.value, s.some = extend(s.value, n), extend(s.some, n)
	for i, v := range s.value[:n] {
		out.Append(types.Datum{I: v, Null: !s.some[i]})
	}
	return nil
}

func (s *bitAgg) Bytes() int64 { return int64(9 * cap(s.value)) }

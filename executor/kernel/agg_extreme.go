package kernel

import (
	"math"
	"strings"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
	"github.com/rowandb/rowan/types/vector"
)

// newExtreme makes min (sign -1) and max (sign 1).
func newExtreme(sign int) NewAggregate {
	return func(_ *Env, args []types.Type, _ types.Type) (Aggregate, error) {
		t := args[0]
		switch {
		case t.ID() == types.OIDNumeric:
			return &otherExtreme{sign: sign, compare: func(a, b string) int { return numeric.Compare(a, b) }}, nil
		case t.ID() == types.OIDBpchar:
			return &otherExtreme{sign: sign, compare: compareBpchar}, nil
		case t.ID() == types.OIDText:
			return &otherExtreme{sign: sign, compare: strings.Compare}, nil
		case t.ID() == types.OIDXid8 || t.ID() == types.OIDPgLSN:
			return &intExtreme{max: sign > 0, flip: math.MinInt64}, nil
		case t.Class == types.ClassInt:
			return &intExtreme{max: sign > 0}, nil
		case t.Class == types.ClassFloat:
			return &floatExtreme{sign: sign}, nil
		}
		cmp := types.Comparer(t)
		return &otherExtreme{sign: sign, compare: func(a, b string) int { return cmp(types.String(a), types.String(b)) }}, nil
	}
}

type intExtreme struct {
	max   bool
	flip  int64 // MinInt64 for types without sign, so that their upper half is above the lower
	value []int64
	some  []bool
}

func (s *intExtreme) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
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
		x := v[i&m] ^ s.flip
		if !s.some[g] || s.max && x > s.value[g] || !s.max && x < s.value[g] {
			s.value[g], s.some[g] = x, true
		}
	}
	return nil
}

func (s *intExtreme) Result(n int, out *vector.Vector) error {
	s.value, s.some = extend(s.value, n), extend(s.some, n)
	for i, v := range s.value[:n] {
		out.Append(types.Datum{I: v ^ s.flip, Null: !s.some[i]})
	}
	return nil
}

func (s *intExtreme) Bytes() int64 { return int64(9 * cap(s.value)) }

type floatExtreme struct {
	sign  int
	value []float64
	some  []bool
}

func (s *floatExtreme) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	n := maxGroup(groups)
	s.value, s.some = extend(s.value, n), extend(s.some, n)
	a := args[0]
	v, m, idx, nulls := a.Float, mask(a), rows(len(groups), sel), len(a.Nulls) > 0
	for k, g := range groups {
		i := int(idx[k])
		if nulls && a.IsNull(i) {
			continue
		}
		x := v[i&m]
		if !s.some[g] || s.sign > 0 && less(s.value[g], x) || s.sign < 0 && less(x, s.value[g]) {
			s.value[g], s.some[g] = x, true
		}
	}
	return nil
}

func (s *floatExtreme) Result(n int, out *vector.Vector) error {
	s.value, s.some = extend(s.value, n), extend(s.some, n)
	for i, v := range s.value[:n] {
		if !s.some[i] {
			out.AppendNull()
			continue
		}
		out.Append(types.Float(v))
	}
	return nil
}

func (s *floatExtreme) Bytes() int64 { return int64(9 * cap(s.value)) }

// otherExtreme is for values in strings. A value is copied only when it is a new extreme, which in random order happens
// some ln(n) times.
type otherExtreme struct {
	sign    int
	compare func(a, b string) int
	value   []string
	some    []bool
	bytes   int64
}

func (s *otherExtreme) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	n := maxGroup(groups)
	s.value, s.some = extend(s.value, n), extend(s.some, n)
	a := args[0]
	v, m, idx, nulls := a.Str, mask(a), rows(len(groups), sel), len(a.Nulls) > 0
	for k, g := range groups {
		i := int(idx[k])
		if nulls && a.IsNull(i) {
			continue
		}
		x := v[i&m]
		if !s.some[g] || s.compare(x, s.value[g])*s.sign > 0 {
			s.bytes += int64(len(x) - len(s.value[g]))
			s.value[g], s.some[g] = strings.Clone(x), true
		}
	}
	return nil
}

func (s *otherExtreme) Result(n int, out *vector.Vector) error {
	s.value, s.some = extend(s.value, n), extend(s.some, n)
	for i, v := range s.value[:n] {
		if !s.some[i] {
			out.AppendNull()
			continue
		}
		out.AppendString(v)
	}
	return nil
}

func (s *otherExtreme) Bytes() int64 { return int64(17*cap(s.value)) + s.bytes }

package kernel

import (
	"math/big"
	"math/bits"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
	"github.com/rowandb/rowan/types/vector"
)

func newSum(_ *Env, args []types.Type, _ types.Type) (Aggregate, error) {
	switch args[0].ID() {
	case types.OIDInt2, types.OIDInt4:
		return &intSum{}, nil
	case types.OIDInt8:
		return &intSum{numeric: true}, nil
	case types.OIDFloat4:
		return &floatSum{single: true}, nil
	case types.OIDFloat8:
		return &floatSum{}, nil
	case types.OIDNumeric:
		return &numericSum{}, nil
	case types.OIDInterval:
		return &intervalSum{}, nil
	case types.OIDMoney:
		return &intSum{}, nil
	}
	return nil, unsupportedAggregate("sum", args)
}

func newAvg(_ *Env, args []types.Type, _ types.Type) (Aggregate, error) {
	switch args[0].ID() {
	case types.OIDInt2, types.OIDInt4, types.OIDInt8:
		return &intSum{avg: true}, nil
	case types.OIDFloat4, types.OIDFloat8:
		return &floatSum{avg: true}, nil
	case types.OIDNumeric:
		return &numericSum{avg: true}, nil
	case types.OIDInterval:
		return &intervalSum{avg: true}, nil
	}
	return nil, unsupportedAggregate("avg", args)
}

// intSum is sum and avg of integers. The totals have 128 bits: sum(bigint) and all averages are numeric.
type intSum struct {
	numeric bool // result: a numeric, else a bigint
	avg     bool
	state   []intTotal
}

type intTotal struct {
	lo uint64
	hi int64
	n  int64
}

func (t *intTotal) add(v int64) {
	lo, carry := bits.Add64(t.lo, uint64(v), 0)
	t.lo, t.hi, t.n = lo, t.hi+v>>63+int64(carry), t.n+1
}

func (s *intSum) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.state = extend(s.state, maxGroup(groups))
	a := args[0]
	v, m, idx, st := a.Int, mask(a), rows(len(groups), sel), s.state
	switch {
	case len(a.Nulls) > 0:
		for k, g := range groups {
			if i := int(idx[k]); !a.IsNull(i) {
				st[g].add(v[i&m])
			}
		}
	case len(st) == 1:
		total := st[0]
		for _, i := range idx {
			total.add(v[int(i)&m])
		}
		st[0] = total
	default:
		for k, g := range groups {
			st[g].add(v[int(idx[k])&m])
		}
	}
	return nil
}

func (s *intSum) Result(n int, out *vector.Vector) error {
	s.state = extend(s.state, n)
	for i := range s.state[:n] {
		t := &s.state[i]
		switch {
		case t.n == 0:
			out.AppendNull()
		case s.avg:
			q, err := numeric.Div(t.total(), numeric.FromInt(t.n))
			if err != nil {
				return err
			}
			out.AppendString(q)
		case s.numeric:
			out.AppendString(t.total())
		case t.hi != int64(t.lo)>>63:
			return width(64).outOfRange()
		default:
			out.Append(types.Int(int64(t.lo)))
		}
	}
	return nil
}

func (t *intTotal) total() string {
	if t.hi == int64(t.lo)>>63 {
		return numeric.FromInt(int64(t.lo))
	}
	b := new(big.Int).Lsh(big.NewInt(t.hi), 64)
	return numeric.FromBig(b.Add(b, new(big.Int).SetUint64(t.lo)), 0)
}

func (s *intSum) Bytes() int64 { return int64(24 * cap(s.state)) }

// floatSum is sum and avg of floats. The sum of reals is rounded to real at every step, as PostgreSQL's is.
type floatSum struct {
	single bool
	avg    bool
	state  []floatTotal
}

type floatTotal struct {
	sum float64
	n   int64
}

func (s *floatSum) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.state = extend(s.state, maxGroup(groups))
	a := args[0]
	v, m, idx, st, nulls := a.Float, mask(a), rows(len(groups), sel), s.state, len(a.Nulls) > 0
	if !nulls && !s.single && len(st) == 1 {
		return s.addAll(v, m, idx)
	}
	for k, g := range groups {
		i := int(idx[k])
		if nulls && a.IsNull(i) {
			continue
		}
		x := v[i&m]
		r := st[g].sum + x
		if s.single {
			r = round32(r)
		}
		if isInf(r) && !isInf(x) && !isInf(st[g].sum) {
			return overflow()
		}
		st[g].sum = r
		st[g].n++
	}
	return nil
}

// addAll is the fast way for a single group.
func (s *floatSum) addAll(v []float64, m int, idx []uint16) error {
	t := s.state[0]
	infinite := isInf(t.sum)
	for _, i := range idx {
		x := v[int(i)&m]
		t.sum += x
		if x-x != 0 {
			infinite = true
		}
	}
	if isInf(t.sum) && !infinite {
		return overflow()
	}
	t.n += int64(len(idx))
	s.state[0] = t
	return nil
}

func (s *floatSum) Result(n int, out *vector.Vector) error {
	s.state = extend(s.state, n)
	for _, t := range s.state[:n] {
		switch {
		case t.n == 0:
			out.AppendNull()
		case s.avg:
			out.Append(types.Float(t.sum / float64(t.n)))
		default:
			out.Append(types.Float(t.sum))
		}
	}
	return nil
}

func (s *floatSum) Bytes() int64 { return int64(16 * cap(s.state)) }

// numericSum is sum and avg of numerics.
type numericSum struct {
	avg   bool
	state []numeric.Sum
}

func (s *numericSum) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.state = extend(s.state, maxGroup(groups))
	a := args[0]
	v, m, idx, nulls := a.Str, mask(a), rows(len(groups), sel), len(a.Nulls) > 0
	for k, g := range groups {
		i := int(idx[k])
		if nulls && a.IsNull(i) {
			continue
		}
		s.state[g].Add(v[i&m])
	}
	return nil
}

func (s *numericSum) Result(n int, out *vector.Vector) error {
	s.state = extend(s.state, n)
	var buf []byte
	for i := range s.state[:n] {
		t := &s.state[i]
		if t.Count() == 0 {
			out.AppendNull()
			continue
		}
		var err error
		if s.avg {
			buf, err = t.AppendAvg(buf[:0])
		} else {
			buf, err = t.Append(buf[:0])
		}
		if err != nil {
			return err
		}
		out.AppendBytes(buf)
	}
	return nil
}

func (s *numericSum) Bytes() int64 { return int64(64 * cap(s.state)) }

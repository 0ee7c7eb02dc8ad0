package kernel

import (
	"math"
	"math/big"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
	"github.com/rowandb/rowan/types/vector"
)

// spread is which of the four figures a variance aggregate yields.
type spread uint8

const (
	sampleVariance spread = iota
	populationVariance
	sampleDeviation
	populationDeviation
)

func (s spread) sample() bool { return s == sampleVariance || s == sampleDeviation }

func (s spread) root() bool { return s == sampleDeviation || s == populationDeviation }

func newVariance(kind spread) NewAggregate {
	return func(_ *Env, args []types.Type, _ types.Type) (Aggregate, error) {
		switch args[0].ID() {
		case types.OIDFloat4, types.OIDFloat8:
			return &floatVariance{kind: kind}, nil
		case types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDNumeric:
			return &numericVariance{kind: kind, ints: args[0].Class == types.ClassInt}, nil
		}
		return nil, unsupportedAggregate("variance", args)
	}
}

// floatVariance keeps count, sum and sum of squared differences by the recurrence of Youngs and Cramer, as PostgreSQL
// does, so that the last digits agree.
type floatVariance struct {
	kind  spread
	state []moments
}

type moments struct{ n, sum, squares float64 }

func (m *moments) add(x float64) error {
	first := m.n == 0
	m.n++
	m.sum += x
	if first {
		if x-x != 0 {
			m.squares = math.NaN()
		}
		return nil
	}
	d := x*m.n - m.sum
	m.squares += d * d / (m.n * (m.n - 1))
	if isInf(m.sum) || isInf(m.squares) {
		if !isInf(x) && m.sum-m.sum != 0 && !isInf(m.sum-x) {
			return overflow()
		}
		m.squares = math.NaN()
	}
	return nil
}

func (s *floatVariance) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.state = extend(s.state, maxGroup(groups))
	a := args[0]
	v, m, idx, nulls := a.Float, mask(a), rows(len(groups), sel), len(a.Nulls) > 0
	for k, g := range groups {
		i := int(idx[k])
		if nulls && a.IsNull(i) {
			continue
		}
		if err := s.state[g].add(v[i&m]); err != nil {
			return err
		}
	}
	return nil
}

func (s *floatVariance) Result(n int, out *vector.Vector) error {
	s.state = extend(s.state, n)
	for _, m := range s.state[:n] {
		by := m.n
		if s.kind.sample() {
			by--
		}
		if m.n == 0 || by == 0 {
			out.AppendNull()
			continue
		}
		r := m.squares / by
		if s.kind.root() {
			r = math.Sqrt(r)
		}
		out.Append(types.Float(r))
	}
	return nil
}

func (s *floatVariance) Bytes() int64 { return int64(24 * cap(s.state)) }

// numericVariance is exact: it keeps the sums of the values and of their squares.
type numericVariance struct {
	kind  spread
	ints  bool
	state []numericMoments
}

type numericMoments struct{ sum, squares numeric.Sum }

func (s *numericVariance) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.state = extend(s.state, maxGroup(groups))
	a := args[0]
	m, idx, nulls := mask(a), rows(len(groups), sel), len(a.Nulls) > 0
	buf := make([]byte, 0, 32)
	for k, g := range groups {
		i := int(idx[k])
		if nulls && a.IsNull(i) {
			continue
		}
		t := &s.state[g]
		if s.ints {
			t.addInt(a.Int[i&m])
			continue
		}
		x := a.Str[i&m]
		b, err := numeric.AppendMul(buf[:0], x, x)
		if err != nil {
			return err
		}
		t.sum.Add(x)
		t.squares.Add(view(b))
		buf = b
	}
	return nil
}

func (t *numericMoments) addInt(x int64) {
	t.sum.AddInt(x)
	if r, bad := mul64(x, x); bad == 0 {
		t.squares.AddInt(r)
		return
	}
	b := big.NewInt(x)
	t.squares.Add(numeric.FromBig(b.Mul(b, b), 0))
}

func (s *numericVariance) Result(n int, out *vector.Vector) error {
	s.state = extend(s.state, n)
	for i := range s.state[:n] {
		t := &s.state[i]
		count := t.sum.Count()
		if count == 0 || count == 1 && s.kind.sample() {
			out.AppendNull()
			continue
		}
		r, err := t.result(s.kind)
		if err != nil {
			return err
		}
		out.AppendString(r)
	}
	return nil
}

// result is (N Σx² - (Σx)²) / (N (N-1)), with N² below for a population; the root has the quotient's scale.
func (t *numericMoments) result(kind spread) (string, error) {
	sum, err := t.sum.Value()
	if err != nil {
		return "", err
	}
	squares, err := t.squares.Value()
	if err != nil {
		return "", err
	}
	if numeric.IsNaN(sum) || numeric.IsInf(sum) {
		return numeric.NaN, nil
	}
	n := t.sum.Count()
	above, err := difference(numeric.FromInt(n), squares, sum)
	if err != nil {
		return "", err
	}
	if numeric.Sign(above) <= 0 {
		return numeric.Zero, nil
	}
	other := n
	if kind.sample() {
		other--
	}
	below, err := numeric.Mul(numeric.FromInt(n), numeric.FromInt(other))
	if err != nil {
		return "", err
	}
	q, err := numeric.Div(above, below)
	if err != nil || !kind.root() {
		return q, err
	}
	return rootAt(q, numeric.Scale(q)), nil
}

// difference is n·squares - sum².
func difference(n, squares, sum string) (string, error) {
	a, err := numeric.Mul(n, squares)
	if err != nil {
		return "", err
	}
	b, err := numeric.Mul(sum, sum)
	if err != nil {
		return "", err
	}
	return numeric.Sub(a, b)
}

// rootAt is the square root of a positive number rounded to a given scale.
func rootAt(a string, scale int) string {
	c, s, ok := numeric.ToBig(a)
	if !ok {
		return a
	}
	v := new(big.Int).Set(c)
	ten := big.NewInt(10)
	v.Mul(v, new(big.Int).Exp(ten, big.NewInt(int64(2*(scale+1)-s)), nil))
	v.Sqrt(v)
	v.Add(v, big.NewInt(5))
	return numeric.FromBig(v.Quo(v, ten), scale)
}

func (s *numericVariance) Bytes() int64 { return int64(144 * cap(s.state)) }

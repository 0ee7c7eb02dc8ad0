package kernel

import (
	"math"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// regression is the two-argument statistics: f(Y, X), by the recurrence of Youngs and Cramer like floatVariance.
type regression struct {
	result func(m *pairMoments) (float64, bool)
	count  bool
	state  []pairMoments
}

type pairMoments struct{ n, sx, sxx, sy, syy, sxy float64 }

func (m *pairMoments) add(y, x float64) error {
	first := m.n == 0
	m.n++
	m.sx += x
	m.sy += y
	if first {
		if x-x != 0 {
			m.sxx, m.sxy = math.NaN(), math.NaN()
		}
		if y-y != 0 {
			m.syy, m.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	dx, dy, scale := x*m.n-m.sx, y*m.n-m.sy, 1/(m.n*(m.n-1))
	m.sxx += dx * dx * scale
	m.syy += dy * dy * scale
	m.sxy += dx * dy * scale
	return m.check(y, x)
}

// check makes what infinite input has spoilt NaN, and fails when finite input has overflowed.
func (m *pairMoments) check(y, x float64) error {
	if !isInf(m.sx) && !isInf(m.sxx) && !isInf(m.sy) && !isInf(m.syy) && !isInf(m.sxy) {
		return nil
	}
	if (isInf(m.sx) || isInf(m.sxx)) && !isInf(m.sx-x) && !isInf(x) ||
		(isInf(m.sy) || isInf(m.syy)) && !isInf(m.sy-y) && !isInf(y) {
		return overflow()
	}
	if isInf(m.sxx) {
		m.sxx = math.NaN()
	}
	if isInf(m.syy) {
		m.syy = math.NaN()
	}
	if isInf(m.sxy) {
		m.sxy = math.NaN()
	}
	return nil
}

func (s *regression) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.state = extend(s.state, maxGroup(groups))
	y, x, idx := args[0], args[1], rows(len(groups), sel)
	my, mx := mask(y), mask(x)
	for k, g := range groups {
		i := int(idx[k])
		if y.IsNull(i) || x.IsNull(i) {
			continue
		}
		if err := s.state[g].add(y.Float[i&my], x.Float[i&mx]); err != nil {
			return err
		}
	}
	return nil
}

func (s *regression) Result(n int, out *vector.Vector) error {
	s.state = extend(s.state, n)
	for i := range s.state[:n] {
		m := &s.state[i]
		if s.count {
			out.Append(types.Int(int64(m.n)))
			continue
		}
		r, ok := s.result(m)
		if !ok {
			out.AppendNull()
			continue
		}
		out.Append(types.Float(r))
	}
	return nil
}

func (s *regression) Bytes() int64 { return int64(48 * cap(s.state)) }

// regressions are the figures; false is NULL.
var regressions = map[string]func(m *pairMoments) (float64, bool){
	"corr": func(m *pairMoments) (float64, bool) {
		return m.sxy / math.Sqrt(m.sxx*m.syy), m.n >= 1 && m.sxx != 0 && m.syy != 0
	},
	"covar_pop":  func(m *pairMoments) (float64, bool) { return m.sxy / m.n, m.n >= 1 },
	"covar_samp": func(m *pairMoments) (float64, bool) { return m.sxy / (m.n - 1), m.n >= 2 },
	"regr_avgx":  func(m *pairMoments) (float64, bool) { return m.sx / m.n, m.n >= 1 },
	"regr_avgy":  func(m *pairMoments) (float64, bool) { return m.sy / m.n, m.n >= 1 },
	"regr_sxx":   func(m *pairMoments) (float64, bool) { return m.sxx, m.n >= 1 },
	"regr_syy":   func(m *pairMoments) (float64, bool) { return m.syy, m.n >= 1 },
	"regr_sxy":   func(m *pairMoments) (float64, bool) { return m.sxy, m.n >= 1 },
	"regr_slope": func(m *pairMoments) (float64, bool) { return m.sxy / m.sxx, m.n >= 1 && m.sxx != 0 },
	"regr_intercept": func(m *pairMoments) (float64, bool) {
		return (m.sy - m.sx*m.sxy/m.sxx) / m.n, m.n >= 1 && m.sxx != 0
	},
	"regr_r2": func(m *pairMoments) (float64, bool) {
		if m.n < 1 || m.sxx == 0 {
			return 0, false
		}
		if m.syy == 0 {
			return 1, true
		}
		return m.sxy * m.sxy / (m.sxx * m.syy), true
	},
}

func newRegression(name string) NewAggregate {
	return func(*Env, []types.Type, types.Type) (Aggregate, error) {
		if name == "regr_count" {
			return &regression{count: true}, nil
		}
		f, ok := regressions[name]
		if !ok {
			return nil, pgerr.Internal("no regression %s", name)
		}
		return &regression{result: f}, nil
	}
}

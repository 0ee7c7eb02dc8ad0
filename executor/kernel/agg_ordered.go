package kernel

import (
	"math"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/vector"
)

// percentile is percentile_cont and percentile_disc: args are the fraction, or an array of them, and the sorted values.
type percentile struct {
	continuous bool
	many       bool // an array of fractions
	elem       types.Type
	fraction   []datum // by group
	known      []bool
	lists
}

func newPercentile(continuous bool) NewAggregate {
	return func(_ *Env, args []types.Type, _ types.Type) (Aggregate, error) {
		if len(args) != 2 {
			return nil, unsupportedAggregate("percentile", args)
		}
		return &percentile{continuous: continuous, many: args[0].IsArray(), elem: args[1]}, nil
	}
}

func (s *percentile) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	n := maxGroup(groups)
	s.extend(n)
	s.fraction, s.known = extend(s.fraction, n), extend(s.known, n)
	idx := rows(len(groups), sel)
	for k, g := range groups {
		i := int(idx[k])
		if !s.known[g] {
			s.fraction[g], s.known[g] = args[0].Datum(i).Clone(), true
		}
		if d := args[1].Datum(i); !d.Null {
			s.add(g, d)
		}
	}
	return nil
}

func (s *percentile) Result(n int, out *vector.Vector) error {
	s.extend(n)
	s.fraction, s.known = extend(s.fraction, n), extend(s.known, n)
	for i, list := range s.group[:n] {
		if len(list) == 0 || s.fraction[i].Null {
			out.AppendNull()
			continue
		}
		var d datum
		var err error
		if s.many {
			d, err = s.each(list, s.fraction[i].S)
		} else {
			d, err = s.at(list, s.fraction[i].F())
		}
		if err != nil {
			return err
		}
		out.Append(d)
	}
	return nil
}

// each answers an array of fractions with an array of the same shape.
func (s *percentile) each(list []datum, fractions string) (datum, error) {
	a := types.UnpackArray(fractions)
	for i, f := range a.Elems {
		if f.Null {
			continue
		}
		d, err := s.at(list, f.F())
		if err != nil {
			return datum{}, err
		}
		a.Elems[i] = d
	}
	return types.String(a.Pack(s.elem.Def)), nil
}

func (s *percentile) at(list []datum, p float64) (datum, error) {
	if !(p >= 0 && p <= 1) {
		return datum{}, pgerr.New(pgerrcode.NumericValueOutOfRange, "percentile value %s is not between 0 and 1",
			strconv.FormatFloat(p, 'g', 6, 64))
	}
	if !s.continuous {
		return list[max(int(math.Ceil(p*float64(len(list)))), 1)-1], nil
	}
	place := p * float64(len(list)-1)
	lo, hi := list[int(math.Floor(place))], list[int(math.Ceil(place))]
	part := place - math.Floor(place)
	if part == 0 {
		return lo, nil
	}
	if s.elem.ID() == types.OIDInterval {
		return between(span(lo), span(hi), part)
	}
	return types.Float(lo.F() + part*(hi.F()-lo.F())), nil
}

func between(lo, hi datetime.Interval, part float64) (datum, error) {
	d, err := datetime.SubIntervals(hi, lo)
	if err == nil {
		d, err = datetime.MulInterval(d, part)
	}
	if err != nil {
		return datum{}, err
	}
	return intervalOr(datetime.AddIntervals(d, lo))
}

// mode finds the most frequent value; the first among equals in the order of the input.
type mode struct {
	compare func(a, b datum) int
	arena   arena
	state   []modeState
}

type modeState struct {
	last, best   datum
	lastN, bestN int64
}

func newMode(_ *Env, args []types.Type, _ types.Type) (Aggregate, error) {
	return &mode{compare: types.Comparer(args[0])}, nil
}

func (s *mode) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	s.state = extend(s.state, maxGroup(groups))
	a, idx := args[0], rows(len(groups), sel)
	for k, g := range groups {
		d := a.Datum(int(idx[k]))
		if d.Null {
			continue
		}
		st := &s.state[g]
		if st.lastN > 0 && s.compare(st.last, d) == 0 {
			st.lastN++
		} else {
			d.S = s.arena.keep(d.S)
			st.last, st.lastN = d, 1
		}
		if st.lastN > st.bestN {
			st.best, st.bestN = st.last, st.lastN
		}
	}
	return nil
}

func (s *mode) Result(n int, out *vector.Vector) error {
	s.state = extend(s.state, n)
	for _, st := range s.state[:n] {
		if st.bestN == 0 {
			out.AppendNull()
			continue
		}
		out.Append(st.best)
	}
	return nil
}

func (s *mode) Bytes() int64 { return s.arena.total + int64(80*cap(s.state)) }

func (s *percentile) Bytes() int64 { return s.bytes() + int64(33*cap(s.fraction)) }

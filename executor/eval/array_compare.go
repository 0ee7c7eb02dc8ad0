package eval

import (
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// arrayCompareStep is op ANY and op ALL over an array. The elements of the last array are kept unpacked, and for = ANY of
// integers and strings in a set.
type arrayCompareStep struct {
	left, array ref
	out         ref
	row         kernel.Row
	all         bool
	equal       bool // = ANY of a type whose values are equal when their bytes are

	packed string
	known  bool
	elems  []types.Datum
	nulls  bool
	ints   map[int64]struct{}
	strs   map[string]struct{}
	pair   [2]types.Datum
}

func (c *compiler) arrayCompare(e *expr.ArrayCompare) (ref, error) {
	args, err := c.list([]expr.Expr{e.Left, e.Array})
	if err != nil {
		return 0, err
	}
	lt := e.Left.Type()
	elem := lt
	if at := e.Array.Type(); at.Elem != nil {
		elem = types.Of(at.Elem)
	}
	k, err := Kernel(e.Proc, []types.Type{lt, elem}, boolean)
	if err != nil {
		return 0, err
	}
	s := &arrayCompareStep{left: args[0], array: args[1], out: c.register(), row: k.Row, all: e.All}
	s.equal = !e.All && e.Op != nil && e.Op.Name == "=" && elem.Class != types.ClassFloat && nativeOrder(lt) && nativeOrder(elem) &&
		lt.Class == elem.Class && plainEquality(lt, elem)
	c.emit(s)
	return s.out, nil
}

// plainEquality reports whether = between two types compares what is in their datums. Dates and timestamps are both
// integers, but of different units.
func plainEquality(a, b types.Type) bool {
	if a.Class == types.ClassString {
		return true
	}
	return a.Same(b) || a.Category == 'N' && b.Category == 'N'
}

func (s *arrayCompareStep) run(p *Program, n int, sel []uint16) error {
	l, a, out := p.vec(s.left), p.vec(s.array), &p.regs[s.out]
	constant := l.Const && a.Const
	if constant {
		n, sel = 1, nil
	}
	out.Resize(boolean, n)
	if a.Const && a.IsNull(0) {
		setConst(out, boolean, types.Null)
		return nil
	}
	if a.Const {
		s.unpack(a.Str[0])
	}
	err := each(n, sel, func(i int) error {
		if !a.Const {
			if a.IsNull(i) {
				out.Nulls = out.Nulls.Set(i)
				return nil
			}
			s.unpack(a.Str[i])
		}
		d, err := s.test(p, l, i)
		if err == nil {
			put(out, i, d)
		}
		return err
	})
	out.Const = constant
	return err
}

// setFrom is the number of elements from which a set is faster than a walk.
const setFrom = 8

func (s *arrayCompareStep) unpack(packed string) {
	if s.known && s.packed == packed {
		return
	}
	// The bytes may be overwritten with the batch: keep a copy.
	d := types.String(packed).Clone()
	s.packed, s.known = d.S, true
	s.elems = types.UnpackArray(d.S).Elems
	s.ints, s.strs, s.nulls = nil, nil, false
	for _, e := range s.elems {
		s.nulls = s.nulls || e.Null
	}
}

// index makes the set; it is worth it from the second row on.
func (s *arrayCompareStep) index(class types.Class) {
	if class == types.ClassInt {
		s.ints = make(map[int64]struct{}, len(s.elems))
	} else {
		s.strs = make(map[string]struct{}, len(s.elems))
	}
	for _, e := range s.elems {
		switch {
		case e.Null:
		case class == types.ClassInt:
			s.ints[e.I] = struct{}{}
		default:
			s.strs[e.S] = struct{}{}
		}
	}
}

func (s *arrayCompareStep) test(p *Program, l *vector.Vector, i int) (types.Datum, error) {
	if len(s.elems) == 0 {
		return types.Bool(s.all), nil
	}
	d := l.Datum(i)
	if d.Null {
		return types.Null, nil
	}
	if s.equal {
		return s.member(l.Type.Class, d), nil
	}
	return s.walk(p, d)
}

// member answers = ANY.
func (s *arrayCompareStep) member(class types.Class, d types.Datum) types.Datum {
	found := false
	if len(s.elems) < setFrom {
		for k := range s.elems {
			if e := &s.elems[k]; !e.Null && e.I == d.I && e.S == d.S {
				found = true
				break
			}
		}
	} else {
		if s.ints == nil && s.strs == nil {
			s.index(class)
		}
		if class == types.ClassInt {
			_, found = s.ints[d.I]
		} else {
			_, found = s.strs[d.S]
		}
	}
	if !found && s.nulls {
		return types.Null
	}
	return types.Bool(found)
}

// walk calls the operator for each element until one decides.
func (s *arrayCompareStep) walk(p *Program, d types.Datum) (types.Datum, error) {
	unknown := false
	for _, e := range s.elems {
		if e.Null {
			unknown = true
			continue
		}
		s.pair = [2]types.Datum{d, e}
		r, err := s.row(p.kenv, s.pair[:])
		if err != nil {
			return types.Null, err
		}
		switch {
		case r.Null:
			unknown = true
		case r.B() != s.all:
			return r, nil
		}
	}
	if unknown {
		return types.Null, nil
	}
	return types.Bool(s.all), nil
}

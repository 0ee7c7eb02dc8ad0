package eval

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// caseStep is CASE: each arm's condition is run for the rows that no arm before it took, its result for those it takes.
type caseStep struct {
	conds, thens []arm
	last         arm
	out          ref
	typ          types.Type
	open, taken  []uint16
}

func (c *compiler) caseExpr(e *expr.Case) (ref, error) {
	s := &caseStep{typ: e.T, out: c.register()}
	for _, w := range e.Whens {
		cond, err := c.arm(w.Cond)
		if err != nil {
			return 0, err
		}
		then, err := c.arm(w.Then)
		if err != nil {
			return 0, err
		}
		s.conds, s.thens = append(s.conds, cond), append(s.thens, then)
	}
	var err error
	if e.Else != nil {
		s.last, err = c.arm(e.Else)
	} else {
		s.last = arm{ref: c.constant(e.T, types.Null)}
	}
	c.emit(s)
	return s.out, err
}

func (s *caseStep) run(p *Program, n int, sel []uint16) error {
	open := copySel(&s.open, n, sel)
	p.regs[s.out].Resize(s.typ, n)
	for k, cond := range s.conds {
		if err := p.block(cond.steps, n, open); err != nil {
			return err
		}
		var taken []uint16
		open, taken = s.split(p.vec(cond.ref), open)
		if len(taken) > 0 {
			if err := s.take(p, s.thens[k], n, taken); err != nil {
				return err
			}
		}
		if len(open) == 0 {
			return nil
		}
	}
	return s.take(p, s.last, n, open)
}

func (s *caseStep) take(p *Program, a arm, n int, sel []uint16) error {
	if err := p.block(a.steps, n, sel); err != nil {
		return err
	}
	scatter(&p.regs[s.out], p.vec(a.ref), sel)
	return nil
}

// split parts the open rows by a condition.
func (s *caseStep) split(v *vector.Vector, open []uint16) (rest, taken []uint16) {
	m, k := mask(v), 0
	s.taken = s.taken[:0]
	for _, i := range open {
		if v.Int[int(i)&m] != 0 && !v.IsNull(int(i)) {
			s.taken = append(s.taken, i)
			continue
		}
		open[k] = i
		k++
	}
	return open[:k], s.taken
}

// copySel copies a selection, or that of all n rows, to buf.
func copySel(buf *[]uint16, n int, sel []uint16) []uint16 {
	b := (*buf)[:0]
	if sel != nil {
		b = append(b, sel...)
	} else {
		for i := range n {
			b = append(b, uint16(i))
		}
	}
	*buf = b
	return b
}

// scatter copies the rows of sel from src to the same rows of out.
func scatter(out, src *vector.Vector, sel []uint16) {
	m := mask(src)
	switch out.Type.Class {
	case types.ClassInt:
		for _, i := range sel {
			out.Int[i] = src.Int[int(i)&m]
		}
	case types.ClassFloat:
		for _, i := range sel {
			out.Float[i] = src.Float[int(i)&m]
		}
	default:
		for _, i := range sel {
			out.Str[i] = src.Str[int(i)&m]
		}
	}
	if len(src.Nulls) == 0 {
		return
	}
	for _, i := range sel {
		if src.IsNull(int(i)) {
			out.Nulls = out.Nulls.Set(int(i))
		}
	}
}

// coalesceStep runs each argument for the rows in which those before were NULL.
type coalesceStep struct {
	arms []arm
	out  ref
	typ  types.Type
	open []uint16
}

func (c *compiler) coalesce(e *expr.Coalesce) (ref, error) {
	arms, err := c.arms(e.Args)
	if err != nil {
		return 0, err
	}
	s := &coalesceStep{arms: arms, out: c.register(), typ: e.T}
	c.emit(s)
	return s.out, nil
}

func (s *coalesceStep) run(p *Program, n int, sel []uint16) error {
	open := copySel(&s.open, n, sel)
	p.regs[s.out].Resize(s.typ, n)
	for _, a := range s.arms {
		if err := p.block(a.steps, n, open); err != nil {
			return err
		}
		v, out := p.vec(a.ref), &p.regs[s.out]
		for _, i := range open {
			out.Nulls.Clear(int(i))
		}
		scatter(out, v, open)
		k := 0
		for _, i := range open {
			open[k] = i
			if out.Nulls.Get(int(i)) {
				k++
			}
		}
		if open = open[:k]; k == 0 {
			return nil
		}
	}
	return nil
}

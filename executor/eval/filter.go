package eval

import (
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types/vector"
)

// Filter finds the rows for which all of some conditions are true. Comparisons select without making a column of
// booleans first.
type Filter struct {
	p     *Program
	conds []selector
	sel   []uint16
}

// selector narrows a selection: it appends to out the rows of sel (all n when nil) that qualify. out may be sel emptied.
type selector interface {
	narrow(p *Program, n int, sel, out []uint16) ([]uint16, error)
}

// CompileFilter makes a Filter of conjuncts, lowered. They are evaluated in order, each for the rows left by the last.
func CompileFilter(conds []expr.Expr, env *op.Env) (*Filter, error) {
	f := &Filter{p: &Program{env: env, kenv: kernelEnv(env)}}
	c := compiler{p: f.p}
	for _, e := range conds {
		s, err := c.selector(e)
		if err != nil {
			return nil, err
		}
		f.conds = append(f.conds, s)
	}
	return f, nil
}

// Select returns the live rows of b that qualify, ascending and never nil unless all N rows do. It holds until the next
// call.
func (f *Filter) Select(b *vector.Batch) ([]uint16, error) {
	sel := b.Sel
	if b.Live() == 0 {
		return f.none(), nil
	}
	f.p.in = b.Cols
	for _, c := range f.conds {
		out, err := c.narrow(f.p, b.N, sel, f.none())
		if err != nil {
			return nil, err
		}
		f.sel, sel = out, out
		if len(out) == 0 {
			return f.none(), nil
		}
	}
	if len(sel) == b.N {
		return nil, nil
	}
	return sel, nil
}

func (f *Filter) none() []uint16 {
	if f.sel == nil {
		f.sel = make([]uint16, 0, 4)
	}
	return f.sel[:0]
}

// selector compiles a condition as a filter.
func (c *compiler) selector(e expr.Expr) (selector, error) {
	switch e := e.(type) {
	case *expr.Call:
		if s, err := c.callSelector(e); s != nil || err != nil {
			return s, err
		}
	case *expr.Bool:
		switch e.Op {
		case expr.And:
			parts, err := c.selectors(e.Args)
			return &andSelector{parts}, err
		case expr.Or:
			parts, err := c.selectors(e.Args)
			return &orSelector{parts: parts}, err
		case expr.Not:
		}
	}
	a, err := c.arm(e)
	return &valueSelector{a}, err
}

func (c *compiler) selectors(es []expr.Expr) ([]selector, error) {
	out := make([]selector, len(es))
	for i, e := range es {
		var err error
		if out[i], err = c.selector(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// valueSelector computes a boolean column and keeps the rows where it is true.
type valueSelector struct{ arm }

func (s *valueSelector) narrow(p *Program, n int, sel, out []uint16) ([]uint16, error) {
	if err := p.block(s.steps, n, sel); err != nil {
		return out, err
	}
	v := p.vec(s.ref)
	if v.Const {
		if v.IsNull(0) || v.Int[0] == 0 {
			return out, nil
		}
		return allOf(n, sel, out), nil
	}
	out = room(out, n)
	k := 0
	if sel == nil {
		for i, x := range v.Int[:n] {
			out[k] = uint16(i)
			k += int(x & 1)
		}
	} else {
		for _, i := range sel {
			out[k] = i
			k += int(v.Int[i] & 1)
		}
	}
	return dropNulls(v, out[:k]), nil
}

// room gives out, emptied, space for n rows written by index.
func room(out []uint16, n int) []uint16 {
	if cap(out) < n {
		return make([]uint16, n)
	}
	return out[:n]
}

func allOf(n int, sel, out []uint16) []uint16 {
	if sel != nil {
		return append(out, sel...)
	}
	out = room(out, n)
	for i := range out {
		out[i] = uint16(i)
	}
	return out
}

func dropNulls(v *vector.Vector, out []uint16) []uint16 {
	if len(v.Nulls) == 0 {
		return out
	}
	k := 0
	for _, i := range out {
		out[k] = i
		if !v.Nulls.Get(int(i)) {
			k++
		}
	}
	return out[:k]
}

// callSelector uses a function's Select kernel. Its arguments are computed first.
type callSelector struct {
	steps []step
	args  []ref
	sel   kernel.Select
	argv  []*vector.Vector
}

func (c *compiler) callSelector(e *expr.Call) (selector, error) {
	k, err := Kernel(e.Proc, exprTypes(e.Args), e.T)
	if err != nil || k.Select == nil {
		return nil, err
	}
	saved := c.steps
	c.steps = nil
	args, err := c.list(e.Args)
	s := &callSelector{steps: c.steps, args: args, sel: k.Select, argv: make([]*vector.Vector, len(args))}
	c.steps = saved
	return s, err
}

func (s *callSelector) narrow(p *Program, n int, sel, out []uint16) ([]uint16, error) {
	if err := p.block(s.steps, n, sel); err != nil {
		return out, err
	}
	for i, r := range s.args {
		s.argv[i] = p.vec(r)
	}
	return s.sel(s.argv, n, sel, out), nil
}

type andSelector struct{ parts []selector }

func (s *andSelector) narrow(p *Program, n int, sel, out []uint16) ([]uint16, error) {
	for _, c := range s.parts {
		var err error
		if out, err = c.narrow(p, n, sel, out); err != nil || len(out) == 0 {
			return out, err
		}
		sel, out = out, out[:0]
	}
	return sel, nil
}

// orSelector runs each part for the rows that no part before it took, and merges what they took.
type orSelector struct {
	parts       []selector
	rest, taken []uint16
	bits        vector.Bitmap
}

func (s *orSelector) narrow(p *Program, n int, sel, out []uint16) ([]uint16, error) {
	s.bits = append(s.bits[:0], make(vector.Bitmap, (n+63)/64)...)
	rest := copySel(&s.rest, n, sel)
	for _, c := range s.parts {
		taken, err := c.narrow(p, n, rest, s.taken[:0])
		if err != nil {
			return out, err
		}
		s.taken = taken
		if len(taken) == 0 {
			continue
		}
		for _, i := range taken {
			s.bits[i>>6] |= 1 << (i & 63)
		}
		k := 0
		for _, i := range rest {
			rest[k] = i
			if !s.bits.Get(int(i)) {
				k++
			}
		}
		if rest = rest[:k]; k == 0 {
			break
		}
	}
	return s.merge(n, sel, out), nil
}

// merge writes the rows whose bit is set. sel may share out's memory: the writing never overtakes the reading.
func (s *orSelector) merge(n int, sel, out []uint16) []uint16 {
	if sel == nil {
		for i := range n {
			if s.bits.Get(i) {
				out = append(out, uint16(i))
			}
		}
		return out
	}
	for _, i := range sel {
		if s.bits.Get(int(i)) {
			out = append(out, i)
		}
	}
	return out
}

package eval

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// logicStep is AND or OR: each arm is run for the rows that the arms before it left undecided.
type logicStep struct {
	decided int64 // the value that ends the evaluation of a row: 0 for AND, 1 for OR
	arms    []arm
	out     ref
	sel     []uint16
}

func (c *compiler) logic(e *expr.Bool) (ref, error) {
	if e.Op == expr.Not {
		return c.not(e.Args[0])
	}
	arms, err := c.arms(e.Args)
	if err != nil {
		return 0, err
	}
	s := &logicStep{arms: arms, out: c.register()}
	if e.Op == expr.Or {
		s.decided = 1
	}
	c.emit(s)
	return s.out, nil
}

func (s *logicStep) run(p *Program, n int, sel []uint16) error {
	open, owned := sel, false
	for k, a := range s.arms {
		if err := p.block(a.steps, n, open); err != nil {
			return err
		}
		out := &p.regs[s.out]
		if k == 0 {
			out.Resize(boolean, n)
		}
		if !owned {
			open, owned = s.first(open, n), true
		}
		open = s.narrow(p.vec(a.ref), out, open)
		s.sel = open
		if len(open) == 0 {
			break
		}
	}
	out := &p.regs[s.out]
	for _, i := range open {
		out.Int[i] = 1 - s.decided
	}
	return nil
}

// first copies the selection to the step's own memory.
func (s *logicStep) first(sel []uint16, n int) []uint16 {
	s.sel = s.sel[:0]
	if sel != nil {
		s.sel = append(s.sel, sel...)
		return s.sel
	}
	for i := range n {
		s.sel = append(s.sel, uint16(i))
	}
	return s.sel
}

// narrow decides rows by the arm's value v and returns those still open; an open row's NULL bit says that it met a NULL.
func (s *logicStep) narrow(v, out *vector.Vector, open []uint16) []uint16 {
	m := mask(v)
	k := 0
	if len(v.Nulls) == 0 && len(out.Nulls) == 0 {
		for _, i := range open {
			out.Int[i] = s.decided
			open[k] = i
			if v.Int[int(i)&m] != s.decided {
				k++
			}
		}
		return open[:k]
	}
	for _, i := range open {
		switch {
		case v.IsNull(int(i)):
			out.Nulls = out.Nulls.Set(int(i))
		case v.Int[int(i)&m] == s.decided:
			out.Int[i] = s.decided
			out.Nulls.Clear(int(i))
			continue
		}
		open[k] = i
		k++
	}
	return open[:k]
}

// mask is 0 for constants, whose value stands at index 0, and -1 else.
func mask(v *vector.Vector) int {
	if v.Const {
		return 0
	}
	return -1
}

func (c *compiler) not(e expr.Expr) (ref, error) {
	arg, err := c.expr(e)
	if err != nil {
		return 0, err
	}
	s := &testStep{arg: arg, out: c.register(), test: func(v *vector.Vector, i int) int64 { return 1 - v.Int[i] }, nulls: true}
	c.emit(s)
	return s.out, nil
}

// testStep computes a boolean from one value.
type testStep struct {
	arg, out ref
	test     func(v *vector.Vector, i int) int64 // i is the index of the value
	nulls    bool                                // NULL gives NULL
}

func (s *testStep) run(p *Program, n int, sel []uint16) error {
	v, out := p.vec(s.arg), &p.regs[s.out]
	if v.Const {
		n, sel = 1, nil
	}
	out.Resize(boolean, n)
	if sel == nil {
		for i := range n {
			out.Int[i] = s.test(v, i)
		}
	} else {
		for _, i := range sel {
			out.Int[i] = s.test(v, int(i))
		}
	}
	if s.nulls && len(v.Nulls) > 0 {
		out.Nulls = orInto(out.Nulls, v.Nulls)
	}
	out.Const = v.Const
	return nil
}

func (c *compiler) test(e expr.Expr, test func(v *vector.Vector, i int) int64) (ref, error) {
	arg, err := c.expr(e)
	if err != nil {
		return 0, err
	}
	s := &testStep{arg: arg, out: c.register(), test: test}
	c.emit(s)
	return s.out, nil
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (c *compiler) nullTest(e *expr.NullTest) (ref, error) {
	if r, ok := e.Arg.(*expr.Row); ok {
		return c.rowNullTest(r, e.Not)
	}
	if t := e.Arg.Type(); t.Kind == types.KindComposite || t.ID() == types.OIDRecord {
		return c.recordNullTest(e)
	}
	if e.Not {
		return c.test(e.Arg, func(v *vector.Vector, i int) int64 { return b2i(v.Nulls == nil || !v.Nulls.Get(i)) })
	}
	return c.test(e.Arg, func(v *vector.Vector, i int) int64 { return b2i(v.Nulls != nil && v.Nulls.Get(i)) })
}

// rowNullTest is ROW(…) IS [NOT] NULL: all fields are NULL, or none is.
func (c *compiler) rowNullTest(r *expr.Row, not bool) (ref, error) {
	args, err := c.list(r.Fields)
	if err != nil {
		return 0, err
	}
	return c.rowStep(boolean, args, func(_ *Program, args []types.Datum) (types.Datum, error) {
		return types.Bool(allNull(args, not)), nil
	}), nil
}

// allNull reports whether all values are NULL, or with not, none.
func allNull(args []types.Datum, not bool) bool {
	for _, d := range args {
		if d.Null == not {
			return false
		}
	}
	return true
}

func (c *compiler) boolTest(e *expr.BoolTest) (ref, error) {
	want, not := e.Want, e.Not
	return c.test(e.Arg, func(v *vector.Vector, i int) int64 {
		null := v.Nulls != nil && v.Nulls.Get(i)
		var is bool
		switch want {
		case 'u':
			is = null
		case 't':
			is = !null && v.Int[i] != 0
		default:
			is = !null && v.Int[i] == 0
		}
		return b2i(is != not)
	})
}

func (c *compiler) distinct(e *expr.Distinct) (ref, error) {
	args, err := c.list([]expr.Expr{e.Left, e.Right})
	if err != nil {
		return 0, err
	}
	k, err := Kernel(e.Equal, exprTypes([]expr.Expr{e.Left, e.Right}), boolean)
	if err != nil {
		return 0, err
	}
	row, not := k.Row, e.Not
	return c.rowStep(boolean, args, func(p *Program, a []types.Datum) (types.Datum, error) {
		if a[0].Null || a[1].Null {
			return types.Bool((a[0].Null && a[1].Null) == not), nil
		}
		eq, err := row(p.kenv, a)
		return types.Bool(eq.B() == not), err
	}), nil
}

func (c *compiler) nullIf(e *expr.NullIf) (ref, error) {
	args, err := c.list([]expr.Expr{e.Left, e.Right})
	if err != nil {
		return 0, err
	}
	k, err := Kernel(e.Equal, exprTypes([]expr.Expr{e.Left, e.Right}), boolean)
	if err != nil {
		return 0, err
	}
	row := k.Row
	return c.rowStep(e.T, args, func(p *Program, a []types.Datum) (types.Datum, error) {
		if a[0].Null || a[1].Null {
			return a[0], nil
		}
		eq, err := row(p.kenv, a)
		if err == nil && eq.B() {
			return types.Null, nil
		}
		return a[0], err
	}), nil
}

func (c *compiler) minMax(e *expr.MinMax) (ref, error) {
	args, err := c.list(e.Args)
	if err != nil {
		return 0, err
	}
	k, err := Kernel(e.Less, exprTypes([]expr.Expr{e.Args[0], e.Args[0]}), boolean)
	if err != nil {
		return 0, err
	}
	row, greatest, pair := k.Row, e.Greatest, make([]types.Datum, 2)
	return c.rowStep(e.T, args, func(p *Program, a []types.Datum) (types.Datum, error) {
		best := types.Null
		for _, d := range a {
			if d.Null {
				continue
			}
			if best.Null {
				best = d
				continue
			}
			pair[0], pair[1] = d, best
			if greatest {
				pair[0], pair[1] = best, d
			}
			less, err := row(p.kenv, pair)
			if err != nil {
				return d, err
			}
			if less.B() {
				best = d
			}
		}
		return best, nil
	}), nil
}

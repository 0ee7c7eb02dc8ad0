package eval

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// callStep calls a function.
type callStep struct {
	vec    kernel.Vec
	row    kernel.Row
	strict bool
	fold   bool // not volatile: constant arguments give a constant
	args   []ref
	out    ref
	typ    types.Type
	argv   []*vector.Vector
	datums []types.Datum
	nulls  vector.Bitmap
}

func (c *compiler) call(e *expr.Call) (ref, error) {
	args, err := c.list(e.Args)
	if err != nil {
		return 0, err
	}
	if e.Variadic && e.Proc.Variadic == types.OIDAny {
		return c.variadicAny(e, args)
	}
	k, err := Kernel(e.Proc, exprTypes(e.Args), e.T)
	if err != nil {
		return 0, err
	}
	if k.Row == nil && k.Vec == nil {
		return 0, pgerr.New(pgerrcode.FeatureNotSupported, "set-valued function called in context that cannot accept a set")
	}
	return c.emitCall(e.Proc, k, args, e.T), nil
}

// emitCall appends a call of a kernel with arguments already computed.
func (c *compiler) emitCall(proc *builtin.Proc, k kernel.Kernel, args []ref, t types.Type) ref {
	out := c.register()
	c.emit(&callStep{
		vec: k.Vec, row: k.Row, strict: proc.Strict, fold: proc.Volatile != 'v', args: args, out: out, typ: t,
		argv: make([]*vector.Vector, len(args)),
	})
	return out
}

func exprTypes(es []expr.Expr) []types.Type {
	out := make([]types.Type, len(es))
	for i, e := range es {
		out[i] = e.Type()
	}
	return out
}

func (s *callStep) run(p *Program, n int, sel []uint16) error {
	constant := s.fold
	for i, r := range s.args {
		v := p.vec(r)
		s.argv[i] = v
		constant = constant && v.Const
	}
	if constant {
		n, sel = 1, nil
	}
	out := &p.regs[s.out]
	out.Resize(s.typ, n)
	var nulls vector.Bitmap
	if s.strict {
		var all bool
		if nulls, all = s.union(); all {
			setConst(out, s.typ, types.Null)
			return nil
		}
	}
	var err error
	if s.vec != nil {
		err = s.vec(p.kenv, s.argv, n, sel, out)
	} else {
		err = s.rows(p, n, sel, nulls, out)
	}
	if len(nulls) > 0 {
		out.Nulls = orInto(out.Nulls, nulls)
	}
	out.Const = constant
	return err
}

// union or-s the arguments' NULLs; all means that one argument is a NULL constant.
func (s *callStep) union() (nulls vector.Bitmap, all bool) {
	for _, v := range s.argv {
		if len(v.Nulls) == 0 {
			continue
		}
		if v.Const {
			if v.Nulls.Get(0) {
				return nil, true
			}
			continue
		}
		if nulls == nil {
			s.nulls = append(s.nulls[:0], v.Nulls...)
			nulls = s.nulls
			continue
		}
		nulls = orInto(nulls, v.Nulls)
		s.nulls = nulls
	}
	return nulls, false
}

// orInto adds the set y to x.
func orInto(x, y vector.Bitmap) vector.Bitmap {
	for len(x) < len(y) {
		x = append(x, 0)
	}
	for i, w := range y {
		x[i] |= w
	}
	return x
}

// rows calls the kernel row by row.
func (s *callStep) rows(p *Program, n int, sel []uint16, nulls vector.Bitmap, out *vector.Vector) error {
	if s.datums == nil {
		s.datums = make([]types.Datum, len(s.args))
	}
	for k, v := range s.argv {
		if v.Const {
			s.datums[k] = v.Datum(0)
		}
	}
	if sel == nil {
		for i := range n {
			if err := s.one(p, i, nulls, out); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := s.one(p, int(i), nulls, out); err != nil {
			return err
		}
	}
	return nil
}

func (s *callStep) one(p *Program, i int, nulls vector.Bitmap, out *vector.Vector) error {
	if len(nulls) > 0 && nulls.Get(i) {
		return nil
	}
	for k, v := range s.argv {
		if !v.Const {
			s.datums[k] = v.Datum(i)
		}
	}
	d, err := s.row(p.kenv, s.datums)
	if err != nil {
		return err
	}
	put(out, i, d)
	return nil
}

// put stores d at row i of a resized vector without copying its string.
func put(v *vector.Vector, i int, d types.Datum) {
	if d.Null {
		v.Nulls = v.Nulls.Set(i)
		return
	}
	switch v.Type.Class {
	case types.ClassInt:
		v.Int[i] = d.I
	case types.ClassFloat:
		v.Float[i] = d.F()
	default:
		v.Str[i] = d.S
	}
}

// rowStep computes a value from others one row at a time: what has no kernel and is seldom hot.
type rowStep struct {
	args  []ref
	out   ref
	typ   types.Type
	fn    func(p *Program, args []types.Datum) (types.Datum, error)
	datum []types.Datum
}

func (c *compiler) rowStep(t types.Type, args []ref, fn func(p *Program, args []types.Datum) (types.Datum, error)) ref {
	out := c.register()
	c.emit(&rowStep{args: args, out: out, typ: t, fn: fn, datum: make([]types.Datum, len(args))})
	return out
}

func (s *rowStep) run(p *Program, n int, sel []uint16) error {
	out := &p.regs[s.out]
	constant := true
	for _, r := range s.args {
		constant = constant && p.vec(r).Const
	}
	if constant {
		n, sel = 1, nil
	}
	out.Resize(s.typ, n)
	err := each(n, sel, func(i int) error {
		for k, r := range s.args {
			s.datum[k] = p.vec(r).Datum(i)
		}
		d, err := s.fn(p, s.datum)
		if err == nil {
			put(out, i, d)
		}
		return err
	})
	out.Const = constant
	return err
}

// each calls f for the rows of sel, or all n.
func each(n int, sel []uint16, f func(i int) error) error {
	if sel == nil {
		for i := range n {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := f(int(i)); err != nil {
			return err
		}
	}
	return nil
}

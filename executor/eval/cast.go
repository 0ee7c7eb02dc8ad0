package eval

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// relabelStep gives a value another type.
type relabelStep struct {
	arg, out ref
	typ      types.Type
}

func (c *compiler) relabel(e *expr.Relabel) (ref, error) {
	arg, err := c.expr(e.Arg)
	if err != nil || e.Arg.Type() == e.T {
		return arg, err
	}
	s := &relabelStep{arg: arg, out: c.register(), typ: e.T}
	c.emit(s)
	if arg >= 0 && c.p.regs[arg].Const {
		return s.out, s.run(c.p, 1, nil)
	}
	return s.out, nil
}

func (s *relabelStep) run(p *Program, _ int, _ []uint16) error {
	v := p.vec(s.arg)
	p.regs[s.out] = *v
	p.regs[s.out].Type = s.typ
	return nil
}

func (c *compiler) ioCast(e *expr.IOCast) (ref, error) {
	arg, err := c.expr(e.Arg)
	if err != nil {
		return 0, err
	}
	from, to := e.Arg.Type(), e.T
	var buf []byte
	return c.rowStep(to, []ref{arg}, func(p *Program, a []types.Datum) (types.Datum, error) {
		if a[0].Null {
			return a[0], nil
		}
		buf = types.AppendText(buf[:0], from, a[0], p.kenv.Format)
		if err := types.CheckText(buf); err != nil {
			return types.Null, err
		}
		return types.ParseText(to, string(buf), p.kenv.Format)
	}), nil
}

func (c *compiler) arrayCast(e *expr.ArrayCast) (ref, error) {
	arg, err := c.expr(e.Arg)
	if err != nil {
		return 0, err
	}
	elem, err := newScalar(e.Elem, c.p)
	if err != nil {
		return 0, err
	}
	from, to := e.Arg.Type(), e.T
	return c.rowStep(to, []ref{arg}, func(_ *Program, a []types.Datum) (types.Datum, error) {
		if a[0].Null {
			return a[0], nil
		}
		return mapArray(to, a[0], func(d types.Datum) (types.Datum, error) { return elem.of(types.Of(from.Elem), d) })
	}), nil
}

// domainCheck is a compiled CHECK of a domain.
type domainCheck struct {
	name string
	cond *scalar
}

func (c *compiler) domainCast(e *expr.DomainCast) (ref, error) {
	arg, err := c.expr(e.Arg)
	if err != nil {
		return 0, err
	}
	checks := make([]domainCheck, len(e.Checks))
	for i, k := range e.Checks {
		checks[i].name = k.Name
		if checks[i].cond, err = newScalar(k.Expr, c.p); err != nil {
			return 0, err
		}
	}
	parts := make([]*scalar, len(e.Parts))
	for i, p := range e.Parts {
		if parts[i], err = newScalar(p, c.p); err != nil {
			return 0, err
		}
	}
	base, t, notNull := e.Arg.Type(), e.T, e.NotNull
	return c.rowStep(t, []ref{arg}, func(_ *Program, a []types.Datum) (types.Datum, error) {
		for i := 0; i < len(parts) && !a[0].Null; i++ {
			if _, err := parts[i].of(base, a[0]); err != nil {
				return a[0], err
			}
		}
		if a[0].Null && notNull {
			return a[0], pgerr.New(pgerrcode.NotNullViolation, "domain %s does not allow null values", types.TypeName(t, nil)).WithType(t.Schema, t.Name, "")
		}
		for _, k := range checks {
			ok, err := k.cond.of(base, a[0])
			if err != nil {
				return a[0], err
			}
			if !ok.Null && ok.I == 0 {
				err := pgerr.New(pgerrcode.CheckViolation, "value for domain %s violates check constraint \"%s\"", types.TypeName(t, nil), k.name)
				return a[0], err.WithType(t.Schema, t.Name, k.name)
			}
		}
		return a[0], nil
	}), nil
}

package bind

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// domain checks a value of the base type against the domain's constraints, those of domains below it first.
func (b *binder) domain(e expr.Expr, t types.Type, c cast) (expr.Expr, error) {
	d := &expr.DomainCast{Arg: e, T: types.Of(t.Def), Form: c.form}
	if err := b.domainChecks(d, t.Def, baseTypeMod(types.Of(t.Def))); err != nil {
		return nil, err
	}
	return d, nil
}

// taken checks a value that came in from outside as one of the domain: so far only its text has been read.
func (b *binder) taken(e expr.Expr, t types.Type, c cast) (expr.Expr, error) {
	base := baseTypeMod(types.Of(t.Def))
	var out expr.Expr = &expr.Relabel{Arg: e, T: types.Of(base.Def), Form: expr.FormImplicitCast}
	if base.Mod >= 0 {
		var err error
		if out, err = b.applyMod(out, base, cast{c.context, expr.FormImplicitCast, c.pos}, true); err != nil {
			return nil, err
		}
	}
	return b.domain(out, t, c)
}

func (b *binder) domainChecks(d *expr.DomainCast, t *types.Def, base types.Type) error {
	if t.Base != nil && t.Base.Kind == types.KindDomain {
		if err := b.domainChecks(d, t.Base.Def, base); err != nil {
			return err
		}
	}
	u := b.userType(t.OID)
	if u == nil {
		return nil
	}
	d.NotNull = d.NotNull || u.NotNull
	for _, k := range u.Checks {
		e, err := b.domainCheck(k.Expr, base)
		if err != nil {
			return err
		}
		d.Checks = append(d.Checks, expr.DomainCheck{Name: k.Name, Expr: e})
	}
	return nil
}

// domainCheck binds a CHECK over VALUE, which is Slot 0.
func (b *binder) domainCheck(text string, base types.Type) (expr.Expr, error) {
	return b.domainCheckOf(text, &expr.Slot{Index: 0, T: base, Name: "value"})
}

func (b *binder) domainCheckOf(text string, value expr.Expr) (expr.Expr, error) {
	n, err := parse.Expression(text)
	if err != nil {
		return nil, err
	}
	return b.unplaced(func() (expr.Expr, error) {
		q := b.child(nil)
		q.value = value
		return q.where(kindDomainCheck, n, "CHECK")
	})
}

// domainRules are the conditions that the value of a column must satisfy because it is of a domain.
func (b *binder) domainRules(c *catalog.Column, value expr.Expr, t *types.Def) (out []DomainRule, conds []expr.Expr, err error) {
	if t.Base != nil && t.Base.Kind == types.KindDomain {
		if out, conds, err = b.domainRules(c, value, t.Base.Def); err != nil {
			return nil, nil, err
		}
	}
	u := b.userType(t.OID)
	if u == nil {
		return out, conds, nil
	}
	if u.NotNull {
		out, conds = append(out, DomainRule{c, nil}), append(conds, &expr.NullTest{Arg: value, Not: true})
	}
	for _, k := range u.Checks {
		e, err := b.domainCheckOf(k.Expr, value)
		if err != nil {
			return nil, nil, err
		}
		out, conds = append(out, DomainRule{c, k}), append(conds, e)
	}
	return out, conds, nil
}

func (b *binder) userType(id types.OID) *catalog.UserType {
	for _, s := range b.snaps {
		if u, ok := s.Object(id).(*catalog.UserType); ok {
			return u
		}
	}
	return nil
}

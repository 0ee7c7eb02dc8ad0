package bind

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
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

// taken checks a value that came in from outside as one of a type: so far only its text has been read, and what domains demand of it, of
// its elements and of its fields is still to be seen. Where nothing is demanded, the value itself comes back.
func (b *binder) taken(e expr.Expr, t types.Type, c cast) (expr.Expr, error) {
	switch {
	case t.Kind == types.KindDomain:
		return b.takenDomain(e, t, c)
	case !b.demanding(t.Def):
		return e, nil
	case isTrueArray(t.Def):
		elem, err := b.taken(&expr.Slot{Index: 0, T: types.Of(t.Elem)}, types.Of(t.Elem), c)
		return &expr.ArrayCast{Arg: e, Elem: elem, T: e.Type(), Form: expr.FormImplicitCast}, err
	}
	row := &expr.DomainCast{Arg: e, T: e.Type(), Form: expr.FormImplicitCast}
	for i, f := range t.Fields {
		if !b.demanding(f.Type.Def) {
			continue
		}
		part, err := b.taken(&expr.Field{Arg: &expr.Slot{Index: 0, T: types.Of(t.Def)}, Index: i, Name: f.Name, T: f.Type}, f.Type, c)
		if err != nil {
			return nil, err
		}
		row.Parts = append(row.Parts, part)
	}
	return row, nil
}

func (b *binder) takenDomain(e expr.Expr, t types.Type, c cast) (expr.Expr, error) {
	base := baseTypeMod(types.Of(t.Def))
	inner := cast{c.context, expr.FormImplicitCast, c.pos}
	out, err := b.taken(&expr.Relabel{Arg: e, T: types.Of(base.Def), Form: expr.FormImplicitCast}, base, inner)
	if err != nil {
		return nil, err
	}
	if base.Mod >= 0 {
		if out, err = b.applyMod(out, base, inner, true); err != nil {
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

// DomainRule is what a domain demands of a column's value, or of a part of it: one of its constraints, or with none of them that it is
// not null.
type DomainRule struct {
	Column *catalog.Column
	Domain *types.Def
	Check  *catalog.Constraint
}

// demand is a rule with its condition on a value.
type demand struct {
	rule DomainRule
	cond expr.Expr
}

// demands are the conditions that a column's value must satisfy because it, its elements or its fields are of domains.
func (b *binder) demands(c *catalog.Column, value expr.Expr, t *types.Def) (out []demand, err error) {
	switch {
	case !b.demanding(t):
		return nil, nil
	case t.Kind == types.KindDomain:
		base := baseTypeMod(types.Of(t))
		value = &expr.Relabel{Arg: value, T: base, Form: expr.FormImplicitCast}
		if out, err = b.demands(c, value, base.Def); err != nil {
			return nil, err
		}
		own, err := b.domainRules(c, value, t, t)
		return append(out, own...), err
	case isTrueArray(t):
		if out, err = b.demands(c, &expr.Slot{Index: 0, T: types.Of(t.Elem)}, t.Elem); err != nil {
			return nil, err
		}
		for i := range out {
			out[i].cond = ofElements(value, out[i].cond)
		}
		return out, nil
	}
	// A relabelled row is NULL where there is none: IS NULL of a row itself asks its fields.
	absent := &expr.NullTest{Arg: &expr.Relabel{Arg: value, T: types.Of(types.Builtin(types.OIDText)), Form: expr.FormImplicitCast}}
	for i, f := range t.Fields {
		of, err := b.demands(c, &expr.Field{Arg: value, Index: i, Name: f.Name, T: f.Type}, f.Type.Def)
		if err != nil {
			return nil, err
		}
		for _, d := range of {
			out = append(out, demand{d.rule, &expr.Bool{Op: expr.Or, Args: []expr.Expr{absent, d.cond}}})
		}
	}
	return out, nil
}

// demanding reports whether a type is a domain with constraints, or is over one, or has elements or fields of one.
func (b *binder) demanding(t *types.Def) bool {
	switch {
	case t == nil:
		return false
	case t.Kind == types.KindDomain:
		u := b.userType(t.OID)
		return u != nil && (u.NotNull || len(u.Checks) > 0) || t.Base != nil && b.demanding(t.Base.Def)
	case isTrueArray(t):
		return b.demanding(t.Elem)
	}
	return slices.ContainsFunc(t.Fields, func(f types.Field) bool { return b.demanding(f.Type.Def) })
}

// ofElements is a condition on the elements of an array, given as Slot 0, that holds unless it is false of one.
func ofElements(array, cond expr.Expr) expr.Expr {
	bools := types.Of(types.Builtin(types.OIDBoolArray))
	each := &expr.ArrayCast{Arg: array, Elem: cond, T: bools, Form: expr.FormImplicitCast}
	equal := builtin.OperatorFor("=", types.OIDBool, types.OIDBool)
	some := &expr.ArrayCompare{Left: &expr.Const{Value: types.Bool(false), T: typeBool}, Array: each, Proc: builtin.ProcByOID(equal.Proc), Op: equal}
	return &expr.Bool{Op: expr.Not, Args: []expr.Expr{some}}
}

// domainRules are the conditions of one domain, and of those that it is over, on a value of the base type.
func (b *binder) domainRules(c *catalog.Column, value expr.Expr, of, t *types.Def) (out []demand, err error) {
	if t.Base != nil && t.Base.Kind == types.KindDomain {
		if out, err = b.domainRules(c, value, of, t.Base.Def); err != nil {
			return nil, err
		}
	}
	u := b.userType(t.OID)
	if u == nil {
		return out, nil
	}
	if u.NotNull {
		out = append(out, demand{DomainRule{c, of, nil}, &expr.NullTest{Arg: value, Not: true}})
	}
	for _, k := range u.Checks {
		e, err := b.domainCheckOf(k.Expr, value)
		if err != nil {
			return nil, err
		}
		out = append(out, demand{DomainRule{c, of, k}, e})
	}
	return out, nil
}

func (b *binder) userType(id types.OID) *catalog.UserType {
	for _, s := range b.snaps {
		if u, ok := s.Object(id).(*catalog.UserType); ok {
			return u
		}
	}
	return nil
}

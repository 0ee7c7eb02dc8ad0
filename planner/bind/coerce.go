package bind

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// context says how far a coercion may go; each allows what those before it allow.
type context uint8

const (
	implicit context = iota
	assignment
	explicit
)

func (c context) allows(cast builtin.CastContext) bool {
	switch cast {
	case builtin.CastImplicit:
		return true
	case builtin.CastAssignment:
		return c >= assignment
	}
	return c >= explicit
}

// pathway is how one type becomes another.
type pathway uint8

const (
	noPath pathway = iota
	relabel
	byFunction
	byElements
	byText
)

// findPath finds the way from one type to another that the context allows, and its function if it has one.
func findPath(from, to *types.Def, c context) (pathway, types.OID) {
	from, to = baseType(from), baseType(to)
	if from.OID == to.OID {
		return relabel, 0
	}
	if cast := builtin.CastFor(from.OID, to.OID); cast != nil {
		if !c.allows(cast.Context) {
			return noPath, 0
		}
		switch cast.Method {
		case 'f':
			return byFunction, cast.Proc
		case 'i':
			return byText, 0
		}
		return relabel, 0
	}
	if isTrueArray(to) && from.Elem != nil && from.Category == 'A' { // int2vector and oidvector are packed as arrays
		switch p, _ := findPath(from.Elem, to.Elem, c); {
		case p != noPath && from.Elem.OID == to.Elem.OID:
			return relabel, 0
		case p != noPath:
			return byElements, 0
		}
	}
	if c >= assignment && to.Category == 'S' || c >= explicit && from.Category == 'S' {
		return byText, 0
	}
	return noPath, 0
}

// canCoerce reports whether arguments of these types can become those types.
func (b *binder) canCoerce(from, to []*types.Def, c context) bool {
	generics := false
	for i, t := range to {
		f := from[i]
		switch {
		case t == nil || f == nil:
			return false
		case f.OID == t.OID || t.OID == types.OIDAny:
			continue
		case isPolymorphic(t.OID):
			generics = true
			continue
		case f.OID == types.OIDUnknown:
			continue
		}
		if p, _ := findPath(f, t, c); p != noPath || rowCoercible(f, t) {
			continue
		}
		return false
	}
	return !generics || consistentGenerics(from, to)
}

func isRow(d *types.Def) bool { return d.OID == types.OIDRecord || d.Kind == types.KindComposite }

// rowCoercible allows record ↔ composite type, and arrays of composite types as those of records.
func rowCoercible(from, to *types.Def) bool {
	if to.OID == types.OIDRecordArray && isTrueArray(from) && isRow(from.Elem) {
		return true
	}
	return isRow(from) && isRow(to) && (from.OID == types.OIDRecord || to.OID == types.OIDRecord)
}

func canCoerceOne(b *binder, from, to *types.Def, c context) bool {
	return b.canCoerce([]*types.Def{from}, []*types.Def{to}, c)
}

// cast is what coercions have in common.
type cast struct {
	context context
	form    expr.CallForm
	pos     int
}

// coerceTo makes e a value of type t with t's modifier; ok is false when the context allows no way.
func (b *binder) coerceTo(e expr.Expr, t types.Type, c cast) (expr.Expr, bool, error) {
	if !canCoerceOne(b, e.Type().Def, t.Def, c.context) {
		return e, false, nil
	}
	out, err := b.coerce(e, t, c)
	if err != nil {
		return nil, true, err
	}
	hide := out != e
	out, err = b.applyMod(out, t, c, hide)
	return out, true, err
}

// coerce makes e a value of type t without applying the modifier. The way is known to exist.
func (b *binder) coerce(e expr.Expr, t types.Type, c cast) (expr.Expr, error) {
	from := e.Type()
	if from.ID() == t.ID() && from.ID() != types.OIDUnknown {
		if from.Def != t.Def && from.OID == types.OIDRecord && t.Fields != nil {
			return b.coerceRow(e, t, c)
		}
		return e, nil
	}
	if isPolymorphic(t.ID()) || t.ID() == types.OIDAny {
		return e, nil // the caller has made the real type of it, or takes anything
	}
	if from.ID() == types.OIDUnknown {
		switch u := e.(type) {
		case *expr.Const:
			return b.coerceLiteral(u, t, c)
		case *expr.Param:
			return b.coerceParam(u, t, c)
		}
		// an unknown column of a subquery: its text is what there is
		return b.convert(&expr.Relabel{Arg: e, T: typeText, Form: expr.FormImplicitCast}, t, byText, 0, cast{explicit, c.form, c.pos})
	}
	path, proc := findPath(from.Def, t.Def, c.context)
	if path != noPath {
		return b.convert(e, t, path, proc, c)
	}
	if rowCoercible(from.Def, t.Def) {
		return b.coerceRow(e, t, c)
	}
	return nil, pgerr.Internal("failed to find conversion function from %s to %s", b.formatType(from.Def), b.formatType(t.Def))
}

// convert applies a pathway.
func (b *binder) convert(e expr.Expr, t types.Type, path pathway, proc types.OID, c cast) (expr.Expr, error) {
	base := baseTypeMod(types.Of(t.Def))
	if t.Kind != types.KindDomain {
		base = types.Of(t.Def)
	}
	inner := c
	if t.Kind == types.KindDomain {
		inner.form = expr.FormImplicitCast
	}
	out, err := b.convertBase(e, base, path, proc, inner)
	if err != nil {
		return nil, err
	}
	if t.Kind != types.KindDomain {
		return out, nil
	}
	if base.Mod >= 0 {
		if out, err = b.applyMod(out, base, inner, true); err != nil {
			return nil, err
		}
	}
	return b.domain(out, t, c)
}

func (b *binder) convertBase(e expr.Expr, base types.Type, path pathway, id types.OID, c cast) (expr.Expr, error) {
	t := types.Of(base.Def)
	switch path {
	case relabel:
		if baseType(e.Type().Def).OID == t.OID && e.Type().Kind != types.KindDomain {
			return e, nil
		}
		return &expr.Relabel{Arg: e, T: t, Form: c.form}, nil
	case byFunction:
		return b.castCall(e, id, base, c)
	case byElements:
		return b.convertElements(e, base, c)
	}
	return b.taken(&expr.IOCast{Arg: e, T: t, Form: c.form, Pos: c.pos}, t, c)
}

// castCall calls a cast's function; those with more arguments take the modifier and whether the cast is explicit.
func (b *binder) castCall(e expr.Expr, id types.OID, t types.Type, c cast) (expr.Expr, error) {
	p := builtin.ProcByOID(id)
	if p == nil {
		return nil, pgerr.Internal("cast function %d does not exist", id)
	}
	if err := b.supported(p, c.pos); err != nil {
		return nil, err
	}
	args := []expr.Expr{e}
	if len(p.Args) > 1 {
		args = append(args, &expr.Const{Value: types.Int(int64(t.Mod)), T: typeInt4})
	}
	if len(p.Args) > 2 {
		args = append(args, &expr.Const{Value: types.Bool(c.context == explicit), T: typeBool})
	}
	if d := b.def(p.Args[0]); d != nil && e.Type().ID() != d.OID && !isPolymorphic(d.OID) {
		args[0] = &expr.Relabel{Arg: e, T: types.Of(d), Form: expr.FormImplicitCast}
	}
	return &expr.Call{Proc: p, Args: args, T: types.Of(t.Def), Form: c.form, Pos: c.pos}, nil
}

func (b *binder) convertElements(e expr.Expr, t types.Type, c cast) (expr.Expr, error) {
	from := baseType(e.Type().Def)
	slot := &expr.Slot{Index: 0, T: types.Of(from.Elem)}
	elem, err := b.coerce(slot, types.Of(t.Elem), cast{c.context, expr.FormImplicitCast, c.pos})
	if err != nil {
		return nil, err
	}
	if t.Mod >= 0 {
		if elem, err = b.applyMod(elem, types.Type{Def: t.Elem, Mod: t.Mod}, c, true); err != nil {
			return nil, err
		}
	}
	return &expr.ArrayCast{Arg: e, Elem: elem, T: types.Of(t.Def), Form: c.form}, nil
}

// applyMod applies a type's modifier, such as varchar's length, unless the value has it already.
func (b *binder) applyMod(e expr.Expr, t types.Type, c cast, hide bool) (expr.Expr, error) {
	if t.Mod < 0 || t.Kind == types.KindDomain || e.Type().Mod == t.Mod && e.Type().ID() == t.ID() {
		return e, nil
	}
	form := c.form
	if hide {
		form = expr.FormImplicitCast
	}
	if isTrueArray(t.Def) {
		slot := &expr.Slot{Index: 0, T: types.Of(t.Elem)}
		elem, err := b.applyMod(slot, types.Type{Def: t.Elem, Mod: t.Mod}, c, hide)
		if err != nil || elem == expr.Expr(slot) {
			return e, err
		}
		return &expr.ArrayCast{Arg: e, Elem: elem, T: t, Form: form}, nil
	}
	if k, ok := e.(*expr.Const); ok && k.T.ID() == t.ID() {
		return modConst(k, t, c, hide)
	}
	length := builtin.CastFor(t.ID(), t.ID())
	if length == nil || length.Method != 'f' {
		return e, nil
	}
	p := builtin.ProcByOID(length.Proc)
	if p == nil {
		return e, nil
	}
	args := []expr.Expr{e, &expr.Const{Value: types.Int(int64(t.Mod)), T: typeInt4}}
	if len(p.Args) > 2 {
		args = append(args, &expr.Const{Value: types.Bool(c.context == explicit), T: typeBool})
	}
	return &expr.Call{Proc: p, Args: args, T: t, Form: form, Pos: c.pos}, nil
}

// modConst applies a modifier to a constant. An implicit one leaves no trace in the type, so that a default is shown as it
// was written.
func modConst(k *expr.Const, t types.Type, c cast, hide bool) (expr.Expr, error) {
	v, shown, spelt := k.Value, t, k.Spelt
	if spelt == nil {
		spelt = &k.Value
	}
	if (hide || c.form == expr.FormImplicitCast) && c.form != expr.FormCast {
		shown = k.T
	}
	if !v.Null {
		var err error
		if v, err = types.ApplyMod(t, v, c.context == explicit); err != nil {
			return nil, err
		}
	}
	return &expr.Const{Value: v, T: shown, Spelt: spelt}, nil
}

// require is coerceTo for places that name the type they want.
func (b *binder) require(e expr.Expr, t types.Type, what string, pos int) (expr.Expr, error) {
	if e.Type().ID() == t.ID() {
		return e, nil
	}
	out, ok, err := b.coerceTo(e, t, cast{assignment, expr.FormImplicitCast, pos})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "argument of %s must be type %s, not type %s", what, b.formatType(t.Def), b.formatType(e.Type().Def)).At(pos)
	}
	if returnsSet(out) {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "argument of %s must not return a set", what).At(pos)
	}
	return out, nil
}

// condition requires a boolean.
func (b *binder) condition(e expr.Expr, what string, pos int) (expr.Expr, error) {
	return b.require(e, typeBool, what, pos)
}

func returnsSet(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	return ok && c.Proc.Set
}

// explicitCast is CAST(e AS t).
func (b *binder) explicitCast(e expr.Expr, t types.Type, pos, namePos int) (expr.Expr, error) {
	if rowCoercible(e.Type().Def, t.Def) {
		pos = namePos
	}
	out, ok, err := b.coerceTo(e, t, cast{explicit, expr.FormCast, pos})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pgerr.New(pgerrcode.CannotCoerce, "cannot cast type %s to %s", b.formatType(e.Type().Def), b.formatType(t.Def)).At(namePos)
	}
	if t.Mod < 0 && out.Type().Mod >= 0 && out.Type().ID() == t.ID() && t.Kind != types.KindDomain {
		return &expr.Relabel{Arg: out, T: types.Of(t.Def), Form: expr.FormCast}, nil
	}
	return out, nil
}

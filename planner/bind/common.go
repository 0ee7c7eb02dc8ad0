package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// commonType chooses the type that all the expressions can take, as UNION, CASE and their kin do. what names the
// construct in the error; with "" there is no error but nil.
func (b *binder) commonType(es []expr.Expr, what string, at func(i int) int) (*types.Def, error) {
	first := es[0].Type().Def
	if first.OID != types.OIDUnknown && sameTypes(es) {
		return first, nil
	}
	best := baseType(first)
	for i, e := range es[1:] {
		t := baseType(e.Type().Def)
		if t.OID == types.OIDUnknown || t.OID == best.OID {
			continue
		}
		switch {
		case best.OID == types.OIDUnknown:
			best = t
		case t.Category != best.Category:
			if what == "" {
				return nil, nil
			}
			return nil, pgerr.New(pgerrcode.DatatypeMismatch, "%s types %s and %s cannot be matched", what, b.formatType(best), b.formatType(t)).At(at(i + 1))
		case !best.Preferred && canCoerceOne(b, best, t, implicit) && !canCoerceOne(b, t, best, implicit):
			best = t
		}
	}
	if best.OID == types.OIDUnknown {
		best = typeText.Def
	}
	return best, nil
}

func sameTypes(es []expr.Expr) bool {
	for _, e := range es[1:] {
		if e.Type().ID() != es[0].Type().ID() {
			return false
		}
	}
	return true
}

// toCommon coerces an expression to the common type.
func (b *binder) toCommon(e expr.Expr, t *types.Def, what string, pos int) (expr.Expr, error) {
	if e.Type().ID() == t.OID {
		return e, nil
	}
	if !canCoerceOne(b, e.Type().Def, t, implicit) {
		return nil, pgerr.New(pgerrcode.CannotCoerce, "%s could not convert type %s to %s", what, b.formatType(e.Type().Def), b.formatType(t)).At(pos)
	}
	return b.coerce(e, types.Of(t), cast{implicit, expr.FormImplicitCast, pos})
}

// unify coerces all the expressions to their common type.
func (b *binder) unify(es []expr.Expr, what string, nodes []*pg.Node) ([]expr.Expr, types.Type, error) {
	at := func(i int) int {
		if i < len(nodes) {
			return location(nodes[i])
		}
		return -1
	}
	t, err := b.commonType(es, what, at)
	if err != nil {
		return nil, types.Type{}, err
	}
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		if out[i], err = b.toCommon(e, t, what, at(i)); err != nil {
			return nil, types.Type{}, err
		}
	}
	return out, types.Type{Def: t, Mod: commonMod(out, t)}, nil
}

// commonMod is the modifier that all share, or none.
func commonMod(es []expr.Expr, t *types.Def) int32 {
	mod := es[0].Type().Mod
	for _, e := range es {
		if e.Type().ID() != t.OID || e.Type().Mod != mod {
			return -1
		}
	}
	return mod
}

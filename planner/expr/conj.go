package expr

import "github.com/rowandb/rowan/types"

// Conjuncts appends the conditions that e, taken as a condition, is the AND of.
func Conjuncts(e Expr, out []Expr) []Expr {
	if b, ok := e.(*Bool); ok && b.Op == And {
		for _, a := range b.Args {
			out = Conjuncts(a, out)
		}
		return out
	}
	if e == nil {
		return out
	}
	return append(out, e)
}

// Disjuncts appends the conditions that e is the OR of.
func Disjuncts(e Expr, out []Expr) []Expr {
	if b, ok := e.(*Bool); ok && b.Op == Or {
		for _, a := range b.Args {
			out = Disjuncts(a, out)
		}
		return out
	}
	return append(out, e)
}

// JoinAnd is the AND of the conditions: true for none, the condition itself for one.
func JoinAnd(conds []Expr) Expr { return join(And, conds, true) }

// JoinOr is the OR of the conditions: false for none, the condition itself for one.
func JoinOr(conds []Expr) Expr { return join(Or, conds, false) }

func join(op BoolOp, conds []Expr, empty bool) Expr {
	switch len(conds) {
	case 0:
		return Truth(empty)
	case 1:
		return conds[0]
	}
	return &Bool{Op: op, Args: conds}
}

// Truth is the constant true or false.
func Truth(b bool) *Const { return &Const{Value: types.Bool(b), T: boolean} }

// NullOf is the constant NULL of a type.
func NullOf(t types.Type) *Const { return &Const{Value: types.Null, T: t} }

// IsTrue reports whether e is the constant true.
func IsTrue(e Expr) bool {
	c, ok := e.(*Const)
	return ok && c.T.ID() == types.OIDBool && c.Value.B()
}

// IsFalseOrNull reports whether e is a constant that is never true.
func IsFalseOrNull(e Expr) bool {
	c, ok := e.(*Const)
	return ok && (c.Value.Null || c.T.ID() == types.OIDBool && c.Value.I == 0)
}

// IsNullConst reports whether e is a NULL constant.
func IsNullConst(e Expr) bool {
	c, ok := e.(*Const)
	return ok && c.Value.Null
}

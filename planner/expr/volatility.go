package expr

import (
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

// Volatility says when an expression may be evaluated and how often, as pg_proc.provolatile does. Larger is worse.
type Volatility uint8

// The degrees: Immutable depends on nothing but its arguments, Stable does not change within a statement.
const (
	Immutable Volatility = iota
	Stable
	Volatile
)

// VolatilityOf is the worst degree in e. A Subquery counts as Stable at least; what its plan holds is not seen here
// (logical.ContainsVolatile looks inside).
func VolatilityOf(e Expr) Volatility {
	worst := Immutable
	Walk(e, func(x Expr) bool {
		worst = max(worst, own(x))
		return worst < Volatile
	})
	return worst
}

// own is the degree of the node itself, without its children.
func own(e Expr) Volatility {
	switch e := e.(type) {
	case *Call:
		return procVolatility(e.Proc.Volatile)
	case *ArrayCompare:
		return procVolatility(e.Proc.Volatile)
	case *IOCast:
		return max(formVolatility(e.Arg.Type(), false), formVolatility(e.T, true))
	case *ArrayCast:
		return VolatilityOf(e.Elem)
	case *DomainCast:
		worst := Stable // a domain's constraints may be altered
		for _, c := range e.Checks {
			worst = max(worst, VolatilityOf(c.Expr))
		}
		for _, p := range e.Parts {
			worst = max(worst, VolatilityOf(p))
		}
		return worst
	case *Subquery:
		return Stable
	}
	return Immutable
}

// formVolatility is that of a type's input or output function: those of times, for example, depend on settings.
func formVolatility(t types.Type, input bool) Volatility {
	row := builtin.TypeByOID(t.ID())
	if row == nil {
		return Stable
	}
	f := row.Output
	if input {
		f = row.Input
	}
	if p := builtin.ProcByOID(f); p != nil {
		return procVolatility(p.Volatile)
	}
	return Stable
}

func procVolatility(c byte) Volatility {
	switch c {
	case 'i':
		return Immutable
	case 's':
		return Stable
	}
	return Volatile
}

// ContainsVolatile reports whether e calls a volatile function outside of subqueries.
func ContainsVolatile(e Expr) bool { return VolatilityOf(e) == Volatile }

// IsConstant reports whether e has the same value for every row of a statement and can be computed before it reads any
// row: it has no columns, no subqueries, no volatile functions. Parameters are constant.
func IsConstant(e Expr) bool {
	return !Any(e, func(x Expr) bool {
		switch x.(type) {
		case *Column, *Slot, *Outer, *Subquery, *Aggregate, *Default, *CurrentValue:
			return true
		}
		return own(x) == Volatile || returnsSet(x)
	})
}

// IsFoldable reports whether e can be computed once and for all, at planning: it is constant, has no parameters and
// nothing that depends on settings or time.
func IsFoldable(e Expr) bool {
	return IsConstant(e) && !Any(e, func(x Expr) bool {
		_, param := x.(*Param)
		return param || own(x) != Immutable || userCall(x)
	})
}

// userCall reports whether x calls a user's function. What it says of itself need not be true, and a plan is kept.
func userCall(x Expr) bool {
	c, ok := x.(*Call)
	return ok && c.Proc.User
}

// ReturnsSet reports whether e calls a set-returning function.
func ReturnsSet(e Expr) bool { return Any(e, returnsSet) }

func returnsSet(x Expr) bool {
	c, ok := x.(*Call)
	return ok && c.Proc.Set
}

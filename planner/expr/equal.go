package expr

import (
	"hash/maphash"
	"slices"

	"github.com/rowandb/rowan/types"
)

// Equal reports whether a and b are the same expression: the same nodes over the same columns. Positions, names and the
// forms in which casts were written do not matter. Subqueries are equal only when they are the same node.
func Equal(a, b Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || !sameNode(a, b) {
		return false
	}
	ca, cb := Children(a), Children(b)
	return slices.EqualFunc(ca, cb, Equal)
}

// Children lists the direct sub-expressions in the order of MapChildren; absent ones are left out.
func Children(e Expr) []Expr {
	var out []Expr
	MapChildren(e, func(c Expr) Expr {
		out = append(out, c)
		return c
	})
	return out
}

// EqualAll is Equal for lists.
func EqualAll(a, b []Expr) bool { return slices.EqualFunc(a, b, Equal) }

func sameType(a, b types.Type) bool { return a.ID() == b.ID() && a.Mod == b.Mod }

// sameNode compares all but the children.
func sameNode(a, b Expr) bool {
	switch a := a.(type) {
	case *Const:
		b, ok := b.(*Const)
		return ok && a.Value == b.Value && sameType(a.T, b.T)
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Index == b.Index && sameType(a.T, b.T)
	case *Column:
		b, ok := b.(*Column)
		return ok && a.ID == b.ID
	case *Slot:
		b, ok := b.(*Slot)
		return ok && a.Index == b.Index
	case *Outer:
		b, ok := b.(*Outer)
		return ok && a.Index == b.Index
	case *CurrentValue:
		_, ok := b.(*CurrentValue)
		return ok
	case *Call:
		b, ok := b.(*Call)
		return ok && a.Proc.OID == b.Proc.OID && a.Variadic == b.Variadic && sameType(a.T, b.T)
	case *Relabel:
		b, ok := b.(*Relabel)
		return ok && sameType(a.T, b.T)
	case *IOCast:
		b, ok := b.(*IOCast)
		return ok && sameType(a.T, b.T)
	case *DomainCast:
		b, ok := b.(*DomainCast)
		return ok && sameType(a.T, b.T)
	case *ArrayCast:
		b, ok := b.(*ArrayCast)
		return ok && sameType(a.T, b.T) && Equal(a.Elem, b.Elem)
	}
	return sameCompound(a, b)
}

func sameCompound(a, b Expr) bool {
	switch a := a.(type) {
	case *Bool:
		b, ok := b.(*Bool)
		return ok && a.Op == b.Op
	case *NullTest:
		b, ok := b.(*NullTest)
		return ok && a.Not == b.Not
	case *BoolTest:
		b, ok := b.(*BoolTest)
		return ok && a.Not == b.Not && a.Want == b.Want
	case *Distinct:
		b, ok := b.(*Distinct)
		return ok && a.Not == b.Not
	case *Case:
		b, ok := b.(*Case)
		return ok && len(a.Whens) == len(b.Whens)
	case *Coalesce:
		_, ok := b.(*Coalesce)
		return ok
	case *MinMax:
		b, ok := b.(*MinMax)
		return ok && a.Greatest == b.Greatest
	case *NullIf:
		_, ok := b.(*NullIf)
		return ok
	case *ArrayCompare:
		b, ok := b.(*ArrayCompare)
		return ok && a.All == b.All && a.Proc.OID == b.Proc.OID
	case *Array:
		b, ok := b.(*Array)
		return ok && a.Multi == b.Multi && sameType(a.T, b.T)
	case *Row:
		b, ok := b.(*Row)
		return ok && sameType(a.T, b.T)
	case *Field:
		b, ok := b.(*Field)
		return ok && a.Index == b.Index
	case *Subscript:
		b, ok := b.(*Subscript)
		return ok && a.Slice == b.Slice && slices.EqualFunc(a.Index, b.Index, sameBounds)
	case *Aggregate:
		b, ok := b.(*Aggregate)
		return ok && sameAggregate(a, b)
	}
	return false
}

func sameBounds(a, b SubscriptBound) bool {
	return (a.Lower == nil) == (b.Lower == nil) && (a.Upper == nil) == (b.Upper == nil)
}

func sameAggregate(a, b *Aggregate) bool {
	return a.Proc.OID == b.Proc.OID && slices.Equal(a.Grouping, b.Grouping) && a.Distinct == b.Distinct && len(a.Args) == len(b.Args) &&
		len(a.Direct) == len(b.Direct) && slices.Equal(a.Grouping, b.Grouping) && (a.Filter == nil) == (b.Filter == nil) &&
		slices.EqualFunc(a.Order, b.Order, func(x, y SortKey) bool { return x.Desc == y.Desc && x.NullsFirst == y.NullsFirst })
}

var seed = maphash.MakeSeed()

// Hash is a hash such that Equal expressions have equal ones.
func Hash(e Expr) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	hash(&h, e)
	return h.Sum64()
}

func hash(h *maphash.Hash, e Expr) {
	switch e := e.(type) {
	case *Const:
		h.WriteByte(1)
		maphash.WriteComparable(h, e.Value)
	case *Param:
		h.WriteByte(2)
		maphash.WriteComparable(h, e.Index)
	case *Column:
		h.WriteByte(3)
		maphash.WriteComparable(h, e.ID)
	case *Slot:
		h.WriteByte(4)
		maphash.WriteComparable(h, e.Index)
	case *Outer:
		h.WriteByte(5)
		maphash.WriteComparable(h, e.Index)
	case *Call:
		h.WriteByte(6)
		maphash.WriteComparable(h, e.Proc.OID)
	case *Bool:
		h.WriteByte(7)
		h.WriteByte(byte(e.Op))
	default:
		h.WriteByte(8)
		maphash.WriteComparable(h, e.Type().ID())
	}
	for _, c := range Children(e) {
		hash(h, c)
	}
}

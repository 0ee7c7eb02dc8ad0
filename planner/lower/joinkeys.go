package lower

import (
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// keyPair is an equality between the two sides of a join, both of one type.
type keyPair struct{ left, right expr.Expr }

// splitKeys parts a join's conditions into those that can be hashed and the rest.
func splitKeys(n *logical.Join) (keys []keyPair, rest []expr.Expr) {
	left, right := logical.IDs(n.Left.Columns()), logical.IDs(n.Right.Columns())
	for _, c := range n.Conds {
		if k, ok := hashable(c, left, right); ok {
			keys = append(keys, k)
		} else {
			rest = append(rest, c)
		}
	}
	return keys, rest
}

// hashable recognises left = right where each side depends on one input only.
func hashable(e expr.Expr, left, right expr.ColumnSet) (keyPair, bool) {
	c, ok := e.(*expr.Call)
	if !ok || c.Op == nil || c.Op.Name != "=" || !c.Op.CanHash || len(c.Args) != 2 || logical.Volatile(c) {
		return keyPair{}, false
	}
	a, b := logical.Used(c.Args[0]), logical.Used(c.Args[1])
	var k keyPair
	switch {
	case only(a, left, right) && only(b, right, left):
		k = keyPair{c.Args[0], c.Args[1]}
	case only(a, right, left) && only(b, left, right):
		k = keyPair{c.Args[1], c.Args[0]}
	default:
		return keyPair{}, false
	}
	return sameTypes(k)
}

// only reports whether columns come from one side: at least one of it, none of the other.
func only(used, side, other expr.ColumnSet) bool {
	return used.Intersects(side) && !used.Intersects(other)
}

// sameTypes widens the narrower key where the operator compares two types.
func sameTypes(k keyPair) (keyPair, bool) {
	lt, rt := k.left.Type(), k.right.Type()
	if lt.Same(rt) {
		return k, true
	}
	if e, ok := widen(k.left, rt); ok {
		return keyPair{e, k.right}, true
	}
	if e, ok := widen(k.right, lt); ok {
		return keyPair{k.left, e}, true
	}
	return keyPair{}, false
}

// wider has the types that every value of a type can be converted to without changing what it is equal to.
var wider = map[types.OID][]types.OID{
	types.OIDInt2:   {types.OIDInt4, types.OIDInt8},
	types.OIDInt4:   {types.OIDInt8},
	types.OIDFloat4: {types.OIDFloat8},
	types.OIDName:   {types.OIDText},
}

// widen converts e to a wider type.
func widen(e expr.Expr, to types.Type) (expr.Expr, bool) {
	from := e.Type()
	for _, w := range wider[from.ID()] {
		if w != to.ID() {
			continue
		}
		cast := builtin.CastFor(from.ID(), w)
		if cast == nil || cast.Proc == 0 {
			return nil, false
		}
		t := types.Of(to.Def)
		return &expr.Call{Proc: builtin.ProcByOID(cast.Proc), Args: []expr.Expr{e}, T: t, Form: expr.FormImplicitCast, Pos: -1}, true
	}
	return nil, false
}

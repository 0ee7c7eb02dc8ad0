package lower

import (
	"strings"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// sargKind is how a condition bounds a key.
type sargKind uint8

const (
	sargEqual sargKind = iota
	sargNull
	sargNotNull
	sargIn
	sargGreater
	sargGreaterEqual
	sargLess
	sargLessEqual
)

// sarg is a condition, or half of one, that an index can search by: key compared with a value that is fixed while the
// scan runs and has the key's type.
type sarg struct {
	kind  sargKind
	key   expr.Expr
	value expr.Expr
	cond  int  // which of the scan's conditions it comes from
	exact bool // it says all that the condition says
}

var sargOps = map[string]sargKind{
	"=": sargEqual, "<": sargLess, "<=": sargLessEqual, ">": sargGreater, ">=": sargGreaterEqual,
}

// appendSargs appends what condition e (number i) says about keys. own are the scan's columns.
func appendSargs(out []sarg, e expr.Expr, i int, own expr.ColumnSet) []sarg {
	switch e := e.(type) {
	case *expr.Call:
		return callSargs(out, e, i, own)
	case *expr.NullTest:
		kind := sargNull
		if e.Not {
			kind = sargNotNull
		}
		if e.Arg.Type().Def != nil && e.Arg.Type().Kind != types.KindComposite && e.Arg.Type().ID() != types.OIDRecord {
			return append(out, sarg{kind: kind, key: stripRelabel(e.Arg), value: expr.NullOf(e.Arg.Type()), cond: i, exact: true})
		}
	case *expr.ArrayCompare:
		return arraySarg(out, e, i, own)
	case *expr.Column:
		return append(out, sarg{kind: sargEqual, key: e, value: expr.Truth(true), cond: i, exact: true})
	case *expr.Bool:
		if c, ok := e.Args[0].(*expr.Column); ok && e.Op == expr.Not {
			return append(out, sarg{kind: sargEqual, key: c, value: expr.Truth(false), cond: i, exact: true})
		}
	}
	return out
}

func callSargs(out []sarg, e *expr.Call, i int, own expr.ColumnSet) []sarg {
	if e.Op == nil || len(e.Args) != 2 {
		return out
	}
	if kind, ok := sargOps[e.Op.Name]; ok {
		if s, ok := comparison(e.Args[0], e.Args[1], kind, own); ok {
			s.cond = i
			return append(out, s)
		}
		if s, ok := comparison(e.Args[1], e.Args[0], flipped(kind), own); ok {
			s.cond = i
			return append(out, s)
		}
		return out
	}
	if e.Op.Name == "~~" || e.Op.Name == "^@" {
		return patternSargs(out, e, i)
	}
	return out
}

func flipped(k sargKind) sargKind {
	switch k {
	case sargGreater:
		return sargLess
	case sargGreaterEqual:
		return sargLessEqual
	case sargLess:
		return sargGreater
	case sargLessEqual:
		return sargGreaterEqual
	}
	return k
}

// comparison recognises key op value.
func comparison(key, value expr.Expr, kind sargKind, own expr.ColumnSet) (sarg, bool) {
	key = stripRelabel(key)
	if expr.IsConstant(key) || !fixed(value, own) {
		return sarg{}, false
	}
	v, ok := valueOf(value, key.Type())
	if !ok || expr.IsNullConst(v) {
		return sarg{}, false
	}
	return sarg{kind: kind, key: key, value: v, exact: true}, true
}

// fixed reports whether a value is the same for all rows of a scan with the given columns. Columns of outer queries are:
// they are arguments by then.
func fixed(e expr.Expr, own expr.ColumnSet) bool {
	return !logical.Volatile(e) && !logical.Used(e).Intersects(own) && !expr.ReturnsSet(e)
}

// stripRelabel looks through changes of type that change neither the value nor its order.
func stripRelabel(e expr.Expr) expr.Expr {
	for {
		r, ok := e.(*expr.Relabel)
		if !ok || !sameOrder(r.Arg.Type(), r.T) {
			return e
		}
		e = r.Arg
	}
}

// sameOrder reports whether two types compare alike: varchar and text, a domain and its base.
func sameOrder(a, b types.Type) bool {
	a, b = baseType(a), baseType(b)
	text := func(t types.Type) bool { return t.ID() == types.OIDText || t.ID() == types.OIDVarchar }
	return a.Same(b) || text(a) && text(b)
}

func baseType(t types.Type) types.Type {
	for t.Def != nil && t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	return t
}

// valueOf makes a value of the key's type; false when it cannot be done without changing what it is compared to.
func valueOf(e expr.Expr, key types.Type) (expr.Expr, bool) {
	if sameOrder(e.Type(), key) {
		return e, true
	}
	to := baseType(key)
	if w, ok := widen(e, to); ok {
		return w, true
	}
	if c, ok := e.(*expr.Const); ok && isInt(c.T) && isInt(to) && !c.Value.Null && fitsInt(c.Value.I, to) {
		return &expr.Const{Value: c.Value, T: types.Of(to.Def)}, true
	}
	return ordered(e, to)
}

// dates has the conversions that keep order and equality but are no coercions of join keys.
var dates = map[types.OID][]types.OID{
	types.OIDDate:      {types.OIDTimestamp, types.OIDTimestamptz},
	types.OIDTimestamp: {types.OIDTimestamptz},
}

func ordered(e expr.Expr, to types.Type) (expr.Expr, bool) {
	for _, id := range dates[e.Type().ID()] {
		cast := builtin.CastFor(e.Type().ID(), id)
		if id == to.ID() && cast != nil && cast.Proc != 0 {
			return &expr.Call{Proc: builtin.ProcByOID(cast.Proc), Args: []expr.Expr{e}, T: types.Of(to.Def), Form: expr.FormImplicitCast, Pos: -1}, true
		}
	}
	return nil, false
}

func isInt(t types.Type) bool {
	return t.ID() == types.OIDInt2 || t.ID() == types.OIDInt4 || t.ID() == types.OIDInt8
}

func fitsInt(v int64, t types.Type) bool {
	bits := map[types.OID]uint{types.OIDInt2: 15, types.OIDInt4: 31}[t.ID()]
	return bits == 0 || v >= -1<<bits && v < 1<<bits
}

// arraySarg recognises key = ANY (array).
func arraySarg(out []sarg, e *expr.ArrayCompare, i int, own expr.ColumnSet) []sarg {
	if e.All || e.Op == nil || e.Op.Name != "=" || !fixed(e.Array, own) {
		return out
	}
	key := stripRelabel(e.Left)
	t := e.Array.Type()
	if !t.IsArray() || expr.IsConstant(key) {
		return out
	}
	array := e.Array
	if !sameOrder(types.Type{Def: t.Elem, Mod: -1}, key.Type()) {
		return out
	}
	return append(out, sarg{kind: sargIn, key: key, value: array, cond: i, exact: true})
}

// patternSargs turns a pattern that begins with a fixed text into a range; the pattern itself is still checked.
func patternSargs(out []sarg, e *expr.Call, i int) []sarg {
	c, ok := e.Args[1].(*expr.Const)
	key := stripRelabel(e.Args[0])
	if !ok || c.Value.Null || c.T.ID() != types.OIDText || !sameOrder(key.Type(), c.T) || expr.IsConstant(key) {
		return out
	}
	prefix, whole := c.Value.S, false
	if e.Op.Name == "~~" {
		prefix, whole = likePrefix(c.Value.S)
	}
	text := func(s string) expr.Expr { return &expr.Const{Value: types.String(s), T: c.T} }
	switch {
	case whole:
		return append(out, sarg{kind: sargEqual, key: key, value: text(prefix), cond: i})
	case prefix == "":
		return out
	}
	out = append(out, sarg{kind: sargGreaterEqual, key: key, value: text(prefix), cond: i})
	if end, ok := successor(prefix); ok {
		out = append(out, sarg{kind: sargLess, key: key, value: text(end), cond: i})
	}
	return out
}

// likePrefix is the text that a LIKE pattern begins with; whole when that is all of it.
func likePrefix(p string) (prefix string, whole bool) {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '%', '_':
			return b.String(), false
		case '\\':
			if i++; i == len(p) {
				return b.String(), false
			}
		}
		b.WriteByte(p[i])
	}
	return b.String(), true
}

// successor is the least text, in the order of bytes, that is greater than all that begin with s.
func successor(s string) (string, bool) {
	for n := len(s); n > 0; n-- {
		if s[n-1] < 0xff {
			return s[:n-1] + string([]byte{s[n-1] + 1}), true
		}
	}
	return "", false
}

package bind

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// OIDs of the polymorphic types that package types does not name.
const (
	oidAnyMultirange           types.OID = 4537
	oidAnyCompatibleMultirange types.OID = 4538
)

func isPolymorphic(id types.OID) bool { return isAnyElement(id) || isAnyCompatible(id) }

// isAnyElement is the family whose members must all agree exactly.
func isAnyElement(id types.OID) bool {
	switch id {
	case types.OIDAnyElement, types.OIDAnyArray, types.OIDAnyNonArray, types.OIDAnyEnum, types.OIDAnyRange, oidAnyMultirange:
		return true
	}
	return false
}

// isAnyCompatible is the family whose members need a common type.
func isAnyCompatible(id types.OID) bool {
	switch id {
	case types.OIDAnyCompatible, types.OIDAnyCompatibleArray, types.OIDAnyCompatibleNonArray, types.OIDAnyCompatibleRange, oidAnyCompatibleMultirange:
		return true
	}
	return false
}

// rangeElem has the element type of each built-in range and multirange.
var rangeElem = map[types.OID]types.OID{
	3904: types.OIDInt4, 3906: types.OIDNumeric, 3908: types.OIDTimestamp, 3910: types.OIDTimestamptz, 3912: types.OIDDate, 3926: types.OIDInt8,
	4451: types.OIDInt4, 4532: types.OIDNumeric, 4533: types.OIDTimestamp, 4534: types.OIDTimestamptz, 4535: types.OIDDate, 4536: types.OIDInt8,
}

// multirangeOf has the multirange of each built-in range.
var multirangeOf = map[types.OID]types.OID{3904: 4451, 3906: 4532, 3908: 4533, 3910: 4534, 3912: 4535, 3926: 4536}

func rangeOfMultirange(id types.OID) types.OID {
	for r, m := range multirangeOf {
		if m == id {
			return r
		}
	}
	return 0
}

// generics is what the actual types say about the polymorphic ones.
type generics struct {
	elem, array, rng, multi *types.Def   // of the anyelement family
	compat                  []*types.Def // what must have a common type
	compatArray             *types.Def
	compatRange             *types.Def
	nonArray, enum          bool
	compatNonArray          bool
}

// gather collects the actual types by the declared ones; a false result names the family that disagrees.
func (g *generics) gather(actual, declared []*types.Def) (string, *types.Def, *types.Def) {
	for i, d := range declared {
		a := actual[i]
		if !isPolymorphic(d.OID) {
			continue
		}
		switch d.OID {
		case types.OIDAnyNonArray:
			g.nonArray = true
		case types.OIDAnyEnum:
			g.enum = true
		case types.OIDAnyCompatibleNonArray:
			g.compatNonArray = true
		}
		if a.OID == types.OIDUnknown {
			continue
		}
		var at **types.Def
		switch d.OID {
		case types.OIDAnyElement, types.OIDAnyNonArray, types.OIDAnyEnum:
			at = &g.elem
		case types.OIDAnyArray:
			at, a = &g.array, baseType(a)
		case types.OIDAnyRange:
			at, a = &g.rng, baseType(a)
		case oidAnyMultirange:
			at, a = &g.multi, baseType(a)
		case types.OIDAnyCompatible, types.OIDAnyCompatibleNonArray:
			g.compat = append(g.compat, a)
			continue
		case types.OIDAnyCompatibleArray:
			a = baseType(a)
			if !isArrayLike(a) {
				return "anycompatiblearray", a, nil
			}
			g.compatArray = a
			g.compat = append(g.compat, a.Elem)
			continue
		default:
			a = baseType(a)
			if rangeElem[a.OID] == 0 {
				return "anycompatiblerange", a, nil
			}
			g.compatRange = a
			g.compat = append(g.compat, types.Builtin(rangeElem[a.OID]))
			continue
		}
		if *at != nil && (*at).OID != a.OID {
			return d.Name, *at, a
		}
		*at = a
	}
	return "", nil, nil
}

func isArrayLike(d *types.Def) bool { return d.Elem != nil && d.Category == 'A' }

// settleElem makes the members of the anyelement family agree; nil elem means that nothing is known.
func (g *generics) settleElem() (problem string, a, b *types.Def) {
	if g.array != nil {
		if g.array.OID == types.OIDAnyArray {
			return "", nil, nil
		}
		if !isArrayLike(g.array) {
			return "argument declared anyarray is not an array but type", g.array, nil
		}
		switch {
		case g.elem == nil:
			g.elem = g.array.Elem
		case baseType(g.elem).OID != g.array.Elem.OID && g.elem.OID != g.array.Elem.OID:
			return "anyarray", g.array, g.elem
		default:
			g.elem = g.array.Elem
		}
	}
	if g.multi != nil {
		r := types.Builtin(rangeOfMultirange(g.multi.OID))
		if r == nil {
			return "argument declared anymultirange is not a multirange type but type", g.multi, nil
		}
		if g.rng == nil {
			g.rng = r
		} else if g.rng.OID != r.OID {
			return "anymultirange", g.multi, g.rng
		}
	}
	if g.rng != nil {
		sub := types.Builtin(rangeElem[g.rng.OID])
		if sub == nil || multirangeOf[g.rng.OID] == 0 {
			return "argument declared anyrange is not a range type but type", g.rng, nil
		}
		if g.elem == nil {
			g.elem = sub
		} else if g.elem.OID != sub.OID {
			return "anyrange", g.rng, g.elem
		}
	}
	return "", nil, nil
}

// consistentGenerics reports whether actual types can stand for declared polymorphic ones.
func consistentGenerics(actual, declared []*types.Def) bool {
	var g generics
	if bad, _, _ := g.gather(actual, declared); bad != "" {
		return false
	}
	if bad, _, _ := g.settleElem(); bad != "" {
		return false
	}
	if g.elem != nil && (g.nonArray && isArrayLike(baseType(g.elem)) || g.enum && g.elem.Kind != types.KindEnum) {
		return false
	}
	return len(g.compat) == 0 || commonOf(g.compat) != nil
}

// commonOf is commonType for bare types.
func commonOf(ds []*types.Def) *types.Def {
	es := make([]expr.Expr, len(ds))
	for i, d := range ds {
		es[i] = &expr.Const{T: types.Of(d)}
	}
	var b binder
	t, _ := b.commonType(es, "", nil)
	return t
}

// settleGenerics replaces polymorphic declared types by what the actual ones make of them, in place, and returns the
// result's type.
func (b *binder) settleGenerics(actual, declared []*types.Def, result *types.Def) (*types.Def, error) {
	some := isPolymorphic(result.OID)
	for _, d := range declared {
		some = some || isPolymorphic(d.OID)
	}
	if !some {
		return result, nil
	}
	var g generics
	if bad, x, y := g.gather(actual, declared); bad != "" {
		return nil, b.notAlike(bad, x, y)
	}
	if bad, x, y := g.settleElem(); bad != "" {
		return nil, b.notConsistent(bad, x, y)
	}
	if err := b.settleKinds(&g, declared); err != nil {
		return nil, err
	}
	var compat *types.Def
	if len(g.compat) > 0 {
		if compat = commonOf(g.compat); compat == nil {
			return nil, pgerr.New(pgerrcode.DatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type")
		}
	} else {
		compat = typeText.Def
	}
	for i, d := range declared {
		t, err := b.genericType(&g, compat, d)
		if err != nil {
			return nil, err
		}
		declared[i] = t
	}
	return b.genericType(&g, compat, result)
}

// settleKinds checks what anyelement turned out to be; when all arguments are untyped literals it is text or an error.
func (b *binder) settleKinds(g *generics, declared []*types.Def) error {
	needs := false
	for _, d := range declared {
		needs = needs || isAnyElement(d.OID)
	}
	if !needs {
		return nil
	}
	if g.elem == nil {
		if g.array != nil && g.array.OID == types.OIDAnyArray {
			g.elem = types.Builtin(types.OIDAnyElement)
			return nil
		}
		return pgerr.New(pgerrcode.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
	}
	if g.nonArray && isArrayLike(baseType(g.elem)) {
		return pgerr.New(pgerrcode.DatatypeMismatch, "type matched to anynonarray is an array type: %s", b.formatType(g.elem))
	}
	if g.enum && g.elem.Kind != types.KindEnum {
		return pgerr.New(pgerrcode.DatatypeMismatch, "type matched to anyenum is not an enum type: %s", b.formatType(g.elem))
	}
	return nil
}

func (b *binder) genericType(g *generics, compat, d *types.Def) (*types.Def, error) {
	switch d.OID {
	case types.OIDAnyElement, types.OIDAnyNonArray, types.OIDAnyEnum:
		if g.elem != nil {
			return g.elem, nil
		}
	case types.OIDAnyArray:
		if g.array != nil {
			return g.array, nil
		}
		if g.elem != nil {
			if a := b.arrayOf(g.elem); a != nil {
				return a, nil
			}
			return nil, pgerr.New(pgerrcode.UndefinedObject, "could not find array type for data type %s", b.formatType(g.elem))
		}
	case types.OIDAnyRange:
		if g.rng != nil {
			return g.rng, nil
		}
	case oidAnyMultirange:
		if g.multi != nil {
			return g.multi, nil
		}
		if g.rng != nil {
			return types.Builtin(multirangeOf[g.rng.OID]), nil
		}
	case types.OIDAnyCompatible, types.OIDAnyCompatibleNonArray:
		return compat, nil
	case types.OIDAnyCompatibleArray:
		if a := b.arrayOf(compat); a != nil {
			return a, nil
		}
	case types.OIDAnyCompatibleRange:
		if g.compatRange != nil {
			return g.compatRange, nil
		}
	default:
		return d, nil
	}
	return nil, pgerr.New(pgerrcode.DatatypeMismatch, "could not determine polymorphic type %s because input has type unknown", d.Name)
}

func (b *binder) notAlike(family string, x, y *types.Def) error {
	if y == nil {
		kind := "an array"
		if family == "anycompatiblerange" {
			kind = "a range type"
		}
		return pgerr.New(pgerrcode.DatatypeMismatch, "argument declared %s is not %s but type %s", family, kind, b.formatType(x))
	}
	if family == "anynonarray" || family == "anyenum" {
		family = "anyelement"
	}
	return pgerr.New(pgerrcode.DatatypeMismatch, "arguments declared \"%s\" are not all alike", family).
		WithDetail("%s versus %s", b.formatType(x), b.formatType(y))
}

func (b *binder) notConsistent(what string, x, y *types.Def) error {
	if y == nil {
		return pgerr.New(pgerrcode.DatatypeMismatch, "%s %s", what, b.formatType(x))
	}
	other := "anyelement"
	if what == "anymultirange" {
		other = "anyrange"
	}
	return pgerr.New(pgerrcode.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", what, other).
		WithDetail("%s versus %s", b.formatType(x), b.formatType(y))
}

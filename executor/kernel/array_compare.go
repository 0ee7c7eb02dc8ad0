package kernel

import (
	"github.com/rowandb/rowan/types"
)

// arrayComparisons compares values of types that are made of others, through types.Compare.
var arrayComparisons = join(
	family(compareTyped, "array_%", "jsonb_%", "record_%", "record_image_%", "interval_%", "timetz_%", "bit%", "tid%",
		"network_%", "macaddr_%", "macaddr8_%", "oidvector%"),
	map[string]Kernel{
		"btarraycmp": cmpTyped, "jsonb_cmp": cmpTyped, "btrecordcmp": cmpTyped, "btrecordimagecmp": cmpTyped,
		"interval_cmp": cmpTyped, "timetz_cmp": cmpTyped, "bitcmp": cmpTyped, "bttidcmp": cmpTyped,
		"network_cmp": cmpTyped, "macaddr_cmp": cmpTyped, "macaddr8_cmp": cmpTyped, "btoidvectorcmp": cmpTyped,
		"array_larger": pickTyped(1), "array_smaller": pickTyped(-1), "interval_larger": pickTyped(1),
		"interval_smaller": pickTyped(-1), "timetz_larger": pickTyped(1), "timetz_smaller": pickTyped(-1),
		"tidlarger": pickTyped(1), "tidsmaller": pickTyped(-1), "network_larger": pickTyped(1), "network_smaller": pickTyped(-1),
		"arraycontains":  bindElem(0, func(elem types.Type) Row { return arrayContains(elem, 0, 1) }),
		"arraycontained": bindElem(0, func(elem types.Type) Row { return arrayContains(elem, 1, 0) }),
		"arrayoverlap":   bindElem(0, func(elem types.Type) Row { return arrayOverlaps(elem) }),
	})

func compareTyped(o op) Kernel {
	return Kernel{Bind: func(args []types.Type, _ types.Type) (Kernel, error) {
		t := args[0]
		if t.Class == types.ClassInt {
			return compareRows(o, func(_ *Env, a, b datum) int { return types.Compare(t, a, b) }), nil
		}
		cmp := types.Comparer(t)
		return compareWith(o, func(a, b string) int { return cmp(types.String(a), types.String(b)) }), nil
	}}
}

var cmpTyped = Kernel{Bind: func(args []types.Type, _ types.Type) (Kernel, error) {
	t := args[0]
	return cmpKernel(func(a, b datum) int { return types.Compare(t, a, b) }), nil
}}

func pickTyped(sign int) Kernel {
	return Kernel{Bind: func(args []types.Type, _ types.Type) (Kernel, error) {
		t := args[0]
		return pick(sign, func(a, b datum) int { return types.Compare(t, a, b) }), nil
	}}
}

// arrayContains is whether every element of args[inner] is among those of args[outer]. A NULL equals nothing.
func arrayContains(elem types.Type, outer, inner int) Row {
	return func(_ *Env, a []datum) (datum, error) {
		x, y := types.UnpackArray(a[outer].S).Elems, types.UnpackArray(a[inner].S).Elems
		for _, e := range y {
			if e.Null || !among(elem, e, x) {
				return types.Bool(false), nil
			}
		}
		return types.Bool(true), nil
	}
}

func arrayOverlaps(elem types.Type) Row {
	return func(_ *Env, a []datum) (datum, error) {
		x, y := types.UnpackArray(a[0].S).Elems, types.UnpackArray(a[1].S).Elems
		for _, e := range x {
			if !e.Null && among(elem, e, y) {
				return types.Bool(true), nil
			}
		}
		return types.Bool(false), nil
	}
}

func among(elem types.Type, e datum, list []datum) bool {
	for _, x := range list {
		if !x.Null && types.Compare(elem, e, x) == 0 {
			return true
		}
	}
	return false
}

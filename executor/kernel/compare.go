package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// op is a comparison.
type op uint8

const (
	opEQ op = iota
	opNE
	opLT
	opLE
	opGT
	opGE
)

// holds says whether the comparison is true of operands for which a three-way comparison gave c.
func (o op) holds(c int) bool {
	switch o {
	case opEQ:
		return c == 0
	case opNE:
		return c != 0
	case opLT:
		return c < 0
	case opLE:
		return c <= 0
	case opGT:
		return c > 0
	default:
		return c >= 0
	}
}

func compareVec[T ordered](o op, a, b []T, ma, mb int, sel []uint16, out []int64) {
	switch o {
	case opEQ:
		vecEqual(a, b, ma, mb, sel, out)
	case opNE:
		vecNotEqual(a, b, ma, mb, sel, out)
	case opLT:
		vecLess(a, b, ma, mb, sel, out)
	case opLE:
		vecLessEqual(a, b, ma, mb, sel, out)
	case opGT:
		vecLess(b, a, mb, ma, sel, out)
	case opGE:
		vecLessEqual(b, a, mb, ma, sel, out)
	}
}

func compareSelect[T ordered](o op, a, b []T, ma, mb int, n int, sel, out []uint16, k int) int {
	switch o {
	case opEQ:
		return selEqual(a, b, ma, mb, n, sel, out, k)
	case opNE:
		return selNotEqual(a, b, ma, mb, n, sel, out, k)
	case opLT:
		return selLess(a, b, ma, mb, n, sel, out, k)
	case opLE:
		return selLessEqual(a, b, ma, mb, n, sel, out, k)
	case opGT:
		return selLess(b, a, mb, ma, n, sel, out, k)
	default:
		return selLessEqual(b, a, mb, ma, n, sel, out, k)
	}
}

func cmp3[T ordered](a, b T) int {
	switch {
	case less(a, b):
		return -1
	case less(b, a):
		return 1
	default:
		return 0
	}
}

func compareInts(o op) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) { return types.Bool(o.holds(cmp3(a[0].I, a[1].I))), nil },
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, b := args[0], args[1]
			compareVec(o, a.Int, b.Int, mask(a), mask(b), sel, out.Int[:n])
			return nil
		},
		Select: func(args []*vector.Vector, n int, sel, out []uint16) []uint16 {
			a, b, start := args[0], args[1], len(out)
			out = reserve(out, n)
			k := compareSelect(o, a.Int, b.Int, mask(a), mask(b), n, sel, out, start)
			return dropNulls(args, out[:k], start)
		},
	}
}

func compareFloats(o op) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) { return types.Bool(o.holds(cmp3(a[0].F(), a[1].F()))), nil },
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, b := args[0], args[1]
			compareVec(o, a.Float, b.Float, mask(a), mask(b), sel, out.Int[:n])
			return nil
		},
		Select: func(args []*vector.Vector, n int, sel, out []uint16) []uint16 {
			a, b, start := args[0], args[1], len(out)
			out = reserve(out, n)
			k := compareSelect(o, a.Float, b.Float, mask(a), mask(b), n, sel, out, start)
			return dropNulls(args, out[:k], start)
		},
	}
}

// compareStrings compares by bytes, which for UTF-8 is the order of the C collation.
func compareStrings(o op) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) { return types.Bool(o.holds(cmp3(a[0].S, a[1].S))), nil },
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, b := args[0], args[1]
			compareVec(o, a.Str, b.Str, mask(a), mask(b), sel, out.Int[:n])
			return nil
		},
		Select: func(args []*vector.Vector, n int, sel, out []uint16) []uint16 {
			a, b, start := args[0], args[1], len(out)
			out = reserve(out, n)
			k := compareSelect(o, a.Str, b.Str, mask(a), mask(b), n, sel, out, start)
			return dropNulls(args, out[:k], start)
		},
	}
}

// compareWith compares packed values by a function of their bytes. NULL rows are skipped: their bytes may be no value.
func compareWith(o op, cmp func(a, b string) int) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) { return types.Bool(o.holds(cmp(a[0].S, a[1].S))), nil },
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, b, ma, mb, nulls := args[0].Str, args[1].Str, mask(args[0]), mask(args[1]), hasNulls(args)
			for _, i := range rows(n, sel) {
				if nulls && anyNull(args, int(i)) {
					continue
				}
				out.Int[i] = b2i(o.holds(cmp(a[int(i)&ma], b[int(i)&mb])))
			}
			return nil
		},
		Select: func(args []*vector.Vector, n int, sel, out []uint16) []uint16 {
			a, b, ma, mb, nulls := args[0].Str, args[1].Str, mask(args[0]), mask(args[1]), hasNulls(args)
			for _, i := range rows(n, sel) {
				if nulls && anyNull(args, int(i)) {
					continue
				}
				if o.holds(cmp(a[int(i)&ma], b[int(i)&mb])) {
					out = append(out, i)
				}
			}
			return out
		},
	}
}

// compareRows is for the comparisons of unlike or seldom compared types: cmp sees whole datums.
func compareRows(o op, cmp func(e *Env, a, b datum) int) Kernel {
	return Kernel{Row: func(e *Env, a []datum) (datum, error) {
		return types.Bool(o.holds(cmp(e, a[0], a[1]))), nil
	}}
}

// suffixes are the endings of the six comparison functions of a type, in the two ways that pg_proc spells them.
var suffixes = [...]string{opEQ: "eq", opNE: "ne", opLT: "lt", opLE: "le", opGT: "gt", opGE: "ge"}

// family makes a type's comparison functions. names have the form "int4%s".
func family(make func(op) Kernel, pattern ...string) map[string]Kernel {
	m := map[string]Kernel{}
	for _, p := range pattern {
		before, after, _ := cut(p)
		for o, s := range suffixes {
			m[before+s+after] = make(op(o))
		}
	}
	return m
}

func cut(pattern string) (before, after string, ok bool) {
	for i := range len(pattern) {
		if pattern[i] == '%' {
			return pattern[:i], pattern[i+1:], true
		}
	}
	return pattern, "", false
}

// cmpKernel makes a three-way comparison function, such as btint4cmp.
func cmpKernel(cmp func(a, b datum) int) Kernel {
	return Kernel{Row: func(_ *Env, a []datum) (datum, error) { return types.Int(int64(cmp(a[0], a[1]))), nil }}
}

// pick makes the …larger and …smaller functions: the first argument when cmp times sign is not below zero.
func pick(sign int, cmp func(a, b datum) int) Kernel {
	return Kernel{Row: func(_ *Env, a []datum) (datum, error) {
		if cmp(a[0], a[1])*sign >= 0 {
			return a[0], nil
		}
		return a[1], nil
	}}
}

func cmpInt(a, b datum) int    { return cmp3(a.I, b.I) }
func cmpFloat(a, b datum) int  { return cmp3(a.F(), b.F()) }
func cmpString(a, b datum) int { return cmp3(a.S, b.S) }

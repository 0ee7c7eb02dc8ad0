package kernel

import (
	"math"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// width is the number of bits of an integer type.
type width uint

func (w width) fits(v int64) bool { return v == v<<(64-w)>>(64-w) }

func (w width) outOfRange() error {
	name := map[width]string{16: "smallint", 32: "integer", 64: "bigint"}[w]
	return pgerr.New(pgerrcode.NumericValueOutOfRange, "%s out of range", name)
}

func divisionByZero() error { return pgerr.New(pgerrcode.DivisionByZero, "division by zero") }

// intLoop is one of the loops for both widths: it reports traces of overflow.
type intLoop func(w width, a, b []int64, ma, mb int, sel []uint16, out []int64) int64

// arithmetic makes the kernel of an operator that can overflow from its row form and its loop.
func arithmetic(w width, row func(a, b int64, w width) (int64, bool), loop intLoop) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			r, ok := row(a[0].I, a[1].I, w)
			if !ok {
				return datum{}, w.outOfRange()
			}
			return types.Int(r), nil
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, b := args[0], args[1]
			ma, mb := mask(a), mask(b)
			if loop(w, a.Int, b.Int, ma, mb, sel, out.Int[:n]) == 0 {
				return nil
			}
			for _, i := range rows(n, sel) {
				if _, ok := row(a.Int[int(i)&ma], b.Int[int(i)&mb], w); !ok && !anyNull(args, int(i)) {
					return w.outOfRange()
				}
			}
			return nil
		},
	}
}

func addInt(a, b int64, w width) (int64, bool) {
	r := a + b
	return r, (a^r)&(b^r) >= 0 && w.fits(r)
}

func subInt(a, b int64, w width) (int64, bool) {
	r := a - b
	return r, (a^b)&(a^r) >= 0 && w.fits(r)
}

func mulInt(a, b int64, w width) (int64, bool) {
	r, bad := mul64(a, b)
	return r, bad == 0 && w.fits(r)
}

func intPlus(w width) Kernel {
	return arithmetic(w, addInt, func(w width, a, b []int64, ma, mb int, sel []uint16, out []int64) int64 {
		if w == 64 {
			return addWide(a, b, ma, mb, sel, out)
		}
		return addNarrow(a, b, ma, mb, uint(64-w), sel, out)
	})
}

func intMinus(w width) Kernel {
	return arithmetic(w, subInt, func(w width, a, b []int64, ma, mb int, sel []uint16, out []int64) int64 {
		if w == 64 {
			return subWide(a, b, ma, mb, sel, out)
		}
		return subNarrow(a, b, ma, mb, uint(64-w), sel, out)
	})
}

func intTimes(w width) Kernel {
	return arithmetic(w, mulInt, func(w width, a, b []int64, ma, mb int, sel []uint16, out []int64) int64 {
		if w == 64 {
			return mulWide(a, b, ma, mb, sel, out)
		}
		return mulNarrow(a, b, ma, mb, uint(64-w), sel, out)
	})
}

func divInt(a, b int64, w width) (int64, error) {
	switch b {
	case 0:
		return 0, divisionByZero()
	case -1:
		if r := -a; a != math.MinInt64 && w.fits(r) {
			return r, nil
		}
		return 0, w.outOfRange()
	}
	return a / b, nil
}

func intDivide(w width) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			r, err := divInt(a[0].I, a[1].I, w)
			return types.Int(r), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, b, ma, mb := args[0].Int, args[1].Int, mask(args[0]), mask(args[1])
			for _, i := range rows(n, sel) {
				x, y := a[int(i)&ma], b[int(i)&mb]
				if uint64(y+1) > 1 {
					out.Int[i] = x / y
					continue
				}
				r, err := divInt(x, y, w)
				if err != nil && !anyNull(args, int(i)) {
					return err
				}
				out.Int[i] = r
			}
			return nil
		},
	}
}

var intModulo = Kernel{
	Row: func(_ *Env, a []datum) (datum, error) {
		if a[1].I == 0 {
			return datum{}, divisionByZero()
		}
		return types.Int(a[0].I % a[1].I), nil
	},
	Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
		a, b, ma, mb := args[0].Int, args[1].Int, mask(args[0]), mask(args[1])
		for _, i := range rows(n, sel) {
			y := b[int(i)&mb]
			if y != 0 {
				out.Int[i] = a[int(i)&ma] % y
			} else if !anyNull(args, int(i)) {
				return divisionByZero()
			}
		}
		return nil
	},
}

// intNegate and intAbs fail for the least value only.
func intNegate(w width) Kernel {
	return int1(func(a int64) (int64, error) {
		if r := -a; a != math.MinInt64 && w.fits(r) {
			return r, nil
		}
		return 0, w.outOfRange()
	})
}

func intAbs(w width) Kernel {
	return int1(func(a int64) (int64, error) {
		if a >= 0 {
			return a, nil
		}
		if r := -a; a != math.MinInt64 && w.fits(r) {
			return r, nil
		}
		return 0, w.outOfRange()
	})
}

// int1 makes the kernel of a function from int to int that may fail. It serves casts between the integer types too.
func int1(f func(int64) (int64, error)) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			r, err := f(a[0].I)
			return types.Int(r), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m := args[0].Int, mask(args[0])
			for _, i := range rows(n, sel) {
				r, err := f(a[int(i)&m])
				if err != nil && !anyNull(args, int(i)) {
					return err
				}
				out.Int[i] = r
			}
			return nil
		},
	}
}

// sameInt is a cast that changes nothing, such as int4 to int8.
var sameInt = Kernel{
	Row: func(_ *Env, a []datum) (datum, error) { return a[0], nil },
	Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
		if !args[0].Const {
			copy(out.Int[:n], args[0].Int)
			return nil
		}
		for i := range out.Int[:n] {
			out.Int[i] = args[0].Int[0]
		}
		return nil
	},
}

func narrowInt(w width) Kernel {
	return int1(func(a int64) (int64, error) {
		if !w.fits(a) {
			return 0, w.outOfRange()
		}
		return a, nil
	})
}

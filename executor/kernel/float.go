package kernel

import (
	"math"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

func overflow() error {
	return pgerr.New(pgerrcode.NumericValueOutOfRange, "value out of range: overflow")
}

func underflow() error {
	return pgerr.New(pgerrcode.NumericValueOutOfRange, "value out of range: underflow")
}

func isInf(f float64) bool { return math.IsInf(f, 0) }

// round32 is the result of a float4 operation that was computed as float8. For + - * / the rounding twice is exact.
func round32(f float64) float64 { return float64(float32(f)) }

// floatOp is + - * or /.
type floatOp byte

// apply computes one row with PostgreSQL's checks. single says that the result is a float4.
func (o floatOp) apply(a, b float64, single bool) (float64, error) {
	var r float64
	switch o {
	case '+':
		r = a + b
	case '-':
		r = a - b
	case '*':
		r = a * b
	default:
		if b == 0 && a == a {
			return 0, divisionByZero()
		}
		r = a / b
	}
	if single {
		r = round32(r)
	}
	if isInf(r) && !isInf(a) && (o == '/' || !isInf(b)) {
		return 0, overflow()
	}
	if r == 0 && (o == '*' && a != 0 && b != 0 || o == '/' && a != 0 && !isInf(b)) {
		return 0, underflow()
	}
	return r, nil
}

func floatArithmetic(o floatOp, single bool, loop func(a, b []float64, ma, mb int, sel []uint16, out []float64) bool) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			r, err := o.apply(a[0].F(), a[1].F(), single)
			return types.Float(r), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, b, ma, mb := args[0].Float, args[1].Float, mask(args[0]), mask(args[1])
			if !single && !loop(a, b, ma, mb, rows(n, sel), out.Float[:n]) {
				return nil
			}
			for _, i := range rows(n, sel) {
				r, err := o.apply(a[int(i)&ma], b[int(i)&mb], single)
				if err != nil && !anyNull(args, int(i)) {
					return err
				}
				out.Float[i] = r
			}
			return nil
		},
	}
}

// The float loops report whether a row may have to be an error; then all rows are done again with care. x-x is not 0 for
// infinities and NaN.

func addFloats(a, b []float64, ma, mb int, sel []uint16, out []float64) (odd bool) {
	for _, i := range sel {
		r := a[int(i)&ma] + b[int(i)&mb]
		if r-r != 0 {
			odd = true
		}
		out[i] = r
	}
	return odd
}

func subFloats(a, b []float64, ma, mb int, sel []uint16, out []float64) (odd bool) {
	for _, i := range sel {
		r := a[int(i)&ma] - b[int(i)&mb]
		if r-r != 0 {
			odd = true
		}
		out[i] = r
	}
	return odd
}

func mulFloats(a, b []float64, ma, mb int, sel []uint16, out []float64) (odd bool) {
	for _, i := range sel {
		r := a[int(i)&ma] * b[int(i)&mb]
		if r-r != 0 || r == 0 {
			odd = true
		}
		out[i] = r
	}
	return odd
}

func divFloats(a, b []float64, ma, mb int, sel []uint16, out []float64) (odd bool) {
	for _, i := range sel {
		r := a[int(i)&ma] / b[int(i)&mb]
		if r-r != 0 || r == 0 {
			odd = true
		}
		out[i] = r
	}
	return odd
}

func floatOperators(name string, single bool) map[string]Kernel {
	return map[string]Kernel{
		name + "pl":  floatArithmetic('+', single, addFloats),
		name + "mi":  floatArithmetic('-', single, subFloats),
		name + "mul": floatArithmetic('*', single, mulFloats),
		name + "div": floatArithmetic('/', single, divFloats),
	}
}

func floatUnary(name string) map[string]Kernel {
	return map[string]Kernel{
		name + "um":  float1(func(a float64) (float64, error) { return -a, nil }),
		name + "up":  float1(func(a float64) (float64, error) { return a, nil }),
		name + "abs": float1(func(a float64) (float64, error) { return math.Abs(a), nil }),
	}
}

// float1 makes the kernel of a function from float to float.
func float1(f func(float64) (float64, error)) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			r, err := f(a[0].F())
			return types.Float(r), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m := args[0].Float, mask(args[0])
			for _, i := range rows(n, sel) {
				r, err := f(a[int(i)&m])
				if err != nil && !anyNull(args, int(i)) {
					return err
				}
				out.Float[i] = r
			}
			return nil
		},
	}
}

// intToFloat makes the casts from the integer types.
func intToFloat(single bool) Kernel {
	convert := func(i int64) float64 {
		if single {
			return float64(float32(i))
		}
		return float64(i)
	}
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) { return types.Float(convert(a[0].I)), nil },
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m := args[0].Int, mask(args[0])
			for _, i := range rows(n, sel) {
				out.Float[i] = convert(a[int(i)&m])
			}
			return nil
		},
	}
}

// floatToInt makes the casts to the integer types: they round half to even.
func floatToInt(w width) Kernel {
	limit := math.Ldexp(1, int(w)-1)
	convert := func(f float64) (int64, error) {
		r := math.RoundToEven(f)
		if !(r >= -limit && r < limit) {
			return 0, w.outOfRange()
		}
		return int64(r), nil
	}
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			r, err := convert(a[0].F())
			return types.Int(r), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			a, m := args[0].Float, mask(args[0])
			for _, i := range rows(n, sel) {
				r, err := convert(a[int(i)&m])
				if err != nil && !anyNull(args, int(i)) {
					return err
				}
				out.Int[i] = r
			}
			return nil
		},
	}
}

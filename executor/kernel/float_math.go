package kernel

import (
	"math"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

func inputOutOfRange() error {
	return pgerr.New(pgerrcode.NumericValueOutOfRange, "input is out of range")
}

var floatFunctions = join(floatOperators("float4", true), floatOperators("float8", false), floatOperators("float48", false),
	floatOperators("float84", false), floatUnary("float4"), floatUnary("float8"),
	map[string]Kernel{
		"i2tod": intToFloat(false), "i4tod": intToFloat(false), "i8tod": intToFloat(false),
		"i2tof": intToFloat(true), "i4tof": intToFloat(true), "i8tof": intToFloat(true),
		"dtoi2": floatToInt(16), "dtoi4": floatToInt(32), "dtoi8": floatToInt(64),
		"ftoi2": floatToInt(16), "ftoi4": floatToInt(32), "ftoi8": floatToInt(64),
		"ftod": pureFloat(func(a float64) float64 { return a }),
		"dtof": float1(func(a float64) (float64, error) {
			r := round32(a)
			if isInf(r) && !isInf(a) {
				return 0, overflow()
			}
			if r == 0 && a != 0 {
				return 0, underflow()
			}
			return r, nil
		}),
		"dround": pureFloat(math.RoundToEven), "dtrunc": pureFloat(math.Trunc), "dceil": pureFloat(math.Ceil),
		"dfloor": pureFloat(math.Floor), "dcbrt": pureFloat(math.Cbrt),
		"dsign": pureFloat(func(a float64) float64 {
			switch {
			case a > 0:
				return 1
			case a < 0:
				return -1
			}
			return 0
		}),
		"dsqrt": float1(sqrt), "dexp": float1(exp), "dlog1": float1(func(a float64) (float64, error) { return logarithm(a, math.Log) }),
		"dlog10": float1(func(a float64) (float64, error) { return logarithm(a, math.Log10) }),
		"dpow":   float2(power),
		"dpi":    {Row: func(*Env, []datum) (datum, error) { return types.Float(math.Pi), nil }},
		"degrees": float1(func(a float64) (float64, error) {
			return floatOp('/').apply(a, math.Pi/180, false)
		}),
		"radians": float1(func(a float64) (float64, error) {
			return floatOp('*').apply(a, math.Pi/180, false)
		}),
		"width_bucket_float8": {Row: widthBucketFloat},
	})

func pureFloat(f func(float64) float64) Kernel {
	return float1(func(a float64) (float64, error) { return f(a), nil })
}

func float2(f func(a, b float64) (float64, error)) Kernel {
	return Kernel{Row: func(_ *Env, a []datum) (datum, error) {
		r, err := f(a[0].F(), a[1].F())
		return types.Float(r), err
	}}
}

func sqrt(a float64) (float64, error) {
	if a < 0 {
		return 0, pgerr.New(pgerrcode.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	}
	return math.Sqrt(a), nil
}

func exp(a float64) (float64, error) {
	r := math.Exp(a)
	if isInf(r) && !isInf(a) {
		return 0, overflow()
	}
	if r == 0 && !isInf(a) {
		return 0, underflow()
	}
	return r, nil
}

func logarithm(a float64, f func(float64) float64) (float64, error) {
	if a == 0 {
		return 0, pgerr.New(pgerrcode.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
	}
	if a < 0 {
		return 0, pgerr.New(pgerrcode.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
	}
	return f(a), nil
}

func power(a, b float64) (float64, error) {
	switch {
	case a != a:
		if b == 0 {
			return 1, nil
		}
		return a, nil
	case b != b:
		if a == 1 {
			return 1, nil
		}
		return b, nil
	case a == 0 && b < 0:
		return 0, pgerr.New(pgerrcode.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	case a < 0 && math.Floor(b) != b:
		return 0, pgerr.New(pgerrcode.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	}
	r := math.Pow(a, b)
	if isInf(a) || isInf(b) {
		return r, nil
	}
	if isInf(r) {
		return 0, overflow()
	}
	if r == 0 && a != 0 {
		return 0, underflow()
	}
	return r, nil
}

func bucketError(what string) error {
	return pgerr.New(pgerrcode.InvalidArgumentForWidthBucketFunction, "%s", what)
}

func widthBucketFloat(_ *Env, a []datum) (datum, error) {
	x, lo, hi, count := a[0].F(), a[1].F(), a[2].F(), a[3].I
	if count <= 0 {
		return datum{}, bucketError("count must be greater than zero")
	}
	if x != x || lo != lo || hi != hi {
		return datum{}, bucketError("operand, lower bound, and upper bound cannot be NaN")
	}
	if isInf(lo) || isInf(hi) {
		return datum{}, bucketError("lower and upper bounds must be finite")
	}
	if lo == hi {
		return datum{}, bucketError("lower bound cannot equal upper bound")
	}
	below, above := x < lo, x >= hi
	if lo > hi {
		below, above = x > lo, x <= hi
	}
	switch {
	case below:
		return types.Int(0), nil
	case above:
		if count == math.MaxInt32 {
			return datum{}, width(32).outOfRange()
		}
		return types.Int(count + 1), nil
	}
	b := int64(float64(count) * ((x - lo) / (hi - lo)))
	return types.Int(min(b, count-1) + 1), nil
}

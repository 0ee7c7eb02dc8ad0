package kernel

import (
	"math"
	"math/bits"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// intFunctions has the functions of int2, int4, int8, oid and bool that yield them.
var intFunctions = without(join(intOperators("int2", 16), intOperators("int4", 32), intOperators("int8", 64),
	intOperators("int24", 32), intOperators("int42", 32), intOperators("int28", 64), intOperators("int82", 64),
	intOperators("int48", 64), intOperators("int84", 64), intUnary("int2", 16), intUnary("int4", 32), intUnary("int8", 64),
	map[string]Kernel{
		"i2toi4": sameInt, "int28": sameInt, "int48": sameInt, "i4toi2": narrowInt(16), "int82": narrowInt(16),
		"int84": narrowInt(32), "oidtoi8": sameInt,
		"i8tooid": int1(func(a int64) (int64, error) {
			if a < 0 || a > math.MaxUint32 {
				return 0, pgerr.New(pgerrcode.NumericValueOutOfRange, "OID out of range")
			}
			return a, nil
		}),
		"int4_bool": int1(func(a int64) (int64, error) { return b2i(a != 0), nil }),
		"bool_int4": sameInt,
		"chartoi4":  int1(func(a int64) (int64, error) { return int64(int8(a)), nil }),
		"i4tochar": int1(func(a int64) (int64, error) {
			if a < math.MinInt8 || a > math.MaxInt8 {
				return 0, pgerr.New(pgerrcode.NumericValueOutOfRange, `"char" out of range`)
			}
			return int64(uint8(a)), nil
		}),
		"int4inc": int1(func(a int64) (int64, error) {
			if a == math.MaxInt32 {
				return 0, width(32).outOfRange()
			}
			return a + 1, nil
		}),
		"xid8toxid": int1(func(a int64) (int64, error) { return int64(uint32(a)), nil }),
	}), "int2gcd", "int2lcm")

func intOperators(name string, w width) map[string]Kernel {
	return map[string]Kernel{
		name + "pl": intPlus(w), name + "mi": intMinus(w), name + "mul": intTimes(w), name + "div": intDivide(w),
	}
}

func intUnary(name string, w width) map[string]Kernel {
	return map[string]Kernel{
		name + "mod": intModulo,
		name + "um":  intNegate(w),
		name + "up":  sameInt,
		name + "abs": intAbs(w),
		name + "and": bitwise(func(a, b int64) int64 { return a & b }),
		name + "or":  bitwise(func(a, b int64) int64 { return a | b }),
		name + "xor": bitwise(func(a, b int64) int64 { return a ^ b }),
		name + "not": int1(func(a int64) (int64, error) { return ^a, nil }),
		// PostgreSQL leaves shifts to the processor: x86 takes the count modulo 32, or 64 for int8.
		name + "shl": bitwise(func(a, b int64) int64 { return a << shiftCount(b, w) << (64 - w) >> (64 - w) }),
		name + "shr": bitwise(func(a, b int64) int64 { return a >> shiftCount(b, w) }),
		name + "gcd": int2(func(a, b int64) (int64, error) { return gcd(a, b, w) }),
		name + "lcm": int2(func(a, b int64) (int64, error) { return lcm(a, b, w) }),
	}
}

func shiftCount(b int64, w width) int64 { return b & int64(max(w, 32)-1) }

func bitwise(f func(a, b int64) int64) Kernel {
	return int2(func(a, b int64) (int64, error) { return f(a, b), nil })
}

func int2(f func(a, b int64) (int64, error)) Kernel {
	return Kernel{Row: func(_ *Env, a []datum) (datum, error) {
		r, err := f(a[0].I, a[1].I)
		return types.Int(r), err
	}}
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

func gcd(a, b int64, w width) (int64, error) {
	x, y := magnitude(a), magnitude(b)
	for y != 0 {
		x, y = y, x%y
	}
	if x > math.MaxInt64 || !w.fits(int64(x)) {
		return 0, w.outOfRange()
	}
	return int64(x), nil
}

func lcm(a, b int64, w width) (int64, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	x, y := magnitude(a), magnitude(b)
	for y != 0 {
		x, y = y, x%y
	}
	hi, lo := bits.Mul64(magnitude(a)/x, magnitude(b))
	if hi != 0 || lo > math.MaxInt64 || !w.fits(int64(lo)) {
		return 0, w.outOfRange()
	}
	return int64(lo), nil
}

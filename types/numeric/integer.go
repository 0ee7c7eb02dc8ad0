package numeric

import (
	"math/big"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// GCD returns the greatest common divisor of a and b.
func GCD(a, b string) string {
	x, y := unpack(a), unpack(b)
	if x.tag|y.tag != 0 {
		return NaN
	}
	return pack(gcd(x, y))
}

func gcd(x, y num) num {
	scale := max(x.scale, y.scale)
	u, v := new(big.Int).Abs(x.toScale(scale).asBig()), new(big.Int).Abs(y.toScale(scale).asBig())
	return fromBig(new(big.Int).GCD(nil, nil, u, v), scale)
}

// LCM returns the least common multiple of a and b.
func LCM(a, b string) (string, error) {
	x, y := unpack(a), unpack(b)
	if x.tag|y.tag != 0 {
		return NaN, nil
	}
	scale := max(x.scale, y.scale)
	if x.sign() == 0 || y.sign() == 0 {
		return pack(num{scale: scale}), nil
	}
	u, v := x.toScale(scale).asBig(), y.toScale(scale).asBig()
	q := new(big.Int).Quo(u, gcd(x, y).asBig())
	q.Mul(q, v)
	return result(appendChecked(nil, fromBig(q.Abs(q), scale)))
}

// Factorial returns n!.
func Factorial(n int64) (string, error) {
	switch {
	case n < 0:
		return "", pgerr.New(pgerrcode.NumericValueOutOfRange, "factorial of a negative number is undefined")
	case n > 32177:
		return "", errOverflow()
	case n < 2:
		return One, nil
	}
	return result(appendChecked(nil, fromBig(new(big.Int).MulRange(2, n), 0)))
}

// Inc returns a + 1.
func Inc(a string) (string, error) { return Add(a, One) }

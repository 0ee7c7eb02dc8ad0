package numeric

import (
	"math"
	"math/big"
	"math/bits"
)

// nbaseWeight returns PostgreSQL's weight and first digit in base 10000, from which it derives result scales.
func (n num) nbaseWeight() (weight, first int) {
	digits := n.digitLen()
	if digits == 0 {
		return 0, 0
	}
	exp := digits - 1 - n.scale
	weight = floorDiv(exp, 4)
	lead := exp - 4*weight + 1 // decimal digits in the first base-10000 digit
	return weight, n.leading(digits, lead)
}

// leading returns the first k (at most 8) of n's digits, filled with zeros at the right if there are fewer.
func (n num) leading(digits, k int) int {
	if n.big == nil {
		u := absU(n.small)
		for ; digits > k; digits-- {
			u /= 10
		}
		for ; digits < k; digits++ {
			u *= 10
		}
		return int(u)
	}
	q := new(big.Int).Quo(n.big, bigPow10(digits-k))
	return int(q.Abs(q).Int64())
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// divScale is PostgreSQL's select_div_scale.
func divScale(x, y num) int {
	wx, fx := x.nbaseWeight()
	wy, fy := y.nbaseWeight()
	q := wx - wy
	if fx <= fy {
		q--
	}
	return clampScale(max(minSigDigits-4*q, x.scale, y.scale))
}

func clampScale(s int) int { return min(max(s, 0), maxDisplayScale) }

// AppendDiv appends a / b.
func AppendDiv(dst []byte, a, b string) ([]byte, error) {
	n, err := quotient(unpack(a), unpack(b))
	if err != nil {
		return dst, err
	}
	return appendChecked(dst, n)
}

func quotient(x, y num) (num, error) {
	switch {
	case x.tag|y.tag != 0:
		return divSpecial(x, y)
	case y.sign() == 0:
		return num{}, errDivisionByZero()
	}
	return div(x, y, divScale(x, y)), nil
}

func divSpecial(x, y num) (num, error) {
	switch {
	case x.tag == tagNaN || y.tag == tagNaN:
		return num{tag: tagNaN}, nil
	case x.isInf() && y.isInf():
		return num{tag: tagNaN}, nil
	case y.isInf():
		return num{}, nil
	case y.sign() == 0:
		return num{}, errDivisionByZero()
	case y.sign() < 0:
		return neg(x), nil
	}
	return x, nil
}

// div divides finite numbers, rounding half away from zero at scale.
func div(x, y num, scale int) num {
	up := scale + y.scale - x.scale
	if x.big == nil && y.big == nil && up >= 0 && up < len(pow10) {
		if q, ok := divWide(x.small, pow10[up], y.small); ok {
			return num{scale: scale, small: q}
		}
	}
	n, d := x.asBig(), y.asBig()
	if up >= 0 {
		n = new(big.Int).Mul(n, bigPow10(up))
	} else {
		d = new(big.Int).Mul(d, bigPow10(-up))
	}
	return fromBig(divRoundBig(n, d), scale)
}

// divWide is v × m / d rounded half away from zero, with a product of 128 bits; ok is false when the quotient is too
// large.
func divWide(v, m, d int64) (q int64, ok bool) {
	hi, lo := bits.Mul64(absU(v), uint64(m))
	div := absU(d)
	if hi >= div {
		return 0, false
	}
	u, r := bits.Div64(hi, lo, div)
	if r >= div-r {
		u++
	}
	if u > math.MaxInt64 {
		return 0, false
	}
	if (v < 0) != (d < 0) {
		return -int64(u), true
	}
	return int64(u), true
}

func divRoundBig(n, d *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(n, d, new(big.Int))
	r.Lsh(r, 1)
	if r.CmpAbs(d) >= 0 {
		if n.Sign()*d.Sign() < 0 {
			return q.Sub(q, bigPows[0])
		}
		return q.Add(q, bigPows[0])
	}
	return q
}

// AppendMod appends a mod b, with the sign of a.
func AppendMod(dst []byte, a, b string) ([]byte, error) {
	x, y := unpack(a), unpack(b)
	if x.tag|y.tag != 0 {
		n, err := modSpecial(x, y)
		if err != nil {
			return dst, err
		}
		return appendNum(dst, n), nil
	}
	if y.sign() == 0 {
		return dst, errDivisionByZero()
	}
	return appendNum(dst, mod(x, y)), nil
}

func mod(x, y num) num {
	scale := max(x.scale, y.scale)
	x, y = x.toScale(scale), y.toScale(scale)
	if x.big == nil && y.big == nil {
		if y.small == -1 {
			return num{scale: scale}
		}
		return num{scale: scale, small: x.small % y.small}
	}
	return fromBig(new(big.Int).Rem(x.asBig(), y.asBig()), scale)
}

func modSpecial(x, y num) (num, error) {
	switch {
	case x.tag == tagNaN || y.tag == tagNaN:
		return num{tag: tagNaN}, nil
	case x.isInf() && y.tag == 0 && y.sign() == 0:
		return num{}, errDivisionByZero()
	case x.isInf():
		return num{tag: tagNaN}, nil
	}
	return x, nil
}

// AppendDivTrunc appends the integer part of a / b: SQL's div(a, b).
func AppendDivTrunc(dst []byte, a, b string) ([]byte, error) {
	x, y := unpack(a), unpack(b)
	if x.tag|y.tag != 0 {
		n, err := divSpecial(x, y)
		if err != nil {
			return dst, err
		}
		return appendNum(dst, n), nil
	}
	if y.sign() == 0 {
		return dst, errDivisionByZero()
	}
	scale := max(x.scale, y.scale)
	q := new(big.Int).Quo(x.toScale(scale).asBig(), y.toScale(scale).asBig())
	return appendChecked(dst, fromBig(q, 0))
}

// Div returns a / b.
func Div(a, b string) (string, error) {
	n, err := quotient(unpack(a), unpack(b))
	if err != nil {
		return "", err
	}
	return packChecked(n)
}

// Mod returns a mod b.
func Mod(a, b string) (string, error) {
	var buf [16]byte
	return result(AppendMod(buf[:0], a, b))
}

// DivTrunc returns the integer part of a / b.
func DivTrunc(a, b string) (string, error) {
	var buf [16]byte
	return result(AppendDivTrunc(buf[:0], a, b))
}

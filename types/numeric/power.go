package numeric

import (
	"math"

	"github.com/cockroachdb/apd/v3"
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

func errPower(msg string) error {
	return pgerr.New(pgerrcode.InvalidArgumentForPowerFunction, "%s", msg)
}

// Power returns a to the power of b.
func Power(a, b string) (string, error) {
	x, y := unpack(a), unpack(b)
	if x.tag|y.tag != 0 {
		return powerSpecial(x, y)
	}
	if x.sign() == 0 && y.sign() < 0 {
		return "", errPower("zero raised to a negative power is undefined")
	}
	if x.sign() < 0 && !isInteger(y) {
		return "", errPower("a negative number raised to a non-integer power yields a complex result")
	}
	if y.isInt32() {
		n, err := powerInt(x, int(trunc(y, 0).small))
		if err != nil {
			return "", err
		}
		return result(appendChecked(nil, n))
	}
	n, err := powerReal(x, y)
	if err != nil {
		return "", err
	}
	return result(appendChecked(nil, n))
}

func isInteger(n num) bool { return n.tag == 0 && cmp(trunc(n, 0), n) == 0 }

func (n num) isInt32() bool {
	if !isInteger(n) {
		return false
	}
	t := trunc(n, 0)
	return t.big == nil && t.small >= math.MinInt32 && t.small <= math.MaxInt32
}

func isOdd(n num) bool {
	t := trunc(n, 0)
	if t.big != nil {
		return t.big.Bit(0) == 1
	}
	return t.small&1 == 1
}

// powerSpecial follows POSIX pow() for NaN and the infinities.
func powerSpecial(x, y num) (string, error) {
	one := num{small: 1}
	switch {
	case x.tag == tagNaN && y.tag == 0 && y.sign() == 0:
		return One, nil
	case y.tag == tagNaN && x.tag == 0 && cmp(x, one) == 0:
		return One, nil
	case x.tag == tagNaN || y.tag == tagNaN:
		return NaN, nil
	}
	if x.tag == 0 && x.sign() == 0 && y.sign() < 0 {
		return "", errPower("zero raised to a negative power is undefined")
	}
	if x.sign() < 0 && y.tag == 0 && !isInteger(y) {
		return "", errPower("a negative number raised to a non-integer power yields a complex result")
	}
	if x.tag == 0 && cmp(x, one) == 0 {
		return One, nil
	}
	if y.tag == 0 && y.sign() == 0 {
		return One, nil
	}
	if x.tag == 0 && x.sign() == 0 {
		return Zero, nil
	}
	if y.isInf() {
		return powerInf(x, y)
	}
	switch {
	case y.sign() < 0:
		return Zero, nil
	case x.tag == tagNegInf && isOdd(y):
		return NegInf, nil
	}
	return Inf, nil
}

func powerInf(x, y num) (string, error) {
	one := num{small: 1}
	if x.tag == 0 && x.sign() < 0 && cmp(neg(x), one) == 0 {
		return One, nil
	}
	large := x.isInf() || cmp(x.abs(), one) > 0
	if large == (y.tag == tagInf) {
		return Inf, nil
	}
	return Zero, nil
}

func (n num) abs() num {
	if n.sign() < 0 {
		return neg(n)
	}
	return n
}

// powerInt computes x^e to PostgreSQL's scale for integer powers.
func powerInt(x num, e int) (num, error) {
	scale := clampScale(max(minSigDigits, x.scale))
	switch e {
	case 0:
		return num{small: 1}.toScale(scale), nil
	case 1:
		return round(x, scale), nil
	case -1:
		return div(num{small: 1}, x, scale), nil
	case 2:
		return round(mul(x, x), scale), nil
	}
	if x.sign() == 0 {
		return num{scale: scale}, nil
	}
	weight := float64(e) * log10Of(x)
	if weight > 3*math.MaxInt16*4 {
		return num{}, errOverflow()
	}
	if weight+1 < float64(-scale) || weight+1 < -maxDisplayScale {
		return num{scale: scale}, nil
	}
	if weight > maxIntegerDigits+1 {
		return num{}, errOverflow()
	}
	digits := 1 + scale + int(weight)
	return fromDecimal(powDecimal(x.decimal(), e, digits+int(math.Log10(math.Abs(float64(e))))), scale), nil
}

// log10Of returns log10|n|.
func log10Of(n num) float64 {
	digits := n.digitLen()
	k := min(digits, 8)
	return math.Log10(float64(n.leading(digits, k))) + float64(digits-k-n.scale)
}

// powDecimal multiplies d with itself by the bits of e.
func powDecimal(d *apd.Decimal, e, digits int) *apd.Decimal {
	c := context(digits + 8)
	base, r := new(apd.Decimal).Set(d), apd.New(1, 0)
	for m := uint64(absU(int64(e))); m > 0; m >>= 1 {
		if m&1 == 1 {
			_, _ = c.Mul(r, r, base)
		}
		if m > 1 {
			_, _ = c.Mul(base, base, base)
		}
	}
	if e < 0 {
		_, _ = c.Quo(r, apd.New(1, 0), r)
	}
	return r
}

// powerReal computes x^y by exp(y ln x), for powers that are no 32-bit integers.
func powerReal(x, y num) (num, error) {
	if x.sign() == 0 {
		return num{scale: minSigDigits}, nil
	}
	negative := x.sign() < 0 && isOdd(y)
	x = x.abs()
	w := lnWeight(x)
	lnx := ln(x, 20)
	prod := new(apd.Decimal)
	_, _ = context(20).Mul(prod, lnx, y.decimal())
	f, _ := prod.Float64()
	if math.Abs(f) > maxResultScale*3.01 {
		if f > 0 {
			return num{}, errOverflow()
		}
		return num{scale: maxDisplayScale}, nil
	}
	weight := int(f * log10E)
	scale := clampScale(max(minSigDigits-weight, x.scale, y.scale))
	digits := scale + max(weight, 0) + 4
	full := digits + max(w, 0) + y.digitLen() + 8
	_, _ = context(full).Mul(prod, ln(x, full), y.decimal())
	r := new(apd.Decimal)
	_, _ = context(digits).Exp(r, prod)
	n := fromDecimal(r, scale)
	if negative {
		n = neg(n)
	}
	return n, nil
}

package numeric

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// log10E turns a natural exponent into a decimal one, with the digits that PostgreSQL uses to choose result scales.
const log10E = 0.434294481903252

// guard is how many digits more than the result needs the functions of this file compute before they round.
const guard = 10

func (n num) decimal() *apd.Decimal {
	d := new(apd.Decimal)
	d.Coeff.SetMathBigInt(n.asBig())
	if d.Coeff.Sign() < 0 {
		d.Coeff.Neg(&d.Coeff)
		d.Negative = true
	}
	d.Exponent = int32(-n.scale)
	return d
}

// fromDecimal rounds d to scale.
func fromDecimal(d *apd.Decimal, scale int) num {
	v := d.Coeff.MathBigInt()
	if d.Negative {
		v = new(big.Int).Neg(v)
	}
	n := num{scale: int(-d.Exponent), big: v}
	if n.scale < 0 {
		n = n.rescaleUp(-n.scale)
		n.scale = 0
	}
	return round(fromBig(n.asBig(), n.scale), scale)
}

func context(digits int) *apd.Context {
	c := apd.BaseContext.WithPrecision(uint32(max(digits, 1) + guard))
	c.Traps = 0
	return c
}

// float returns a finite n as a float, without overflow error.
func (n num) float() float64 { return ToFloatLoose(pack(n)) }

// Sqrt returns the square root of a.
func Sqrt(a string) (string, error) {
	n := unpack(a)
	switch {
	case n.tag == tagNaN:
		return a, nil
	case n.sign() < 0:
		return "", pgerr.New(pgerrcode.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	case n.tag == tagInf:
		return a, nil
	}
	weight, _ := n.nbaseWeight()
	half := (weight + 1) * 4 / 2
	scale := clampScale(max(minSigDigits-(half-1), n.scale))
	v := n.asBig()
	if up := 2*scale - n.scale; up >= 0 {
		v = new(big.Int).Mul(v, bigPow10(up))
	}
	root := new(big.Int).Sqrt(v)
	rest := new(big.Int).Sub(v, new(big.Int).Mul(root, root))
	if rest.Cmp(root) > 0 {
		root.Add(root, bigPows[0])
	}
	return result(appendChecked(nil, fromBig(root, scale)))
}

// Exp returns e to the power of a.
func Exp(a string) (string, error) {
	n := unpack(a)
	switch n.tag {
	case tagNaN, tagInf:
		return a, nil
	case tagNegInf:
		return Zero, nil
	}
	f := n.float()
	weight := int(min(max(f*log10E, -maxResultScale), maxResultScale))
	scale := clampScale(max(minSigDigits-weight, n.scale))
	if math.Abs(f) >= 3*maxResultScale {
		if f > 0 {
			return "", errOverflow()
		}
		return pack(num{scale: scale}), nil
	}
	return result(appendChecked(nil, exp(n, int(f*log10E), scale)))
}

// exp computes e^n, whose decimal weight is about the one given.
func exp(n num, weight, scale int) num {
	d := new(apd.Decimal)
	_, _ = context(scale+weight+2).Exp(d, n.decimal())
	return fromDecimal(d, scale)
}

// lnWeight is PostgreSQL's estimate_ln_dweight: about the decimal weight of ln(n).
func lnWeight(n num) int {
	if n.sign() <= 0 {
		return 0
	}
	if cmp(n, num{small: 9, scale: 1}) >= 0 && cmp(n, num{small: 11, scale: 1}) <= 0 {
		x := add(n, num{small: -1})
		if x.sign() == 0 {
			return 0
		}
		w, first := x.nbaseWeight()
		return 4*w + int(math.Log10(float64(first)))
	}
	digits := n.digitLen()
	w, first := n.nbaseWeight()
	exp10 := 4 * w
	if stripped := n.stripAll(); stripped > 1 {
		first = n.leading(digits, digits-n.scale-4*(w-1))
		exp10 -= 4
	}
	ln := math.Log(float64(first)) + float64(exp10)*2.302585092994046
	return int(math.Log10(math.Abs(ln)))
}

// stripAll returns how many base-10000 digits n has, without zeros at the ends.
func (n num) stripAll() int {
	if n.big == nil {
		var buf [16]uint16
		d, _ := nbaseSmall(buf[:], absU(n.small), n.scale)
		return len(d)
	}
	d, _ := nbaseBig(n)
	return len(d)
}

func checkLog(n num) error {
	switch s := n.sign(); {
	case s < 0:
		return pgerr.New(pgerrcode.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
	case s == 0 && n.tag == 0:
		return pgerr.New(pgerrcode.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
	}
	return nil
}

// Ln returns the natural logarithm of a.
func Ln(a string) (string, error) {
	n := unpack(a)
	if err := checkLog(n); err != nil {
		return "", err
	}
	if n.tag != 0 {
		return a, nil
	}
	w := lnWeight(n)
	scale := clampScale(max(minSigDigits-w, n.scale))
	return pack(fromDecimal(ln(n, scale+w+2), scale)), nil
}

// ln returns ln(n) with at least so many digits.
func ln(n num, digits int) *apd.Decimal {
	d := new(apd.Decimal)
	_, _ = context(digits).Ln(d, n.decimal())
	return d
}

// Log returns the logarithm of a to a base.
func Log(base, a string) (string, error) {
	b, n := unpack(base), unpack(a)
	if b.tag == tagNaN || n.tag == tagNaN {
		return NaN, nil
	}
	if err := checkLog(b); err != nil {
		return "", err
	}
	if err := checkLog(n); err != nil {
		return "", err
	}
	switch {
	case b.isInf() && n.isInf():
		return NaN, nil
	case b.isInf():
		return Zero, nil
	case n.isInf():
		return Inf, nil
	}
	wb, wn := lnWeight(b), lnWeight(n)
	scale := clampScale(max(minSigDigits-(wn-wb), b.scale, n.scale))
	digits := scale + wn - wb + 10
	lb := ln(b, digits)
	if lb.IsZero() {
		return "", errDivisionByZero()
	}
	q := new(apd.Decimal)
	_, _ = context(digits).Quo(q, ln(n, digits), lb)
	return pack(fromDecimal(q, scale)), nil
}

// Log10 returns the decimal logarithm of a.
func Log10(a string) (string, error) { return Log(FromInt(10), a) }

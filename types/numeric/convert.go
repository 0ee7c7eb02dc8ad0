package numeric

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// FromInt returns v as a numeric of scale 0.
func FromInt(v int64) string { return pack(num{small: v}) }

// AppendInt appends v as a numeric of scale 0.
func AppendInt(dst []byte, v int64) []byte { return AppendSmall(dst, v, 0) }

// FromScaled returns coefficient × 10^-scale.
func FromScaled(coefficient int64, scale int) string {
	return pack(num{small: coefficient, scale: scale})
}

// FromBig returns coefficient × 10^-scale.
func FromBig(coefficient *big.Int, scale int) string {
	return pack(fromBig(new(big.Int).Set(coefficient), scale))
}

// ToBig returns the coefficient and scale of a finite number; ok is false for NaN and the infinities.
func ToBig(a string) (coefficient *big.Int, scale int, ok bool) {
	n := unpack(a)
	if n.tag != 0 {
		return nil, 0, false
	}
	return new(big.Int).Set(n.asBig()), n.scale, true
}

// ToInt returns a rounded to an integer between lo and hi; name is the target's, for the message: "bigint".
func ToInt(a string, lo, hi int64, name string) (int64, error) {
	n := unpack(a)
	switch {
	case n.tag == tagNaN:
		return 0, pgerr.New(pgerrcode.FeatureNotSupported, "cannot convert NaN to %s", name)
	case n.tag != 0:
		return 0, pgerr.New(pgerrcode.FeatureNotSupported, "cannot convert infinity to %s", name)
	}
	n = round(n, 0)
	if n.big != nil || n.small < lo || n.small > hi {
		return 0, pgerr.New(pgerrcode.NumericValueOutOfRange, "%s out of range", name)
	}
	return n.small, nil
}

// ToInt64 returns a rounded to a bigint.
func ToInt64(a string) (int64, error) { return ToInt(a, math.MinInt64, math.MaxInt64, "bigint") }

// FromFloat returns f with 15 significant digits, as the cast from double precision does.
func FromFloat(f float64) string { return fromFloat(f, 15) }

// FromFloat32 returns f with 6 significant digits, as the cast from real does.
func FromFloat32(f float32) string { return fromFloat(float64(f), 6) }

func fromFloat(f float64, digits int) string {
	switch {
	case math.IsNaN(f):
		return NaN
	case math.IsInf(f, 1):
		return Inf
	case math.IsInf(f, -1):
		return NegInf
	}
	s := strconv.FormatFloat(f, 'e', digits-1, 64)
	// C's %g drops trailing zeros of the mantissa.
	m, e, _ := strings.Cut(s, "e")
	if strings.Contains(m, ".") {
		m = strings.TrimRight(strings.TrimRight(m, "0"), ".")
	}
	n, err := parse(m + "e" + e)
	if err != nil {
		return NaN // cannot be: every finite float is within numeric's limits
	}
	return pack(n)
}

// ToFloat returns the nearest double precision value, or 22003 when there is none.
func ToFloat(a string) (float64, error) {
	n := unpack(a)
	switch n.tag {
	case tagNaN:
		return math.NaN(), nil
	case tagInf:
		return math.Inf(1), nil
	case tagNegInf:
		return math.Inf(-1), nil
	}
	const exact = 1 << 53
	if n.big == nil && n.small > -exact && n.small < exact && n.scale <= 22 {
		return float64(n.small) / floatPow10[n.scale], nil // both exact, so the quotient is correctly rounded
	}
	text := String(a)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f == 0 && n.sign() != 0 {
		return 0, pgerr.New(pgerrcode.NumericValueOutOfRange, "\"%s\" is out of range for type double precision", text)
	}
	return f, nil
}

var floatPow10 = [23]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
	1e21, 1e22,
}

// ToFloatLoose is ToFloat with overflow to infinity and underflow to zero, for estimates.
func ToFloatLoose(a string) float64 {
	switch unpack(a).tag {
	case tagNaN:
		return math.NaN()
	case tagInf:
		return math.Inf(1)
	case tagNegInf:
		return math.Inf(-1)
	}
	f, _ := strconv.ParseFloat(String(a), 64)
	return f
}

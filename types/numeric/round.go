package numeric

import (
	"math/big"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// round rounds half away from zero to scale digits after the point (before it when negative), and gives the result that
// scale.
func round(n num, scale int) num {
	switch {
	case n.tag != 0 || scale == n.scale:
		return n
	case scale > n.scale:
		return n.toScale(scale)
	}
	drop := n.scale - scale
	if n.big == nil && drop < len(pow10) {
		n.small = divRoundSmall(n.small, pow10[drop])
	} else if drop > n.digitLen() {
		n = num{}
	} else {
		n = fromBig(divRoundBig(n.asBig(), bigPow10(drop)), 0)
	}
	n.scale = scale
	if scale < 0 {
		n = n.rescaleUp(-scale)
		n.scale = 0
	}
	return n
}

func divRoundSmall(v, d int64) int64 {
	q, r := v/d, v%d
	if absU(r) < absU(d)-absU(r) {
		return q
	}
	if v < 0 {
		return q - 1
	}
	return q + 1
}

// trunc is round towards zero.
func trunc(n num, scale int) num {
	switch {
	case n.tag != 0 || scale == n.scale:
		return n
	case scale > n.scale:
		return n.toScale(scale)
	}
	drop := n.scale - scale
	if n.big == nil && drop < len(pow10) {
		n.small /= pow10[drop]
	} else if drop > n.digitLen() {
		n = num{}
	} else {
		n = fromBig(new(big.Int).Quo(n.asBig(), bigPow10(drop)), 0)
	}
	n.scale = scale
	if scale < 0 {
		n = n.rescaleUp(-scale)
		n.scale = 0
	}
	return n
}

func clampRound(scale int) int { return min(max(scale, -maxIntegerDigits), MaxScale) }

// AppendRound appends a rounded to scale digits after the point.
func AppendRound(dst []byte, a string, scale int) ([]byte, error) {
	return appendChecked(dst, round(unpack(a), clampRound(scale)))
}

// AppendTrunc appends a cut to scale digits after the point.
func AppendTrunc(dst []byte, a string, scale int) []byte {
	return appendNum(dst, trunc(unpack(a), clampRound(scale)))
}

// Round returns a rounded to scale digits after the point.
func Round(a string, scale int) (string, error) {
	return packChecked(round(unpack(a), clampRound(scale)))
}

// Trunc returns a cut to scale digits after the point.
func Trunc(a string, scale int) string { return pack(trunc(unpack(a), clampRound(scale))) }

// Ceil returns the least integer that is not less than a.
func Ceil(a string) string { return pack(ceil(unpack(a))) }

func ceil(n num) num {
	if n.tag != 0 {
		return n
	}
	t := trunc(n, 0)
	if n.sign() > 0 && cmp(t, n) < 0 {
		t = add(t, num{small: 1})
	}
	return t
}

// Floor returns the greatest integer that is not greater than a.
func Floor(a string) string { return pack(neg(ceil(neg(unpack(a))))) }

// MinScale returns the fewest digits after the point that show a exactly.
func MinScale(a string) int {
	n := unpack(a)
	if n.tag != 0 {
		return 0
	}
	return n.strip().scale
}

// TrimScale returns a without trailing zeros after the point.
func TrimScale(a string) string { return pack(unpack(a).strip()) }

// strip drops trailing zeros after the point.
func (n num) strip() num {
	if n.tag != 0 {
		return n
	}
	for n.big == nil && n.scale > 0 && n.small%10 == 0 {
		n.small /= 10
		n.scale--
	}
	if n.big == nil || n.scale == 0 {
		return n
	}
	v, q, r := new(big.Int).Set(n.big), new(big.Int), new(big.Int)
	for step := 64; step > 0; {
		step = min(step, n.scale)
		if step == 0 {
			break
		}
		if q.QuoRem(v, bigPow10(step), r); r.Sign() != 0 {
			step /= 2
			continue
		}
		v, q = q, v
		n.scale -= step
	}
	return fromBig(v, n.scale)
}

// PackMod encodes numeric(precision, scale) as atttypmod.
func PackMod(precision, scale int) int32 { return int32(precision<<16|scale&0x7ff) + 4 }

// UnpackMod decodes an atttypmod made by PackMod; ok is false for -1.
func UnpackMod(mod int32) (precision, scale int, ok bool) {
	if mod < 4 {
		return 0, 0, false
	}
	m := int(mod - 4)
	return m >> 16 & 0xffff, (m&0x7ff ^ 1024) - 1024, true
}

// AppendCoerced appends a coerced to the type modifier: rounded to its scale, or an error when there are too many digits.
func AppendCoerced(dst []byte, a string, mod int32) ([]byte, error) {
	precision, scale, ok := UnpackMod(mod)
	if !ok {
		return append(dst, a...), nil
	}
	n := unpack(a)
	switch {
	case n.tag == tagNaN:
		return append(dst, a...), nil
	case n.tag != 0:
		return dst, pgerr.New(pgerrcode.NumericValueOutOfRange, "numeric field overflow").WithDetail(
			"A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	n = round(n, scale)
	if n.digitLen()-n.scale > precision-scale && n.sign() != 0 {
		return dst, errField(precision, scale)
	}
	return appendNum(dst, n), nil
}

func errField(precision, scale int) error {
	base, limit := "10^", precision-scale
	if limit == 0 {
		base, limit = "", 1
	}
	return pgerr.New(pgerrcode.NumericValueOutOfRange, "numeric field overflow").WithDetail(
		"A field with precision %d, scale %d must round to an absolute value less than %s%d.",
		precision, scale, base, limit)
}

// Coerce returns a coerced to the type modifier.
func Coerce(a string, mod int32) (string, error) {
	var buf [16]byte
	return result(AppendCoerced(buf[:0], a, mod))
}

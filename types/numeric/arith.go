package numeric

import (
	"math/big"
	"math/bits"
)

// rescaleUp multiplies the coefficient by 10^by, leaving n.scale to the caller.
func (n num) rescaleUp(by int) num {
	if by == 0 {
		return n
	}
	if n.big == nil && by < len(pow10) {
		if v, ok := mulInt(n.small, pow10[by]); ok {
			n.small = v
			return n
		}
	}
	return fromBig(new(big.Int).Mul(n.asBig(), bigPow10(by)), n.scale)
}

// toScale returns n with a scale that is not smaller than its own.
func (n num) toScale(scale int) num {
	m := n.rescaleUp(scale - n.scale)
	m.scale = scale
	return m
}

func mulInt(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(absU(a), absU(b))
	if hi != 0 || lo > 1<<63-1 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

// AppendAdd appends a + b.
func AppendAdd(dst []byte, a, b string) ([]byte, error) {
	x, y := unpack(a), unpack(b)
	return appendChecked(dst, add(x, y))
}

// AppendSub appends a - b.
func AppendSub(dst []byte, a, b string) ([]byte, error) {
	x, y := unpack(a), unpack(b)
	return appendChecked(dst, add(x, neg(y)))
}

// AppendMul appends a × b.
func AppendMul(dst []byte, a, b string) ([]byte, error) {
	return appendChecked(dst, mul(unpack(a), unpack(b)))
}

func add(x, y num) num {
	if x.tag|y.tag != 0 {
		return addSpecial(x, y)
	}
	if x.scale != y.scale {
		if x.scale < y.scale {
			x = x.toScale(y.scale)
		} else {
			y = y.toScale(x.scale)
		}
	}
	if x.big == nil && y.big == nil {
		sum := x.small + y.small
		if (sum > x.small) == (y.small > 0) {
			return num{scale: x.scale, small: sum}
		}
	}
	return fromBig(new(big.Int).Add(x.asBig(), y.asBig()), x.scale)
}

func addSpecial(x, y num) num {
	switch {
	case x.tag == tagNaN || y.tag == tagNaN:
		return num{tag: tagNaN}
	case x.tag == 0:
		return y
	case y.tag == 0 || x.tag == y.tag:
		return x
	}
	return num{tag: tagNaN} // infinity minus infinity
}

func neg(x num) num {
	switch {
	case x.tag == tagInf:
		x.tag = tagNegInf
	case x.tag == tagNegInf:
		x.tag = tagInf
	case x.big != nil:
		x = fromBig(new(big.Int).Neg(x.big), x.scale)
	case x.small == -1<<63:
		x = fromBig(new(big.Int).Neg(big.NewInt(x.small)), x.scale)
	default:
		x.small = -x.small
	}
	return x
}

func mul(x, y num) num {
	if x.tag|y.tag != 0 {
		return mulSpecial(x, y)
	}
	scale := x.scale + y.scale
	if x.big == nil && y.big == nil {
		if v, ok := mulInt(x.small, y.small); ok && scale <= MaxScale {
			return num{scale: scale, small: v}
		}
	}
	p := fromBig(new(big.Int).Mul(x.asBig(), y.asBig()), scale)
	if scale > MaxScale {
		p = round(p, MaxScale)
	}
	return p
}

func mulSpecial(x, y num) num {
	if x.tag == tagNaN || y.tag == tagNaN {
		return num{tag: tagNaN}
	}
	switch x.sign() * y.sign() {
	case 1:
		return num{tag: tagInf}
	case -1:
		return num{tag: tagNegInf}
	}
	return num{tag: tagNaN} // infinity times zero
}

// Add returns a + b.
func Add(a, b string) (string, error) {
	return packChecked(add(unpack(a), unpack(b)))
}

// Sub returns a - b.
func Sub(a, b string) (string, error) {
	return packChecked(add(unpack(a), neg(unpack(b))))
}

// Mul returns a × b.
func Mul(a, b string) (string, error) {
	return packChecked(mul(unpack(a), unpack(b)))
}

// Neg returns -a.
func Neg(a string) string { return pack(neg(unpack(a))) }

// Abs returns |a|.
func Abs(a string) string {
	if x := unpack(a); x.sign() < 0 {
		return pack(neg(x))
	}
	return a
}

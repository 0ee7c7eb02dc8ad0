package numeric

import (
	"math/big"
	"strconv"

	"github.com/cespare/xxhash/v2"
)

// Compare orders numerics as SQL does: -Infinity, numbers by value, Infinity, NaN (equal to itself).
func Compare(a, b string) int {
	if len(a) >= 2 && len(b) >= 2 && a[0] == b[0] && a[0] <= maxSmallScale {
		x, y := unpackInt(a[1:]), unpackInt(b[1:])
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return cmp(unpack(a), unpack(b))
}

func (n num) rank() int {
	switch n.tag {
	case tagNaN:
		return 2
	case tagInf:
		return 1
	case tagNegInf:
		return -1
	}
	return 0
}

func cmp(x, y num) int {
	if x.tag|y.tag != 0 {
		return x.rank() - y.rank()
	}
	if sx, sy := x.sign(), y.sign(); sx != sy {
		if sx < sy {
			return -1
		}
		return 1
	}
	// Values of different magnitude need no common scale, which could be thousands of digits away.
	if ex, ey := x.digitLen()-x.scale, y.digitLen()-y.scale; ex != ey && x.sign() != 0 {
		if (ex < ey) == (x.sign() > 0) {
			return -1
		}
		return 1
	}
	scale := max(x.scale, y.scale)
	x, y = x.toScale(scale), y.toScale(scale)
	if x.big == nil && y.big == nil {
		switch {
		case x.small < y.small:
			return -1
		case x.small > y.small:
			return 1
		}
		return 0
	}
	return x.asBig().Cmp(y.asBig())
}

// Equal reports whether a and b are the same number, whatever their scales.
func Equal(a, b string) bool { return a == b || Compare(a, b) == 0 }

// Hash returns a hash that is the same for equal numbers of different scales.
func Hash(a string) uint64 {
	n := unpack(a)
	if n.tag == 0 && n.big == nil {
		for n.scale > 0 && n.small%10 == 0 {
			n.small /= 10
			n.scale--
		}
		h := uint64(n.small)*0x9e3779b97f4a7c15 ^ uint64(n.scale)
		h = (h ^ h>>32) * 0xbf58476d1ce4e5b9
		return h ^ h>>29
	}
	if n = n.strip(); n.big == nil && n.tag == 0 {
		return Hash(pack(n))
	}
	return xxhash.Sum64(appendNum(nil, n))
}

// AppendKey appends a form of a whose bytes sort as the numbers do, that ends by itself, and that is the same for equal
// numbers: what an index over numeric columns needs. The scale is not kept.
//
//	0x10 -Infinity   0x20 negative   0x30 zero   0x40 positive   0x50 Infinity   0x60 NaN
//
// A positive number goes on with its decimal exponent (biased, four bytes) and its digits in pairs, each as a byte
// 2…101, ended by 0; a negative one has all of these bytes inverted.
func AppendKey(dst []byte, a string) []byte {
	n := unpack(a)
	switch n.tag {
	case tagNegInf:
		return append(dst, 0x10)
	case tagInf:
		return append(dst, 0x50)
	case tagNaN:
		return append(dst, 0x60)
	}
	sign := n.sign()
	if sign == 0 {
		return append(dst, 0x30)
	}
	var buf [24]byte
	var digits []byte
	if n.big == nil {
		digits = strconv.AppendUint(buf[:0], absU(n.small), 10)
	} else {
		digits = new(big.Int).Abs(n.big).Append(buf[:0], 10)
	}
	exp := uint32(len(digits)-n.scale) + 1<<31
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	tag, mask := byte(0x40), byte(0)
	if sign < 0 {
		tag, mask = 0x20, 0xff
	}
	dst = append(dst, tag, byte(exp>>24)^mask, byte(exp>>16)^mask, byte(exp>>8)^mask, byte(exp)^mask)
	for i := 0; i < len(digits); i += 2 {
		pair := (digits[i] - '0') * 10
		if i+1 < len(digits) {
			pair += digits[i+1] - '0'
		}
		dst = append(dst, (pair+2)^mask)
	}
	return append(dst, mask)
}

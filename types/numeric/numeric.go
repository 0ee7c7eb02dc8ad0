// Package numeric is the SQL type numeric: exact decimals of up to 131072 digits before and 16383 after the point.
//
// A value is a packed string, so that it travels in a Datum or a string vector without pointers of its own:
//
//	small   byte 0: scale 0…63        then the coefficient, two's complement, little-endian, 1 to 8 bytes, shortest
//	big     byte 0: 0x80, or 0x81 if negative; bytes 1-2: scale, big-endian; then the coefficient's magnitude, big-endian
//	special byte 0: 0xc0 NaN, 0xc1 -Infinity, 0xc2 Infinity
//
// The value is coefficient × 10^-scale, and scale is PostgreSQL's display scale. The packing is canonical: equal value and
// scale give equal bytes; 1.0 and 1.00 differ in bytes and are equal by Compare. Functions named Append… write to a
// caller's buffer and allocate nothing for small values; the plain ones return new strings. Results have the scales and
// roundings of PostgreSQL 15. The package knows no typmod encoding of other types, no sessions and no SQL names.
package numeric

import (
	"math/big"
	"math/bits"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

const (
	tagBig    = 0x80
	tagBigNeg = 0x81
	tagNaN    = 0xc0
	tagNegInf = 0xc1
	tagInf    = 0xc2

	maxSmallScale = 63
)

// The special values.
const (
	NaN    = "\xc0"
	NegInf = "\xc1"
	Inf    = "\xc2"
	Zero   = "\x00\x00"
	One    = "\x00\x01"
)

// Limits of the format, as PostgreSQL has them.
const (
	MaxScale         = 16383
	maxIntegerDigits = 131072
	maxDisplayScale  = 1000
	maxResultScale   = 2000
	minSigDigits     = 16
)

// num is an unpacked value. When big is nil the coefficient is small; big is never changed once it is in a num.
type num struct {
	tag   byte // tagNaN, tagNegInf, tagInf, or 0 for a finite value
	scale int
	small int64
	big   *big.Int
}

func unpack(s string) num {
	if len(s) == 0 {
		return num{}
	}
	switch b := s[0]; {
	case b <= maxSmallScale:
		return num{scale: int(b), small: unpackInt(s[1:])}
	case b >= tagNaN:
		return num{tag: b}
	}
	if len(s) < 3 {
		return num{}
	}
	n := num{scale: int(s[1])<<8 | int(s[2]), big: new(big.Int).SetBytes([]byte(s[3:]))}
	if s[0] == tagBigNeg {
		n.big.Neg(n.big)
	}
	return n
}

// unpackInt reads a shortest little-endian two's complement integer.
func unpackInt(s string) int64 {
	if len(s) == 1 {
		return int64(int8(s[0]))
	}
	if len(s) > 8 {
		s = s[:8]
	}
	var v uint64
	for i := range len(s) {
		v |= uint64(s[i]) << (8 * i)
	}
	shift := 64 - 8*len(s)
	return int64(v<<shift) >> shift
}

// AppendSmall appends the packed value small × 10^-scale.
func AppendSmall(dst []byte, small int64, scale int) []byte {
	if scale > maxSmallScale {
		return appendBig(dst, big.NewInt(small), scale)
	}
	return appendSmall(dst, small, scale)
}

func appendSmall(dst []byte, small int64, scale int) []byte {
	dst = append(dst, byte(scale))
	u := uint64(small)
	if small < 0 {
		u = ^u
	}
	n := bits.Len64(u)/8 + 1 // the sign bit needs room
	for range n {
		dst = append(dst, byte(small))
		small >>= 8
	}
	return dst
}

func appendBig(dst []byte, v *big.Int, scale int) []byte {
	if v.IsInt64() && scale <= maxSmallScale {
		return AppendSmall(dst, v.Int64(), scale)
	}
	tag := byte(tagBig)
	if v.Sign() < 0 {
		tag = tagBigNeg
	}
	dst = append(dst, tag, byte(scale>>8), byte(scale))
	n := len(dst)
	size := (v.BitLen() + 7) / 8
	dst = append(dst, make([]byte, size)...)
	v.FillBytes(dst[n:])
	return dst
}

// appendNum appends n packed. It does not check limits.
func appendNum(dst []byte, n num) []byte {
	switch {
	case n.tag != 0:
		return append(dst, n.tag)
	case n.big == nil:
		return AppendSmall(dst, n.small, n.scale)
	}
	return appendBig(dst, n.big, n.scale)
}

// appendChecked appends n, or fails when it has too many digits.
func appendChecked(dst []byte, n num) ([]byte, error) {
	if n.tag == 0 && n.big != nil && n.big.BitLen() > 64 {
		if n.scale > MaxScale || tooBig(n.big, n.scale) {
			return dst, errOverflow()
		}
	}
	if n.scale > MaxScale {
		return dst, errOverflow()
	}
	return appendNum(dst, n), nil
}

// tooBig reports whether v × 10^-scale has more than 131072 digits before the point.
func tooBig(v *big.Int, scale int) bool {
	limit := maxIntegerDigits + scale
	if float64(v.BitLen()) < float64(limit)*3.32192 {
		return false
	}
	return decimalLen(v) > limit
}

func errOverflow() error {
	return pgerr.New(pgerrcode.NumericValueOutOfRange, "value overflows numeric format")
}

func errDivisionByZero() error {
	return pgerr.New(pgerrcode.DivisionByZero, "division by zero")
}

// asBig returns the coefficient as a big.Int that the caller must not change.
func (n num) asBig() *big.Int {
	if n.big != nil {
		return n.big
	}
	return big.NewInt(n.small)
}

func (n num) sign() int {
	switch {
	case n.tag == tagInf:
		return 1
	case n.tag == tagNegInf:
		return -1
	case n.big != nil:
		return n.big.Sign()
	case n.small > 0:
		return 1
	case n.small < 0:
		return -1
	}
	return 0
}

func (n num) isInf() bool { return n.tag == tagInf || n.tag == tagNegInf }

// fromBig makes a num of v × 10^-scale, small where it can be.
func fromBig(v *big.Int, scale int) num {
	if v.IsInt64() {
		return num{scale: scale, small: v.Int64()}
	}
	return num{scale: scale, big: v}
}

// IsNaN reports whether s is NaN.
func IsNaN(s string) bool { return len(s) == 1 && s[0] == tagNaN }

// IsInf reports whether s is one of the infinities.
func IsInf(s string) bool { return len(s) == 1 && (s[0] == tagInf || s[0] == tagNegInf) }

// Sign returns -1, 0 or 1; 0 for NaN.
func Sign(s string) int { return unpack(s).sign() }

// Scale returns the display scale: the digits shown after the point. It is 0 for NaN and the infinities.
func Scale(s string) int { return unpack(s).scale }

// Small returns the coefficient and scale of s if the coefficient fits an int64.
func Small(s string) (coefficient int64, scale int, ok bool) {
	if len(s) < 2 || s[0] > maxSmallScale {
		return 0, 0, false
	}
	return unpackInt(s[1:]), int(s[0]), true
}

// pack returns n as a string. Small values are written to the stack first, so that they cost one allocation.
func pack(n num) string {
	if n.tag == 0 && n.big == nil && n.scale <= maxSmallScale {
		var buf [9]byte
		return string(appendSmall(buf[:0], n.small, n.scale))
	}
	return string(appendNum(nil, n))
}

// packChecked is pack, or an error when n has too many digits.
func packChecked(n num) (string, error) {
	if n.tag == 0 && n.big == nil && n.scale <= maxSmallScale {
		return pack(n), nil
	}
	return result(appendChecked(nil, n))
}

// result turns what an Append… function returns into a string.
func result(b []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return string(b), nil
}

// pow10 holds 10^0 … 10^18.
var pow10 = [19]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// bigPow10 returns 10^n; the caller must not change it.
func bigPow10(n int) *big.Int {
	if n < len(bigPows) {
		return bigPows[n]
	}
	return new(big.Int).Exp(bigPows[1], big.NewInt(int64(n)), nil)
}

var bigPows = makeBigPows(64)

func makeBigPows(n int) []*big.Int {
	p := make([]*big.Int, n)
	p[0] = big.NewInt(1)
	for i := 1; i < n; i++ {
		p[i] = new(big.Int).Mul(p[i-1], big.NewInt(10))
	}
	return p
}

// decimalLen returns the number of decimal digits of |v|; 0 for 0.
func decimalLen(v *big.Int) int {
	if v.Sign() == 0 {
		return 0
	}
	if v.IsInt64() || v.IsUint64() {
		return uintLen(new(big.Int).Abs(v).Uint64())
	}
	n := int(float64(v.BitLen()-1) * 0.30102999566398120) // at most one too few, before adding 1
	if v.CmpAbs(bigPow10(n)) < 0 {
		return n
	}
	if v.CmpAbs(bigPow10(n+1)) >= 0 {
		return n + 2
	}
	return n + 1
}

func uintLen(u uint64) int {
	n := 0
	for u >= 10000 {
		u /= 10000
		n += 4
	}
	for u > 0 {
		u /= 10
		n++
	}
	return n
}

// digitLen is decimalLen of n's coefficient.
func (n num) digitLen() int {
	if n.big != nil {
		return decimalLen(n.big)
	}
	return uintLen(absU(n.small))
}

func absU(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

package kernel

import (
	"math"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// bitFunctions is bit strings, which are texts of 0 and 1.
var bitFunctions = map[string]Kernel{
	"bitlength":           strInt(byteCount),
	"bitoctetlength":      strInt(func(s string) int64 { return (byteCount(s) + 7) / 8 }),
	"sql_bit_length_1812": strInt(byteCount),
	"bit_bit_count":       strInt(func(s string) int64 { return int64(strings.Count(s, "1")) }),
	"bitcat":              strStr2(func(a, b string) (string, error) { return a + b, nil }),
	"bit_and":             bitwiseBits("AND", func(a, b byte) byte { return a & b }),
	"bit_or":              bitwiseBits("OR", func(a, b byte) byte { return a | b }),
	"bitxor":              bitwiseBits("XOR", func(a, b byte) byte { return '0' | (a^b)&1 }),
	"bitnot":              strStr(func(s string) string { return strings.NewReplacer("0", "1", "1", "0").Replace(s) }),
	"bitshiftleft":        row(func(_ *Env, a []datum) (datum, error) { return types.String(shiftBits(a[0].S, a[1].I)), nil }),
	"bitshiftright":       row(func(_ *Env, a []datum) (datum, error) { return types.String(shiftBits(a[0].S, -a[1].I)), nil }),
	"bitposition": row(func(_ *Env, a []datum) (datum, error) {
		return types.Int(int64(strings.Index(a[0].S, a[1].S) + 1)), nil
	}),
	"bitsubstr":        row(func(_ *Env, a []datum) (datum, error) { return subbytes(a[0].S, a[1].I, a[2].I) }),
	"bitsubstr_no_len": row(func(_ *Env, a []datum) (datum, error) { return subbytes(a[0].S, a[1].I, math.MaxInt64) }),
	"bitoverlay":       row(func(_ *Env, a []datum) (datum, error) { return overlayBytes(a[0].S, a[1].S, a[2].I, a[3].I) }),
	"bitoverlay_no_len": row(func(_ *Env, a []datum) (datum, error) {
		return overlayBytes(a[0].S, a[1].S, a[2].I, int64(len(a[1].S)))
	}),
	"bitgetbit": row(func(_ *Env, a []datum) (datum, error) {
		if err := bitIndex(a[1].I, len(a[0].S)); err != nil {
			return datum{}, err
		}
		return types.Int(int64(a[0].S[a[1].I] - '0')), nil
	}),
	"bitsetbit": row(func(_ *Env, a []datum) (datum, error) {
		if err := bitIndex(a[1].I, len(a[0].S)); err != nil {
			return datum{}, err
		}
		if a[2].I != 0 && a[2].I != 1 {
			return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "new bit must be 0 or 1")
		}
		b := []byte(a[0].S)
		b[a[1].I] = byte('0' + a[2].I)
		return types.String(view(b)), nil
	}),
	"bitfromint4": row(func(_ *Env, a []datum) (datum, error) { return bitsOf(a[0].I, a[1].I, 32), nil }),
	"bitfromint8": row(func(_ *Env, a []datum) (datum, error) { return bitsOf(a[0].I, a[1].I, 64), nil }),
	"bittoint4":   row(func(_ *Env, a []datum) (datum, error) { return intOfBits(a[0].S, 32) }),
	"bittoint8":   row(func(_ *Env, a []datum) (datum, error) { return intOfBits(a[0].S, 64) }),
}

func bitIndex(i int64, n int) error {
	if i < 0 || i >= int64(n) {
		return pgerr.New(pgerrcode.ArraySubscriptError, "bit index %d out of valid range (0..%d)", i, n-1)
	}
	return nil
}

func bitwiseBits(name string, f func(a, b byte) byte) Kernel {
	return strStr2(func(a, b string) (string, error) {
		if len(a) != len(b) {
			return "", pgerr.New(pgerrcode.StringDataLengthMismatch, "cannot %s bit strings of different sizes", name)
		}
		out := make([]byte, len(a))
		for i := range out {
			out[i] = f(a[i], b[i])
		}
		return view(out), nil
	})
}

// shiftBits moves bits to the left, or to the right when n is negative; zeros come in.
func shiftBits(s string, n int64) string {
	size := int64(len(s))
	switch {
	case n >= size || n <= -size:
		return strings.Repeat("0", len(s))
	case n >= 0:
		return s[n:] + strings.Repeat("0", int(n))
	}
	return strings.Repeat("0", int(-n)) + s[:size+n]
}

// bitsOf is the cast of an integer to bit(n): its lowest n bits, with the sign in front when n is larger.
func bitsOf(v, n int64, width int64) datum {
	if n <= 0 || n > maxLength {
		n = 1
	}
	b := make([]byte, n)
	for i := range n {
		at := n - 1 - i
		if at >= width {
			at = width - 1
		}
		b[i] = byte('0' + v>>at&1)
	}
	return types.String(view(b))
}

func intOfBits(s string, w width) (datum, error) {
	if len(s) > int(w) {
		return datum{}, w.outOfRange()
	}
	v := int64(0)
	for i := range len(s) {
		v = v<<1 | int64(s[i]-'0')
	}
	if w == 32 {
		v = int64(int32(v))
	}
	return types.Int(v), nil
}

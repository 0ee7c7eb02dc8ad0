package kernel

import (
	"math"
	"math/bits"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

var byteaFunctions = map[string]Kernel{
	"byteacat":            appendStr2(func(dst []byte, a, b string) ([]byte, error) { return append(append(dst, a...), b...), nil }),
	"bytea_substr":        row(func(_ *Env, a []datum) (datum, error) { return subbytes(a[0].S, a[1].I, a[2].I) }),
	"bytea_substr_no_len": row(func(_ *Env, a []datum) (datum, error) { return subbytes(a[0].S, a[1].I, math.MaxInt64) }),
	"byteapos": row(func(_ *Env, a []datum) (datum, error) {
		return types.Int(int64(strings.Index(a[0].S, a[1].S) + 1)), nil
	}),
	"byteaoverlay": row(func(_ *Env, a []datum) (datum, error) { return overlayBytes(a[0].S, a[1].S, a[2].I, a[3].I) }),
	"byteaoverlay_no_len": row(func(_ *Env, a []datum) (datum, error) {
		return overlayBytes(a[0].S, a[1].S, a[2].I, int64(len(a[1].S)))
	}),
	"byteatrim": row(func(_ *Env, a []datum) (datum, error) {
		return types.String(trimBytes(a[0].S, a[1].S, true, true)), nil
	}),
	"bytealtrim": row(func(_ *Env, a []datum) (datum, error) {
		return types.String(trimBytes(a[0].S, a[1].S, true, false)), nil
	}),
	"byteartrim": row(func(_ *Env, a []datum) (datum, error) {
		return types.String(trimBytes(a[0].S, a[1].S, false, true)), nil
	}),
	"byteaGetByte": row(func(_ *Env, a []datum) (datum, error) {
		if err := byteIndex(a[1].I, int64(len(a[0].S))); err != nil {
			return datum{}, err
		}
		return types.Int(int64(a[0].S[a[1].I])), nil
	}),
	"byteaSetByte": row(func(_ *Env, a []datum) (datum, error) {
		if err := byteIndex(a[1].I, int64(len(a[0].S))); err != nil {
			return datum{}, err
		}
		b := []byte(a[0].S)
		b[a[1].I] = byte(a[2].I)
		return types.String(view(b)), nil
	}),
	"byteaGetBit": row(func(_ *Env, a []datum) (datum, error) {
		if err := byteIndex(a[1].I, 8*int64(len(a[0].S))); err != nil {
			return datum{}, err
		}
		return types.Int(int64(a[0].S[a[1].I/8] >> (a[1].I % 8) & 1)), nil
	}),
	"byteaSetBit": row(setBit),
	"bytea_bit_count": strInt(func(s string) int64 {
		n := 0
		for i := range len(s) {
			n += bits.OnesCount8(s[i])
		}
		return int64(n)
	}),
}

func byteIndex(i, n int64) error {
	if i < 0 || i >= n {
		return pgerr.New(pgerrcode.ArraySubscriptError, "index %d out of valid range, 0..%d", i, n-1)
	}
	return nil
}

func setBit(_ *Env, a []datum) (datum, error) {
	if err := byteIndex(a[1].I, 8*int64(len(a[0].S))); err != nil {
		return datum{}, err
	}
	if a[2].I != 0 && a[2].I != 1 {
		return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "new bit must be 0 or 1")
	}
	b := []byte(a[0].S)
	bit := byte(1) << (a[1].I % 8)
	b[a[1].I/8] &^= bit
	if a[2].I == 1 {
		b[a[1].I/8] |= bit
	}
	return types.String(view(b)), nil
}

// subbytes is substring of bytea.
func subbytes(s string, start, length int64) (datum, error) {
	n := int64(len(s))
	end := n + 1
	if length != math.MaxInt64 {
		if length < 0 {
			return datum{}, pgerr.New(pgerrcode.SubstringError, "negative substring length not allowed")
		}
		end = min(start+length, n+1)
	}
	start = max(start, 1)
	if start >= end {
		return types.String(""), nil
	}
	return types.String(s[start-1 : end-1]), nil
}

func overlayBytes(s, with string, start, length int64) (datum, error) {
	if start <= 0 {
		return datum{}, pgerr.New(pgerrcode.SubstringError, "negative substring length not allowed")
	}
	if start+length > math.MaxInt32 {
		return datum{}, width(32).outOfRange()
	}
	n := int64(len(s))
	return types.String(s[:min(start-1, n)] + with + s[min(max(start+length-1, 0), n):]), nil
}

func trimBytes(s, set string, front, back bool) string {
	for front && s != "" && strings.IndexByte(set, s[0]) >= 0 {
		s = s[1:]
	}
	for back && s != "" && strings.IndexByte(set, s[len(s)-1]) >= 0 {
		s = s[:len(s)-1]
	}
	return s
}

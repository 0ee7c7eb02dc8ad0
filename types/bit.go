package types

import (
	"encoding/binary"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// A bit string is kept as its text of 0 and 1: simple, and its byte order is its SQL order.

var bitCodec = codec{
	appendText: appendString,
	parseText: func(mod int32, s string, _ *Format) (Datum, error) {
		d, err := parseBits(s)
		if err == nil && mod < 0 {
			return d, nil
		}
		return d, err
	},
	appendBinary: appendBitsBinary,
	parseBinary:  parseBitsBinary,
	applyMod: func(mod int32, d Datum, explicit bool) (Datum, error) {
		n := int(mod)
		switch {
		case len(d.S) == n:
			return d, nil
		case !explicit:
			return Null, pgerr.New(pgerrcode.StringDataLengthMismatch,
				"bit string length %d does not match type bit(%d)", len(d.S), n)
		case len(d.S) > n:
			return String(d.S[:n]), nil
		}
		return String(d.S + strings.Repeat("0", n-len(d.S))), nil
	},
	compare: compareString,
	hash:    hashString,
}

var varbitCodec = codec{
	appendText:   appendString,
	parseText:    func(_ int32, s string, _ *Format) (Datum, error) { return parseBits(s) },
	appendBinary: appendBitsBinary,
	parseBinary:  parseBitsBinary,
	applyMod: func(mod int32, d Datum, explicit bool) (Datum, error) {
		n := int(mod)
		switch {
		case len(d.S) <= n:
			return d, nil
		case !explicit:
			return Null, pgerr.New(pgerrcode.StringDataRightTruncationDataException,
				"bit string too long for type bit varying(%d)", n)
		}
		return String(d.S[:n]), nil
	},
	compare: compareString,
	hash:    hashString,
}

// parseBits reads binary digits, after b if it is there, or hexadecimal ones after x.
func parseBits(s string) (Datum, error) {
	body := s
	if s != "" && (s[0] == 'x' || s[0] == 'X') {
		return parseHexBits(s[1:])
	}
	if s != "" && (s[0] == 'b' || s[0] == 'B') {
		body = s[1:]
	}
	for _, r := range body {
		if r != '0' && r != '1' {
			return Null, pgerr.New(pgerrcode.InvalidTextRepresentation, "\"%c\" is not a valid binary digit", r)
		}
	}
	return String(body), nil
}

func parseHexBits(s string) (Datum, error) {
	out := make([]byte, 0, 4*len(s))
	for _, r := range s {
		d := strings.IndexRune("0123456789abcdef", r)
		if d < 0 {
			d = strings.IndexRune("0123456789ABCDEF", r)
		}
		if d < 0 {
			return Null, pgerr.New(pgerrcode.InvalidTextRepresentation, "\"%c\" is not a valid hexadecimal digit", r)
		}
		out = append(out, '0'+byte(d>>3), '0'+byte(d>>2&1), '0'+byte(d>>1&1), '0'+byte(d&1))
	}
	return String(string(out)), nil
}

func appendBitsBinary(dst []byte, d Datum) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(d.S)))
	start := len(dst)
	dst = append(dst, make([]byte, (len(d.S)+7)/8)...)
	for i := range len(d.S) {
		if d.S[i] == '1' {
			dst[start+i/8] |= 0x80 >> (i & 7)
		}
	}
	return dst
}

func parseBitsBinary(b []byte) (Datum, error) {
	if len(b) < 4 {
		return Null, errShort()
	}
	n := int(int32(binary.BigEndian.Uint32(b)))
	if n < 0 || n > 8*(len(b)-4) {
		return Null, pgerr.New(pgerrcode.InvalidBinaryRepresentation, "invalid length in external bit string")
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = '0' + b[4+i/8]>>(7-i&7)&1
	}
	return String(string(out)), nil
}

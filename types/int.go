package types

import (
	"encoding/binary"
	"math"
	"strconv"
)

// intCodec is the codec of a signed integer of so many bytes.
func intCodec(size int, name string) *codec {
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	if size < 8 {
		hi = 1<<(8*size-1) - 1
		lo = -hi - 1
	}
	return &codec{
		appendText: appendIntText,
		parseText: func(_ int32, s string, _ *Format) (Datum, error) {
			return parseInt(s, lo, hi, name)
		},
		appendBinary: func(dst []byte, d Datum) []byte { return appendIntN(dst, d.I, size) },
		parseBinary: func(b []byte) (Datum, error) {
			if err := needLen(b, size); err != nil {
				return Null, err
			}
			return Int(readIntN(b)), nil
		},
		compare: compareInt,
		hash:    hashInt,
	}
}

func appendIntText(dst []byte, d Datum, _ *Format) []byte { return strconv.AppendInt(dst, d.I, 10) }

func appendIntN(dst []byte, i int64, size int) []byte {
	switch size {
	case 2:
		return binary.BigEndian.AppendUint16(dst, uint16(i))
	case 4:
		return binary.BigEndian.AppendUint32(dst, uint32(i))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(i))
}

func readIntN(b []byte) int64 {
	switch len(b) {
	case 2:
		return int64(int16(binary.BigEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	}
	return int64(binary.BigEndian.Uint64(b))
}

// parseInt reads a decimal between lo and hi.
func parseInt(s string, lo, hi int64, name string) (Datum, error) {
	text := trimSpace(s)
	digits := text
	negative := false
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	if digits == "" {
		return Null, errSyntax(name, s)
	}
	limit := uint64(hi) + 1
	var v uint64
	for i := range len(digits) {
		c := digits[i] - '0'
		if c > 9 {
			return Null, errSyntax(name, s)
		}
		if v > (limit-uint64(c))/10 { // what follows does not matter: PostgreSQL stops here, too
			return Null, errRange(name, s)
		}
		v = v*10 + uint64(c)
	}
	switch {
	case negative && -int64(v) >= lo:
		return Int(-int64(v)), nil
	case !negative && v <= uint64(hi):
		return Int(int64(v)), nil
	}
	return Null, errRange(name, s)
}

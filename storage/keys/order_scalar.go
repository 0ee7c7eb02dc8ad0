package keys

import (
	"encoding/binary"
	"math"
)

func appendInt8(dst []byte, i int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(i)^1<<63)
}

func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		f = 0 // -0
	}
	if f != f {
		return binary.BigEndian.AppendUint64(dst, math.MaxUint64)
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		b = ^b
	} else {
		b |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, b)
}

// appendEscaped appends s so that no encoding is another's prefix: 0x00 becomes 0x00 0xff, and 0x00 0x01 ends it.
func appendEscaped(dst []byte, s string) []byte {
	for {
		i := indexZero(s)
		if i < 0 {
			break
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, 0, 0xff)
		s = s[i+1:]
	}
	dst = append(dst, s...)
	return append(dst, 0, 1)
}

func indexZero(s string) int {
	for i := range len(s) {
		if s[i] == 0 {
			return i
		}
	}
	return -1
}

// escapedLen returns the length of the escaped string that b begins with.
func escapedLen(b []byte, desc bool) (n int, ok bool) {
	zero, end := byte(0), byte(1)
	if desc {
		zero, end = 0xff, 0xfe
	}
	for i := 0; i+1 < len(b); i++ {
		if b[i] != zero {
			continue
		}
		if b[i+1] == end {
			return i + 2, true
		}
		i++
	}
	return 0, false
}

func trimBlanks(s string) string {
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

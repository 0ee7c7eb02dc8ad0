package types

import (
	"strings"

	"github.com/cespare/xxhash/v2"
)

var boolCodec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte {
		if d.I != 0 {
			return append(dst, 't')
		}
		return append(dst, 'f')
	},
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		b, ok := ParseBool(s)
		if !ok {
			return Null, errSyntax("boolean", s)
		}
		return Bool(b), nil
	},
	appendBinary: func(dst []byte, d Datum) []byte { return append(dst, byte(d.I)) },
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 1); err != nil {
			return Null, err
		}
		return Bool(b[0] != 0), nil
	},
	compare: compareInt,
	hash:    hashInt,
}

// ParseBool reads what boolean's input function takes: unique prefixes of true, false, yes, no, on, off; 1 and 0.
func ParseBool(s string) (value, ok bool) {
	s = trimSpace(s)
	if len(s) == 0 {
		return false, false
	}
	switch s[0] | 0x20 {
	case 't':
		return true, isPrefixFold(s, "true")
	case 'f':
		return false, isPrefixFold(s, "false")
	case 'y':
		return true, isPrefixFold(s, "yes")
	case 'n':
		return false, isPrefixFold(s, "no")
	case 'o':
		return len(s) == 2 && s[1]|0x20 == 'n', len(s) > 1 && (isPrefixFold(s, "on") || isPrefixFold(s, "off"))
	}
	return s == "1", s == "1" || s == "0"
}

func isPrefixFold(s, word string) bool {
	return len(s) <= len(word) && strings.EqualFold(s, word[:len(s)])
}

func compareInt(a, b Datum) int {
	switch {
	case a.I < b.I:
		return -1
	case a.I > b.I:
		return 1
	}
	return 0
}

// hashInt mixes an integer so that near values differ in all bits.
func hashInt(d Datum) uint64 { return HashInt(d.I) }

// HashInt is Hash for the types of ClassInt.
func HashInt(i int64) uint64 {
	h := uint64(i) + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func compareString(a, b Datum) int { return strings.Compare(a.S, b.S) }

func hashString(d Datum) uint64 { return xxhash.Sum64String(d.S) }

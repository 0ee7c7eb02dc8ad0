package types

import (
	"encoding/hex"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

var byteaCodec = codec{
	appendText: func(dst []byte, d Datum, f *Format) []byte {
		if f.ByteaEscape {
			return AppendEscape(dst, d.S)
		}
		return appendHex(append(dst, '\\', 'x'), d.S)
	},
	parseText:    func(_ int32, s string, _ *Format) (Datum, error) { return parseBytea(s) },
	appendBinary: textCodec.appendBinary,
	parseBinary:  func(b []byte) (Datum, error) { return String(string(b)), nil },
	compare:      compareString,
	hash:         hashString,
}

func appendHex(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := range len(s) {
		dst = append(dst, digits[s[i]>>4], digits[s[i]&15])
	}
	return dst
}

// AppendEscape appends bytes in bytea's escape format.
func AppendEscape(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+(c>>6), '0'+(c>>3&7), '0'+(c&7))
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func parseBytea(s string) (Datum, error) {
	if strings.HasPrefix(s, "\\x") {
		b, err := ParseHex(s[2:])
		return String(b), err
	}
	if strings.IndexByte(s, '\\') < 0 {
		return String(s), nil
	}
	b, err := ParseEscape(s)
	return String(b), err
}

// ParseHex reads hexadecimal digits, white space between pairs allowed.
func ParseHex(s string) (string, error) {
	if b, err := hex.DecodeString(s); err == nil {
		return string(b), nil
	}
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if isSpace(s[i]) && s[i] != '\v' && s[i] != '\f' {
			i++
			continue
		}
		hi, err := hexDigit(s[i:])
		if err != nil {
			return "", err
		}
		if i+1 >= len(s) {
			return "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		lo, err := hexDigit(s[i+1:])
		if err != nil {
			return "", err
		}
		out = append(out, hi<<4|lo)
		i += 2
	}
	return string(out), nil
}

func hexDigit(s string) (byte, error) {
	switch c := s[0]; {
	case c >= '0' && c <= '9':
		return c - '0', nil
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, nil
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, nil
	}
	for _, r := range s {
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "invalid hexadecimal digit: \"%c\"", r)
	}
	return 0, nil
}

// ParseEscape reads bytea's escape format.
func ParseEscape(s string) (string, error) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return "", pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return string(out), nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

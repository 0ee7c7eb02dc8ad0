package types

import (
	"encoding/hex"
	"strings"
)

// uuidCodec keeps a uuid as its 16 bytes.
var uuidCodec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte {
		if len(d.S) != 16 {
			return dst
		}
		for i, n := range [...]int{4, 6, 8, 10, 16} {
			if i > 0 {
				dst = append(dst, '-')
			}
			dst = appendHex(dst, d.S[[...]int{0, 4, 6, 8, 10}[i]:n])
		}
		return dst
	},
	parseText:    func(_ int32, s string, _ *Format) (Datum, error) { return parseUUID(s) },
	appendBinary: textCodec.appendBinary,
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 16); err != nil {
			return Null, err
		}
		return String(string(b)), nil
	},
	compare: compareString,
	hash:    hashString,
}

// parseUUID reads 32 hexadecimal digits, a hyphen allowed after each four, in braces or not.
func parseUUID(s string) (Datum, error) {
	body := s
	if strings.HasPrefix(s, "{") {
		if !strings.HasSuffix(s, "}") || len(s) < 2 {
			return Null, errSyntax("uuid", s)
		}
		body = s[1 : len(s)-1]
	}
	var digits [32]byte
	n := 0
	for i := range len(body) {
		if body[i] == '-' && n > 0 && n%4 == 0 && n < 32 && body[i-1] != '-' {
			continue
		}
		if n == 32 {
			return Null, errSyntax("uuid", s)
		}
		digits[n] = body[i]
		n++
	}
	out := make([]byte, 16)
	if _, err := hex.Decode(out, digits[:n]); err != nil || n != 32 || strings.HasSuffix(body, "-") {
		return Null, errSyntax("uuid", s)
	}
	return String(string(out)), nil
}

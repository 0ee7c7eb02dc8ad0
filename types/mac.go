package types

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

func parseMac(s string, size int, name string) (Datum, error) {
	if size == 8 {
		return parseMac8(s, name)
	}
	// The forms are tried in PostgreSQL's order: x is digits without, 2 with a limit of two.
	for _, form := range []string{"x:x:x:x:x:x", "x-x-x-x-x-x", "222:222", "222-222", "22.22.22", "22-22-22", "222222"} {
		octets, ok := scanMac(s, form)
		if !ok {
			continue
		}
		b := make([]byte, size)
		for i, v := range octets {
			if v > 255 {
				return Null, pgerr.New(pgerrcode.NumericValueOutOfRange, "invalid octet value in \"macaddr\" value: \"%s\"", s)
			}
			b[i] = byte(v)
		}
		return String(bytesString(b)), nil
	}
	return Null, errSyntax(name, s)
}

// scanMac reads six numbers in the manner of C's scanf: white space and a sign may stand before each.
func scanMac(s, form string) (octets [6]uint64, ok bool) {
	n := 0
	for i := range len(form) {
		limit := 16
		switch form[i] {
		case '2':
			limit = 2
		case 'x':
		default:
			if s == "" || s[0] != form[i] {
				return octets, false
			}
			s = s[1:]
			continue
		}
		for s != "" && isSpace(s[0]) {
			s = s[1:]
		}
		negative := false
		if s != "" && (s[0] == '+' || s[0] == '-') {
			negative, s, limit = s[0] == '-', s[1:], limit-1
		}
		digits := 0
		for digits < min(limit, len(s)) {
			h, hex := macDigit(s[digits])
			if !hex {
				break
			}
			octets[n] = octets[n]<<4 | uint64(h)
			digits++
		}
		if digits == 0 {
			return octets, false
		}
		if negative {
			octets[n] = -octets[n]
		}
		n, s = n+1, s[digits:]
	}
	return octets, trimSpace(s) == ""
}

// parseMac8 reads pairs of digits, with one and the same separator or none between them. Six pairs get ff:fe in the middle.
func parseMac8(text, name string) (Datum, error) {
	s := text
	var b []byte
	var spacer byte
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 1 { // PostgreSQL leaves a last single byte unread
		hi, ok1 := macDigit(s[0])
		lo, ok2 := macDigit(s[1])
		if !ok1 || !ok2 || len(b) == 8 {
			return Null, errSyntax(name, text)
		}
		b, s = append(b, hi<<4|lo), s[2:]
		if s != "" && (s[0] == ':' || s[0] == '-' || s[0] == '.') {
			if spacer != 0 && spacer != s[0] {
				return Null, errSyntax(name, text)
			}
			spacer, s = s[0], s[1:]
		}
		if (len(b) == 6 || len(b) == 8) && s != "" && isSpace(s[0]) {
			if s = trimSpace(s); s != "" {
				return Null, errSyntax(name, text)
			}
		}
	}
	switch len(b) {
	case 6:
		b = append(b[:3:3], append([]byte{0xff, 0xfe}, b[3:]...)...)
	case 8:
	default:
		return Null, errSyntax(name, text)
	}
	return String(bytesString(b)), nil
}

func macDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

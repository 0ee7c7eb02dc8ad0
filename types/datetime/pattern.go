package datetime

import (
	"strings"
	"unicode/utf8"
)

// patternNode is a template pattern of to_char and to_timestamp, by its name in upper case: HH24, MONTH, TZH.
type patternNode struct {
	key    string // pattern in upper case; "" for literal text
	text   string // as written, which tells Month from MONTH
	fill   bool   // FM
	local  bool   // TM: names are not padded
	suffix string // TH or th
	space  bool   // the literal is a blank
	sep    bool   // the literal is punctuation
}

// patternNames are the patterns, longer ones before those that they begin with.
var patternNames = []string{
	"A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "CC", "DAY", "DDD", "DD", "DY", "D", "FF1", "FF2", "FF3", "FF4", "FF5",
	"FF6", "HH24", "HH12", "HH", "IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I", "J", "MI", "MM", "MONTH", "MON", "MS",
	"OF", "P.M.", "PM", "Q", "RM", "SSSSS", "SSSS", "SS", "TZH", "TZM", "TZ", "US", "WW", "W", "Y,YYY", "YYYY", "YYY",
	"YY", "Y",
}

// findPattern returns the pattern that s begins with, in upper or lower case or, for names, capitalized.
func findPattern(s string) (key string, ok bool) {
	for _, n := range patternNames {
		if len(s) < len(n) || !strings.EqualFold(s[:len(n)], n) {
			continue
		}
		t := s[:len(n)]
		capital := n[:1] + strings.ToLower(n[1:])
		named := n == "DAY" || n == "DY" || n == "MONTH" || n == "MON"
		if t == n || t == strings.ToLower(n) || named && t == capital {
			return n, true
		}
	}
	return "", false
}

// parsePattern cuts a format into nodes; fixed says that FX was there.
func parsePattern(format string) (nodes []patternNode, fixed bool) {
	s := format
	for s != "" {
		var n patternNode
		for again := true; again && len(s) >= 2; {
			switch strings.ToUpper(s[:2]) {
			case "FM":
				n.fill, s = true, s[2:]
			case "FX":
				fixed, s = true, s[2:]
			case "TM":
				n.local, s = true, s[2:]
			default:
				again = false
			}
		}
		if s == "" {
			break
		}
		if key, ok := findPattern(s); ok {
			n.key, n.text = key, s[:len(key)]
			s = s[len(key):]
			if len(s) >= 2 && (s[:2] == "TH" || s[:2] == "th") {
				n.suffix, s = s[:2], s[2:]
			} else if len(s) >= 2 && strings.EqualFold(s[:2], "SP") {
				s = s[2:]
			}
			nodes = append(nodes, n)
			continue
		}
		var lit []patternNode
		lit, s = parseLiteral(s)
		nodes = append(nodes, lit...)
	}
	return nodes, fixed
}

// parseLiteral reads a quoted string or one character.
func parseLiteral(s string) ([]patternNode, string) {
	if s[0] == '"' {
		var nodes []patternNode
		s = s[1:]
		for s != "" && s[0] != '"' {
			if s[0] == '\\' && len(s) > 1 {
				s = s[1:]
			}
			_, n := utf8.DecodeRuneInString(s)
			nodes = append(nodes, patternNode{text: s[:n]})
			s = s[n:]
		}
		return nodes, strings.TrimPrefix(s, `"`)
	}
	if s[0] == '\\' && len(s) > 1 && s[1] == '"' {
		return []patternNode{{text: `"`}}, s[2:]
	}
	_, n := utf8.DecodeRuneInString(s)
	c := s[0]
	return []patternNode{{text: s[:n], space: isSpace(c), sep: isSeparator(c)}}, s[n:]
}

// isSeparator tells printable ASCII that is neither letter nor digit.
func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7f && !isDigit(c) && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z')
}

var romanMonths = [...]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}

// ordinal returns st, nd, rd or th for a number's text.
func ordinal(digits string) string {
	n := len(digits)
	if n == 0 || n > 1 && digits[n-2] == '1' {
		return "th"
	}
	switch digits[n-1] {
	case '1':
		return "st"
	case '2':
		return "nd"
	case '3':
		return "rd"
	}
	return "th"
}

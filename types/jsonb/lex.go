package jsonb

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// token is the kind of a lexical unit: the character itself for punctuation.
type token byte

const (
	tokenEnd    token = 0
	tokenString token = '"'
	tokenNumber token = '0'
	tokenTrue   token = 't'
	tokenFalse  token = 'f'
	tokenNull   token = 'n'
)

// lexer walks over a JSON text. Strings are decoded only when decode is set.
type lexer struct {
	s          string
	decode     bool
	kind       token
	start, end int    // of the token at hand
	str        string // decoded string, if decode
	line       int
	lineStart  int
	depth      int
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// next moves to the next token.
func (l *lexer) next() error {
	i := l.end
	for i < len(l.s) {
		c := l.s[i]
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			break
		}
		i++
		if c == '\n' {
			l.line++
			l.lineStart = i
		}
	}
	l.start = i
	if i >= len(l.s) {
		l.kind, l.end = tokenEnd, i
		return nil
	}
	switch c := l.s[i]; c {
	case '{', '}', '[', ']', ',', ':':
		l.kind, l.end = token(c), i+1
		return nil
	case '"':
		l.kind = tokenString
		return l.lexString(i + 1)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		l.kind = tokenNumber
		return l.lexNumber(i)
	}
	return l.lexWord(i)
}

func (l *lexer) lexWord(i int) error {
	for i < len(l.s) && isWord(l.s[i]) {
		i++
	}
	if i == l.start {
		l.end = i + 1
		return l.errToken()
	}
	l.end = i
	switch l.s[l.start:i] {
	case "true":
		l.kind = tokenTrue
	case "false":
		l.kind = tokenFalse
	case "null":
		l.kind = tokenNull
	default:
		return l.errToken()
	}
	return nil
}

func (l *lexer) digits(i int) int {
	for i < len(l.s) && l.s[i] >= '0' && l.s[i] <= '9' {
		i++
	}
	return i
}

func (l *lexer) lexNumber(i int) error {
	ok := true
	if l.s[i] == '-' {
		i++
	}
	n := l.digits(i)
	if n > i && l.s[i] == '0' {
		n = i + 1
	}
	ok = n > i
	i = n
	if i < len(l.s) && l.s[i] == '.' {
		n = l.digits(i + 1)
		ok = ok && n > i+1
		i = n
	}
	if i < len(l.s) && (l.s[i] == 'e' || l.s[i] == 'E') {
		i++
		if i < len(l.s) && (l.s[i] == '+' || l.s[i] == '-') {
			i++
		}
		n = l.digits(i)
		ok = ok && n > i
		i = n
	}
	for i < len(l.s) && isWord(l.s[i]) {
		ok = false
		i++
	}
	l.end = i
	if !ok {
		return l.errToken()
	}
	return nil
}

func (l *lexer) lexString(i int) error {
	begin := i
	for i < len(l.s) {
		switch c := l.s[i]; {
		case c == '"':
			l.end = i + 1
			l.str = l.s[begin:i]
			return nil
		case c == '\\':
			return l.lexEscaped(begin, i)
		case c < ' ':
			l.end = i
			return l.fail(fmt.Sprintf("Character with value 0x%02x must be escaped.", c))
		}
		i++
	}
	l.end = len(l.s)
	return l.errToken()
}

// lexEscaped goes on with a string from its first backslash.
func (l *lexer) lexEscaped(begin, i int) error {
	var buf []byte
	if l.decode {
		buf = append(make([]byte, 0, i-begin+32), l.s[begin:i]...)
	}
	high := rune(0) // a high surrogate that waits for its low one
	for i < len(l.s) {
		c := l.s[i]
		if c != '\\' || i+1 >= len(l.s) || l.s[i+1] != 'u' {
			if high != 0 {
				return l.failAt(i, "Unicode low surrogate must follow a high surrogate.")
			}
		}
		switch {
		case c == '"':
			l.end, l.str = i+1, string(buf)
			return nil
		case c < ' ':
			return l.failAt(i, fmt.Sprintf("Character with value 0x%02x must be escaped.", c))
		case c != '\\':
			if l.decode {
				buf = append(buf, c)
			}
			i++
			continue
		case i+1 >= len(l.s):
			l.end = len(l.s)
			return l.errToken()
		case l.s[i+1] == 'u':
			r, err := l.hex4(i + 2)
			if err != nil {
				return err
			}
			i += 6
			if l.decode {
				if buf, high, err = l.unicode(buf, high, r, i); err != nil {
					return err
				}
			}
			continue
		}
		k := strings.IndexByte(`"\/bfnrt`, l.s[i+1])
		if k < 0 {
			_, n := utf8.DecodeRuneInString(l.s[i+1:])
			l.end = i + 1 + n
			return l.fail(fmt.Sprintf("Escape sequence \"\\%s\" is invalid.", l.s[i+1:i+1+n]))
		}
		if l.decode {
			buf = append(buf, "\"\\/\b\f\n\r\t"[k])
		}
		i += 2
	}
	l.end = len(l.s)
	return l.errToken()
}

func (l *lexer) hex4(i int) (rune, error) {
	var r rune
	for k := range 4 {
		if i+k >= len(l.s) {
			l.end = len(l.s)
			return 0, l.errToken()
		}
		d := strings.IndexByte("0123456789abcdef", l.s[i+k]|0x20)
		if c := l.s[i+k]; d < 0 || c < '0' {
			_, n := utf8.DecodeRuneInString(l.s[i+k:])
			l.end = i + k + n
			return 0, l.fail("\"\\u\" must be followed by four hexadecimal digits.")
		}
		r = r<<4 | rune(d)
	}
	return r, nil
}

func (l *lexer) unicode(buf []byte, high, r rune, at int) ([]byte, rune, error) {
	switch {
	case r >= 0xd800 && r < 0xdc00:
		if high != 0 {
			return nil, 0, l.failAt(at, "Unicode high surrogate must not follow a high surrogate.")
		}
		return buf, r, nil
	case r >= 0xdc00 && r < 0xe000:
		if high == 0 {
			return nil, 0, l.failAt(at, "Unicode low surrogate must follow a high surrogate.")
		}
		return utf8.AppendRune(buf, (high-0xd800)<<10+(r-0xdc00)+0x10000), 0, nil
	case high != 0:
		return nil, 0, l.failAt(at, "Unicode low surrogate must follow a high surrogate.")
	case r == 0:
		l.end = at
		e := l.fail("\\u0000 cannot be converted to text.").(*pgerr.Error)
		e.Code, e.Message = pgerrcode.UntranslatableCharacter, "unsupported Unicode escape sequence"
		return nil, 0, e
	}
	return utf8.AppendRune(buf, r), 0, nil
}

func (l *lexer) failAt(end int, detail string) error {
	l.end = end
	return l.fail(detail)
}

func (l *lexer) errToken() error {
	return l.fail(fmt.Sprintf("Token \"%s\" is invalid.", l.s[l.start:min(l.end, len(l.s))]))
}

// errExpected says what should stand in place of the token at hand.
func (l *lexer) errExpected(what string) error {
	if l.kind == tokenEnd {
		return l.fail("The input string ended unexpectedly.")
	}
	return l.fail(fmt.Sprintf("Expected %s, but found \"%s\".", what, l.s[l.start:l.end]))
}

// fail makes the error with a detail, and as context the line up to the token at hand.
func (l *lexer) fail(detail string) error {
	end := min(l.end, len(l.s))
	from := l.lineStart
	for end-from >= 50 {
		_, n := utf8.DecodeRuneInString(l.s[from:])
		from += n
	}
	if from-l.lineStart <= 3 {
		from = l.lineStart
	}
	prefix, suffix := "", ""
	if from > l.lineStart {
		prefix = "..."
	}
	if l.kind != tokenEnd && end < len(l.s) && l.s[end] != '\n' && l.s[end] != '\r' {
		suffix = "..."
	}
	e := pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid input syntax for type json")
	e.Detail = detail
	e.Where = fmt.Sprintf("JSON data, line %d: %s%s%s", l.line, prefix, l.s[from:end], suffix)
	return e
}

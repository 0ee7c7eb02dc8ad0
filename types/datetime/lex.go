package datetime

import "strings"

// fieldKind is what the shape of a piece of date/time text says about it.
type fieldKind uint8

const (
	fieldNumber fieldKind = iota
	fieldString
	fieldDate
	fieldTime
	fieldZone
	fieldSpecial // a signed word: -infinity
)

type field struct {
	kind fieldKind
	text string // in lower case
}

const maxFields = 25

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c >= 'a' && c <= 'z' }
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isDigit(c) && !isAlpha(c) }

// lexer cuts text into fields by the rules of PostgreSQL's date/time input.
type lexer struct {
	s   string
	pos int
}

func (l *lexer) at(i int) byte {
	if l.pos+i < len(l.s) {
		return l.s[l.pos+i]
	}
	return 0
}

// span moves on while ok holds.
func (l *lexer) span(ok func(byte) bool) {
	for l.pos < len(l.s) && ok(l.s[l.pos]) {
		l.pos++
	}
}

// split returns the fields of s; ok is false when s is no date or time at all.
func split(s string) (fields []field, ok bool) {
	l := lexer{s: strings.ToLower(s)}
	fields = make([]field, 0, 8)
	for l.pos < len(l.s) {
		c := l.at(0)
		if isSpace(c) {
			l.pos++
			continue
		}
		start := l.pos
		kind, ok := l.next(c)
		if !ok {
			return nil, false
		}
		if start == l.pos { // punctuation that only separates
			l.pos++
			continue
		}
		if len(fields) == maxFields {
			return nil, false
		}
		text := l.s[start:l.pos]
		if c == '+' || c == '-' {
			text = text[:1] + strings.TrimLeft(text[1:], " \t\n\v\f\r")
		}
		fields = append(fields, field{kind, text})
	}
	return fields, true
}

func (l *lexer) next(c byte) (fieldKind, bool) {
	switch {
	case isDigit(c):
		return l.number(), true
	case c == '.':
		l.pos++
		l.span(isDigit)
		return fieldNumber, true
	case isAlpha(c):
		return l.word(), true
	case c == '+' || c == '-':
		return l.signed()
	case isPunct(c):
		return 0, true
	}
	return 0, false
}

func (l *lexer) number() fieldKind {
	l.span(isDigit)
	switch c := l.at(0); c {
	case ':':
		l.span(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
		return fieldTime
	case '-', '/', '.':
		return l.dateFrom(c)
	}
	return fieldNumber
}

// dateFrom reads what follows digits and a delimiter.
func (l *lexer) dateFrom(delim byte) fieldKind {
	l.pos++
	if !isDigit(l.at(0)) {
		l.span(func(c byte) bool { return isDigit(c) || isAlpha(c) || c == delim })
		return fieldDate
	}
	kind := fieldDate
	if delim == '.' {
		kind = fieldNumber
	}
	l.span(isDigit)
	if l.at(0) == delim {
		kind = fieldDate
		l.span(func(c byte) bool { return isDigit(c) || c == delim })
	}
	return kind
}

func (l *lexer) word() fieldKind {
	start := l.pos
	l.span(isAlpha)
	c := l.at(0)
	date := c == '-' || c == '/' || c == '.'
	if c == '+' || isDigit(c) {
		_, known := keywords[l.s[start:l.pos]]
		date = !known
	}
	if !date {
		return fieldString
	}
	l.span(func(c byte) bool {
		return isDigit(c) || isAlpha(c) || strings.IndexByte("+-/_.:", c) >= 0
	})
	return fieldDate
}

func (l *lexer) signed() (fieldKind, bool) {
	l.pos++
	l.span(isSpace)
	switch c := l.at(0); {
	case isDigit(c):
		l.span(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
		return fieldZone, true
	case isAlpha(c):
		l.span(isAlpha)
		return fieldSpecial, true
	}
	return 0, false
}

// wordKind is what a word of date/time text means.
type wordKind uint8

const (
	wordMonth wordKind = iota
	wordDay
	wordNow
	wordToday
	wordTomorrow
	wordYesterday
	wordEpoch
	wordInf
	wordNegInf
	wordAllBalls
	wordZulu
	wordAM
	wordPM
	wordBC
	wordAD
	wordIgnore
	wordDST
	wordJulian
	wordT
	wordUnit // h, m, s and others that announce a unit: not taken
)

type word struct {
	kind  wordKind
	value int
}

// keywords are the words that input understands, cut to ten characters as PostgreSQL does.
var keywords = makeKeywords()

func makeKeywords() map[string]word {
	m := map[string]word{
		"now": {wordNow, 0}, "today": {wordToday, 0}, "tomorrow": {wordTomorrow, 0}, "yesterday": {wordYesterday, 0},
		"epoch": {wordEpoch, 0}, "infinity": {wordInf, 0}, "-infinity": {wordNegInf, 0},
		"allballs": {wordAllBalls, 0}, "z": {wordZulu, 0}, "zulu": {wordZulu, 0}, "am": {wordAM, 0}, "pm": {wordPM, 0},
		"ad": {wordAD, 0}, "bc": {wordBC, 0}, "at": {wordIgnore, 0}, "on": {wordIgnore, 0}, "dst": {wordDST, 0},
		"j": {wordJulian, 0}, "jd": {wordJulian, 0}, "julian": {wordJulian, 0}, "t": {wordT, 0},
		"h": {wordUnit, 0}, "m": {wordUnit, 0}, "s": {wordUnit, 0}, "y": {wordUnit, 0}, "d": {wordUnit, 0},
		"mm": {wordUnit, 0}, "dow": {wordUnit, 0}, "doy": {wordUnit, 0}, "isodow": {wordUnit, 0}, "isoyear": {wordUnit, 0},
		"sept": {wordMonth, 9}, "tues": {wordDay, 2}, "thur": {wordDay, 4}, "thurs": {wordDay, 4}, "weds": {wordDay, 3},
	}
	for i, n := range monthNames {
		n = strings.ToLower(n)
		m[n], m[n[:3]] = word{wordMonth, i + 1}, word{wordMonth, i + 1}
	}
	for i, n := range dayNames {
		n = strings.ToLower(n)
		m[n], m[n[:3]] = word{wordDay, i}, word{wordDay, i}
	}
	return m
}

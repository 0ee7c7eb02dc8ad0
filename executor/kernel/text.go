package kernel

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// maxText is the most bytes that a value may have: PostgreSQL's 1 GB less its header.
const maxText = 0x3fffffff

func tooLong() error {
	return pgerr.New(pgerrcode.ProgramLimitExceeded, "requested length too large")
}

var textFunctions = map[string]Kernel{
	"textlen": strInt(runeCount), "bpcharlen": strInt(func(s string) int64 { return runeCount(trimSpaces(s)) }),
	"textoctetlen": strInt(byteCount), "bpcharoctetlen": strInt(byteCount), "byteaoctetlen": strInt(byteCount),
	"sql_bit_length_1811": strInt(func(s string) int64 { return 8 * byteCount(s) }),
	"sql_bit_length_1810": strInt(func(s string) int64 { return 8 * byteCount(s) }),
	"upper":               strStr(strings.ToUpper), "lower": strStr(strings.ToLower), "initcap": strStr(initcap),
	"text_substr":        row(func(_ *Env, a []datum) (datum, error) { return substring(a[0].S, a[1].I, a[2].I) }),
	"text_substr_no_len": row(func(_ *Env, a []datum) (datum, error) { return substring(a[0].S, a[1].I, math.MaxInt64) }),
	"textpos":            row(func(_ *Env, a []datum) (datum, error) { return types.Int(position(a[0].S, a[1].S)), nil }),
	"text_starts_with":   row(func(_ *Env, a []datum) (datum, error) { return types.Bool(strings.HasPrefix(a[0].S, a[1].S)), nil }),
	"replace_text": row(func(_ *Env, a []datum) (datum, error) {
		if a[1].S == "" {
			return a[0], nil
		}
		return types.String(strings.ReplaceAll(a[0].S, a[1].S, a[2].S)), nil
	}),
	"translate":    row(func(_ *Env, a []datum) (datum, error) { return types.String(translate(a[0].S, a[1].S, a[2].S)), nil }),
	"btrim":        strStr2(func(s, set string) (string, error) { return strings.Trim(s, set), nil }),
	"ltrim":        strStr2(func(s, set string) (string, error) { return strings.TrimLeft(s, set), nil }),
	"rtrim":        strStr2(func(s, set string) (string, error) { return strings.TrimRight(s, set), nil }),
	"btrim1":       strStr(func(s string) string { return strings.Trim(s, " ") }),
	"ltrim1":       strStr(func(s string) string { return strings.TrimLeft(s, " ") }),
	"rtrim1":       strStr(trimSpaces),
	"lpad":         row(func(_ *Env, a []datum) (datum, error) { return pad(a[0].S, a[1].I, a[2].S, true) }),
	"rpad":         row(func(_ *Env, a []datum) (datum, error) { return pad(a[0].S, a[1].I, a[2].S, false) }),
	"sql_lpad_879": row(func(_ *Env, a []datum) (datum, error) { return pad(a[0].S, a[1].I, " ", true) }),
	"sql_rpad_880": row(func(_ *Env, a []datum) (datum, error) { return pad(a[0].S, a[1].I, " ", false) }),
	"text_left":    row(func(_ *Env, a []datum) (datum, error) { return types.String(left(a[0].S, a[1].I)), nil }),
	"text_right":   row(func(_ *Env, a []datum) (datum, error) { return types.String(right(a[0].S, a[1].I)), nil }),
	"repeat": row(func(_ *Env, a []datum) (datum, error) {
		if a[1].I <= 0 || a[0].S == "" {
			return types.String(""), nil
		}
		if int64(len(a[0].S))*a[1].I > maxText-4 {
			return datum{}, tooLong()
		}
		return types.String(strings.Repeat(a[0].S, int(a[1].I))), nil
	}),
	"text_reverse":       strStr(reverse),
	"split_part":         row(func(_ *Env, a []datum) (datum, error) { return splitPart(a[0].S, a[1].S, a[2].I) }),
	"textoverlay":        row(func(_ *Env, a []datum) (datum, error) { return overlay(a[0].S, a[1].S, a[2].I, a[3].I) }),
	"textoverlay_no_len": row(func(_ *Env, a []datum) (datum, error) { return overlay(a[0].S, a[1].S, a[2].I, runeCount(a[1].S)) }),
	"ascii":              strInt(ascii),
	"chr":                row(func(_ *Env, a []datum) (datum, error) { return chr(a[0].I) }),
	"textcat":            appendStr2(func(dst []byte, a, b string) ([]byte, error) { return append(append(dst, a...), b...), nil }),
	"nameconcatoid": row(func(_ *Env, a []datum) (datum, error) {
		suffix := "_" + strconv.FormatInt(a[1].I, 10)
		name := a[0].S
		for len(name)+len(suffix) > 63 {
			_, n := utf8.DecodeLastRuneInString(name)
			name = name[:len(name)-n]
		}
		return types.String(name + suffix), nil
	}),
	"booltext": row(func(_ *Env, a []datum) (datum, error) {
		if a[0].B() {
			return types.String("true"), nil
		}
		return types.String("false"), nil
	}),
	"name_text": strStr(func(s string) string { return s }), "text_name": strStr(types.TruncateName), "name_bpchar": strStr(func(s string) string { return s }),
	"bpchar_name": strStr(func(s string) string { return types.TruncateName(trimSpaces(s)) }),
	"char_text": row(func(_ *Env, a []datum) (datum, error) {
		return types.String(charText(byte(a[0].I))), nil
	}),
	"char_bpchar": row(func(_ *Env, a []datum) (datum, error) {
		return types.String(charText(byte(a[0].I))), nil
	}),
	"text_char": row(func(_ *Env, a []datum) (datum, error) {
		if a[0].S == "" {
			return types.Int(0), nil
		}
		return types.Int(int64(charOf(a[0].S))), nil
	}),
}

func byteCount(s string) int64 { return int64(len(s)) }

// substring counts characters from 1; a start before the text takes from the length.
func substring(s string, start, length int64) (datum, error) {
	end := int64(math.MaxInt64)
	if length != math.MaxInt64 {
		if length < 0 {
			if start+length < start {
				return datum{}, pgerr.New(pgerrcode.SubstringError, "negative substring length not allowed")
			}
		}
		end = start + length
	}
	from := runeOffset(s, max(start, 1)-1)
	if end <= max(start, 1) {
		return types.String(""), nil
	}
	if end == math.MaxInt64 {
		return types.String(s[from:]), nil
	}
	return types.String(s[from : from+runeOffset(s[from:], end-max(start, 1))]), nil
}

// position is strpos: from 1, 0 when there is none.
func position(s, sub string) int64 {
	i := strings.Index(s, sub)
	if i < 0 {
		return 0
	}
	return runeCount(s[:i]) + 1
}

func initcap(s string) string {
	word := false
	return strings.Map(func(r rune) rune {
		was := word
		word = unicode.IsLetter(r) || unicode.IsDigit(r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

func translate(s, from, to string) string {
	if s == "" || from == "" {
		return s
	}
	target := []rune(to)
	var b strings.Builder
	for _, r := range s {
		k := strings.IndexRune(from, r)
		if k < 0 {
			b.WriteRune(r)
			continue
		}
		if n := utf8.RuneCountInString(from[:k]); n < len(target) {
			b.WriteRune(target[n])
		}
	}
	return b.String()
}

func pad(s string, length int64, fill string, onLeft bool) (datum, error) {
	if length <= 0 {
		return types.String(""), nil
	}
	if length > maxText/4 {
		return datum{}, tooLong()
	}
	n := runeCount(s)
	if n >= length {
		return types.String(s[:runeOffset(s, length)]), nil
	}
	if fill == "" {
		return types.String(s), nil
	}
	missing, f := length-n, runeCount(fill)
	padding := strings.Repeat(fill, int(missing/f)) + fill[:runeOffset(fill, missing%f)]
	if onLeft {
		return types.String(padding + s), nil
	}
	return types.String(s + padding), nil
}

// left with a negative count leaves so many characters out at the end; right mirrors it.
func left(s string, n int64) string {
	if n < 0 {
		n = max(runeCount(s)+n, 0)
	}
	return s[:runeOffset(s, n)]
}

func right(s string, n int64) string {
	if n == math.MinInt32 { // as PostgreSQL, where -n overflows
		return s
	}
	if n < 0 {
		return s[runeOffset(s, -n):]
	}
	return s[runeOffset(s, max(runeCount(s)-n, 0)):]
}

func reverse(s string) string {
	b := make([]byte, len(s))
	at := len(s)
	for i := 0; i < len(s); {
		_, size := utf8.DecodeRuneInString(s[i:])
		at -= size
		copy(b[at:], s[i:i+size])
		i += size
	}
	return view(b)
}

func splitPart(s, sep string, field int64) (datum, error) {
	if field == 0 {
		return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "field position must not be zero")
	}
	if s == "" {
		return types.String(""), nil
	}
	if sep == "" {
		if field == 1 || field == -1 {
			return types.String(s), nil
		}
		return types.String(""), nil
	}
	if field < 0 {
		field += int64(strings.Count(s, sep)) + 2
		if field < 1 {
			return types.String(""), nil
		}
	}
	for {
		i := strings.Index(s, sep)
		switch {
		case field == 1 && i < 0:
			return types.String(s), nil
		case field == 1:
			return types.String(s[:i]), nil
		case i < 0:
			return types.String(""), nil
		}
		s = s[i+len(sep):]
		field--
	}
}

func overlay(s, with string, start, length int64) (datum, error) {
	if start <= 0 {
		return datum{}, pgerr.New(pgerrcode.SubstringError, "negative substring length not allowed")
	}
	if start+length > math.MaxInt32 {
		return datum{}, width(32).outOfRange()
	}
	return types.String(s[:runeOffset(s, start-1)] + with + s[runeOffset(s, max(start+length-1, 0)):]), nil
}

func ascii(s string) int64 {
	if s == "" {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(s)
	return int64(r)
}

func chr(c int64) (datum, error) {
	switch {
	case c < 0:
		return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "character number must be positive")
	case c == 0:
		return datum{}, pgerr.New(pgerrcode.ProgramLimitExceeded, "null character not permitted")
	case c > 0x10ffff:
		return datum{}, pgerr.New(pgerrcode.ProgramLimitExceeded, "requested character too large for encoding: %d", c)
	case c >= 0xd800 && c < 0xe000:
		return datum{}, pgerr.New(pgerrcode.ProgramLimitExceeded, "requested character not valid for encoding: %d", c)
	}
	return types.String(string(rune(c))), nil
}

// charText is the text of a "char": bytes above 127 are shown as octal, 0 as nothing.
func charText(c byte) string {
	switch {
	case c == 0:
		return ""
	case c < utf8.RuneSelf:
		return string(rune(c))
	}
	return string([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
}

// charOf reads the text of a "char".
func charOf(s string) byte {
	if len(s) == 4 && s[0] == '\\' && octal(s[1]) && octal(s[2]) && octal(s[3]) {
		return (s[1]-'0')<<6 | (s[2]-'0')<<3 | s[3] - '0'
	}
	return s[0]
}

func octal(c byte) bool { return c >= '0' && c <= '7' }

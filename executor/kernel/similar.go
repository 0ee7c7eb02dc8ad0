package kernel

import (
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// similarEscape translates an SQL regular expression (SIMILAR TO, substring … similar … escape) to an ARE. Two
// escape-double-quotes mark the part that substring returns.
func similarEscape(pattern, escape string) (string, error) {
	if escape != "" && utf8.RuneCountInString(escape) != 1 {
		return "", pgerr.New(pgerrcode.InvalidEscapeSequence, "invalid escape string").WithHint(
			"Escape string must be empty or one character.")
	}
	b := []byte("^(?:")
	escaped, bracket, quotes := false, false, 0
	for i := 0; i < len(pattern); {
		n := charSize(pattern[i:], false)
		c := pattern[i : i+n]
		i += n
		switch {
		case escaped && c == `"` && !bracket:
			switch quotes {
			case 0:
				b = append(b, "){1,1}?("...)
			case 1:
				b = append(b, "){1,1}(?:"...)
			default:
				return "", pgerr.New(pgerrcode.InvalidUseOfEscapeCharacter,
					"SQL regular expression may not contain more than two escape-double-quote separators")
			}
			quotes++
			escaped = false
		case escaped:
			b = append(append(b, '\\'), c...)
			escaped = false
		case escape != "" && c == escape:
			escaped = true
		case bracket:
			if c == `\` {
				b = append(b, '\\')
			}
			b = append(b, c...)
			bracket = c != "]"
		default:
			b = appendSimilar(b, c)
			bracket = c == "["
		}
	}
	return view(append(b, ")$"...)), nil
}

// appendSimilar writes one plain character of an SQL regular expression.
func appendSimilar(b []byte, c string) []byte {
	switch c {
	case "%":
		return append(b, ".*"...)
	case "_":
		return append(b, '.')
	case "(":
		return append(b, "(?:"...)
	case `\`, ".", "^", "$":
		return append(append(b, '\\'), c...)
	}
	return append(b, c...)
}

// similarEscapeNull takes NULL as the escape for the default one.
func similarEscapeNull(_ *Env, a []datum) (datum, error) {
	if a[0].Null {
		return types.Null, nil
	}
	escape := a[1].S
	if a[1].Null {
		escape = `\`
	}
	return stringOr(similarEscape(a[0].S, escape))
}

// similarSubstring is substring(text, pattern, escape).
func similarSubstring(_ *Env, a []datum) (datum, error) {
	p, err := similarEscape(a[1].S, a[2].S)
	if err != nil {
		return datum{}, err
	}
	return regexpSubstring(a[0].S, p)
}

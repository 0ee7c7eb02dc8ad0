package kernel

import (
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"
	"golang.org/x/text/unicode/norm"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

var quoteFunctions = map[string]Kernel{
	"quote_ident":   strStr(QuoteIdent),
	"quote_literal": strStr(quoteLiteral),
	"quote_nullable": row(func(_ *Env, a []datum) (datum, error) {
		if a[0].Null {
			return types.String("NULL"), nil
		}
		return types.String(quoteLiteral(a[0].S)), nil
	}),
	"unistr": strStrErr(unistr),
	"unicode_normalize_func": strStr2(func(s, form string) (string, error) {
		f, err := normalForm(form)
		return f.String(s), err
	}),
	"unicode_is_normalized": row(func(_ *Env, a []datum) (datum, error) {
		f, err := normalForm(a[1].S)
		return types.Bool(f.IsNormalString(a[0].S)), err
	}),
}

// QuoteIdent writes an identifier as SQL reads it back: in quotes where it needs them.
func QuoteIdent(s string) string {
	safe := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] == '_')
	for i := 0; i < len(s) && safe; i++ {
		c := s[i]
		safe = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if safe && !reserved[s] {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// quoteLiteral writes a string constant; with a backslash in it, as E'…'.
func quoteLiteral(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.IndexByte(s, '\\') < 0 {
		return q
	}
	return "E" + strings.ReplaceAll(q, `\`, `\\`)
}

func normalForm(name string) (norm.Form, error) {
	switch strings.ToUpper(name) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return norm.NFC, pgerr.New(pgerrcode.InvalidParameterValue, "invalid normalization form: %s", name)
}

// unistr reads the escapes \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX and the doubled backslash.
func unistr(s string) (string, error) {
	var b strings.Builder
	var high rune
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			if high != 0 {
				return "", badPair()
			}
			n := charSize(s[i:], false)
			b.WriteString(s[i : i+n])
			i += n
			continue
		}
		if strings.HasPrefix(s[i:], `\\`) {
			if high != 0 {
				return "", badPair()
			}
			b.WriteByte('\\')
			i += 2
			continue
		}
		r, n := unicodeEscape(s[i+1:])
		if n == 0 {
			return "", pgerr.New(pgerrcode.SyntaxError, "invalid Unicode escape").WithHint(
				`Unicode escapes must be \XXXX, \+XXXXXX, \uXXXX, or \UXXXXXXXX.`)
		}
		i += 1 + n
		switch {
		case r <= 0 || r > utf8.MaxRune:
			return "", pgerr.New(pgerrcode.SyntaxError, "invalid Unicode code point: %04X", uint32(r))
		case r >= 0xd800 && r < 0xdc00 && high == 0:
			high = r
		case r >= 0xdc00 && r < 0xe000 && high != 0:
			b.WriteRune((high-0xd800)<<10 + r - 0xdc00 + 0x10000)
			high = 0
		case high != 0 || r >= 0xd800 && r < 0xe000:
			return "", badPair()
		default:
			b.WriteRune(r)
		}
	}
	if high != 0 {
		return "", badPair()
	}
	return b.String(), nil
}

func badPair() error { return pgerr.New(pgerrcode.SyntaxError, "invalid Unicode surrogate pair") }

// unicodeEscape reads what follows the backslash; n is 0 when it is no escape.
func unicodeEscape(s string) (r rune, n int) {
	digits := 4
	switch {
	case s == "":
		return 0, 0
	case s[0] == '+':
		n, digits = 1, 6
	case s[0] == 'u':
		n = 1
	case s[0] == 'U':
		n, digits = 1, 8
	}
	if len(s) < n+digits {
		return 0, 0
	}
	for _, c := range []byte(s[n : n+digits]) {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if c >= '0' && c <= '9' {
			d = int(c - '0')
		}
		if d < 0 {
			return 0, 0
		}
		r = r<<4 | rune(d)
	}
	return r, n + digits
}

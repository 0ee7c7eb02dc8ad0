package types

import (
	"strings"
	"unicode/utf8"
)

// keywords has PostgreSQL's keywords that must be quoted to be names: all that are not unreserved.
var keywords = makeKeywords()

func makeKeywords() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(keywordList) {
		m[w] = true
	}
	return m
}

const keywordList = `
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean
both case cast char character check coalesce collate collation column concurrently constraint
create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user dec decimal default deferrable desc distinct do else end except
exists extract false fetch float for foreign freeze from full grant greatest group grouping having
ilike in initially inner inout int integer intersect interval into is isnull join lateral leading
least left like limit localtime localtimestamp national natural nchar none normalize not notnull
null nullif numeric offset on only or order out outer overlaps overlay placing position precision
primary real references returning right row select session_user setof similar smallint some
substring symmetric table tablesample then time timestamp to trailing treat trim true union unique
user using values varchar variadic verbose when where window with xmlattributes xmlconcat
xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
`

// QuoteIdent returns name as SQL must spell it: in double quotes where it needs them.
func QuoteIdent(name string) string {
	if isPlainName(name) && !keywords[name] {
		return name
	}
	return "\"" + strings.ReplaceAll(name, "\"", "\"\"") + "\""
}

// SplitName takes apart a dotted name, as functions are given names in text: what is not quoted is folded. ok is false for a text that is
// no name.
func SplitName(s string) (parts []string, ok bool) {
	for {
		s = strings.TrimLeft(s, blanks)
		var part string
		if part, s, ok = firstName(s); !ok {
			return nil, false
		}
		parts = append(parts, TruncateName(part))
		if s = strings.TrimLeft(s, blanks); s == "" {
			return parts, true
		}
		if s[0] != '.' {
			return nil, false
		}
		s = s[1:]
	}
}

// blanks are the characters that may stand around the parts of a name.
const blanks = " \t\n\r\f"

// firstName reads the part of a dotted name that s begins with.
func firstName(s string) (part, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, "."+blanks)
		if end < 0 {
			end = len(s)
		}
		return lowerASCII(s[:end]), s[end:], end > 0
	}
	for end := 1; end < len(s); end++ {
		switch {
		case s[end] != '"':
		case strings.HasPrefix(s[end+1:], `"`):
			end++
		default:
			return strings.ReplaceAll(s[1:end], `""`, `"`), s[end+1:], true
		}
	}
	return "", "", false
}

// lowerASCII folds letters as SQL folds names that are not quoted: others than those of ASCII stay what they are.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// TruncateName cuts a text to what a name holds: 63 bytes, whole characters.
func TruncateName(s string) string {
	if len(s) < 64 {
		return s
	}
	n := 63
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func isPlainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z' || c == '_':
		case c >= '0' && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return name != ""
}

// QuoteLiteral returns s as an SQL string constant.
func QuoteLiteral(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.IndexByte(s, '\\') >= 0 {
		return "E" + strings.ReplaceAll(q, "\\", "\\\\")
	}
	return q
}

package parse

import (
	"strconv"
	"strings"
)

// Literal is a constant that Normalize has taken out of a text.
type Literal struct {
	// Text is the value: a string's contents or a number's digits.
	Text string
	// Kind is what the parser would have made of it.
	Kind LiteralKind
}

// LiteralKind is the type that a literal has by itself.
type LiteralKind uint8

// The kinds. A Unknown literal, a string, takes the type that its place asks for.
const (
	Unknown LiteralKind = iota
	Int4
	Int8
	Numeric
)

// maxLiterals is the most literals that Normalize takes out: longer statements are loads, seldom repeated.
const maxLiterals = 64

// Normalize replaces the constants of a simple statement by parameters $1, $2, …, so that statements which differ in them
// alone have the same key: a plan cache need neither parse nor bind those that it has seen. The key is a statement with
// the same meaning when the literals are passed as parameters, of the types that their kinds name (Unknown: inferred).
// lits is appended to; a caller may pass a buffer.
//
// It is a scanner and no parser, made to be cheap and careful rather than complete: ok is false for any text in which a
// constant might be something else than a value, and constants whose place is not plainly a value's stay in the key. If
// the key cannot be planned, for instance because a parameter has no type of its own, the caller plans the text instead.
func Normalize(sql string, lits []Literal) (key string, out []Literal, ok bool) {
	n := normalizer{sql: sql, lits: lits}
	if !n.run() {
		return "", lits, false
	}
	return n.key.String(), n.lits, true
}

type normalizer struct {
	sql  string
	key  strings.Builder
	lits []Literal
	done int // how much of sql is in key
	at   int
	// prev is what stood before: 'v' a value or name, 'o' an operator, a comma or a parenthesis, 'k' a keyword after which a
	// value comes, 0 nothing.
	prev  byte
	depth int
	// typmod is the depth of the parentheses of a type's modifiers, 0 outside.
	typmod int
	// ordered: inside ORDER BY, where a number is a position, at this depth.
	ordered int
	cast    bool // behind ::
}

func (n *normalizer) run() bool {
	words := 0
	for n.at < len(n.sql) {
		c := n.sql[n.at]
		switch {
		case isSpace(c):
			n.at++
		case c == '\'':
			if !n.str() {
				return false
			}
		case c >= '0' && c <= '9':
			if !n.number() {
				return false
			}
		case c == '"':
			if !n.quoted() {
				return false
			}
		case isWordByte(c) && c != '$':
			words++
			if !n.word(words == 1) {
				return false
			}
		default:
			if words == 0 || !n.symbol(c) {
				return false
			}
		}
	}
	n.key.WriteString(n.sql[n.done:])
	return words > 0 && len(n.lits) <= maxLiterals
}

// str reads '…'. Strings with a prefix (E, B, X, U&) end in word.
func (n *normalizer) str() bool {
	end := n.at + 1
	for {
		i := strings.IndexByte(n.sql[end:], '\'')
		if i < 0 {
			return false
		}
		end += i + 1
		if end < len(n.sql) && n.sql[end] == '\'' {
			end++
			continue
		}
		break
	}
	text := n.sql[n.at+1 : end-1]
	if strings.IndexByte(text, '\\') >= 0 {
		return false // standard_conforming_strings decides what it means
	}
	rest := strings.TrimLeft(n.sql[end:], " \t\r\n")
	switch {
	case strings.HasPrefix(rest, "'"):
		return false // a string in two parts
	case n.prev == 'v' || strings.HasPrefix(rest, "::reg"), n.prev == 0:
		n.at, n.prev = end, 'v'
		return true
	}
	if strings.IndexByte(text, '\'') >= 0 {
		text = strings.ReplaceAll(text, "''", "'")
	}
	n.take(end, Literal{Text: text})
	return true
}

// number reads a number in decimal.
func (n *normalizer) number() bool {
	end, kind := n.at, Int4
	for end < len(n.sql) && (n.sql[end] >= '0' && n.sql[end] <= '9' || n.sql[end] == '.') {
		if n.sql[end] == '.' {
			kind = Numeric
		}
		end++
	}
	if end < len(n.sql) && (isWordByte(n.sql[end]) || n.sql[end] == '.') {
		return false // exponents, hexadecimals, mistakes
	}
	text := n.sql[n.at:end]
	if strings.Count(text, ".") > 1 {
		return false
	}
	if kind == Int4 {
		switch v, err := strconv.ParseInt(text, 10, 64); {
		case err != nil:
			kind = Numeric
		case v > 1<<31-1:
			kind = Int8
		}
	}
	if n.prev == 'v' || n.prev == 0 || n.typmod > 0 || n.ordered > 0 {
		n.at, n.prev = end, 'v'
		return true
	}
	n.take(end, Literal{Text: text, Kind: kind})
	return true
}

// take puts a parameter in place of the literal that ends at end.
func (n *normalizer) take(end int, l Literal) {
	n.lits = append(n.lits, l)
	n.key.WriteString(n.sql[n.done:n.at])
	n.key.WriteByte('$')
	n.key.WriteString(strconv.Itoa(len(n.lits)))
	n.at, n.done, n.prev = end, end, 'v'
}

func (n *normalizer) quoted() bool {
	i := strings.IndexByte(n.sql[n.at+1:], '"')
	if i < 0 {
		return false
	}
	n.at, n.prev, n.cast = n.at+i+2, 'v', false
	return true
}

// valueFollows are the keywords after which a constant is a value.
var valueFollows = map[string]bool{
	"select": true, "where": true, "and": true, "or": true, "not": true, "like": true, "ilike": true, "between": true,
	"then": true, "else": true, "when": true, "limit": true, "offset": true, "in": true, "having": true, "on": true, "returning": true,
}

// refuse are the words whose statements are better left alone.
var refuse = map[string]bool{
	"group": true, "cast": true, "of": true, "over": true, "window": true, "grouping": true, "rows": true, "fetch": true,
	"conflict": true, "branch": true, "into": true, "precision": true, "interval": true, "xml": true, "with": true,
}

// word reads a keyword or name. The first one decides whether the statement is simple.
func (n *normalizer) word(first bool) bool {
	end := n.at
	for end < len(n.sql) && isWordByte(n.sql[end]) {
		end++
	}
	if end < len(n.sql) && (n.sql[end] == '\'' || n.sql[end] == '&') {
		return false
	}
	var buf [16]byte
	word := lower(n.sql[n.at:end], buf[:0])
	if first {
		switch word {
		case "select", "update", "delete", "insert":
		default:
			return false
		}
	} else if refuse[word] && !(word == "into" && strings.EqualFold(n.sql[:min(6, len(n.sql))], "insert")) {
		return false
	}
	switch {
	case word == "order":
		n.ordered = n.depth + 1
	case n.ordered == n.depth+1 && (word == "limit" || word == "offset" || word == "for"):
		n.ordered = 0
	}
	n.at, n.prev = end, 'v'
	if valueFollows[word] {
		n.prev = 'k'
	}
	return true
}

// lower folds a short word; longer ones are no keywords that matter.
func lower(s string, buf []byte) string {
	if len(s) > cap(buf) {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		buf = append(buf, c)
	}
	return string(buf)
}

// symbol reads one byte of punctuation.
func (n *normalizer) symbol(c byte) bool {
	next := byte(0)
	if n.at+1 < len(n.sql) {
		next = n.sql[n.at+1]
	}
	switch c {
	case '$', '[', '{', '\\', 0:
		return false
	case '-', '/':
		if next == c || c == '/' && next == '*' {
			return false // comments
		}
	case ';':
		n.at = len(n.sql) - len(strings.TrimLeft(n.sql[n.at+1:], " \t\r\n;"))
		return n.at == len(n.sql)
	case ':':
		if next != ':' {
			return false
		}
		n.at, n.prev, n.cast = n.at+2, 'v', true
		return true
	case '(':
		n.depth++
		if n.cast && n.typmod == 0 {
			n.typmod = n.depth
		}
	case ')':
		n.close()
		return n.depth >= 0
	}
	n.at, n.prev = n.at+1, 'o'
	if c == '.' {
		n.prev = 'v'
	}
	if c != '(' && c != '.' {
		n.cast = n.cast && n.typmod > 0
	}
	return true
}

func (n *normalizer) close() {
	if n.typmod == n.depth {
		n.typmod, n.cast = 0, false
	}
	if n.ordered == n.depth+1 {
		n.ordered = 0
	}
	n.depth--
	n.at, n.prev = n.at+1, 'v'
}

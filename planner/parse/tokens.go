package parse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// tokens is a scanned text without its comments.
type tokens struct {
	sql      string
	list     []*pg.ScanToken
	nameless bool // names without parentheses are no points
}

func scan(sql string) (*tokens, error) {
	res, err := pg.Scan(sql)
	if err != nil {
		return nil, err
	}
	t := &tokens{sql: sql, list: make([]*pg.ScanToken, 0, len(res.Tokens))}
	for _, tok := range res.Tokens {
		if tok.Token != pg.Token_SQL_COMMENT && tok.Token != pg.Token_C_COMMENT {
			t.list = append(t.list, tok)
		}
	}
	return t, nil
}

func (t *tokens) len() int { return len(t.list) }

// text is the i-th token as written; "" beyond the end.
func (t *tokens) text(i int) string {
	if i < 0 || i >= len(t.list) {
		return ""
	}
	return t.sql[t.list[i].Start:t.list[i].End]
}

// is reports whether tokens i, i+1, … are these words, in any case.
func (t *tokens) is(i int, words ...string) bool {
	for k, w := range words {
		if !strings.EqualFold(t.text(i+k), w) {
			return false
		}
	}
	return true
}

func (t *tokens) kind(i int) pg.Token {
	if i < 0 || i >= len(t.list) {
		return pg.Token_NUL
	}
	return t.list[i].Token
}

func (t *tokens) start(i int) int {
	if i >= len(t.list) {
		return len(t.sql)
	}
	return int(t.list[i].Start)
}

func (t *tokens) end(i int) int { return int(t.list[i].End) }

// isName reports whether token i can be a bare alias of a table: an identifier or a keyword that may be one.
func (t *tokens) isName(i int) bool {
	switch t.kind(i) {
	case pg.Token_IDENT, pg.Token_UIDENT:
		return true
	case pg.Token_NUL:
		return false
	}
	k := t.list[i].KeywordKind
	return k == pg.KeywordKind_UNRESERVED_KEYWORD || k == pg.KeywordKind_COL_NAME_KEYWORD
}

// name is the identifier that token i stands for: unquoted, or folded to lower case.
func (t *tokens) name(i int) string {
	s := t.text(i)
	if strings.HasPrefix(s, `"`) {
		return strings.ReplaceAll(strings.Trim(s, `"`), `""`, `"`)
	}
	return strings.ToLower(s)
}

// closing is the index of the parenthesis that closes the one at i, or -1.
func (t *tokens) closing(i int) int {
	depth := 0
	for ; i < t.len(); i++ {
		switch t.text(i) {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// quote makes a string literal.
func quote(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return " E" + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}

// unquote reads a plain string constant.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '\'' {
		return s
	}
	return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
}

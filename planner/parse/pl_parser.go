package parse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// ParsePL parses the body of a function of that name in PL/pgSQL. With check the statements and expressions of SQL in it are looked at too, as is done when
// a function is made.
func ParsePL(name, body string, check bool) (*PL, error) {
	if i := strings.IndexByte(body, 0); i >= 0 {
		return nil, pgerr.New(pgerrcode.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": 0x00`)
	}
	if err := checkDepth(body); err != nil {
		return nil, err
	}
	t, err := scan(body)
	if err != nil {
		if fault, ok := asParserError(err); ok {
			return nil, located(fault, byteOffset(body, fault.Cursorpos))
		}
		return nil, pgerr.New(pgerrcode.SyntaxError, "%s", err.Error())
	}
	p := &plParser{t: t, check: check}
	out := p.whole()
	if p.err != nil {
		if e := pgerr.From(p.err); e.ByteOffset() < 0 {
			e.Where = fmt.Sprintf("compilation of PL/pgSQL function \"%s\" near line %d", name, p.line)
		}
		return nil, p.err
	}
	return out, nil
}

// plParser reads a body token by token. After an error it is at the end of the text.
type plParser struct {
	t     *tokens
	at    int
	check bool
	depth int
	err   error
	nl    []int // offsets of line ends
	line  int   // of the error
}

// maxPLDepth bounds blocks within blocks.
const maxPLDepth = 500

func (p *plParser) whole() *PL {
	out := &PL{Text: p.t.sql}
	for p.is("#") {
		p.options(out)
	}
	out.Block = p.labelled()
	p.skip(";")
	if p.err == nil && !p.end() {
		p.syntax()
	}
	return out
}

// options reads #variable_conflict and its kin.
func (p *plParser) options(out *PL) {
	p.at++
	switch word := p.word(); word {
	case "variable_conflict":
		p.at++
		switch w := p.word(); w {
		case "error", "use_variable", "use_column":
			out.Conflict = w
			p.at++
			return
		}
	case "option":
		if p.at++; p.word() == "dump" {
			p.at++
			return
		}
	case "print_strict_params":
		if p.at++; p.word() == "on" || p.word() == "off" {
			p.at++
			return
		}
	}
	p.syntax()
}

func (p *plParser) fail(e *pgerr.Error, at int) {
	if p.err == nil {
		p.err = e.At(at)
		p.line = p.place().Line
	}
	p.at = p.t.len()
}

// syntax is PostgreSQL's error for a token that cannot stand where it does.
func (p *plParser) syntax() {
	if p.at >= p.t.len() {
		p.fail(pgerr.New(pgerrcode.SyntaxError, "syntax error at end of input"), len(p.t.sql))
		return
	}
	p.fail(pgerr.New(pgerrcode.SyntaxError, "syntax error at or near \"%s\"", p.t.text(p.at)), p.t.start(p.at))
}

// wrong is another error at the present token.
func (p *plParser) wrong(format string, args ...any) {
	if p.at >= p.t.len() {
		p.fail(pgerr.New(pgerrcode.SyntaxError, format+" at end of input", args...), len(p.t.sql))
		return
	}
	p.fail(pgerr.New(pgerrcode.SyntaxError, format+" at or near \"%s\"", append(args, p.t.text(p.at))...), p.t.start(p.at))
}

func (p *plParser) end() bool { return p.err != nil || p.at >= p.t.len() }

// is reports whether the next tokens are these words.
func (p *plParser) is(words ...string) bool { return p.err == nil && p.t.is(p.at, words...) }

// skip passes the words if they are there.
func (p *plParser) skip(words ...string) bool {
	if !p.is(words...) {
		return false
	}
	p.at += len(words)
	return true
}

// need passes the words, or fails at the first that is not there.
func (p *plParser) need(words ...string) {
	for _, w := range words {
		if !p.skip(w) {
			p.syntax()
			return
		}
	}
}

// word is the present token as a keyword.
func (p *plParser) word() string {
	if p.end() {
		return ""
	}
	return strings.ToLower(p.t.text(p.at))
}

func (p *plParser) place() PLPlace { return p.placeAt(p.at) }

func (p *plParser) placeAt(i int) PLPlace {
	at := p.t.start(i)
	if p.nl == nil {
		p.nl = []int{}
		for k := range len(p.t.sql) {
			if p.t.sql[k] == '\n' {
				p.nl = append(p.nl, k)
			}
		}
	}
	n, _ := slices.BinarySearch(p.nl, at)
	return PLPlace{Offset: at, Line: n + 1}
}

// plReserved are the words that are no names of variables.
var plReserved = map[string]bool{"all": true, "begin": true, "by": true, "case": true, "declare": true, "else": true, "end": true, "execute": true,
	"for": true, "foreach": true, "from": true, "if": true, "in": true, "into": true, "loop": true, "not": true, "null": true, "or": true,
	"strict": true, "then": true, "to": true, "using": true, "when": true, "while": true}

// isWord reports whether token i can be a name.
func (p *plParser) isWord(i int) bool {
	if p.err != nil {
		return false
	}
	switch p.t.kind(i) {
	case pg.Token_NUL:
		return false
	case pg.Token_IDENT, pg.Token_UIDENT:
		return true
	case pg.Token_PARAM:
		return true
	}
	return p.t.list[i].KeywordKind != pg.KeywordKind_NO_KEYWORD && !plReserved[strings.ToLower(p.t.text(i))]
}

// isAnyWord reports whether token i is a word, reserved or not.
func (p *plParser) isAnyWord(i int) bool {
	return p.isWord(i) || p.err == nil && i < p.t.len() && p.t.list[i].KeywordKind != pg.KeywordKind_NO_KEYWORD
}

// ident reads a name of one part.
func (p *plParser) ident() string {
	if !p.isWord(p.at) || p.t.kind(p.at) == pg.Token_PARAM {
		p.syntax()
		return ""
	}
	p.at++
	return p.t.name(p.at - 1)
}

// name reads a name with dots.
func (p *plParser) name() PLName {
	n := PLName{PLPlace: p.place()}
	from := p.at
	if !p.isWord(p.at) {
		p.syntax()
		return n
	}
	n.Parts = append(n.Parts, p.t.name(p.at))
	p.at++
	for p.is(".") && p.isAnyWord(p.at+1) {
		n.Parts = append(n.Parts, p.t.name(p.at+1))
		p.at += 2
	}
	n.Text = p.t.sql[p.t.start(from):p.t.end(p.at-1)]
	return n
}

// number reads an integer.
func (p *plParser) number() int {
	n := 0
	text := p.t.text(p.at)
	if p.end() || p.t.kind(p.at) != pg.Token_ICONST || len(text) > 9 {
		p.syntax()
		return 0
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			p.syntax()
			return 0
		}
		n = n*10 + int(c-'0')
	}
	p.at++
	return n
}

// until reads an expression up to one of the words, which stay unread. where says what is missing if none comes.
func (p *plParser) until(where string, statement bool, words ...string) *PLExpr {
	from, depth := p.at, 0
	for ; !p.end(); p.at++ {
		if depth == 0 && slices.Contains(words, p.word()) {
			break
		}
		switch p.t.text(p.at) {
		case "(", "[":
			depth++
		case ")", "]":
			if depth--; depth < 0 {
				p.mismatched()
			}
		case ";":
			if depth > 0 {
				p.mismatched()
			} else {
				p.missing(where, statement)
			}
		}
	}
	if p.err == nil && p.at >= p.t.len() {
		if depth > 0 {
			p.mismatched()
		} else {
			p.missing(where, statement)
		}
	}
	return p.expr(from, p.at, statement)
}

func (p *plParser) mismatched() { p.wrong("mismatched parentheses") }

func (p *plParser) missing(where string, statement bool) {
	what := "expression"
	if statement {
		what = "statement"
	}
	p.fail(pgerr.New(pgerrcode.SyntaxError, "missing \"%s\" at end of SQL %s", where, what), p.t.start(p.at))
}

// expr makes an expression of the tokens from … to.
func (p *plParser) expr(from, to int, statement bool) *PLExpr {
	if p.err != nil {
		return nil
	}
	if from == to {
		if statement {
			p.wrong("missing SQL statement")
		} else {
			p.wrong("missing expression")
		}
		return nil
	}
	e := &PLExpr{PLPlace: p.placeAt(from)}
	e.Text = p.t.sql[p.t.start(from):p.t.end(to-1)]
	if p.check {
		prefix := "SELECT "
		if statement {
			prefix = ""
		}
		p.checkSQL(prefix, e)
	}
	return e
}

// checkSQL parses what a body has of SQL.
func (p *plParser) checkSQL(prefix string, e *PLExpr) {
	_, err := Parse(prefix + e.Text)
	if err == nil || p.err != nil {
		return
	}
	f := *pgerr.From(err)
	if at := f.ByteOffset(); at >= 0 {
		f.Relocate(e.Offset + min(max(at-len(prefix), 0), len(e.Text)))
	}
	p.err = &f
	p.at = p.t.len()
}

// list reads expressions between commas up to one of the words.
func (p *plParser) list(where string, words ...string) []*PLExpr {
	var out []*PLExpr
	for {
		e := p.until(where, false, append([]string{","}, words...)...)
		if p.err != nil {
			return nil
		}
		out = append(out, e)
		if !p.skip(",") {
			return out
		}
	}
}

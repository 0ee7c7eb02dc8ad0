package parse

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// label reads <<name>>.
func (p *plParser) label() string {
	if !p.skip("<<") {
		return ""
	}
	name := ""
	if !p.isAnyWord(p.at) {
		p.syntax()
		return ""
	}
	name = p.t.name(p.at)
	p.at++
	p.need(">>")
	return name
}

// labelled reads a block with its label.
func (p *plParser) labelled() *PLBlock {
	label := p.label()
	if !p.is("declare") && !p.is("begin") {
		p.syntax()
		return nil
	}
	return p.block(label)
}

// block reads DECLARE … BEGIN … END.
func (p *plParser) block(label string) *PLBlock {
	b := &PLBlock{PLPlace: p.place(), Label: label}
	if p.depth++; p.depth > maxPLDepth {
		p.fail(errTooDeep(), b.Offset)
	}
	defer func() { p.depth-- }()
	for p.skip("declare") {
		p.declarations(b)
	}
	b.PLPlace = p.place()
	p.need("begin")
	b.Body = p.statements("end", "exception")
	if p.skip("exception") {
		b.Catches = true
		p.handlers(b)
	}
	p.need("end")
	p.endLabel(label)
	return b
}

// endLabel reads the label that may follow END.
func (p *plParser) endLabel(label string) {
	if p.end() || p.is(";") || !p.isAnyWord(p.at) {
		return
	}
	name := p.t.name(p.at)
	switch {
	case label == "":
		p.fail(pgerr.New(pgerrcode.SyntaxError, "end label \"%s\" specified for unlabeled block", name), p.t.start(p.at))
	case label != name:
		p.fail(pgerr.New(pgerrcode.SyntaxError, "end label \"%s\" differs from block's label \"%s\"", name, label), p.t.start(p.at))
	default:
		p.at++
	}
}

func (p *plParser) declarations(b *PLBlock) {
	for !p.end() && !p.is("begin") && !p.is("declare") {
		if p.is("<<") {
			p.fail(pgerr.New(pgerrcode.SyntaxError, "block label must be placed before DECLARE, not after"), p.t.start(p.at))
			return
		}
		b.Decls = append(b.Decls, p.declaration())
	}
}

func (p *plParser) declaration() PLDecl {
	d := PLDecl{PLPlace: p.place(), Name: p.ident()}
	if p.skip("alias", "for") {
		n := p.name()
		d.Alias = &n
		p.need(";")
		return d
	}
	if p.is("cursor") || p.is("scroll", "cursor") || p.is("no", "scroll", "cursor") {
		d.Cursor = p.cursor()
		return d
	}
	d.Constant = p.skip("constant")
	d.Type = p.typeName(";", "collate", "not", ":=", "=", "default")
	if p.skip("collate") {
		p.name()
	}
	if p.is("not") {
		p.need("not", "null")
		d.NotNull = true
	}
	if p.skip(":=") || p.skip("=") || p.skip("default") {
		d.Default = p.until(";", false, ";")
	}
	p.need(";")
	return d
}

// cursor reads what follows a cursor's name.
func (p *plParser) cursor() *PLCursor {
	c := &PLCursor{}
	switch {
	case p.skip("no", "scroll"):
		c.Scroll = -1
	case p.skip("scroll"):
		c.Scroll = 1
	}
	p.need("cursor")
	if p.skip("(") {
		for !p.end() {
			a := PLDecl{PLPlace: p.place(), Name: p.ident()}
			a.Type = p.typeName(",", ")")
			c.Args = append(c.Args, a)
			if !p.skip(",") {
				break
			}
		}
		p.need(")")
	}
	if !p.skip("is") {
		p.need("for")
	}
	c.Query = p.until(";", true, ";")
	p.need(";")
	return c
}

// typeName reads the name of a type up to one of the words.
func (p *plParser) typeName(words ...string) PLType {
	t := PLType{PLPlace: p.place()}
	from, depth := p.at, 0
	for ; !p.end(); p.at++ {
		w := p.word()
		stop := false
		for _, s := range words {
			stop = stop || s == w
		}
		if depth == 0 && stop {
			break
		}
		switch w {
		case "(", "[":
			depth++
		case ")", "]":
			if depth--; depth < 0 {
				p.wrong("mismatched parentheses")
				return t
			}
		case ";":
			p.wrong("incomplete data type declaration")
			return t
		}
	}
	if p.err == nil && p.at >= p.t.len() {
		p.syntax()
	}
	if p.err != nil {
		return t
	}
	if from == p.at {
		p.wrong("missing data type declaration")
		return t
	}
	t.Text = p.t.sql[p.t.start(from):p.t.end(p.at-1)]
	if n := p.at - from; n >= 3 && p.t.is(p.at-2, "%") && (p.t.is(p.at-1, "type") || p.t.is(p.at-1, "rowtype")) {
		t.Row = p.t.is(p.at-1, "rowtype")
		for i := from; i < p.at-2; i++ {
			if (i-from)%2 == 0 && p.isAnyWord(i) {
				t.Of = append(t.Of, p.t.name(i))
			} else if (i-from)%2 == 0 || !p.t.is(i, ".") {
				p.fail(pgerr.New(pgerrcode.SyntaxError, "syntax error at or near \"%s\"", p.t.text(i)), p.t.start(i))
				return t
			}
		}
		return t
	}
	if p.check {
		p.checkSQL("SELECT NULL::", &PLExpr{PLPlace: t.PLPlace, Text: strings.TrimPrefix(t.Text, "SETOF ")})
	}
	return t
}

func (p *plParser) handlers(b *PLBlock) {
	if !p.is("when") {
		p.syntax()
	}
	for p.is("when") {
		h := PLHandler{PLPlace: p.place()}
		p.at++
		for !p.end() {
			h.Conditions = append(h.Conditions, p.condition())
			if !p.skip("or") {
				break
			}
		}
		p.need("then")
		h.Body = p.statements("when", "end")
		b.Handlers = append(b.Handlers, h)
	}
}

func (p *plParser) condition() PLCondition {
	c := PLCondition{PLPlace: p.place()}
	if !p.skip("sqlstate") {
		c.Name = p.ident()
		return c
	}
	c.State = true
	c.Name = p.stateText()
	return c
}

// stateText reads a SQLSTATE between quotes.
func (p *plParser) stateText() string {
	text, ok := p.str()
	if !ok {
		p.syntax()
		return ""
	}
	if len(text) != 5 || strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		p.at--
		p.fail(pgerr.New(pgerrcode.SyntaxError, "invalid SQLSTATE code"), p.t.start(p.at))
	}
	return text
}

// str reads a string constant.
func (p *plParser) str() (string, bool) {
	if p.end() || p.t.kind(p.at) != pg.Token_SCONST {
		return "", false
	}
	text := p.t.text(p.at)
	out := unquote(text)
	if text[0] != '\'' || strings.Contains(text, "\n") {
		var ok bool
		if out, ok = constantText(text); !ok {
			return "", false
		}
	}
	p.at++
	return out, true
}

// constantText is the value of a string constant in any of its forms.
func constantText(text string) (string, bool) {
	tree, err := pg.Parse("SELECT " + text)
	if err != nil || len(tree.Stmts) != 1 {
		return "", false
	}
	targets := tree.Stmts[0].Stmt.GetSelectStmt().GetTargetList()
	if len(targets) != 1 {
		return "", false
	}
	c := targets[0].GetResTarget().GetVal().GetAConst()
	if c == nil || c.GetSval() == nil {
		return "", false
	}
	return c.GetSval().Sval, true
}

// statements reads statements up to one of the words.
func (p *plParser) statements(ends ...string) []PLStmt {
	var out []PLStmt
	for !p.end() {
		for _, e := range ends {
			if p.is(e) {
				return out
			}
		}
		if s := p.statement(); s != nil && p.err == nil {
			out = append(out, s)
		}
	}
	if p.err == nil {
		p.syntax()
	}
	return out
}

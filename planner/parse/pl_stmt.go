package parse

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// statement reads one statement with its semicolon.
func (p *plParser) statement() PLStmt {
	if p.depth++; p.depth > maxPLDepth {
		p.fail(errTooDeep(), p.t.start(p.at))
	}
	defer func() { p.depth-- }()
	if a := p.assignment(); a != nil || p.err != nil {
		return a
	}
	at := p.place()
	var s PLStmt
	switch p.word() {
	case "<<", "declare", "begin", "loop", "while", "for", "foreach":
		s = p.labelledStatement()
	case "if":
		s = p.ifStatement(at)
	case "case":
		s = p.caseStatement(at)
	case "exit", "continue":
		s = p.exit(at)
	case "return":
		s = p.returnStatement(at)
	case "raise":
		s = p.raise(at)
	case "assert":
		s = p.assert(at)
	case "perform":
		p.at++
		e := p.until(";", false, ";")
		if e != nil {
			e.Text = "SELECT " + e.Text
		}
		s = &PLPerform{PLPlace: at, Query: e}
	case "execute":
		s = p.execute(at)
	case "get":
		s = p.diagnostics(at)
	case "open":
		s = p.open(at)
	case "fetch", "move":
		s = p.fetch(at)
	case "close":
		p.at++
		s = &PLClose{PLPlace: at, Cursor: p.name()}
	case "null":
		p.at++
		s = &PLNull{at}
	case "commit", "rollback":
		s = p.transaction(at)
	default:
		s = p.sql(at)
	}
	p.need(";")
	return s
}

// assignment reads name … := value, if that is what comes.
func (p *plParser) assignment() PLStmt {
	if !p.isWord(p.at) {
		return nil
	}
	i := p.at + 1
scan:
	for {
		switch {
		case p.t.is(i, ".") && p.isAnyWord(i+1):
			i += 2
		case p.t.is(i, "["):
			if i = p.bracket(i) + 1; i == 0 {
				return nil
			}
		default:
			break scan
		}
	}
	if !p.t.is(i, ":=") && !p.t.is(i, "=") {
		return nil
	}
	from := p.at
	a := &PLAssign{PLPlace: p.place(), Target: p.name()}
	for p.err == nil && p.at < i {
		a.Path = append(a.Path, p.step())
	}
	p.at++
	a.Value = p.until(";", false, ";")
	if p.err == nil {
		a.Text = p.t.sql[p.t.start(from):p.t.end(p.at-1)]
	}
	p.need(";")
	return a
}

// bracket is the index of the bracket that closes the one at i, or -1.
func (p *plParser) bracket(i int) int {
	depth := 0
	for ; i < p.t.len(); i++ {
		switch p.t.text(i) {
		case "[":
			depth++
		case "]":
			if depth--; depth == 0 {
				return i
			}
		case ";":
			return -1
		}
	}
	return -1
}

func (p *plParser) step() PLStep {
	if p.skip(".") {
		p.at++
		return PLStep{Field: p.t.name(p.at - 1)}
	}
	p.need("[")
	s := PLStep{}
	if !p.is(":") {
		s.Upper = p.until("]", false, ":", "]")
	}
	if p.skip(":") {
		s.Slice, s.Lower, s.Upper = true, s.Upper, nil
		if !p.is("]") {
			s.Upper = p.until("]", false, "]")
		}
	}
	p.need("]")
	return s
}

func (p *plParser) labelledStatement() PLStmt {
	label := p.label()
	at := p.place()
	switch p.word() {
	case "declare", "begin":
		return p.block(label)
	case "loop":
		return &PLLoop{PLPlace: at, Label: label, Body: p.loopBody(label)}
	case "while":
		p.at++
		cond := p.until("LOOP", false, "loop")
		return &PLLoop{PLPlace: at, Label: label, Cond: cond, Body: p.loopBody(label)}
	case "for":
		return p.forStatement(at, label)
	case "foreach":
		return p.foreach(at, label)
	}
	p.syntax()
	return nil
}

// loopBody reads LOOP … END LOOP.
func (p *plParser) loopBody(label string) []PLStmt {
	p.need("loop")
	body := p.statements("end")
	p.need("end", "loop")
	p.endLabel(label)
	return body
}

func (p *plParser) targets() []PLName {
	out := []PLName{p.name()}
	for p.skip(",") {
		out = append(out, p.name())
	}
	return out
}

func (p *plParser) forStatement(at PLPlace, label string) PLStmt {
	p.need("for")
	targets := p.targets()
	p.need("in")
	f := &PLFor{PLPlace: at, Label: label, Targets: targets}
	if p.skip("execute") {
		f.Execute = p.until("LOOP", false, "loop", "using")
		if p.skip("using") {
			f.Using = p.list("LOOP", "loop")
		}
		f.Body = p.loopBody(label)
		return f
	}
	reverse := p.is("reverse") && !p.t.is(p.at+1, "loop") && !p.t.is(p.at+1, "(")
	if p.range_() {
		return p.forInt(at, label, targets, reverse)
	}
	p.forCursor(f)
	f.Query = p.loopQuery()
	f.Body = p.loopBody(label)
	return f
}

// loopQuery reads the query of FOR. What is but the name of a cursor is not looked at.
func (p *plParser) loopQuery() *PLExpr {
	check := p.check
	if w := p.word(); p.isWord(p.at) && w != "select" && w != "values" && w != "with" && w != "table" && w != "insert" && w != "update" && w != "delete" {
		p.check = false
	}
	q := p.until("LOOP", true, "loop")
	p.check = check
	return q
}

// range_ reports whether two dots come before LOOP.
func (p *plParser) range_() bool {
	depth := 0
	for i := p.at; i < p.t.len(); i++ {
		switch t := p.t.text(i); {
		case t == "(" || t == "[":
			depth++
		case t == ")" || t == "]":
			depth--
		case t == ";" || depth == 0 && p.t.is(i, "loop"):
			return false
		case depth == 0 && p.t.kind(i) == pg.Token_DOT_DOT:
			return true
		}
	}
	return false
}

func (p *plParser) forInt(at PLPlace, label string, targets []PLName, reverse bool) PLStmt {
	f := &PLForInt{PLPlace: at, Label: label, Var: targets[0], Reverse: reverse}
	if reverse {
		p.at++
	}
	if len(targets) > 1 {
		p.fail(pgerr.New(pgerrcode.SyntaxError, "integer FOR loop must have only one target variable"), targets[0].Offset)
	}
	f.Lower = p.until("..", false, "..")
	p.need("..")
	f.Upper = p.until("LOOP", false, "loop", "by")
	if p.skip("by") {
		f.By = p.until("LOOP", false, "loop")
	}
	f.Body = p.loopBody(label)
	return f
}

// forCursor looks whether the query may be a cursor with arguments. Nothing is passed.
func (p *plParser) forCursor(f *PLFor) {
	if !p.isWord(p.at) {
		return
	}
	at := p.at
	n := p.name()
	switch {
	case p.is("loop"):
		f.Cursor = &n
	case p.is("("):
		if end := p.t.closing(p.at); end > 0 && p.t.is(end+1, "loop") {
			f.Cursor = &n
			check := p.check
			p.check = false
			f.Args = p.args()
			p.check = check
		}
	}
	p.at = at
}

// args reads (argument, name := argument).
func (p *plParser) args() []PLArg {
	var out []PLArg
	p.need("(")
	for !p.end() {
		a := PLArg{}
		if p.isWord(p.at) && (p.t.is(p.at+1, ":=") || p.t.is(p.at+1, "=>")) {
			a.Name = p.t.name(p.at)
			p.at += 2
		}
		a.Value = p.until(")", false, ",", ")")
		out = append(out, a)
		if !p.skip(",") {
			break
		}
	}
	p.need(")")
	return out
}

func (p *plParser) foreach(at PLPlace, label string) PLStmt {
	p.need("foreach")
	f := &PLForEach{PLPlace: at, Label: label, Targets: p.targets()}
	if p.skip("slice") {
		f.Slice = p.number()
	}
	p.need("in", "array")
	f.Array = p.until("LOOP", false, "loop")
	f.Body = p.loopBody(label)
	return f
}

func (p *plParser) ifStatement(at PLPlace) PLStmt {
	s := &PLIf{PLPlace: at}
	p.need("if")
	b := PLBranch{PLPlace: at}
	for {
		b.Cond = p.until("THEN", false, "then")
		p.need("then")
		b.Body = p.statements("elsif", "elseif", "else", "end")
		s.Branches = append(s.Branches, b)
		b = PLBranch{PLPlace: p.place()}
		if !p.skip("elsif") && !p.skip("elseif") {
			break
		}
	}
	if p.skip("else") {
		b.Body = p.statements("end")
		s.Branches = append(s.Branches, b)
	}
	p.need("end", "if")
	return s
}

func (p *plParser) caseStatement(at PLPlace) PLStmt {
	s := &PLCase{PLPlace: at}
	p.need("case")
	if !p.is("when") {
		s.Value = p.until("WHEN", false, "when")
	}
	if !p.is("when") {
		p.syntax()
	}
	for p.is("when") {
		b := PLBranch{PLPlace: p.place()}
		p.at++
		b.Cond = p.until("THEN", false, "then")
		p.need("then")
		b.Body = p.statements("when", "else", "end")
		s.Branches = append(s.Branches, b)
	}
	if p.skip("else") {
		s.HasElse = true
		s.Else = p.statements("end")
	}
	p.need("end", "case")
	return s
}

func (p *plParser) exit(at PLPlace) PLStmt {
	s := &PLExit{PLPlace: at, Continue: p.is("continue")}
	p.at++
	if !p.is(";") && !p.is("when") {
		s.LabelAt = p.t.start(p.at)
		if !p.isAnyWord(p.at) {
			p.syntax()
			return s
		}
		s.Label = p.t.name(p.at)
		p.at++
	}
	if p.skip("when") {
		s.When = p.until(";", false, ";")
	}
	return s
}

func (p *plParser) returnStatement(at PLPlace) PLStmt {
	p.at++
	switch {
	case p.skip("next"):
		s := &PLReturnNext{PLPlace: at}
		if !p.is(";") {
			s.Value = p.until(";", false, ";")
		}
		return s
	case p.skip("query"):
		s := &PLReturnQuery{PLPlace: at}
		if p.skip("execute") {
			s.Execute = p.until(";", false, ";", "using")
			if p.skip("using") {
				s.Using = p.list(";", ";")
			}
			return s
		}
		s.Query = p.until(";", true, ";")
		return s
	case p.is(";"):
		return &PLReturn{PLPlace: at}
	}
	return &PLReturn{PLPlace: at, Value: p.until(";", false, ";")}
}

func (p *plParser) assert(at PLPlace) PLStmt {
	p.at++
	s := &PLAssert{PLPlace: at, Cond: p.until(";", false, ",", ";")}
	if p.skip(",") {
		s.Message = p.until(";", false, ";")
	}
	return s
}

func (p *plParser) transaction(at PLPlace) PLStmt {
	s := &PLTransaction{PLPlace: at, Rollback: p.is("rollback")}
	p.at++
	if p.skip("and") {
		s.Chain = !p.skip("no")
		p.need("chain")
	}
	return s
}

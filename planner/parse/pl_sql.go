package parse

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// sql reads a statement of SQL and takes INTO out of it. What it leaves are spaces, so that places in the text stay.
func (p *plParser) sql(at PLPlace) PLStmt {
	if !p.isAnyWord(p.at) && !p.is("(") {
		p.syntax()
		return nil
	}
	s := &PLSQL{PLPlace: at, Call: p.is("call") || p.is("do")}
	s.Branch = p.onBranch()
	from, cut := p.at, [2]int{}
	first := p.word()
	if plReserved[first] {
		p.syntax()
		return nil
	}
	atomic := 0
	for ; !p.end(); p.at++ {
		if p.is(";") && atomic == 0 {
			break
		}
		if first == "create" { // a function's body in the standard's form has semicolons
			switch {
			case p.is("begin", "atomic"):
				atomic++
			case atomic > 0 && p.is("case"):
				atomic++
			case atomic > 0 && p.is("end"):
				atomic--
			}
		}
		if !p.is("into") || s.Branch != "" || p.notTarget(from) {
			continue
		}
		if s.Into != nil {
			p.fail(pgerr.New(pgerrcode.SyntaxError, "INTO specified more than once"), p.t.start(p.at))
			return s
		}
		cut[0] = p.t.start(p.at)
		s.Into = p.into()
		p.at--
		if p.err == nil {
			cut[1] = p.t.end(p.at)
		}
	}
	if p.err != nil {
		return s
	}
	if p.at >= p.t.len() {
		p.syntax()
		return s
	}
	check := p.check
	p.check = false
	s.Query = p.expr(from, p.at, true)
	p.check = check
	if s.Into != nil && s.Query != nil {
		lo, hi := cut[0]-s.Query.Offset, cut[1]-s.Query.Offset
		s.Query.Text = s.Query.Text[:lo] + strings.Repeat(" ", hi-lo) + s.Query.Text[hi:]
		s.Query.Text = strings.TrimRight(s.Query.Text, " ")
	}
	if check && s.Query != nil {
		p.checkSQL("", s.Query)
	}
	return s
}

// onBranch returns the first word of a statement that makes, drops or merges a branch.
func (p *plParser) onBranch() string {
	for _, verb := range []string{"create", "drop", "merge"} {
		if p.is(verb, "branch") || p.is(verb, "database", "branch") {
			return verb
		}
	}
	return ""
}

// notTarget reports whether an INTO is that of INSERT INTO, or of another statement that has its own.
func (p *plParser) notTarget(from int) bool {
	if p.at == from {
		return true
	}
	if prev := strings.ToLower(p.t.text(p.at - 1)); prev == "insert" || prev == "merge" {
		return true
	}
	first := strings.ToLower(p.t.text(from))
	return first == "import" || first == "create"
}

// into reads INTO [STRICT] targets.
func (p *plParser) into() *PLInto {
	p.need("into")
	i := &PLInto{Strict: p.skip("strict")}
	i.Targets = p.targets()
	return i
}

func (p *plParser) execute(at PLPlace) PLStmt {
	p.at++
	s := &PLExecute{PLPlace: at, Query: p.until("INTO or USING or ;", false, "into", "using", ";")}
	for !p.end() && !p.is(";") {
		switch {
		case p.is("into"):
			if s.Into != nil {
				p.syntax()
				return s
			}
			s.Into = p.into()
		case p.skip("using"):
			if s.Using != nil {
				p.at--
				p.syntax()
				return s
			}
			s.Using = p.list(";", ";", "into")
		default:
			p.syntax()
		}
	}
	return s
}

var diagnosticItems = map[string]bool{"row_count": false, "pg_context": false, "pg_routine_oid": false, "returned_sqlstate": true, "message_text": true, "pg_exception_detail": true,
	"pg_exception_hint": true, "pg_exception_context": true, "column_name": true, "constraint_name": true, "pg_datatype_name": true,
	"table_name": true, "schema_name": true}

func (p *plParser) diagnostics(at PLPlace) PLStmt {
	p.at++
	s := &PLDiagnostics{PLPlace: at}
	if !p.skip("current") {
		s.Stacked = p.skip("stacked")
	}
	p.need("diagnostics")
	for !p.end() {
		it := PLItem{Target: p.name()}
		if !p.skip(":=") {
			p.need("=")
		}
		it.Kind = p.word()
		stacked, known := diagnosticItems[it.Kind]
		if !known && p.err == nil {
			p.wrong("unrecognized GET DIAGNOSTICS item")
		}
		if p.err == nil && stacked != s.Stacked && it.Kind != "pg_context" || p.err == nil && it.Kind == "pg_context" && s.Stacked {
			form := "current"
			if s.Stacked {
				form = "stacked"
			}
			_ = form
			word := "CURRENT"
			if s.Stacked {
				word = "STACKED"
			}
			p.fail(pgerr.New(pgerrcode.SyntaxError, "diagnostics item %s is not allowed in GET %s DIAGNOSTICS", strings.ToUpper(it.Kind), word), at.Offset)
		}
		p.at++
		s.Items = append(s.Items, it)
		if !p.skip(",") {
			break
		}
	}
	return s
}

func (p *plParser) open(at PLPlace) PLStmt {
	p.at++
	s := &PLOpen{PLPlace: at, Cursor: p.name()}
	if p.is("(") {
		s.Args = p.args()
		return s
	}
	switch {
	case p.skip("no", "scroll"):
		s.Scroll = -1
	case p.skip("scroll"):
		s.Scroll = 1
	}
	if !p.skip("for") {
		if s.Scroll != 0 {
			p.syntax()
		}
		return s
	}
	if p.skip("execute") {
		s.Execute = p.until(";", false, ";", "using")
		if p.skip("using") {
			s.Using = p.list(";", ";")
		}
		return s
	}
	s.Query = p.until(";", true, ";")
	return s
}

func (p *plParser) fetch(at PLPlace) PLStmt {
	s := &PLFetch{PLPlace: at, Move: p.is("move"), Direction: "forward", Count: 1}
	p.at++
	p.direction(s)
	s.Cursor = p.name()
	if !s.Move {
		if !p.is("into") {
			p.syntax()
			return s
		}
		s.Into = p.into()
		if s.All || s.CountExpr != nil && (s.Direction == "forward" || s.Direction == "backward") {
			p.fail(pgerr.New(pgerrcode.FeatureNotSupported, "FETCH statement cannot return multiple rows"), at.Offset)
		}
	}
	return s
}

// direction reads the direction of FETCH, if there is one.
func (p *plParser) direction(s *PLFetch) {
	count := func() { s.CountExpr = p.until("FROM or IN", false, "from", "in") }
	from := true
	switch p.word() {
	case "next":
		p.at++
	case "prior":
		p.at++
		s.Direction = "backward"
	case "first":
		p.at++
		s.Direction = "absolute"
	case "last":
		p.at++
		s.Direction, s.Count = "absolute", -1
	case "absolute", "relative":
		s.Direction = p.word()
		p.at++
		count()
	case "all":
		p.at++
		s.All = true
	case "forward", "backward":
		s.Direction = p.word()
		p.at++
		switch {
		case p.is("from") || p.is("in"):
		case p.skip("all"):
			s.All = true
		case p.isWord(p.at) && (p.t.is(p.at+1, "into") || p.t.is(p.at+1, ";")):
			return
		default:
			count()
		}
	case "from", "in":
	default:
		if p.isWord(p.at) && (p.t.is(p.at+1, "into") || p.t.is(p.at+1, ";") || p.t.is(p.at+1, ".")) {
			return
		}
		count()
	}
	if from && !p.skip("from") && !p.skip("in") && !p.isWord(p.at) {
		p.syntax()
	}
}

var plLevels = map[string]string{"exception": "ERROR", "warning": "WARNING", "notice": "NOTICE", "info": "INFO", "log": "LOG", "debug": "DEBUG"}

var plOptions = map[string]bool{"errcode": true, "message": true, "detail": true, "hint": true, "column": true, "constraint": true, "datatype": true, "table": true, "schema": true}

func (p *plParser) raise(at PLPlace) PLStmt {
	p.at++
	s := &PLRaise{PLPlace: at, Level: "ERROR"}
	if p.is(";") {
		return s
	}
	if l := plLevels[p.word()]; l != "" {
		s.Level = l
		p.at++
	}
	if p.is(";") {
		p.syntax()
		return s
	}
	text, ok := "", false
	if p.err == nil {
		text, ok = p.str()
	}
	switch {
	case ok:
		s.Message, s.HasText = text, true
		if p.skip(",") {
			s.Args = p.list("USING or ;", "using", ";")
		}
		p.countArgs(s)
	case p.is("using"):
	case p.skip("sqlstate"):
		s.Condition, s.State = p.stateText(), true
	default:
		s.Condition = p.ident()
	}
	if p.skip("using") {
		p.raiseOptions(s)
	}
	if p.err == nil && !p.is(";") {
		p.syntax()
	}
	return s
}

func (p *plParser) raiseOptions(s *PLRaise) {
	for !p.end() {
		o := PLOption{Name: p.word()}
		if !plOptions[o.Name] {
			p.wrong("unrecognized RAISE statement option")
			return
		}
		p.at++
		if !p.skip("=") && !p.skip(":=") {
			p.wrong("syntax error, expected \"=\"")
			return
		}
		o.Value = p.until(";", false, ",", ";")
		s.Options = append(s.Options, o)
		if !p.skip(",") {
			return
		}
	}
}

// countArgs wants as many arguments as the text has percent signs.
func (p *plParser) countArgs(s *PLRaise) {
	n := 0
	for i := 0; i < len(s.Message); i++ {
		if s.Message[i] != '%' {
			continue
		}
		if i+1 < len(s.Message) && s.Message[i+1] == '%' {
			i++
			continue
		}
		n++
	}
	if n == len(s.Args) || p.err != nil {
		return
	}
	word := "few"
	if n < len(s.Args) {
		word = "many"
	}
	p.fail(pgerr.New(pgerrcode.SyntaxError, "too %s parameters specified for RAISE", word), -1)
	_ = pg.Token_NUL
}

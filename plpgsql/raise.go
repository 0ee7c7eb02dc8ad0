package plpgsql

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
)

// raise is RAISE: a notice, or an error.
type raise struct {
	level     string
	message   string
	hasText   bool
	condition string
	code      string
	again     bool
	args      []*Query
	options   []raiseOption
}

type raiseOption struct {
	name  string
	value *Query
}

func (c *compiler) raise(s *parse.PLRaise) (stmt, error) {
	out := &raise{level: s.Level, message: s.Message, hasText: s.HasText, condition: s.Condition, args: c.exprs(s.Args)}
	out.again = !s.HasText && s.Condition == "" && len(s.Options) == 0
	if s.Condition != "" {
		out.code = s.Condition
		if !s.State {
			codes := conditionCodes()[s.Condition]
			if codes == nil {
				return nil, unknownCondition(s.Condition)
			}
			out.code = codes[0]
		}
	}
	for _, o := range s.Options {
		out.options = append(out.options, raiseOption{o.Name, c.expr(o.Value)})
	}
	return out, nil
}

func (s *raise) run(x *run) (flow, error) {
	if s.again {
		if len(x.handling) == 0 {
			return next, pgerr.New(pgerrcode.StackedDiagnosticsAccessedWithoutActiveHandler, "RAISE without parameters cannot be used outside an exception handler")
		}
		return next, &raisedAgain{x.handling[len(x.handling)-1]}
	}
	e := &pgerr.Error{Code: s.code, Message: s.condition}
	set := map[string]bool{}
	if s.code != "" {
		set["errcode"] = true
	}
	if s.hasText {
		text, err := s.text(x)
		if err != nil {
			return next, err
		}
		e.Message, set["message"] = text, true
	}
	for _, o := range s.options {
		if err := o.apply(x, e, set); err != nil {
			return next, err
		}
	}
	if e.Code == "" && s.level == "ERROR" {
		e.Code = pgerrcode.RaiseException
	}
	if e.Message == "" && !set["message"] {
		e.Message = e.Code
	}
	if s.level == "ERROR" {
		return next, e
	}
	if e.Code == "" {
		e.Code = pgerrcode.SuccessfulCompletion
		if s.level == "WARNING" {
			e.Code = pgerrcode.Warning
		}
	}
	e.Severity = s.level
	n := pgerr.From(x.within(e))
	if outer := x.h.Outer(); outer != "" {
		n.Where += "\n" + outer
	}
	return next, x.h.Notice(n)
}

// raisedAgain is an error that is raised again: it has its context already.
type raisedAgain struct{ e *pgerr.Error }

func (a *raisedAgain) Error() string { return a.e.Error() }
func (a *raisedAgain) Unwrap() error { return a.e }

// text puts the arguments where the percent signs are.
func (s *raise) text(x *run) (string, error) {
	var b strings.Builder
	n := 0
	for i := 0; i < len(s.message); i++ {
		switch {
		case s.message[i] != '%':
			b.WriteByte(s.message[i])
		case strings.HasPrefix(s.message[i:], "%%"):
			b.WriteByte('%')
			i++
		default:
			text, null, err := x.text(s.args[n])
			if err != nil {
				return "", err
			}
			if n++; null {
				text = "<NULL>"
			}
			b.WriteString(text)
		}
	}
	return b.String(), nil
}

// text computes an expression as text.
func (x *run) text(q *Query) (text string, null bool, err error) {
	d, t, err := x.eval(q)
	if err != nil || d.Null {
		return "", d.Null, err
	}
	return x.h.Text(t, d), false, nil
}

func (o *raiseOption) apply(x *run, e *pgerr.Error, set map[string]bool) error {
	text, null, err := x.text(o.value)
	if err != nil {
		return err
	}
	if null {
		return pgerr.New(pgerrcode.NullValueNotAllowedDataException, "RAISE statement option cannot be null")
	}
	if set[o.name] {
		return pgerr.New(pgerrcode.SyntaxError, "RAISE option already specified: %s", strings.ToUpper(o.name))
	}
	set[o.name] = true
	switch o.name {
	case "errcode":
		if e.Code, err = codeOf(text); err != nil {
			return err
		}
		if e.Message == "" && !set["message"] {
			e.Message = text
		}
	default:
		*partOf(e, o.name) = text
	}
	return nil
}

// codeOf is the SQLSTATE that a text names: one itself, or a condition.
func codeOf(text string) (string, error) {
	if len(text) == 5 && strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return text, nil
	}
	if codes := conditionCodes()[text]; codes != nil {
		return codes[0], nil
	}
	return "", unknownCondition(text)
}

// assert is ASSERT.
type assert struct{ cond, message *Query }

func (s *assert) run(x *run) (flow, error) {
	if !x.h.Asserts() {
		return next, nil
	}
	ok, err := x.condition(s.cond)
	if ok || err != nil {
		return next, err
	}
	message := "assertion failed"
	if s.message != nil {
		text, null, err := x.text(s.message)
		if err != nil {
			return next, err
		}
		if !null {
			message = text
		}
	}
	return next, pgerr.New(pgerrcode.AssertFailure, "%s", message)
}

// diagnostics is GET DIAGNOSTICS.
type diagnostics struct {
	stacked bool
	items   []diagnostic
}

type diagnostic struct {
	to   target
	kind string
}

func (c *compiler) diagnostics(s *parse.PLDiagnostics) (stmt, error) {
	out := &diagnostics{stacked: s.Stacked}
	for _, it := range s.Items {
		t, err := c.target(it.Target)
		if err != nil {
			return nil, err
		}
		if t.field == "" && c.f.vars[t.v].record {
			return nil, pgerr.New(pgerrcode.SyntaxError, "\"%s\" is not a scalar variable", it.Target.Text).At(it.Target.Offset)
		}
		out.items = append(out.items, diagnostic{t, it.Kind})
	}
	return out, nil
}

func (s *diagnostics) run(x *run) (flow, error) {
	var e *pgerr.Error
	if s.stacked {
		if len(x.handling) == 0 {
			return next, pgerr.New(pgerrcode.StackedDiagnosticsAccessedWithoutActiveHandler, "GET STACKED DIAGNOSTICS cannot be used outside an exception handler")
		}
		e = x.handling[len(x.handling)-1]
	}
	for _, it := range s.items {
		d, t := x.diagnostic(it.kind, e)
		if err := x.assignTo(it.to, d, t); err != nil {
			return next, err
		}
	}
	return next, nil
}

// partOf is a part of an error by the name that RAISE has for it.
func partOf(e *pgerr.Error, name string) *string {
	switch name {
	case "message":
		return &e.Message
	case "detail":
		return &e.Detail
	case "hint":
		return &e.Hint
	case "column":
		return &e.Column
	case "constraint":
		return &e.Constraint
	case "datatype":
		return &e.DataType
	case "table":
		return &e.Table
	case "schema":
		return &e.Schema
	}
	return new(string)
}

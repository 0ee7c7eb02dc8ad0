package plpgsql

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// node is a compiled statement with its place.
type node struct {
	line int
	kind string // as contexts have it; "" does not change what they say
	do   stmt
}

// stmt is a statement that can be run.
type stmt interface {
	run(x *run) (flow, error)
}

// flow says where to go after a statement.
type flow uint8

const (
	next flow = iota
	leave
	again
	finish
)

func (c *compiler) statements(list []parse.PLStmt) ([]node, error) {
	var out []node
	for _, s := range list {
		c.line = s.At().Line
		kind, do, err := c.statement(s)
		if err != nil {
			return nil, err
		}
		if do != nil {
			out = append(out, node{line: s.At().Line, kind: kind, do: do})
		}
	}
	return out, nil
}

// statement compiles a statement.
func (c *compiler) statement(s parse.PLStmt) (kind string, do stmt, err error) {
	switch s := s.(type) {
	case *parse.PLBlock:
		do, err = c.block(s)
		return "statement block", do, err
	case *parse.PLAssign:
		do, err = c.assign(s)
		return "assignment", do, err
	case *parse.PLIf:
		do, err = c.ifStatement(s)
		return "IF", do, err
	case *parse.PLCase:
		do, err = c.caseStatement(s)
		return "CASE", do, err
	case *parse.PLLoop:
		do, err = c.loop(s)
		if s.Cond != nil {
			return "WHILE", do, err
		}
		return "LOOP", do, err
	case *parse.PLForInt:
		do, err = c.forInt(s)
		return "FOR with integer loop variable", do, err
	case *parse.PLFor:
		return c.forRows(s)
	case *parse.PLForEach:
		do, err = c.forEach(s)
		return "FOREACH over array", do, err
	case *parse.PLExit:
		do, err = c.exit(s)
		if s.Continue {
			return "CONTINUE", do, err
		}
		return "EXIT", do, err
	}
	return c.other(s)
}

func (c *compiler) other(s parse.PLStmt) (kind string, do stmt, err error) {
	switch s := s.(type) {
	case *parse.PLReturn:
		do, err = c.returns(s)
		return "RETURN", do, err
	case *parse.PLReturnNext:
		do, err = c.returnNext(s)
		return "RETURN NEXT", do, err
	case *parse.PLReturnQuery:
		do, err = c.returnQuery(s)
		return "RETURN QUERY", do, err
	case *parse.PLRaise:
		do, err = c.raise(s)
		return "RAISE", do, err
	case *parse.PLAssert:
		return "ASSERT", &assert{cond: c.expr(s.Cond), message: c.expr(s.Message)}, nil
	case *parse.PLSQL:
		do, err = c.sql(s)
		if s.Call {
			return "CALL", do, err
		}
		return "SQL statement", do, err
	case *parse.PLPerform:
		return "PERFORM", &perform{c.query(s.Query, Command)}, nil
	case *parse.PLExecute:
		do, err = c.execute(s)
		return "EXECUTE", do, err
	case *parse.PLDiagnostics:
		do, err = c.diagnostics(s)
		if s.Stacked {
			return "GET STACKED DIAGNOSTICS", do, err
		}
		return "GET DIAGNOSTICS", do, err
	case *parse.PLOpen:
		do, err = c.open(s)
		return "OPEN", do, err
	case *parse.PLFetch:
		do, err = c.fetch(s)
		if s.Move {
			return "MOVE", do, err
		}
		return "FETCH", do, err
	case *parse.PLClose:
		do, err = c.close(s)
		return "CLOSE", do, err
	case *parse.PLTransaction:
		if s.Rollback {
			return "ROLLBACK", &transaction{s.Rollback, s.Chain}, nil
		}
		return "COMMIT", &transaction{s.Rollback, s.Chain}, nil
	case *parse.PLNull:
		return "", nil, nil
	}
	return "", nil, pgerr.Internal("statement %T", s)
}

// run runs statements one after the other.
func (x *run) statements(list []node) (flow, error) {
	for i := range list {
		n := &list[i]
		line, kind := x.line, x.kind
		x.line, x.kind = n.line, n.kind
		f, err := n.do.run(x)
		if err != nil {
			return f, err
		}
		x.line, x.kind = line, kind
		if f != next {
			return f, nil
		}
	}
	return next, nil
}

// branch is a condition with statements.
type branch struct {
	cond *Query
	line int
	body []node
}

func (c *compiler) branches(list []parse.PLBranch) ([]branch, error) {
	var out []branch
	for _, b := range list {
		c.line = b.Line
		k := branch{cond: c.expr(b.Cond), line: b.Line}
		var err error
		if k.body, err = c.statements(b.Body); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

type ifStmt struct{ branches []branch }

func (c *compiler) ifStatement(s *parse.PLIf) (stmt, error) {
	b, err := c.branches(s.Branches)
	return &ifStmt{b}, err
}

func (s *ifStmt) run(x *run) (flow, error) {
	for i := range s.branches {
		b := &s.branches[i]
		if b.cond != nil {
			ok, err := x.condition(b.cond)
			if err != nil {
				return next, err
			}
			if !ok {
				continue
			}
		}
		return x.statements(b.body)
	}
	return next, nil
}

// caseStmt is CASE. With a value, that is put into a variable which the conditions compare with.
type caseStmt struct {
	value    *Query
	v        int
	branches []branch
	other    []node
	hasElse  bool
}

func (c *compiler) caseStatement(s *parse.PLCase) (stmt, error) {
	out := &caseStmt{hasElse: s.HasElse}
	var err error
	if s.Value != nil {
		out.value = c.expr(s.Value)
		c.push("", false)
		defer c.pop()
		out.v = c.add(&variable{name: "*case*", t: types.Of(types.Builtin(types.OIDInt4)), cased: true})
		c.scope.declare("__Case__Variable__", out.v)
		for i := range s.Branches {
			b := s.Branches[i]
			e := *b.Cond
			e.Text = "\"__Case__Variable__\" IN (" + e.Text + ")"
			b.Cond = &e
			k, err := c.branches([]parse.PLBranch{b})
			if err != nil {
				return nil, err
			}
			out.branches = append(out.branches, k...)
		}
	} else if out.branches, err = c.branches(s.Branches); err != nil {
		return nil, err
	}
	out.other, err = c.statements(s.Else)
	return out, err
}

func (s *caseStmt) run(x *run) (flow, error) {
	if s.value != nil {
		d, t, err := x.eval(s.value)
		if err != nil {
			return next, err
		}
		x.caseType(s.v, t)
		x.vals[s.v] = d.Clone()
	}
	for i := range s.branches {
		b := &s.branches[i]
		ok, err := x.condition(b.cond)
		if err != nil {
			return next, err
		}
		if ok {
			return x.statements(b.body)
		}
	}
	if !s.hasElse {
		return next, pgerr.New(pgerrcode.CaseNotFound, "case not found").WithHint("CASE statement is missing ELSE part.")
	}
	return x.statements(s.other)
}

type exit struct {
	flow  flow
	label string
	when  *Query
}

func (c *compiler) exit(s *parse.PLExit) (stmt, error) {
	out := &exit{flow: leave, label: s.Label}
	if s.Continue {
		out.flow = again
	}
	inLoop, labelled, block := false, false, false
	for sc := c.scope; sc != nil; sc = sc.outer {
		inLoop = inLoop || sc.loop
		if s.Label != "" && sc.label == s.Label && sc.outer != nil && !labelled {
			labelled, block = true, !sc.loop
		}
	}
	switch {
	case s.Label == "" && !inLoop && s.Continue:
		return nil, pgerr.New(pgerrcode.SyntaxError, "CONTINUE cannot be used outside a loop").At(s.Offset)
	case s.Label == "" && !inLoop:
		return nil, pgerr.New(pgerrcode.SyntaxError, "EXIT cannot be used outside a loop, unless it has a label").At(s.Offset)
	case s.Label != "" && !labelled:
		return nil, pgerr.New(pgerrcode.SyntaxError, "there is no label \"%s\" attached to any block or loop enclosing this statement", s.Label).At(s.LabelAt)
	case block && s.Continue:
		return nil, pgerr.New(pgerrcode.SyntaxError, "block label \"%s\" cannot be used in CONTINUE", s.Label).At(s.LabelAt)
	}
	out.when = c.expr(s.When)
	return out, nil
}

func (s *exit) run(x *run) (flow, error) {
	if s.when != nil {
		ok, err := x.condition(s.when)
		if !ok || err != nil {
			return next, err
		}
	}
	x.label = s.label
	return s.flow, nil
}

package parse

import (
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rowandb/rowan/pgerr"
)

// Clause is a part of a query that a client gives as a text of its own.
type Clause uint8

// The clauses.
const (
	Condition Clause = iota // what stands behind WHERE
	Ordering                // behind ORDER BY
	Targets                 // behind SELECT
	Value                   // an expression, such as that behind DEFAULT
	TypeName                // behind a column's name in CREATE TABLE
)

// clauses say how each is made a whole query to be parsed, and which fields of that query it may fill.
var clauses = [...]struct {
	name, before, after string
	fields              []protoreflect.Name
}{
	Condition: {"condition", "SELECT 1 WHERE (", "\n)", []protoreflect.Name{"target_list", "where_clause"}},
	Ordering:  {"ORDER BY list", "SELECT 1 ORDER BY ", "\n", []protoreflect.Name{"target_list", "sort_clause"}},
	Targets:   {"list of columns", "SELECT ", "\n", []protoreflect.Name{"target_list"}},
	Value:     {"expression", "SELECT (", "\n)", []protoreflect.Name{"target_list"}},
	TypeName:  {"type", "SELECT CAST(NULL AS ", "\n)", []protoreflect.Name{"target_list"}},
}

// CheckClause returns an error unless text is such a clause and nothing else, so that it can be put into a query between
// what CheckClause itself puts around it: a text that ends the clause, the query or a parenthesis of the query is refused,
// and so are parameters. Positions in errors are those of text.
func CheckClause(kind Clause, text string) error {
	c := &clauses[kind]
	if err := checkDepth(text); err != nil {
		return err
	}
	t, err := scan(text)
	if err != nil {
		_, err = Parse(text) // the scanner's error, as the parser words it
		return inClause(err, text, 0)
	}
	if err := t.selfContained(c.name); err != nil {
		return inClause(err, text, 0)
	}
	stmts, err := Parse(c.before + text + c.after)
	if err != nil {
		return inClause(err, text, len(c.before))
	}
	if len(stmts) != 1 || stmts[0].Node.GetSelectStmt() == nil || !fills(stmts[0].Node.GetSelectStmt(), c.fields) {
		return pgerr.New(pgerrcode.SyntaxError, "not %s %s: %s", article(c.name), c.name, text)
	}
	return nil
}

func article(name string) string {
	if strings.ContainsRune("aeiouO", rune(name[0])) {
		return "an"
	}
	return "a"
}

// selfContained refuses a semicolon, parameters, and parentheses that close or open more than the text does.
func (t *tokens) selfContained(name string) error {
	depth := 0
	for i := range t.len() {
		switch t.text(i) {
		case ";":
			return pgerr.New(pgerrcode.SyntaxError, `syntax error at or near ";"`).At(t.start(i))
		case "(":
			depth++
		case ")":
			if depth--; depth < 0 {
				return pgerr.New(pgerrcode.SyntaxError, `syntax error at or near ")"`).At(t.start(i))
			}
		}
		if t.kind(i) == pg.Token_PARAM {
			return pgerr.New(pgerrcode.UndefinedParameter, "there is no parameter %s", t.text(i)).At(t.start(i))
		}
	}
	switch {
	case t.len() == 0:
		return pgerr.New(pgerrcode.SyntaxError, "empty %s", name)
	case depth > 0:
		return pgerr.New(pgerrcode.SyntaxError, "syntax error at end of input").At(t.end(t.len() - 1))
	}
	return nil
}

// fills reports whether a query has no fields but these and those that every query has.
func fills(q *pg.SelectStmt, fields []protoreflect.Name) bool {
	ok := true
	q.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch n := f.Name(); n {
		case "limit_option":
			ok = q.LimitOption == pg.LimitOption_LIMIT_OPTION_DEFAULT
		case "op":
			ok = q.Op == pg.SetOperation_SETOP_NONE
		default:
			known := false
			for _, k := range fields {
				known = known || k == n
			}
			ok = known
		}
		return ok
	})
	return ok
}

// inClause makes an error's position one of the clause.
func inClause(err error, text string, before int) error {
	if err == nil {
		return nil
	}
	e := *pgerr.From(err)
	if off := e.ByteOffset() - before; off >= 0 {
		e.Relocate(-1)
		e.Position = utf8.RuneCountInString(text[:min(off, len(text))]) + 1
	}
	return &e
}

// Package parse turns SQL text into pg_query's parse trees, one Statement for each statement of a text.
//
// It knows PostgreSQL's grammar and Rowan's few additions to it: `t AS OF <point>` in the spellings that users of other
// systems know, and the branch statements (CREATE BRANCH and its kin). PostgreSQL's grammar rejects these, so a pre-pass
// over the scanner's tokens rewrites them before parsing; see timetravel.go and branch.go. It resolves no names and
// knows no types: planner/bind does. Nothing but bind may look into the trees.
//
// Invariant: every offset that leaves this package, in an error or by Statement.Source, is one of the text that the user
// sent, not of the rewritten one. Session and bind call it.
package parse

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"
	"github.com/pganalyze/pg_query_go/v5/parser"

	"github.com/rowandb/rowan/pgerr"
)

// Statement is one statement of a text. It is immutable.
type Statement struct {
	// Node is the raw parse tree. Bind changes nothing in it, so that it can be bound many times.
	Node *pg.Node
	// Text is the statement as the user wrote it, without the semicolon.
	Text string
	// Offset is where Text begins in the whole, in bytes.
	Offset int
	// Tag replaces the command tag of a statement that was rewritten; "" otherwise.
	Tag string

	edits edits
}

// Source maps a location of the parse tree to a byte offset in the whole text that the user sent; unknown (-1) stays -1.
func (s *Statement) Source(location int) int { return s.edits.source(location) }

// Parse splits a text into statements. An empty text has none. Syntax errors carry PostgreSQL's message and position.
func Parse(sql string) ([]Statement, error) {
	if i := strings.IndexByte(sql, 0); i >= 0 {
		return nil, pgerr.New(pgerrcode.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": 0x00`)
	}
	if err := checkDepth(sql); err != nil {
		return nil, err
	}
	text, ed, err := extend(sql)
	if err != nil {
		return nil, err
	}
	tree, err := pg.Parse(text)
	if err != nil {
		return nil, syntaxError(err, sql, text, ed)
	}
	out := make([]Statement, 0, len(tree.Stmts))
	for _, raw := range tree.Stmts {
		if raw.Stmt == nil {
			continue
		}
		out = append(out, statement(raw, sql, text, ed))
	}
	return out, nil
}

// statement cuts a statement's own text out of the whole.
func statement(raw *pg.RawStmt, sql, text string, ed edits) Statement {
	lo, hi := int(raw.StmtLocation), int(raw.StmtLocation+raw.StmtLen)
	if raw.StmtLen == 0 {
		hi = len(text)
	}
	for lo < hi && isSpace(text[lo]) {
		lo++
	}
	for hi > lo && (isSpace(text[hi-1]) || text[hi-1] == ';') {
		hi--
	}
	s := Statement{Node: raw.Stmt, edits: ed, Tag: ed.tagWithin(lo, hi)}
	from, to := ed.source(lo), ed.sourceEnd(hi)
	s.Text, s.Offset = sql[from:to], from
	return s
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

// syntaxError makes PostgreSQL's error of pg_query's. A fault inside rewritten text is reported as the grammar reports
// the text that the user sent.
func syntaxError(err error, sql, text string, ed edits) error {
	fault, ok := asParserError(err)
	if !ok && strings.Contains(err.Error(), "recursion depth") { // of the tree's decoder
		return errTooDeep()
	}
	if !ok {
		return pgerr.Wrap(pgerrcode.InternalError, err)
	}
	at := byteOffset(text, fault.Cursorpos)
	if ed.inserted(at) {
		if _, again := pg.Parse(sql); again != nil {
			if fault, ok = asParserError(again); ok {
				return located(fault, byteOffset(sql, fault.Cursorpos))
			}
		}
	}
	return located(fault, ed.source(at))
}

func asParserError(err error) (*parser.Error, bool) {
	var p *parser.Error
	ok := errors.As(err, &p)
	return p, ok
}

func located(fault *parser.Error, at int) error {
	e := pgerr.New(codeOf(fault.Message), "%s", fault.Message).At(at)
	if hint := hints[fault.Message]; hint != "" {
		e.Hint = hint
	}
	return e
}

// byteOffset turns a position in characters, from 1, into a byte offset; -1 for none.
func byteOffset(text string, position int) int {
	if position <= 0 {
		return -1
	}
	at := 0
	for range position - 1 {
		_, n := utf8.DecodeRuneInString(text[at:])
		if n == 0 {
			break
		}
		at += n
	}
	return at
}

// hints are those that PostgreSQL gives with errors of its grammar and that pg_query drops.
var hints = map[string]string{
	"LIMIT #,# syntax is not supported": "Use separate LIMIT and OFFSET clauses.",
}

// codeOf gives the SQLSTATE of an error of the grammar or scanner: pg_query hands over the message only.
func codeOf(message string) string {
	switch {
	case strings.Contains(message, "not yet implemented"), strings.Contains(message, "not implemented"),
		strings.Contains(message, "is no longer supported"), strings.HasSuffix(message, "not supported by this command"),
		message == "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported":
		return pgerrcode.FeatureNotSupported
	case strings.HasPrefix(message, "invalid Unicode escape"), strings.HasPrefix(message, "invalid Unicode surrogate"):
		return pgerrcode.InvalidEscapeSequence
	case strings.HasPrefix(message, "invalid byte sequence"):
		return pgerrcode.CharacterNotInRepertoire
	case strings.HasPrefix(message, "stack depth limit"):
		return pgerrcode.StatementTooComplex
	case strings.HasPrefix(message, "frame "):
		return pgerrcode.WindowingError
	}
	return pgerrcode.SyntaxError
}

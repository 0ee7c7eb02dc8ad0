package parse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// branchStatement rewrites a branch statement that begins at token i into a call of a function of schema rowan, and
// returns the index of the token behind it; i when there is none.
func branchStatement(r *rewriter, t *tokens, i int) (int, error) {
	c := clause{t: t, at: i}
	var sql, tag string
	var err error
	switch {
	case c.words("create", "branch"), c.words("create", "database", "branch"):
		sql, tag = c.create(), "CREATE BRANCH"
	case c.words("drop", "branch"), c.words("drop", "database", "branch"):
		sql, tag = c.drop(), "DROP BRANCH"
	case c.words("merge", "branch"), c.words("merge", "database", "branch"):
		sql, err = c.merge()
		tag = "SELECT" // psql reads a count out of any tag that begins with MERGE
	case c.words("use", "branch"):
		if c.name() {
			sql, tag = "SET rowan.branch = "+quote(c.word), "USE BRANCH"
		}
	case c.words("use"):
		if c.name() { // Dolt's: a database, or database/branch
			sql, tag = "CALL dolt_use("+quote(c.word)+")", "USE"
		}
	case c.words("show", "branches"):
		sql, tag = "SELECT * FROM rowan.branches()", "SHOW BRANCHES"
	}
	if err != nil {
		return i, err
	}
	if sql == "" || !c.over() {
		return i, nil
	}
	r.keep(t.start(i))
	r.put(sql, t.start(i), t.end(c.at-1), tag)
	r.done = t.end(c.at - 1)
	return c.at, nil
}

// clause reads tokens one by one.
type clause struct {
	t    *tokens
	at   int
	word string // the name or string read last
}

func (c *clause) words(w ...string) bool {
	if !c.t.is(c.at, w...) {
		return false
	}
	c.at += len(w)
	return true
}

// over reports whether the statement ends here.
func (c *clause) over() bool { return c.at >= c.t.len() || c.t.text(c.at) == ";" }

// name reads an identifier or a string.
func (c *clause) name() bool {
	switch {
	case c.t.kind(c.at) == pg.Token_SCONST:
		c.word = strings.ReplaceAll(strings.Trim(c.t.text(c.at), "'"), "''", "'")
	case c.t.isName(c.at):
		c.word = c.t.name(c.at)
		for c.t.text(c.at+1) == "/" || c.t.text(c.at+1) == "-" { // names such as feature/x need no quotes
			if c.t.kind(c.at+2) == pg.Token_NUL {
				break
			}
			c.word += c.t.text(c.at+1) + c.t.name(c.at+2)
			c.at += 2
		}
	default:
		return false
	}
	c.at++
	return true
}

func (c *clause) create() string {
	if !c.name() {
		return ""
	}
	args := []string{quote(c.word)}
	if c.words("from") {
		if !c.words("current") {
			if !c.name() {
				return ""
			}
			args = append(args, "source => "+quote(c.word))
		} else {
			args = append(args, "source => rowan.current_branch()")
		}
	}
	if c.words("as", "of") {
		p := point(c.t, c.at, true)
		if p.next == 0 {
			return ""
		}
		text := p.text
		if text == "" {
			text = c.t.sql[c.t.start(c.at):c.t.end(p.next-1)]
		}
		c.at = p.next
		args = append(args, "as_of => ("+text+")::text")
	}
	return "SELECT rowan.create_branch(" + strings.Join(args, ", ") + ")"
}

func (c *clause) drop() string {
	exists := c.words("if", "exists")
	if !c.name() {
		return ""
	}
	call := "SELECT rowan.drop_branch(" + quote(c.word) + ")"
	if exists {
		call += " FROM rowan.branches() b WHERE b.name = " + quote(c.word)
	}
	return call
}

// strategies maps the words of conflict_resolution to Rowan's.
var strategies = map[string]string{
	"branch_wins": "source_wins", "source_wins": "source_wins", "theirs": "source_wins",
	"target_wins": "target_wins", "ours": "target_wins",
	"fail": "abort", "abort": "abort", "manual": "manual",
}

func (c *clause) merge() (string, error) {
	if !c.name() {
		return "", nil
	}
	args := []string{quote(c.word)}
	if c.words("into") {
		if !c.name() {
			return "", nil
		}
		args = append(args, "target => "+quote(c.word))
	}
	if c.words("with", "(") {
		for !c.words(")") {
			if !c.name() {
				return "", nil
			}
			option := c.word
			if !c.words("=") || c.over() {
				return "", nil
			}
			value := strings.ToLower(strings.Trim(c.t.text(c.at), `'"`))
			c.at++
			switch {
			case option == "conflict_resolution" && strategies[value] != "":
				args = append(args, "strategy => "+quote(strategies[value]))
			case option == "delete_branch_after" && value == "false":
			default:
				return "", pgerr.Unsupported("MERGE BRANCH option %q with value %q", option, value)
			}
			c.words(",")
		}
	}
	return "SELECT * FROM rowan.merge(" + strings.Join(args, ", ") + ")", nil
}

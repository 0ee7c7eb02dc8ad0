package parse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
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
		sql, err = c.create()
		tag = "CREATE BRANCH"
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
	case c.words("show", "branch"):
		sql, tag = "SHOW rowan.branch", "SHOW"
	case c.words("begin", "as", "of"), c.words("begin", "transaction", "as", "of"), c.words("start", "transaction", "as", "of"):
		if p := c.constantPoint(); p != "" && c.over() { // two statements
			r.keep(t.start(i))
			r.put("BEGIN", t.start(i), t.end(i), "BEGIN")
			r.done = t.end(i)
			i++
			sql, tag = "; SET LOCAL rowan.as_of = "+p, "SET"
		}
	case c.words("set", "transaction", "as", "of"):
		if p := c.constantPoint(); p != "" {
			sql, tag = "SET LOCAL rowan.as_of = "+p, "SET"
		}
	}
	if err != nil {
		return i, err
	}
	if sql == "" || !c.over() {
		if c.at > i+1 && t.is(i+1, "branch") && !t.is(i, "show") {
			return i, c.unexpected() // PostgreSQL knows no such statement: what is wrong is behind these words
		}
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

// unexpected is the syntax error at the token that does not go on with the statement.
func (c *clause) unexpected() error {
	if c.at >= c.t.len() {
		return pgerr.New(pgerrcode.SyntaxError, "syntax error at end of input").At(len(c.t.sql))
	}
	return pgerr.New(pgerrcode.SyntaxError, "syntax error at or near \"%s\"", c.t.text(c.at)).At(c.t.start(c.at))
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

// point finds the point that is next. A name is none: a mistyped word would be told as a column that does not exist.
func (c *clause) point() pointSpan {
	c.t.nameless = true
	defer func() { c.t.nameless = false }()
	return point(c.t, c.at, true)
}

// constantPoint reads a point that is a constant, with CockroachDB's SYSTEM TIME before it or not, as a literal; "": there is none.
func (c *clause) constantPoint() string {
	c.words("system", "time")
	p := c.point()
	if p.next == 0 {
		return ""
	}
	for i := c.at; i < p.next; i++ {
		if c.t.text(i) == "(" && p.text == "" || c.t.kind(i) == pg.Token_PARAM {
			return ""
		}
	}
	text := p.text
	if text == "" {
		text = c.t.sql[c.t.start(c.at):c.t.end(p.next-1)]
		if !strings.HasPrefix(text, "'") {
			text = quote(text)
		}
	}
	c.at = p.next
	return text
}

func (c *clause) create() (string, error) {
	missing := c.words("if", "not", "exists")
	if !c.name() {
		return "", nil
	}
	name := c.word
	args := []string{quote(c.word)}
	if c.words("from") {
		if !c.words("current") {
			if !c.name() {
				return "", nil
			}
			args = append(args, "source => "+quote(c.word))
		} else {
			args = append(args, "source => rowan.current_branch()")
		}
	}
	if c.words("as", "of") {
		p := c.point()
		if p.next == 0 {
			return "", nil
		}
		text := p.text
		if text == "" {
			text = c.t.sql[c.t.start(c.at):c.t.end(p.next-1)]
		}
		c.at = p.next
		args = append(args, "as_of => ("+text+")::text")
	}
	if c.words("with", "(") {
		more, err := c.createOptions()
		if more == nil || err != nil {
			return "", err
		}
		args = append(args, more...)
	}
	call := "SELECT rowan.create_branch(" + strings.Join(args, ", ") + ")"
	if missing {
		call += " WHERE NOT EXISTS (SELECT FROM rowan.branches() b WHERE b.name = " + quote(name) + ")"
	}
	return call, nil
}

// createOptions reads what stands in the parentheses of CREATE BRANCH … WITH (…) as arguments; nil: something else does. What tells
// HeliosDB where to keep a branch, which is everywhere the same here, is kept as metadata.
func (c *clause) createOptions() ([]string, error) {
	args, metadata := []string{}, []string{}
	err := c.options(func(option, value string) error {
		switch option {
		case "replication_factor", "region":
			metadata = append(metadata, quote(option)+", "+quote(value))
		case "description", "expires":
			args = append(args, option+" => "+quote(value))
		case "ttl":
			args = append(args, "expires => "+quote(value))
		case "protected", "schema_only":
			args = append(args, option+" => "+quote(value))
		default:
			return pgerr.New(pgerrcode.InvalidParameterValue, "unrecognized option \"%s\" of CREATE BRANCH", option).
				WithHint("The options are description, expires, protected, schema_only, and for metadata region and replication_factor.")
		}
		return nil
	})
	if len(metadata) > 0 {
		args = append(args, "metadata => jsonb_build_object("+strings.Join(metadata, ", ")+")")
	}
	return args, err
}

// options reads name = value, …) and passes them on. A value is one token.
func (c *clause) options(f func(option, value string) error) error {
	for !c.words(")") {
		if !c.name() {
			return nil // not over: the grammar refuses the statement
		}
		option := strings.ToLower(c.word)
		if !c.words("=") || c.over() {
			return nil
		}
		value := c.t.text(c.at)
		if c.t.kind(c.at) == pg.Token_SCONST {
			value = unquote(value)
		}
		c.at++
		if err := f(option, strings.Trim(value, `"`)); err != nil {
			return err
		}
		c.words(",")
	}
	return nil
}

// drop reads one name or several. Those of a list go all or none: first what does not exist, which is refused, then
// forks before what they were made of.
func (c *clause) drop() string {
	exists := c.words("if", "exists")
	var names []string
	for {
		if !c.name() {
			return ""
		}
		if name := quote(c.word); !slices.Contains(names, name) {
			names = append(names, name)
		}
		if !c.words(",") {
			break
		}
	}
	if len(names) == 1 && !exists {
		return "SELECT rowan.drop_branch(" + names[0] + ")"
	}
	join := "LEFT JOIN"
	if exists {
		join = "JOIN"
	}
	return "SELECT rowan.drop_branch(l.name) FROM (SELECT d.name FROM unnest(ARRAY[" + strings.Join(names, ", ") + "]) d(name) " + join +
		" rowan.branches() b ON b.name = d.name ORDER BY b.created_at DESC NULLS FIRST) l"
}

// strategies maps the words of conflict_resolution to Rowan's.
var strategies = map[string]string{
	"branch_wins": "source_wins", "source_wins": "source_wins", "theirs": "source_wins",
	"target_wins": "target_wins", "ours": "target_wins",
	"fail": "abort", "abort": "abort", "manual": "manual",
}

var booleans = map[string]bool{"true": true, "on": true, "yes": true, "1": true, "false": false, "off": false, "no": false, "0": false}

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
		err := c.options(func(option, value string) error {
			value = strings.ToLower(value)
			remove, isBool := booleans[value]
			switch {
			case option == "conflict_resolution" && strategies[value] != "":
				args = append(args, "strategy => "+quote(strategies[value]))
			case option == "conflict_resolution":
				return pgerr.New(pgerrcode.InvalidParameterValue, "unknown conflict_resolution \"%s\"", value).WithHint("There are branch_wins, target_wins, fail and manual.")
			case option == "delete_branch_after" && isBool:
				args = append(args, fmt.Sprintf("delete_source => %t", remove))
			case option == "delete_branch_after":
				return pgerr.New(pgerrcode.InvalidParameterValue, "delete_branch_after requires a Boolean value")
			default:
				return pgerr.New(pgerrcode.InvalidParameterValue, "unrecognized option \"%s\" of MERGE BRANCH", option).WithHint("The options are conflict_resolution and delete_branch_after.")
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return "SELECT * FROM rowan.merge(" + strings.Join(args, ", ") + ")", nil
}

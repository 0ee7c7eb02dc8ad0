package parse

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// maxDepth is how deep a tree may be. PostgreSQL allows about as much with its usual max_stack_depth; the parser's C code,
// which writes the tree down recursively without looking at its stack, ends the process at a few times that.
const maxDepth = 6000

// safeLength is a length below which no text has so deep a tree: a level takes two bytes at the least (`+1`).
const safeLength = 2 * maxDepth

func errTooDeep() *pgerr.Error {
	return pgerr.New(pgerrcode.StatementTooComplex, "stack depth limit exceeded").
		WithHint("Split the statement, or write long chains of operators as lists or arrays.")
}

// checkDepth refuses texts whose trees may be too deep to be written down. It estimates the depth from above: parentheses
// nest, and so does what associates to the left, operators, joins and set operations, until a comma, AND, OR or WHEN, of
// which the grammar makes lists.
func checkDepth(sql string) error {
	if len(sql) <= safeLength {
		return nil
	}
	d := depthScan{sql: sql, levels: make([]levelDepth, 1, 64)}
	for d.at < len(sql) {
		d.token()
		if d.levels[len(d.levels)-1].now+len(d.levels) > maxDepth {
			return errTooDeep()
		}
	}
	return nil
}

// levelDepth is the depth of the tree within one pair of parentheses: of what is being read, and the most so far.
type levelDepth struct{ now, most int }

type depthScan struct {
	sql    string
	at     int
	levels []levelDepth
}

func (d *depthScan) top() *levelDepth { return &d.levels[len(d.levels)-1] }

// separate ends an operand of a list.
func (d *depthScan) separate() {
	l := d.top()
	l.now, l.most = 0, max(l.most, l.now)
}

// shut ends a pair of parentheses, which is an operand of what is around it.
func (d *depthScan) shut() {
	if len(d.levels) == 1 {
		return
	}
	inner := *d.top()
	d.levels = d.levels[:len(d.levels)-1]
	l := d.top()
	l.now = max(l.now, inner.now, inner.most) + 1
}

func (d *depthScan) token() {
	c := d.sql[d.at]
	switch {
	case isSpace(c):
		d.at++
	case c == '\'':
		d.str(false)
	case c == '"':
		d.skipTo(d.at+1, `"`)
	case c == '$' && d.dollar():
	case isWordByte(c):
		d.word()
	case strings.HasPrefix(d.sql[d.at:], "--"):
		d.skipTo(d.at, "\n")
	case strings.HasPrefix(d.sql[d.at:], "/*"):
		d.comment()
	default:
		d.symbol(c)
	}
}

func (d *depthScan) symbol(c byte) {
	d.at++
	switch c {
	case '(', '[':
		d.levels = append(d.levels, levelDepth{})
	case ')', ']':
		d.shut()
	case ',', ';':
		d.separate()
	case '.':
	default:
		d.top().now++
		for d.at < len(d.sql) && strings.IndexByte("+-*/<>=~!@#%^&|`?:", d.sql[d.at]) >= 0 &&
			!strings.HasPrefix(d.sql[d.at:], "--") && !strings.HasPrefix(d.sql[d.at:], "/*") {
			d.at++
		}
	}
}

// word reads a name, keyword or number.
func (d *depthScan) word() {
	start := d.at
	for d.at < len(d.sql) && isWordByte(d.sql[d.at]) {
		d.at++
	}
	var buf [16]byte
	switch lower(d.sql[start:d.at], buf[:0]) {
	case "and", "or", "when":
		d.separate()
	case "union", "except", "intersect", "join", "is", "isnull", "notnull", "collate", "at", "like", "ilike", "similar",
		"in", "between", "not", "overlaps":
		d.top().now++
	case "e":
		if d.at < len(d.sql) && d.sql[d.at] == '\'' {
			d.str(true)
		}
	}
}

// str reads a string; one with escapes goes on in the strings on the lines below that continue it. A doubled quote looks
// like the next string's beginning, and as such it is read.
func (d *depthScan) str(escapes bool) {
	for open := true; open; open = escapes && d.continued() {
		for d.at++; d.at < len(d.sql) && d.sql[d.at] != '\''; d.at++ {
			if escapes && d.sql[d.at] == '\\' {
				d.at++
			}
		}
		d.at = min(d.at+1, len(d.sql))
	}
}

// continued steps to the string that continues one that has ended, if there is one: behind a line's end.
func (d *depthScan) continued() bool {
	newline := strings.HasPrefix(d.sql[d.at:], "'") // a doubled quote
	for i := d.at; i < len(d.sql); i++ {
		switch c := d.sql[i]; {
		case c == '\n' || c == '\r':
			newline = true
		case isSpace(c):
		case strings.HasPrefix(d.sql[i:], "--"):
			for i+1 < len(d.sql) && d.sql[i+1] != '\n' && d.sql[i+1] != '\r' {
				i++
			}
		default:
			if newline && c == '\'' {
				d.at = i
				return true
			}
			return false
		}
	}
	return false
}

// dollar skips a string in dollar quotes, if one begins here.
func (d *depthScan) dollar() bool {
	end := d.at + 1
	for end < len(d.sql) && isWordByte(d.sql[end]) && d.sql[end] != '$' {
		end++
	}
	if end >= len(d.sql) || d.sql[end] != '$' || end > d.at+1 && d.sql[d.at+1] >= '0' && d.sql[d.at+1] <= '9' {
		return false
	}
	d.skipTo(end+1, d.sql[d.at:end+1])
	return true
}

// comment skips a comment, and those nested in it.
func (d *depthScan) comment() {
	for depth := 0; d.at < len(d.sql); d.at++ {
		switch rest := d.sql[d.at:]; {
		case strings.HasPrefix(rest, "/*"):
			depth++
			d.at++
		case strings.HasPrefix(rest, "*/"):
			d.at++
			if depth--; depth == 0 {
				d.at++
				return
			}
		}
	}
}

// skipTo goes behind the next end from position i on.
func (d *depthScan) skipTo(i int, end string) {
	n := strings.Index(d.sql[i:], end)
	if n < 0 {
		d.at = len(d.sql)
		return
	}
	d.at = i + n + len(end)
}

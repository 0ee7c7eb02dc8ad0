package parse

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// Names of the sampling methods that stand for AS OF in the rewritten text. AsOfAll is CockroachDB's AS OF SYSTEM TIME,
// which holds for all tables of its FROM.
const (
	AsOf    = "rowan_as_of"
	AsOfAll = "rowan_as_of_system_time"
	// AsOfCopy is that of COPY t AS OF … TO, which is written as COPY of a query.
	AsOfCopy = "rowan_copy_as_of"
)

// extend rewrites what PostgreSQL's grammar does not know. Texts that cannot contain it cost one look at their bytes.
func extend(sql string) (string, edits, error) {
	travel, branch := mayTravel(sql), containsFold(sql, "branch") || mayUse(sql)
	history := mayHistory(sql)
	branch = branch || travel && (containsFold(sql, "begin") || containsFold(sql, "transaction")) // BEGIN AS OF SYSTEM TIME …
	if !travel && !branch && !history {
		return sql, nil, nil
	}
	toks, err := scan(sql)
	if err != nil {
		return sql, nil, nil // the parser reports the fault
	}
	r := &rewriter{sql: sql}
	start := true
	for i := 0; i < toks.len(); i++ {
		if start && branch {
			next, err := branchStatement(r, toks, i)
			if err != nil {
				return "", nil, err
			}
			if next > i {
				i = next - 1
				continue
			}
		}
		start = toks.text(i) == ";"
		if history {
			if next := versions(r, toks, i); next > i {
				i = next - 1
				continue
			}
		}
		if travel {
			if err := writeAsOf(toks, i); err != nil {
				return "", nil, err
			}
			tableAsOf(r, toks, i)
			if next := copyAsOf(r, toks, i); next > i {
				i = next - 1
				continue
			}
			if next := asOf(r, toks, i); next > i {
				i = next - 1
			}
		}
	}
	if r.ed == nil {
		return sql, nil, nil
	}
	r.keep(len(sql))
	return string(r.out), r.ed, nil
}

// mayTravel reports whether the words AS and OF both occur.
func mayTravel(sql string) bool { return hasWord(sql, "of") && hasWord(sql, "as") }

// mayUse reports whether the text, or another statement in it, may begin with USE.
func mayUse(sql string) bool {
	s := strings.TrimLeft(sql, " \t\r\n")
	if len(s) >= 4 && s[0]|0x20 == 'u' && strings.EqualFold(s[:3], "use") && !isWordByte(s[3]) {
		return true
	}
	i := strings.IndexByte(sql, ';')
	return i >= 0 && hasWord(sql[i:], "use")
}

func hasWord(sql, word string) bool {
	for i := 0; i+len(word) <= len(sql); i++ {
		if sql[i]|0x20 != word[0] || !strings.EqualFold(sql[i:i+len(word)], word) {
			continue
		}
		if (i == 0 || !isWordByte(sql[i-1])) && (i+len(word) == len(sql) || !isWordByte(sql[i+len(word)])) {
			return true
		}
	}
	return false
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// asOf rewrites a clause that begins at token i, and returns the index of the token behind it; i when there is none.
// An alias that follows the point is moved in front of the clause, where PostgreSQL's grammar wants it.
func asOf(r *rewriter, t *tokens, i int) int {
	at := i
	switch {
	case t.is(i, "for", "system_time", "as", "of"):
		at = i + 4
	case t.is(i, "as", "of") && i > 0:
		at = i + 2
	default:
		return i
	}
	method := AsOf
	if at == i+2 && t.is(at, "system", "time") {
		at, method = at+2, AsOfAll
	}
	p := point(t, at, at > i+2)
	if p.next == 0 {
		return i
	}
	next := alias(t, p.next)
	r.keep(t.start(i))
	if next > p.next {
		r.copy(t.start(p.next), t.end(next-1))
		r.put(" ", t.start(i), t.start(i), "")
	}
	r.put("TABLESAMPLE "+method+"(", t.start(i), t.start(at), "")
	if p.text != "" {
		r.put(p.text, t.start(at), t.end(p.next-1), "")
	} else {
		r.copy(t.start(at), t.end(p.next-1))
	}
	r.put(")", t.end(p.next-1), t.end(next-1), "")
	r.done = t.end(next - 1)
	return next
}

// writeAsOf refuses to write to a table as of a point, which token i begins to name.
func writeAsOf(t *tokens, i int) error {
	if !t.is(i, "as", "of") || point(t, i+2, false).next == 0 {
		return nil
	}
	at, what := nameBefore(t, i)-1, ""
	if t.is(at, "only") {
		at--
	}
	switch {
	case at < 0:
		return nil
	case t.is(at, "update") && !t.is(at-1, "for") && !t.is(at-1, "key") && !t.is(at-1, "do"):
		what = "UPDATE"
	case t.is(at-1, "insert", "into"):
		what = "INSERT"
	case t.is(at-1, "delete", "from"):
		what = "DELETE"
	case t.is(at, "copy") && t.is(point(t, i+2, false).next, "from"):
		what = "COPY FROM"
	default:
		return nil
	}
	return pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot execute %s at a point in the past", what).At(t.start(i)).
		WithHint("Make a branch of the point with rowan.create_branch, and write to that.")
}

// tableAsOf rewrites TABLE to SELECT * FROM where token i is that word and the table's name is followed by a point.
func tableAsOf(r *rewriter, t *tokens, i int) {
	if !t.is(i, "table") || !beginsQuery(t, i) {
		return
	}
	next := i + 1
	if t.is(next, "only") {
		next++
	}
	next = qualified(t, next)
	if p, _ := asOfPoint(t, next); p.next == 0 {
		return
	}
	r.keep(t.start(i))
	r.put("SELECT * FROM", t.start(i), t.end(i), "")
	r.done = t.end(i)
}

// beginsQuery reports whether a query may begin at token i: the words before TABLE in other statements are none of these.
func beginsQuery(t *tokens, i int) bool {
	if i == 0 || nameBefore(t, i) > 0 && t.is(nameBefore(t, i)-1, "into") {
		return true
	}
	for _, w := range []string{";", "(", ")", "as", "for", "union", "intersect", "except", "all", "distinct", "explain", "analyze", "analyse", "verbose", "value"} {
		if t.is(i-1, w) {
			return true
		}
	}
	return false
}

// qualified is the end of a table's name at token i; 0 for none.
func qualified(t *tokens, i int) int {
	if !t.isName(i) {
		return 0
	}
	for i++; t.text(i) == "." && t.isName(i+1); {
		i += 2
	}
	return i
}

// copyAsOf rewrites COPY of a table as of a point, which begins at token i, to COPY of a query.
func copyAsOf(r *rewriter, t *tokens, i int) int {
	if !t.is(i, "copy") || i > 0 && t.text(i-1) != ";" {
		return i
	}
	first := i + 1
	name := qualified(t, first)
	at := name
	if name > 0 && t.text(name) == "(" {
		at = t.closing(name) + 1
	}
	p, method := asOfPoint(t, at)
	if p.next == 0 || !t.is(p.next, "to") {
		return i
	}
	r.keep(t.start(first))
	r.put("(SELECT ", t.start(first), t.start(first), "")
	if at > name {
		r.copy(t.end(name), t.start(at-1))
	} else {
		r.put("*", t.start(first), t.start(first), "")
	}
	r.put(" FROM ", t.start(first), t.start(first), "")
	r.copy(t.start(first), t.end(name-1))
	r.put(" TABLESAMPLE "+AsOfCopy+"(", t.start(at), t.start(method), "")
	if p.text != "" {
		r.put(p.text, t.start(method), t.end(p.next-1), "")
	} else {
		r.copy(t.start(method), t.end(p.next-1))
	}
	r.put("))", t.end(p.next-1), t.end(p.next-1), "")
	r.done = t.end(p.next - 1)
	return p.next
}

// asOfPoint reads AS OF and a point, which begins at the token that is returned; next 0: there are none.
func asOfPoint(t *tokens, i int) (p pointSpan, begin int) {
	switch {
	case i == 0:
		return pointSpan{}, 0
	case t.is(i, "for", "system_time", "as", "of"):
		begin = i + 4
	case t.is(i, "as", "of", "system", "time"):
		begin = i + 4
	case t.is(i, "as", "of"):
		return point(t, i+2, false), i + 2
	default:
		return pointSpan{}, 0
	}
	return point(t, begin, true), begin
}

// pointSpan is where a point ends (next 0: there is none) and, unless it is taken as written, the SQL that replaces it.
type pointSpan struct {
	next int
	text string
}

// point finds the point that begins at token i. Only what cannot be anything else counts, because `FROM t AS of` is an
// alias; sure says that the words before leave no doubt.
func point(t *tokens, i int, sure bool) pointSpan {
	switch {
	case t.is(i, "now", "(", ")") && t.text(i+3) != "+" && t.text(i+3) != "-":
		return pointSpan{i + 3, "'~0'"}
	case t.is(i, "now") && t.text(i+1) != "(":
		return pointSpan{i + 1, "'~0'"}
	case t.saysKind(i) && (t.text(i+1) == "(" || nameEnd(t, i+1) > 0 || t.kind(i+1) == pg.Token_PARAM && (t.text(i+2) == "+" || t.text(i+2) == "-")):
		if next := sum(t, i+1, true); next > 0 {
			return pointSpan{next, pointOfKind(t.text(i), t.sql[t.start(i+1):t.end(next-1)])}
		}
	case t.is(i, "scn") && (t.kind(i+1) == pg.Token_ICONST || t.kind(i+1) == pg.Token_FCONST):
		return pointSpan{i + 2, quote("scn:" + t.text(i+1))}
	case t.is(i, "scn") && t.kind(i+1) == pg.Token_PARAM:
		return pointSpan{i + 2, "('scn:' || " + t.text(i+1) + "::bigint)"}
	case t.is(i, "transaction") && t.kind(i+1) == pg.Token_PARAM:
		return pointSpan{i + 2, "('tx:' || " + t.text(i+1) + "::bigint)"}
	case (t.is(i, "tag") || t.is(i, "commit") || t.is(i, "snapshot") || t.is(i, "branch")) && t.kind(i+1) == pg.Token_PARAM:
		return pointSpan{i + 2, "(" + quote(strings.ToLower(t.text(i))+":") + " || " + t.text(i+1) + "::text)"}
	case t.is(i, "transaction") && t.kind(i+1) == pg.Token_ICONST:
		return pointSpan{i + 2, quote("tx:" + t.text(i+1))}
	case (t.is(i, "tag") || t.is(i, "commit") || t.is(i, "snapshot") || t.is(i, "branch")) && t.kind(i+1) == pg.Token_SCONST:
		return pointSpan{i + 2, quote(strings.ToLower(t.text(i)) + ":" + unquote(t.text(i+1)))}
	case (t.is(i, "lsn") || t.is(i, "scn")) && t.kind(i+1) == pg.Token_SCONST:
		return pointSpan{i + 2, quote("scn:" + unquote(t.text(i+1)))}
	case t.is(i, "transaction") && t.kind(i+1) == pg.Token_SCONST:
		return pointSpan{i + 2, quote("tx:" + unquote(t.text(i+1)))}
	case t.is(i, "timestamp", "(") && t.kind(i+2) == pg.Token_SCONST && t.text(i+3) == ")":
		return pointSpan{i + 4, t.text(i + 2)}
	case t.is(i, "timestamp") && t.kind(i+1) == pg.Token_SCONST:
		return pointSpan{i + 2, t.text(i + 1)}
	}
	if t.is(i, "timestamp") {
		next := sum(t, i+1, true)
		if next == 0 {
			return pointSpan{}
		}
		return pointSpan{next, "(" + t.sql[t.start(i+1):t.end(next-1)] + ")"}
	}
	return pointSpan{next: sum(t, i, sure)}
}

// sum finds the end of primaries with + and - between them; 0 for none.
func sum(t *tokens, i int, sure bool) int {
	next := primary(t, i, sure)
	for next > 0 && (t.text(next) == "+" || t.text(next) == "-") {
		more := primary(t, next+1, true)
		if more == 0 {
			break
		}
		next = more
	}
	return next
}

// primary finds the end of a constant, parameter, or, when sure, a call or something in parentheses; 0 for none.
func primary(t *tokens, i int, sure bool) int {
	switch t.kind(i) {
	case pg.Token_SCONST, pg.Token_ICONST, pg.Token_FCONST, pg.Token_PARAM:
		return casts(t, i+1)
	}
	switch {
	case t.is(i, "current_timestamp") || t.is(i, "localtimestamp") || t.is(i, "current_date"):
		return casts(t, i+1)
	case t.text(i) == "-" && (t.kind(i+1) == pg.Token_ICONST || t.kind(i+1) == pg.Token_FCONST):
		return casts(t, i+2)
	case (t.is(i, "interval") || t.is(i, "timestamptz") || t.is(i, "date")) && t.kind(i+1) == pg.Token_SCONST:
		return casts(t, i+2)
	case sure && t.text(i) == "(":
		return casts(t, t.closing(i)+1)
	}
	next := nameEnd(t, i)
	switch {
	case next == 0:
		return 0
	case t.text(next) != "(":
		return casts(t, next)
	case sure || t.is(i, "now"):
		return casts(t, t.closing(next)+1)
	}
	return 0
}

// nameEnd finds the end of a name with its qualifiers, such as that of an argument or a variable of a function; 0 for none.
// Words that may follow an alias, as in UPDATE t AS of SET, are none.
func nameEnd(t *tokens, i int) int {
	if !t.isName(i) || t.is(i, "set") || t.is(i, "overriding") || t.is(i, "values") {
		return 0
	}
	next := i + 1
	for t.text(next) == "." && t.isName(next+1) {
		next += 2
	}
	if t.nameless && t.text(next) != "(" {
		return 0
	}
	return next
}

// saysKind reports whether token i can be the word that says what kind of a point is behind it.
func (t *tokens) saysKind(i int) bool {
	for _, w := range []string{"scn", "lsn", "transaction", "tag", "commit", "snapshot", "branch"} {
		if t.is(i, w) {
			return true
		}
	}
	return false
}

// pointOfKind is the SQL of a point of a kind that is the value of an expression.
func pointOfKind(kind, value string) string {
	switch kind = strings.ToLower(kind); kind {
	case "lsn":
		kind = "scn"
	case "transaction":
		kind = "tx"
	}
	return "(" + quote(kind+":") + " || (" + value + ")::text)"
}

// casts steps over ::type behind a primary that ended at i.
func casts(t *tokens, i int) int {
	for i > 0 && t.text(i) == "::" && t.text(i+1) != "" {
		i += 2
	}
	return i
}

// alias steps over [AS] name [(columns)] at token i.
func alias(t *tokens, i int) int {
	at := i
	if t.is(at, "as") && !t.is(at+1, "of") {
		at++
	}
	if at == i && !t.isName(at) || t.kind(at) == pg.Token_NUL {
		return i
	}
	at++
	if t.text(at) == "(" {
		if end := t.closing(at); end > 0 {
			return end + 1
		}
	}
	return at
}

package parse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// mayHistory reports whether a text may ask for the versions of rows.
func mayHistory(sql string) bool {
	return containsFold(sql, "versions") || containsFold(sql, "system_time")
}

// versions rewrites `t VERSIONS BETWEEN SCN a AND b`, as Oracle and HeliosDB have it, and SQL:2011's FOR SYSTEM_TIME with two
// bounds or ALL, to a call of rowan.history, and returns the index of the token behind it; i when there is none. Token i is
// the first behind the table's name.
func versions(r *rewriter, t *tokens, i int) int {
	var from, to bound
	next := i
	switch {
	case t.is(i, "versions", "between"):
		next = bounds(t, i+2, "and", &from, &to)
	case t.is(i, "for", "system_time", "between"):
		next = bounds(t, i+3, "and", &from, &to)
	case t.is(i, "for", "system_time", "from"):
		next = bounds(t, i+3, "to", &from, &to)
	case t.is(i, "for", "system_time", "all"), t.is(i, "for", "all", "system_time"):
		next = i + 3
	}
	first := nameBefore(t, i)
	if next <= i || first < 0 || t.start(first) < r.done {
		return i
	}
	call, label := historyCall(t, first, i, from, to)
	r.keep(t.start(first))
	r.put(call, t.start(first), t.end(next-1), "")
	if alias(t, next) == next {
		r.put(" AS "+label, t.end(next-1), t.end(next-1), "")
	}
	r.done = t.end(next - 1)
	return next
}

// bound is a point as SQL text; "" is none.
type bound struct{ sql string }

// bounds reads two points with a word between them; 0: there are none.
func bounds(t *tokens, at int, word string, from, to *bound) int {
	kind := ""
	for k, b := range []*bound{from, to} {
		if k == 1 {
			if !t.is(at, word) {
				return 0
			}
			at++
		}
		if t.is(at, "scn") || t.is(at, "timestamp") || t.is(at, "transaction") {
			kind = strings.ToLower(t.text(at))
			at++
		}
		if t.is(at, "minvalue") || t.is(at, "maxvalue") {
			at++
			continue
		}
		p := point(t, at, true)
		if p.next == 0 {
			return 0
		}
		switch {
		case p.text != "":
			b.sql = p.text
		case kind == "transaction":
			b.sql = pointOfKind(kind, t.sql[t.start(at):t.end(p.next-1)])
		case kind != "timestamp" && p.next == at+1 && t.kind(at) == pg.Token_ICONST:
			b.sql = quote("scn:" + t.text(at))
		default:
			b.sql = "(" + t.sql[t.start(at):t.end(p.next-1)] + ")::text"
		}
		at = p.next
	}
	return at
}

// nameBefore finds where the qualified name begins that ends before token i; -1: there is none.
func nameBefore(t *tokens, i int) int {
	at := i - 1
	if at < 0 || !t.isName(at) {
		return -1
	}
	for at >= 2 && t.text(at-1) == "." && t.isName(at-2) {
		at -= 2
	}
	return at
}

// historyCall writes the call for the name in tokens [first, end), and the name's last part.
func historyCall(t *tokens, first, end int, from, to bound) (call, label string) {
	branch := ""
	if end-first == 5 { // database/branch@point.schema.table
		database := t.name(first)
		if i := strings.IndexAny(database, "/@"); i >= 0 {
			branch = strings.TrimPrefix(database[i:], "/")
		}
		first += 2
	}
	call = "rowan.history(" + quote(t.sql[t.start(first):t.end(end-1)])
	for _, a := range [][2]string{{"from_point", from.sql}, {"to_point", to.sql}} {
		if a[1] != "" {
			call += ", " + a[0] + " => " + a[1]
		}
	}
	if branch != "" {
		call += ", branch => " + quote(branch)
	}
	return call + ")", t.sql[t.start(end-1):t.end(end-1)]
}

package conformance

import (
	"slices"
	"strconv"
	"strings"
)

// column is what an expression may name: a column of a relation in scope, or an expression that was grouped by.
type column struct{ text, typ string }

// exprGen makes expressions over columns.
type exprGen struct {
	*choices
	world   *world
	cols    []column // of this query
	outer   []column // of the queries around
	aggs    []column // what aggregates may be made over; nil outside grouped queries
	windows bool
	depth   int
	aliases *int
}

// expr makes an expression of a type.
func (g *exprGen) expr(typ string, depth int) string {
	if depth <= 0 || g.n(3) == 0 {
		return g.leaf(typ)
	}
	switch {
	case g.aggs != nil && g.n(2) == 1:
		if s := g.aggregate(typ, depth-1, g.aggs, ""); s != "" {
			return s
		}
	case g.windows && g.oneIn(4):
		if s := g.window(typ, depth-1); s != "" {
			return s
		}
	case g.oneIn(12) && g.depth > 0:
		return g.subquery(typ, depth-1)
	case g.oneIn(300):
		typ = pick(g.choices, allTypes) // a type error, or an implicit cast
	}
	return g.form(typ, depth-1)
}

func (g *exprGen) leaf(typ string) string {
	var fit []string
	for _, c := range g.cols {
		if c.typ == typ {
			fit = append(fit, c.text)
		}
	}
	if len(fit) > 0 && g.n(4) > 0 {
		return pick(g.choices, fit)
	}
	if g.oneIn(4) {
		for _, c := range g.outer {
			if c.typ == typ {
				fit = append(fit, c.text)
			}
		}
		if len(fit) > 0 {
			return pick(g.choices, fit)
		}
	}
	return g.literal(typ)
}

func (g *exprGen) literal(typ string) string {
	of := sqlTypes[typ]
	if len(of) > 4 && !g.oneIn(6) {
		of = of[:4]
	}
	return pick(g.choices, of)
}

// risky are the parts of forms that often fail; they are taken seldom, for a failed statement tells little else.
var risky = []string{"::int2", "{text}::", "/ {", "% {", "sqrt({float8})", "mod(", "::numeric(4,1)", "json_object({", "make_date", "{int4}::int", " * {int8}", "date_bin", "array_ndims", "array_fill", "('a'))::", "trim_array", "{int8}::int4", "div(", "round({numeric}, {int4})", "jsonb_array_length", "{float8}::int", "jsonb} - {int4}"}

func isRisky(form string) bool {
	return slices.ContainsFunc(risky, func(r string) bool { return strings.Contains(form, r) })
}

var wordsOf = map[string][]word{}

func init() {
	for _, t := range allTypes {
		for _, w := range words {
			if (w.typ == t || w.typ == "T" && slices.Contains(ordered, t)) && !isRisky(w.form) {
				wordsOf[t] = append(wordsOf[t], w)
			}
		}
		for _, w := range words {
			if w.typ == t && isRisky(w.form) {
				wordsOf["!"+t] = append(wordsOf["!"+t], w)
			}
		}
	}
}

func (g *exprGen) form(typ string, depth int) string {
	of := wordsOf[typ]
	if r := wordsOf["!"+typ]; len(r) > 0 && g.oneIn(15) {
		of = r
	}
	if len(of) == 0 {
		return g.leaf(typ)
	}
	w := pick(g.choices, of)
	s := g.fill(w, typ, func(t string) string { return g.expr(t, depth) })
	return "(" + s + ")"
}

// fill puts operands into a form.
func (g *exprGen) fill(w word, typ string, operand func(string) string) string {
	bound := map[string]string{}
	if w.typ == "T" {
		bound["T"] = typ
	}
	same := map[string]string{}
	var b strings.Builder
	rest := w.form
	for {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		name, tail, closed := strings.Cut(after, "}")
		if !ok || !closed || strings.HasSuffix(before, "'") || strings.ContainsAny(name, `",`) {
			if !ok {
				return b.String()
			}
			b.WriteString("{")
			rest = after
			continue
		}
		rest = tail
		name, mark, _ := strings.Cut(name, "=")
		name, _, _ = strings.Cut(name, ":")
		if len(name) == 1 {
			if bound[name] == "" {
				bound[name] = pick(g.choices, ordered)
			}
			name = bound[name]
		}
		if mark == "" {
			b.WriteString(operand(name))
			continue
		}
		if same[mark] == "" {
			same[mark] = operand(name)
		}
		b.WriteString(same[mark])
	}
}

// minmax are the types that min and max know.
var minmax = strings.Fields("int4 int8 int2 float8 numeric text date timestamp timestamptz time interval mood _int4 _text")

// aggregate makes a call of an aggregate, or nothing when none gives the type.
func (g *exprGen) aggregate(typ string, depth int, over []column, window string) string {
	var fit []word
	for _, w := range aggregates {
		if w.typ == typ || w.typ == "T" && slices.Contains(minmax, typ) {
			if window == "" || !strings.Contains(w.form, "DISTINCT") && !strings.Contains(w.form, "ORDER BY") {
				fit = append(fit, w)
			}
		}
	}
	if len(fit) == 0 {
		return ""
	}
	inner := &exprGen{choices: g.choices, world: g.world, cols: over, aliases: g.aliases}
	if g.oneIn(40) { // an aggregate over columns of a query around belongs to that query
		inner.outer = g.outer
	}
	w := pick(g.choices, fit)
	if w.form == "mode() WITHIN GROUP (ORDER BY {text})" || strings.Contains(w.form, "ORDER BY 1)") {
		w = aggregates[0]
		if typ != "int8" {
			return ""
		}
	}
	s := inner.fill(w, typ, func(t string) string { return inner.expr(t, min(depth, 1)) })
	if g.oneIn(5) {
		s += " FILTER (WHERE " + inner.expr("bool", 1) + ")"
	}
	return s + window
}

// window makes a call over a window, or nothing when none gives the type.
func (g *exprGen) window(typ string, depth int) string {
	plain := &exprGen{choices: g.choices, world: g.world, cols: g.cols, outer: g.outer, aliases: g.aliases}
	arg := func(t string) string { return plain.expr(t, 1) }
	part := ""
	if g.n(2) == 1 {
		part = "PARTITION BY " + arg(pick(g.choices, ordered)) + " "
	}
	total := "ORDER BY " + g.totalOrder()
	frame := ""
	switch g.n(8) {
	case 1:
		frame = " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING"
	case 2:
		frame = " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW"
	case 3:
		frame = " GROUPS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES"
	case 4:
		frame = " RANGE UNBOUNDED PRECEDING"
	case 5:
		frame = " ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING"
	case 6:
		frame = " ROWS 2 PRECEDING EXCLUDE GROUP"
	}
	over := " OVER (" + part + total + frame + ")"
	switch g.n(9) {
	case 0:
		return g.aggregate(typ, depth, g.cols, over)
	case 1:
		return g.aggregate(typ, depth, g.cols, " OVER ("+part+"ORDER BY "+arg("int4")+" RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING)")
	case 2:
		return g.aggregate(typ, depth, g.cols, " OVER ("+strings.TrimSpace(part)+")")
	case 3:
		return "lag(" + arg(typ) + ")" + over
	case 4:
		return "lead(" + arg(typ) + ", 2, " + arg(typ) + ")" + over
	case 5:
		return "first_value(" + arg(typ) + ")" + over
	case 6:
		return "last_value(" + arg(typ) + ")" + over
	case 7:
		return "nth_value(" + arg(typ) + ", 2)" + over
	}
	switch typ {
	case "int8":
		return pick(g.choices, []string{"row_number()", "rank()", "dense_rank()"}) + " OVER (" + part + total + ")"
	case "int4":
		return "ntile(3) OVER (" + part + total + ")"
	case "float8":
		return pick(g.choices, []string{"percent_rank()", "cume_dist()"}) + " OVER (" + part + total + ")"
	}
	return ""
}

// totalOrder orders by all columns, so that only equal rows are peers.
func (g *exprGen) totalOrder() string {
	var by []string
	for _, c := range g.cols {
		if c.typ != "json" {
			by = append(by, c.text+pick(g.choices, []string{"", " DESC", " NULLS FIRST", " DESC NULLS LAST"}))
		}
	}
	if len(by) == 0 {
		return "1::text"
	}
	return strings.Join(by, ", ")
}

// subquery makes an expression with a query in it.
func (g *exprGen) subquery(typ string, depth int) string {
	q := &queryGen{choices: g.choices, world: g.world, outer: append(append([]column(nil), g.outer...), g.cols...), depth: g.depth - 1, aliases: g.aliases}
	if typ != "bool" || g.n(3) == 0 {
		if strings.HasPrefix(typ, "_") {
			return "ARRAY(" + q.single(typ[1:]) + ")"
		}
		return "(" + q.scalar(typ) + ")"
	}
	t := pick(g.choices, ordered)
	switch g.n(6) {
	case 0:
		return "EXISTS (" + q.single(t) + ")"
	case 1:
		return g.expr(t, depth) + " IN (" + q.single(t) + ")"
	case 2:
		return g.expr(t, depth) + " NOT IN (" + q.single(t) + ")"
	case 3:
		return g.expr(t, depth) + pick(g.choices, []string{" = ANY (", " < ANY (", " >= ALL (", " <> ALL ("}) + q.single(t) + ")"
	case 4:
		u := pick(g.choices, ordered)
		return "(" + g.expr(t, depth) + ", " + g.expr(u, depth) + ")" + pick(g.choices, []string{" IN (", " NOT IN (", " = ANY ("}) + q.selectList([]string{t, u}) + ")"
	}
	u := pick(g.choices, ordered)
	return "(" + g.expr(t, depth) + ", " + g.expr(u, depth) + ") = (" + q.scalar(t) + " OFFSET " + strconv.Itoa(g.n(2)) + ")"
}

package conformance

import (
	"fmt"
	"strings"
)

// queryGen makes queries over the tables of a world.
type queryGen struct {
	*choices
	world   *world
	outer   []column // of the queries around
	ctes    []table
	depth   int
	aliases *int
}

// from is a FROM clause with what it brings into scope.
type from struct {
	sql  string
	cols []column
}

func (q *queryGen) alias() string {
	*q.aliases++
	return fmt.Sprintf("r%d", *q.aliases)
}

func (q *queryGen) exprs(cols []column) *exprGen {
	return &exprGen{choices: q.choices, world: q.world, cols: cols, outer: q.outer, depth: q.depth, aliases: q.aliases}
}

// relation makes one item of a FROM clause; lateral are the columns that a LATERAL one may use.
func (q *queryGen) relation(lateral []column) from {
	a := q.alias()
	switch n := q.n(12); {
	case n == 8 && q.depth > 0:
		types := q.types()
		names := columnNames(types)
		return from{"(" + q.sub(nil).body(types) + ") AS " + a + "(" + strings.Join(names, ", ") + ")", columnsOf(a, names, types)}
	case n == 9 && q.depth > 0 && lateral != nil:
		types := q.types()
		names := columnNames(types)
		return from{"LATERAL (" + q.sub(lateral).selectList(types) + ") AS " + a + "(" + strings.Join(names, ", ") + ")", columnsOf(a, names, types)}
	case n == 10:
		switch q.n(4) {
		case 0:
			return from{"generate_series(1, 4) AS " + a + "(x)", []column{{a + ".x", "int4"}}}
		case 1:
			return from{"unnest(ARRAY[3, NULL, 1], ARRAY['p', 'q']) WITH ORDINALITY AS " + a + "(x, y, z)", []column{{a + ".x", "int4"}, {a + ".y", "text"}, {a + ".z", "int8"}}}
		case 2:
			return from{"jsonb_each_text('{\"a\": 1, \"b\": null}') AS " + a + "(x, y)", []column{{a + ".x", "text"}, {a + ".y", "text"}}}
		}
		return from{"generate_series('2024-01-30'::timestamp, '2024-04-01', '1 month') AS " + a + "(x)", []column{{a + ".x", "timestamp"}}}
	case n == 11:
		e := q.exprs(nil)
		return from{"(VALUES (" + e.expr("int4", 1) + ", " + e.expr("text", 1) + "), (" + e.expr("int4", 1) + ", " + e.expr("text", 1) + "), (3, 'c')) AS " + a + "(x, y)", []column{{a + ".x", "int4"}, {a + ".y", "text"}}}
	}
	t := pick(q.choices, append(append([]table(nil), q.world.tables...), q.ctes...))
	var names, types []string
	for _, c := range t.cols {
		names, types = append(names, c.text), append(types, c.typ)
	}
	return from{t.name + " AS " + a, columnsOf(a, names, types)}
}

func (q *queryGen) sub(lateral []column) *queryGen {
	return &queryGen{choices: q.choices, world: q.world, outer: append(append([]column(nil), q.outer...), lateral...), ctes: q.ctes, depth: q.depth - 1, aliases: q.aliases}
}

// types draws what a query gives.
func (q *queryGen) types() []string {
	out := []string{pick(q.choices, []string{"int4", "text", "numeric", "int8"})}
	for range q.n(4) {
		out = append(out, pick(q.choices, ordered))
	}
	return out
}

func columnNames(types []string) (out []string) {
	for i := range types {
		out = append(out, fmt.Sprintf("c%d", i+1))
	}
	return out
}

func columnsOf(alias string, names, types []string) (out []column) {
	for i, n := range names {
		out = append(out, column{alias + "." + n, types[i]})
	}
	return out
}

// join makes a FROM clause of one to three relations.
func (q *queryGen) join() from {
	left := q.relation(nil)
	for range q.n(3) {
		right := q.relation(left.cols)
		lateral := strings.HasPrefix(right.sql, "LATERAL")
		cols := append(append([]column(nil), left.cols...), right.cols...)
		kind := pick(q.choices, []string{" JOIN ", " LEFT JOIN ", " CROSS JOIN ", ", ", " RIGHT JOIN ", " FULL JOIN "})
		if lateral && (kind == " RIGHT JOIN " || kind == " FULL JOIN ") {
			kind = " LEFT JOIN "
		}
		switch kind {
		case " CROSS JOIN ", ", ":
			left = from{left.sql + kind + right.sql, cols}
			continue
		}
		left = from{left.sql + kind + right.sql + q.joinCondition(kind, left, right), cols}
	}
	return left
}

func (q *queryGen) joinCondition(kind string, left, right from) string {
	var pairs []string
	for _, l := range left.cols {
		for _, r := range right.cols {
			if l.typ == r.typ && l.typ != "json" {
				pairs = append(pairs, l.text+" = "+r.text)
			}
		}
	}
	if len(pairs) == 0 {
		if kind == " FULL JOIN " {
			return " ON true"
		}
		return " ON " + q.exprs(append(append([]column(nil), left.cols...), right.cols...)).expr("bool", 1)
	}
	on := " ON " + pick(q.choices, pairs)
	if q.oneIn(4) && kind != " FULL JOIN " {
		on += " AND " + q.exprs(append(append([]column(nil), left.cols...), right.cols...)).expr("bool", 2)
	}
	return on
}

// single makes a query of one column.
func (q *queryGen) single(typ string) string { return q.selectList([]string{typ}) }

// scalar makes a query of one row, and one column.
func (q *queryGen) scalar(typ string) string {
	f := q.join()
	e := q.exprs(f.cols)
	item := ""
	if q.n(2) == 0 {
		item = e.aggregate(typ, 1, f.cols, "")
	}
	if item != "" {
		return "SELECT " + item + " FROM " + f.sql + q.where(e)
	}
	item = e.expr(typ, 2)
	if typ == "json" {
		return "SELECT " + q.exprs(nil).literal(typ)
	}
	return "SELECT " + item + " FROM " + f.sql + q.where(e) + " ORDER BY 1 LIMIT 1"
}

func (q *queryGen) where(e *exprGen) string {
	if q.n(2) == 0 {
		return ""
	}
	return " WHERE " + e.expr("bool", 3)
}

// selectList makes a SELECT without ORDER BY that gives the types.
func (q *queryGen) selectList(types []string) string {
	if q.oneIn(10) {
		return q.plain(types, from{})
	}
	f := q.join()
	if q.oneIn(4) {
		return q.grouped(types, f)
	}
	return q.plain(types, f)
}

func (q *queryGen) plain(types []string, f from) string {
	e := q.exprs(f.cols)
	w := *e
	w.windows = q.oneIn(4) && f.sql != ""
	var items []string
	for _, t := range types {
		items = append(items, w.expr(t, 3))
	}
	distinct := ""
	if q.oneIn(8) {
		distinct = "DISTINCT "
		for _, t := range types {
			if t == "json" {
				distinct = ""
			}
		}
	}
	s := "SELECT " + distinct + strings.Join(items, ", ")
	if f.sql == "" {
		return s
	}
	return s + " FROM " + f.sql + q.where(e)
}

// grouped makes a query with GROUP BY, or aggregates alone.
func (q *queryGen) grouped(types []string, f from) string {
	e := q.exprs(f.cols)
	var keys []column
	for range q.n(3) {
		t := pick(q.choices, ordered)
		for _, c := range f.cols {
			if q.n(3) == 1 && c.typ != "json" {
				keys = append(keys, c)
				break
			}
		}
		if q.oneIn(4) {
			if text := e.form(t, 1); text != "" {
				keys = append(keys, column{text, t})
			}
		}
	}
	over := &exprGen{choices: q.choices, world: q.world, cols: keys, outer: q.outer, aggs: f.cols, aliases: q.aliases}
	if f.cols == nil {
		over.aggs = []column{}
	}
	var items []string
	for _, t := range types {
		items = append(items, over.expr(t, 2))
	}
	s := "SELECT " + strings.Join(items, ", ") + " FROM " + f.sql + q.where(e)
	if len(keys) > 0 {
		s += " GROUP BY " + q.groupBy(keys)
	}
	if q.oneIn(4) {
		s += " HAVING " + over.expr("bool", 2)
	}
	return s
}

func (q *queryGen) groupBy(keys []column) string {
	var texts []string
	for _, k := range keys {
		texts = append(texts, k.text)
	}
	list := strings.Join(texts, ", ")
	switch q.n(10) {
	case 7:
		return "ROLLUP (" + list + ")"
	case 8:
		return "CUBE (" + list + ")"
	case 9:
		return "GROUPING SETS ((" + list + "), (" + texts[0] + "), ())"
	}
	return list
}

// body makes a query, perhaps of set operations, perhaps ordered and cut.
func (q *queryGen) body(types []string) string {
	s := q.selectList(types)
	for range q.n(5) - 2 {
		right := q.selectList(types)
		if q.oneIn(5) {
			right = "(" + right + " " + q.orderBy(types, true) + ")"
		}
		s += pick(q.choices, []string{" UNION ALL ", " UNION ", " INTERSECT ", " EXCEPT ", " INTERSECT ALL ", " EXCEPT ALL "}) + right
	}
	return s
}

// orderBy orders by all columns of the result, so that the order is total.
func (q *queryGen) orderBy(types []string, limit bool) string {
	var by []string
	for i, t := range types {
		if t == "json" {
			return ""
		}
		by = append(by, fmt.Sprint(i+1)+pick(q.choices, []string{"", " DESC", " NULLS FIRST", " DESC NULLS LAST", " ASC NULLS LAST"}))
	}
	s := " ORDER BY " + strings.Join(by, ", ")
	if limit {
		switch q.n(5) {
		case 1:
			s += " LIMIT 3"
		case 2:
			s += " LIMIT 2 OFFSET 1"
		case 3:
			s += " OFFSET 2 ROWS FETCH FIRST ROW ONLY"
		case 4:
			s += " FETCH FIRST 2 ROWS WITH TIES"
		}
	}
	return s
}

// top makes a whole query.
func (q *queryGen) top() string {
	types := q.types()
	with := ""
	switch q.n(8) {
	case 5, 6:
		with = q.with()
	case 7:
		with = "WITH RECURSIVE rec(n, s) AS (SELECT 1, 'x'::text UNION ALL SELECT n + 1, s || n FROM rec WHERE n < 5) "
		q.ctes = append(q.ctes, table{"rec", []column{{"n", "int4"}, {"s", "text"}}})
	}
	if q.oneIn(12) {
		if s := q.distinctOn(); s != "" {
			return with + s
		}
	}
	return with + q.body(types) + q.orderBy(types, q.n(2) == 1)
}

func (q *queryGen) with() string {
	types := q.types()
	names := columnNames(types)
	inner := q.sub(nil)
	s := "WITH w1(" + strings.Join(names, ", ") + ") AS " + pick(q.choices, []string{"", "MATERIALIZED ", "NOT MATERIALIZED "}) + "(" + inner.body(types) + ") "
	t := table{name: "w1"}
	for i, n := range names {
		t.cols = append(t.cols, column{n, types[i]})
	}
	q.ctes = append(q.ctes, t)
	return s
}

// distinctOn makes SELECT DISTINCT ON with an order in which only equal rows are peers.
func (q *queryGen) distinctOn() string {
	f := q.join()
	e := q.exprs(f.cols)
	for _, c := range f.cols {
		if c.typ != "json" {
			rest := e.totalOrder()
			return "SELECT DISTINCT ON (" + c.text + ") " + c.text + ", " + e.expr("text", 2) + " FROM " + f.sql + q.where(e) + " ORDER BY " + c.text + ", " + rest
		}
	}
	return ""
}

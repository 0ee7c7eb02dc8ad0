package physical

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
)

var joinTypes = map[JoinKind]string{Inner: "Inner", Left: "Left", Right: "Right", Full: "Full", Semi: "Semi", Anti: "Anti"}

// joinEntry makes the entry of a join: Hash Left Join, Nested Loop Semi Join.
func joinEntry(n Node, method string, kind JoinKind) *entry {
	e := plain(method, n)
	word := joinTypes[kind]
	switch {
	case kind != Inner:
		e.title = method + " " + word + " Join"
	case method == "Hash":
		e.title = "Hash Join"
	}
	if method == "Hash" {
		e.kind = "Hash Join"
	}
	e.attr("Join Type", word)
	return e
}

// columnsOf gives a join the names of both sides' columns.
func (e *entry) columnsOf(kind JoinKind, left, right *entry) {
	e.names, e.computed = left.names, left.computed
	if kind != Semi && kind != Anti {
		e.names = append(e.names[:len(e.names):len(e.names)], right.names...)
		e.computed = append(e.computed[:len(e.computed):len(e.computed)], right.computed...)
	}
}

func (x *explainer) hashJoin(n *HashJoin, outer []string) *entry {
	e := joinEntry(n, "Hash", n.Kind)
	left, right := x.child(n.Left, outer, "Outer"), x.child(n.Right, outer, "Outer")
	hash := &entry{title: "Hash", kind: "Hash", cost: right.cost, rel: "Inner", children: []*entry{right}, node: right.node, held: n}
	hash.cost.Startup = hash.cost.Total
	e.children = []*entry{left, hash}
	e.columnsOf(n.Kind, left, right)
	both := inputOf(outer, left, right)
	e.add("Hash Cond", x.hashCond(n, left, right, outer))
	e.add("Join Filter", x.conds(n.Residual, both))
	return e
}

func (x *explainer) hashCond(n *HashJoin, left, right *entry, outer []string) string {
	parts := make([]string, len(n.LeftKeys))
	for i := range n.LeftKeys {
		parts[i] = "(" + x.expr(n.LeftKeys[i], inputOf(outer, left)) + " = " + x.expr(n.RightKeys[i], inputOf(outer, right)) + ")"
	}
	return joinConds(parts)
}

func (x *explainer) nestedLoop(n *NestedLoop, outer []string) *entry {
	e := joinEntry(n, "Nested Loop", n.Kind)
	left := x.child(n.Left, outer, "Outer")
	inner := outer
	if len(n.Args) > 0 {
		inner = x.list(n.Args, inputOf(outer, left))
	}
	right := x.child(n.Right, inner, "Inner")
	e.children = []*entry{left, right}
	if len(n.Args) == 0 && right.kind != "Materialize" {
		m := &entry{title: "Materialize", kind: "Materialize", cost: right.cost, rel: "Inner", children: []*entry{right}, node: right.node}
		right.rel = "Outer"
		e.children[1] = m
	}
	e.columnsOf(n.Kind, left, right)
	e.add("Join Filter", x.conds(n.Cond, inputOf(outer, left, right)))
	return e
}

// lookupJoin shows the look-up as an index scan below the loop.
func (x *explainer) lookupJoin(n *LookupJoin, outer []string) *entry {
	e := joinEntry(n, "Nested Loop", n.Kind)
	left := x.child(n.Left, outer, "Outer")
	ix := n.Index
	if ix == nil {
		ix = n.Table.PrimaryIndex()
	}
	alias := aliasOf(n.Table.Name, n.Alias)
	scan := &entry{rel: "Inner", found: n, cost: Cost{Startup: 0.25, Total: 0.25 + n.Estimate.Rows/max(1, left.cost.Rows)*0.01,
		Rows: max(1, n.Estimate.Rows/max(1, left.cost.Rows))}}
	x.tableNames(scan, n.Table, n.Columns, alias)
	scan.elsewhere(n.Ref)
	scan.cost.Width = max(0, n.Estimate.Width-left.cost.Width)
	if ix != nil {
		x.indexScan(scan, n.Table, ix, n.Columns, false)
		scan.add("Index Cond", x.lookupCond(n, ix.Columns[:len(n.Keys)], inputOf(outer, left)))
	}
	scan.title += aliased(n.Table.Name, n.Alias)
	scan.attr("Relation Name", n.Table.Name)
	scan.attr("Alias", alias)
	e.children = []*entry{left, scan}
	e.columnsOf(n.Kind, left, scan)
	e.add("Join Filter", x.conds(n.Cond, inputOf(outer, left, scan)))
	return e
}

// lookupCond writes the equalities of a look-up: the index's columns with the left row's values.
func (x *explainer) lookupCond(n *LookupJoin, cols []catalog.IndexColumn, in inputs) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		name := "?"
		if col := n.Table.ColumnByID(c.Column); col != nil {
			name = expr.QuoteIdent(col.Name)
		}
		parts[i] = "(" + name + " = " + x.expr(n.Keys[i], in) + ")"
	}
	return joinConds(parts)
}

func joinConds(parts []string) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	s := "("
	for i, p := range parts {
		if i > 0 {
			s += " AND "
		}
		s += p
	}
	return s + ")"
}

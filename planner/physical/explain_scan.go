package physical

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
)

// aliased writes a relation's name with its alias, when that is another.
func aliased(name, alias string) string {
	if alias == "" || alias == name {
		return expr.QuoteIdent(name)
	}
	return expr.QuoteIdent(name) + " " + expr.QuoteIdent(alias)
}

func aliasOf(name, alias string) string {
	if alias == "" {
		return name
	}
	return alias
}

// qualify names a relation's columns for the nodes above, with the alias where there are several relations.
func (x *explainer) qualify(e *entry, alias string) {
	if !x.o.Verbose {
		e.bare = slices.Clone(e.names)
	}
	if x.relations < 2 && !x.o.Verbose {
		return
	}
	for i := range e.names {
		e.names[i] = expr.QuoteIdent(alias) + "." + e.names[i]
	}
}

// elsewhere says which branch and point a node reads, where they are not those of the session.
func (e *entry) elsewhere(r catalog.Ref) {
	e.add("Branch", r.Branch)
	e.add("As Of", r.Point)
}

func (x *explainer) tableScan(n *TableScan, outer []string) *entry {
	e := plain("Seq Scan", n)
	x.tableNames(e, n.Table, n.Columns, aliasOf(n.Table.Name, n.Alias))
	ix := n.Index
	if ix == nil {
		ix = n.Table.PrimaryIndex()
	}
	if indexed := n.Index != nil || len(n.Ranges) > 0 || n.Reverse || n.Ordered; indexed && ix != nil {
		x.indexScan(e, n.Table, ix, n.Columns, n.Reverse)
	} else {
		e.title += " on "
	}
	e.title += aliased(n.Table.Name, n.Alias)
	e.attr("Relation Name", n.Table.Name)
	e.attr("Alias", aliasOf(n.Table.Name, n.Alias))
	e.elsewhere(n.Ref)
	in := inputOf(outer, e)
	if e.bare != nil {
		in.names = e.bare
	}
	e.add("Index Cond", x.conds(n.Matched, in))
	e.add("Filter", x.conds(n.Filter, in))
	return e
}

// tableNames names the columns as the table does: the output's own names may be those of the statement.
func (x *explainer) tableNames(e *entry, t *catalog.Table, cols []catalog.ColumnID, alias string) {
	e.names, e.computed = make([]string, len(cols)), make([]bool, len(cols))
	for i, id := range cols {
		name := "ctid"
		if c := t.ColumnByID(id); c != nil {
			name = c.Name
		}
		e.names[i] = expr.QuoteIdent(name)
	}
	x.qualify(e, alias)
}

func (x *explainer) indexScan(e *entry, t *catalog.Table, ix *catalog.Index, cols []catalog.ColumnID, reverse bool) {
	e.kind = "Index Scan"
	if !ix.Primary && holdsAll(t, ix, cols) {
		e.kind = "Index Only Scan"
	}
	e.title = e.kind
	direction := "Forward"
	if reverse {
		e.title, direction = e.title+" Backward", "Backward"
	}
	e.title += " using " + expr.QuoteIdent(ix.Name) + " on "
	e.attr("Scan Direction", direction)
	e.attr("Index Name", ix.Name)
}

// holdsAll reports whether the index's entries have all columns read.
func holdsAll(t *catalog.Table, ix *catalog.Index, cols []catalog.ColumnID) bool {
	have := map[catalog.ColumnID]bool{catalog.ColRowKey: true, catalog.ColTableOID: true}
	add := func(ix *catalog.Index) {
		for _, c := range ix.Columns {
			have[c.Column] = true
		}
	}
	add(ix)
	for _, c := range ix.Include {
		have[c] = true
	}
	if pk := t.PrimaryIndex(); pk != nil {
		add(pk)
	}
	for _, c := range cols {
		if !have[c] {
			return false
		}
	}
	return true
}

func (x *explainer) functionScan(n *FunctionScan, outer []string) *entry {
	e := plain("Function Scan", n)
	name := ""
	for _, c := range n.Calls {
		if call, ok := c.(*expr.Call); ok && name == "" {
			name = call.Proc.Name
		}
	}
	e.title = "Function Scan on " + aliased(name, n.Alias)
	e.attr("Function Name", name)
	e.attr("Alias", aliasOf(name, n.Alias))
	if x.o.Verbose {
		e.add("Function Call", x.list(n.Calls, inputs{outer: outer}))
	}
	x.qualify(e, aliasOf(name, n.Alias))
	return e
}

func (x *explainer) cteScan(n *CTEScan) *entry {
	kind := "CTE Scan"
	if n.Working {
		kind = "WorkTable Scan"
	}
	e := plain(kind, n)
	e.title = kind + " on " + aliased(n.Name, n.Alias)
	e.attr("CTE Name", n.Name)
	e.attr("Alias", aliasOf(n.Name, n.Alias))
	x.qualify(e, aliasOf(n.Name, n.Alias))
	return e
}

func (x *explainer) values(n *Values) *entry {
	if len(n.Rows) > 1 {
		e := plain("Values Scan", n)
		e.title = `Values Scan on "*VALUES*"`
		e.attr("Alias", "*VALUES*")
		x.qualify(e, "*VALUES*")
		return e
	}
	e := plain("Result", n)
	if len(n.Rows) == 0 {
		e.add("One-Time Filter", "false")
	}
	if len(n.Rows) == 1 {
		e.names, e.computed = x.outputs(n.Rows[0], inputs{})
	}
	return e
}

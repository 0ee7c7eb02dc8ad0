package logical

import (
	"fmt"
	"strings"

	"github.com/rowandb/rowan/planner/expr"
)

// Format prints a plan for tests and for those who debug rules: a node a line, inputs indented, columns as name#id.
func Format(n Node) string {
	p := &printer{}
	p.node(n, 0)
	return p.b.String()
}

type printer struct{ b strings.Builder }

func (p *printer) line(depth int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", depth))
	p.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	p.b.WriteByte('\n')
}

func (p *printer) node(n Node, depth int) {
	p.line(depth, "%s", p.describe(n))
	if w, ok := n.(*With); ok {
		for _, c := range w.CTEs {
			p.line(depth+1, "cte %s [%s]", c.Name, columns(c.Cols))
			p.node(c.Plan, depth+2)
			if c.Recursive != nil {
				p.node(c.Recursive, depth+2)
			}
		}
		p.node(w.Body, depth+1)
		return
	}
	for _, e := range Exprs(n) {
		p.subplans(e, depth+1)
	}
	for _, c := range n.Inputs() {
		p.node(c, depth+1)
	}
}

func (p *printer) subplans(e expr.Expr, depth int) {
	MapSubqueries(e, func(n Node) Node {
		p.line(depth, "subquery")
		p.node(n, depth+1)
		return n
	})
}

func (p *printer) describe(n Node) string {
	switch n := n.(type) {
	case *Scan:
		s := "scan " + n.Table.Name
		if n.Alias != "" && n.Alias != n.Table.Name {
			s += " as " + n.Alias
		}
		if n.Target {
			s += " target"
		}
		return s + " [" + columns(n.Cols) + "]" + suffix(" filter ", n.Filter)
	case *Values:
		return fmt.Sprintf("values [%s] %d rows", columns(n.Cols), len(n.Rows))
	case *FunctionScan:
		return "function " + n.Alias + " [" + columns(n.Cols) + "]" + suffix(" ", Exprs(n))
	case *Filter:
		return "filter" + suffix(" ", n.Conds)
	case *Project:
		return "project [" + definitionsOf(n.Cols, n.Exprs) + "]"
	case *ProjectSet:
		return "project set [" + definitionsOf(n.Cols, n.Exprs) + "]"
	case *Join:
		return p.join(n)
	case *Aggregate:
		return "aggregate [" + columns(n.Cols) + "]" + suffix(" by ", n.Groups) + suffix(" of ", Exprs(n)[len(n.Groups):])
	case *Window:
		return "window [" + columns(n.Cols) + "]" + suffix(" partition ", n.Partition) + sortKeys(n.Order)
	case *Sort:
		return "sort" + sortKeys(n.Keys)
	}
	return p.rest(n)
}

func (p *printer) rest(n Node) string {
	switch n := n.(type) {
	case *Limit:
		s := "limit"
		if n.Count != nil {
			s += " " + sql(n.Count)
		}
		if n.Offset != nil {
			s += " offset " + sql(n.Offset)
		}
		return s
	case *Distinct:
		return "distinct" + suffix(" on ", n.On)
	case *SetOp:
		s := []string{"union", "intersect", "except"}[n.Kind]
		if n.All {
			s += " all"
		}
		return s + " [" + columns(n.Cols) + "]"
	case *With:
		return "with"
	case *CTEScan:
		return "cte scan " + n.CTE.Name + " [" + columns(n.Cols) + "]"
	case *Lock:
		return "lock"
	case *Insert:
		return "insert " + n.Table.Name
	case *Update:
		return "update " + n.Table.Name
	case *Delete:
		return "delete " + n.Table.Name
	}
	return fmt.Sprintf("%T", n)
}

func (p *printer) join(n *Join) string {
	s := []string{"inner", "left", "right", "full", "semi", "anti"}[n.Kind] + " join"
	if n.Lateral {
		s += " lateral"
	}
	if n.NullAware {
		s += " null-aware"
	}
	return s + suffix(" on ", n.Conds)
}

func columns(cols []Column) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = fmt.Sprintf("%s#%d", c.Name, c.ID)
	}
	return strings.Join(parts, " ")
}

func definitionsOf(cols []Column, es []expr.Expr) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = fmt.Sprintf("%s#%d", c.Name, c.ID)
		if ref, ok := es[i].(*expr.Column); !ok || ref.ID != c.ID {
			parts[i] += "=" + sql(es[i])
		}
	}
	return strings.Join(parts, " ")
}

func sql(e expr.Expr) string {
	return expr.SQL(e, expr.SQLOptions{OneLine: true, Pretty: true, Values: true,
		Column:   func(c *expr.Column) string { return fmt.Sprintf("%s#%d", c.Name, c.ID) },
		Subquery: func(q *expr.Subquery) string { return subqueryName(q) }})
}

func subqueryName(q *expr.Subquery) string {
	s := []string{"scalar", "exists", "any", "all", "array", "row"}[q.Kind]
	if q.Test != nil {
		return s + "(" + sql(q.Test) + ")"
	}
	return s + "(subquery)"
}

func suffix(word string, es []expr.Expr) string {
	if len(es) == 0 {
		return ""
	}
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = sql(e)
	}
	return word + strings.Join(parts, ", ")
}

func sortKeys(keys []expr.SortKey) string {
	var b strings.Builder
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" " + sql(k.Expr) + k.Suffix())
	}
	return b.String()
}

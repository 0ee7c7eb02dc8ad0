// Package estimate guesses how many rows the nodes of a logical plan give, from the row counts of tables and what
// ANALYZE found in their columns, by PostgreSQL's formulas; where nothing is known, with its defaults.
//
// It chooses nothing and computes no costs: optimize orders joins by its numbers, lower turns them into costs. A guess is
// never less than one row and depends on nothing but the plan and the Stats. One Model serves one statement.
package estimate

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// Stats is what the session knows of tables.
type Stats interface {
	// Rows is the number of rows of a table, 0 or less when not known.
	Rows(ref catalog.Ref, t *catalog.Table) float64
}

// Analyzed may be implemented by a Stats that knows what ANALYZE found.
type Analyzed interface {
	// Statistics are a table's, nil when it was never analyzed.
	Statistics(ref catalog.Ref, t *catalog.Table) *statistics.Table
}

// Folder may be implemented by a Stats that can evaluate expressions over constants: patterns are tried on values that
// statistics have.
type Folder interface {
	Fold(e expr.Expr) (types.Datum, error)
}

// DefaultRows is assumed for a table that nothing is known of.
const DefaultRows = 1000

// defaultDistinct is assumed for a column that nothing is known of, as PostgreSQL does.
const defaultDistinct = 200

// Model estimates one statement's nodes.
type Model struct {
	stats   Stats
	origins map[expr.ColumnID]origin
	memo    map[logical.Node]float64
	ctes    map[int]float64
}

// origin is the table column that a plan column passes on.
type origin struct {
	scan *logical.Scan
	col  catalog.ColumnID
}

// New makes a Model; stats may be nil.
func New(stats Stats) *Model {
	return &Model{stats: stats, origins: map[expr.ColumnID]origin{}, memo: map[logical.Node]float64{}, ctes: map[int]float64{}}
}

// TableRows is the number of rows of a scan's table.
func (m *Model) TableRows(ref catalog.Ref, t *catalog.Table) float64 {
	if m.stats != nil {
		if n := m.stats.Rows(ref, t); n > 0 {
			return n
		}
	}
	return DefaultRows
}

// Rows is the estimate for n.
func (m *Model) Rows(n logical.Node) float64 {
	if r, ok := m.memo[n]; ok {
		return r
	}
	r := max(1, m.rows(n))
	m.memo[n] = r
	return r
}

func (m *Model) rows(n logical.Node) float64 {
	switch n := n.(type) {
	case *logical.Scan:
		return m.scan(n)
	case *logical.Values:
		return float64(len(n.Rows))
	case *logical.FunctionScan:
		return functionRows(n)
	case *logical.Filter:
		return m.Rows(n.Input) * m.Selectivity(n.Conds)
	case *logical.Project:
		m.pass(n)
		return m.Rows(n.Input)
	case *logical.ProjectSet:
		return m.Rows(n.Input) * setFactor(n.Exprs)
	case *logical.Join:
		return m.join(n)
	case *logical.Aggregate:
		return m.groups(n)
	case *logical.Limit:
		return m.limit(n)
	case *logical.Distinct:
		return m.distinct(n)
	case *logical.SetOp:
		return m.setOp(n)
	case *logical.With:
		return m.with(n)
	case *logical.CTEScan:
		if r, ok := m.ctes[n.CTE.ID]; ok {
			return r
		}
		return DefaultRows
	}
	if in := n.Inputs(); len(in) == 1 {
		return m.Rows(in[0])
	}
	return DefaultRows
}

func (m *Model) scan(n *logical.Scan) float64 {
	for i, c := range n.Cols {
		m.origins[c.ID] = origin{n, n.Source[i]}
	}
	return m.TableRows(n.Ref, n.Table) * m.Selectivity(n.Filter)
}

// pass makes columns that a projection passes on known under their new ids.
func (m *Model) pass(n *logical.Project) {
	m.Rows(n.Input)
	for i, c := range n.Cols {
		if ref, ok := n.Exprs[i].(*expr.Column); ok && ref.ID != c.ID {
			if o, ok := m.origins[ref.ID]; ok {
				m.origins[c.ID] = o
			}
		}
	}
}

// Width is the average size of a column's values where that is known.
func (m *Model) Width(id expr.ColumnID) (float64, bool) {
	c := m.column(&expr.Column{ID: id})
	if c == nil || c.stats == nil || c.stats.Width == 0 {
		return 0, false
	}
	return c.stats.Width, true
}

func functionRows(n *logical.FunctionScan) float64 {
	rows := 1.0
	for _, c := range n.Calls {
		rows = max(rows, callRows(c.Call))
	}
	return rows
}

func setFactor(es []expr.Expr) float64 {
	rows := 1.0
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			rows = max(rows, callRows(x))
			return true
		})
	}
	return rows
}

// callRows is the number of rows of a set-returning call: that of generate_series over constants is known.
func callRows(e expr.Expr) float64 {
	c, ok := e.(*expr.Call)
	if !ok || !c.Proc.Set {
		return 1
	}
	if c.Proc.Name == "generate_series" && len(c.Args) >= 2 {
		lo, ok1 := constInt(c.Args[0])
		hi, ok2 := constInt(c.Args[1])
		step := int64(1)
		if len(c.Args) == 3 {
			if s, ok := constInt(c.Args[2]); ok && s != 0 {
				step = s
			}
		}
		if ok1 && ok2 {
			return max(1, float64((hi-lo)/step)+1)
		}
	}
	if c.Proc.Rows > 0 {
		return float64(c.Proc.Rows)
	}
	return DefaultRows
}

func (m *Model) limit(n *logical.Limit) float64 {
	rows := m.Rows(n.Input)
	if off, ok := constInt(n.Offset); ok {
		rows = max(1, rows-float64(off))
	}
	switch count, ok := constInt(n.Count); {
	case ok:
		return min(rows, float64(count))
	case n.Count != nil:
		return max(1, rows/10) // as PostgreSQL guesses for a parameter
	}
	return rows
}

func (m *Model) with(n *logical.With) float64 {
	for _, c := range n.CTEs {
		r := m.Rows(c.Plan)
		if c.Recursive != nil {
			r *= 10
		}
		m.ctes[c.ID] = r
	}
	return m.Rows(n.Body)
}

func (m *Model) setOp(n *logical.SetOp) float64 {
	l, r := m.Rows(n.Left), m.Rows(n.Right)
	switch n.Kind {
	case logical.Union:
		return l + r
	case logical.Intersect:
		return min(l, r)
	}
	return l
}

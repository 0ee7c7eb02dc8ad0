package estimate

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// PostgreSQL's defaults for conditions that nothing is known of.
const (
	selEqual   = 1.0 / defaultDistinct
	selRange   = 1.0 / 3
	selBetween = 0.005
	selMatch   = 0.005
	selNull    = 0.005
	selBool    = 0.5
	selUnknown = 1.0 / 3
)

// Selectivity is the share of rows that pass all conditions.
func (m *Model) Selectivity(conds []expr.Expr) float64 {
	s := 1.0
	ranges := map[expr.ColumnID]int{}
	for _, c := range conds {
		if col, ok := rangeColumn(c); ok {
			if ranges[col]++; ranges[col] == 2 {
				s *= selBetween / selRange // both ends of one range
				continue
			}
		}
		s *= m.condition(c)
	}
	return s
}

func (m *Model) condition(e expr.Expr) float64 {
	switch e := e.(type) {
	case *expr.Const:
		if expr.IsTrue(e) {
			return 1
		}
		return 0
	case *expr.Bool:
		return m.boolean(e)
	case *expr.Call:
		return m.comparison(e)
	case *expr.NullTest:
		if e.Not {
			return 1 - selNull
		}
		return selNull
	case *expr.ArrayCompare:
		return m.arrayCompare(e)
	case *expr.Column, *expr.BoolTest, *expr.Subquery:
		return selBool
	case *expr.Distinct:
		if e.Not {
			return m.equality(e.Left, e.Right)
		}
		return 1 - m.equality(e.Left, e.Right)
	}
	return selUnknown
}

func (m *Model) boolean(e *expr.Bool) float64 {
	switch e.Op {
	case expr.Not:
		return 1 - m.condition(e.Args[0])
	case expr.And:
		return m.Selectivity(e.Args)
	}
	s := 0.0
	for _, a := range e.Args {
		t := m.condition(a)
		s += t - s*t
	}
	return s
}

func (m *Model) comparison(e *expr.Call) float64 {
	if e.Op == nil || len(e.Args) != 2 {
		return selUnknown
	}
	switch e.Op.Name {
	case "=":
		return m.equality(e.Args[0], e.Args[1])
	case "<>":
		return 1 - m.equality(e.Args[0], e.Args[1])
	case "<", "<=", ">", ">=":
		return selRange
	case "~~", "~~*", "~", "~*", "@>", "<@", "?", "@@", "&&":
		return selMatch
	case "!~~", "!~~*", "!~", "!~*":
		return 1 - selMatch
	}
	return selUnknown
}

func (m *Model) equality(l, r expr.Expr) float64 {
	nl, okl := m.distinctValues(l)
	nr, okr := m.distinctValues(r)
	if !okl && !okr {
		return selEqual
	}
	return 1 / max(nl, nr, 1)
}

func (m *Model) arrayCompare(e *expr.ArrayCompare) float64 {
	n := 10.0
	switch a := e.Array.(type) {
	case *expr.Array:
		n = float64(len(a.Elems))
	case *expr.Const:
		n = arrayGuess(a)
	}
	one := selUnknown
	if e.Op != nil && e.Op.Name == "=" {
		one = m.equality(e.Left, nil)
	}
	if e.All {
		return max(0, 1-n*(1-one))
	}
	return min(1, n*one)
}

func arrayGuess(a *expr.Const) float64 {
	if a.Value.Null {
		return 0
	}
	return max(1, float64(len(a.Value.S))/8)
}

// distinctValues is the number of values of a column that comes from a table.
func (m *Model) distinctValues(e expr.Expr) (float64, bool) {
	for {
		r, ok := e.(*expr.Relabel)
		if !ok {
			break
		}
		e = r.Arg
	}
	c, ok := e.(*expr.Column)
	if !ok {
		return 0, false
	}
	o, ok := m.origins[c.ID]
	if !ok {
		return defaultDistinct, true
	}
	rows := m.TableRows(o.scan.Ref, o.scan.Table)
	if Unique(o.scan.Table, o.col) {
		return rows, true
	}
	if d, ok := m.stats.(Distincts); ok {
		if n := d.Distinct(o.scan.Ref, o.scan.Table, o.col); n > 0 {
			return n, true
		}
	}
	if col := o.scan.Table.ColumnByID(o.col); col != nil && col.Type.ID() == types.OIDBool {
		return 2, true
	}
	return min(rows, defaultDistinct), true
}

// Unique reports whether a table cannot have two rows with the same value in the column.
func Unique(t *catalog.Table, col catalog.ColumnID) bool {
	if col == catalog.ColRowKey || col == catalog.ColCtid {
		return true
	}
	for _, ix := range t.Indexes {
		if ix.Unique && ix.Predicate == 0 && len(ix.Columns) == 1 && ix.Columns[0].Column == col {
			return true
		}
	}
	return false
}

func rangeColumn(e expr.Expr) (expr.ColumnID, bool) {
	c, ok := e.(*expr.Call)
	if !ok || c.Op == nil || len(c.Args) != 2 {
		return 0, false
	}
	switch c.Op.Name {
	case "<", "<=", ">", ">=":
		if col, ok := c.Args[0].(*expr.Column); ok {
			return col.ID, true
		}
	}
	return 0, false
}

func constInt(e expr.Expr) (int64, bool) {
	c, ok := e.(*expr.Const)
	if !ok || c.Value.Null || c.T.Def == nil || c.T.Class != types.ClassInt {
		return 0, false
	}
	return c.Value.I, true
}

func (m *Model) join(n *logical.Join) float64 {
	l, r := m.Rows(n.Left), m.Rows(n.Right)
	inner := l * r * m.Selectivity(n.Conds)
	switch n.Kind {
	case logical.Left:
		return max(inner, l)
	case logical.Right:
		return max(inner, r)
	case logical.Full:
		return max(inner, l, r)
	case logical.Semi:
		return min(l, max(1, min(inner, l/2)))
	case logical.Anti:
		return max(1, l-min(inner, l/2))
	case logical.Inner:
	}
	return inner
}

func (m *Model) groups(n *logical.Aggregate) float64 {
	in := m.Rows(n.Input)
	if len(n.Sets) == 0 {
		return m.GroupRows(n.Groups, in)
	}
	sum := 0.0
	for _, set := range n.Sets {
		var keys []expr.Expr
		for _, i := range set {
			keys = append(keys, n.Groups[i])
		}
		sum += m.GroupRows(keys, in)
	}
	return sum
}

// GroupRows is the number of distinct combinations of keys among rows.
func (m *Model) GroupRows(keys []expr.Expr, rows float64) float64 {
	n := 1.0
	for _, k := range keys {
		d, ok := m.distinctValues(k)
		if !ok {
			d = defaultDistinct
		}
		n *= d
	}
	return min(n, rows)
}

func (m *Model) distinct(n *logical.Distinct) float64 {
	in := m.Rows(n.Input)
	keys := n.On
	if keys == nil {
		for _, c := range n.Columns() {
			keys = append(keys, &expr.Column{ID: c.ID, T: c.Type, Name: c.Name})
		}
	}
	return m.GroupRows(keys, in)
}

// GroupSize is the number of rows, out of rows, that share one value of key.
func (m *Model) GroupSize(key expr.Expr, rows float64) float64 {
	return rows / max(1, m.GroupRows([]expr.Expr{key}, rows))
}

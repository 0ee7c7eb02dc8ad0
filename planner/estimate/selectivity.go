package estimate

import (
	"math"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
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

// bounds gathers the conditions that bound one column from below and from above.
type bounds struct {
	low, high float64 // shares that pass them
	has       [2]bool
	guessed   bool
	nulls     float64
}

// Selectivity is the share of rows that pass all conditions. Those that bound a column from two sides are taken together.
func (m *Model) Selectivity(conds []expr.Expr) float64 {
	s := 1.0
	var order []expr.ColumnID
	ranges := map[expr.ColumnID]*bounds{}
	for _, c := range conds {
		col, lower, ok := rangeColumn(c)
		if !ok {
			s *= m.condition(c)
			continue
		}
		b := ranges[col.ID]
		if b == nil {
			b = &bounds{low: 1, high: 1}
			ranges[col.ID] = b
			order = append(order, col.ID)
		}
		m.bound(b, c.(*expr.Call), col, lower)
	}
	for _, id := range order {
		s *= ranges[id].share()
	}
	return s
}

func (m *Model) bound(b *bounds, e *expr.Call, col *expr.Column, lower bool) {
	share, sure := m.inequality(e)
	b.guessed = b.guessed || !sure
	if c := m.column(col); c != nil {
		b.nulls = c.knownNulls()
	}
	if lower {
		b.has[0], b.low = true, min(b.low, share)
	} else {
		b.has[1], b.high = true, min(b.high, share)
	}
}

func (b *bounds) share() float64 {
	if !b.has[0] || !b.has[1] {
		return min(b.low, b.high)
	}
	if b.guessed {
		return selBetween
	}
	s := b.low + b.high - 1 + b.nulls
	if s < -0.01 {
		return selBetween
	}
	return max(s, 1e-10)
}

// rangeColumn recognises column < value and the like; lower: the value bounds the column from below.
func rangeColumn(e expr.Expr) (col *expr.Column, lower, ok bool) {
	c, isCall := e.(*expr.Call)
	if !isCall || c.Op == nil || len(c.Args) != 2 {
		return nil, false, false
	}
	switch c.Op.Name {
	case ">", ">=":
		lower = true
	case "<", "<=":
	default:
		return nil, false, false
	}
	l, isLeft := passed(c.Args[0]).(*expr.Column)
	r, isRight := passed(c.Args[1]).(*expr.Column)
	switch {
	case isLeft == isRight:
		return nil, false, false
	case isLeft:
		return l, lower, true
	}
	return r, !lower, true
}

// inequality is the share of rows for which <, <=, > or >= holds; sure is false for a default.
func (m *Model) inequality(e *expr.Call) (share float64, sure bool) {
	op, key, value := e.Op.Name, e.Args[0], e.Args[1]
	c := m.column(key)
	if c == nil {
		c, value = m.column(value), key
		op = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
	}
	if c == nil {
		return selRange, false
	}
	d, ok := c.constant(value)
	if !ok {
		return selRange, false
	}
	orEqual := op == "<=" || op == ">"
	share, ok = c.below(d, orEqual)
	if !ok {
		return selRange, false
	}
	if op == ">" || op == ">=" {
		share = 1 - c.knownNulls() - share
	}
	return min(max(share, 0), 1), true
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
		return m.nullTest(e)
	case *expr.ArrayCompare:
		return m.arrayCompare(e)
	case *expr.Column:
		return m.flag(e)
	case *expr.BoolTest, *expr.Subquery:
		return selBool
	case *expr.Distinct:
		if e.Not {
			return m.equality(e.Left, e.Right)
		}
		return 1 - m.equality(e.Left, e.Right)
	}
	return selUnknown
}

// flag is the share of rows in which a boolean column is true.
func (m *Model) flag(e *expr.Column) float64 {
	if c := m.column(e); c != nil && c.stats != nil && len(c.stats.Common) > 0 {
		return c.equals(types.Bool(true))
	}
	return selBool
}

func (m *Model) nullTest(e *expr.NullTest) float64 {
	nulls := selNull
	if c := m.column(e.Arg); c != nil {
		nulls = c.nullShare()
	}
	if e.Not {
		return 1 - nulls
	}
	return nulls
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
		return max(0, 1-m.equality(e.Args[0], e.Args[1])-m.nulls(e.Args))
	case "<", "<=", ">", ">=":
		share, _ := m.inequality(e)
		return share
	case "~~", "~~*", "~", "~*", "^@":
		return m.matching(e, selMatch)
	case "!~~", "!~~*", "!~", "!~*":
		return m.matching(e, 1-selMatch)
	case "@>", "<@", "?", "@@", "&&":
		return selMatch
	}
	return selUnknown
}

// nulls is the share of rows in which one of the columns compared is NULL, as far as is known.
func (m *Model) nulls(args []expr.Expr) float64 {
	n := 0.0
	for _, a := range args {
		if c := m.column(a); c != nil {
			n = max(n, c.knownNulls())
		}
	}
	return n
}

func (m *Model) equality(l, r expr.Expr) float64 {
	a, b := m.column(l), m.column(r)
	switch {
	case a != nil && b != nil:
		return joinEquality(a, b)
	case a == nil && b == nil:
		return selEqual
	case a == nil:
		a, r = b, l
	}
	if d, ok := a.constant(r); ok {
		return a.equals(d)
	}
	return a.equalsUnknown()
}

// arrayCompare adds up column = ANY (…) over the elements, where they are known.
func (m *Model) arrayCompare(e *expr.ArrayCompare) float64 {
	equal := e.Op != nil && (e.Op.Name == "=" && !e.All || e.Op.Name == "<>" && e.All)
	if !equal {
		n := float64(elements(e.Array))
		if e.All {
			return math.Pow(selUnknown, max(1, n))
		}
		return min(1, n*selUnknown)
	}
	s := 0.0
	switch a := e.Array.(type) {
	case *expr.Array:
		for _, x := range a.Elems {
			s += m.equality(e.Left, x)
		}
	case *expr.Const:
		s = m.anyOf(e.Left, a)
	default:
		s = 10 * m.equality(e.Left, nil)
	}
	if s = min(1, s); e.All {
		return max(0, 1-s-m.nulls([]expr.Expr{e.Left}))
	}
	return s
}

func (m *Model) anyOf(left expr.Expr, a *expr.Const) float64 {
	if a.Value.Null || a.T.Elem == nil {
		return 0
	}
	s := 0.0
	for _, d := range types.UnpackArray(a.Value.S).Elems {
		s += m.equality(left, &expr.Const{Value: d, T: types.Of(a.T.Elem)})
	}
	return s
}

func elements(e expr.Expr) int {
	switch a := e.(type) {
	case *expr.Array:
		return len(a.Elems)
	case *expr.Const:
		if !a.Value.Null && a.T.IsArray() {
			return len(types.UnpackArray(a.Value.S).Elems)
		}
	}
	return 10
}

// matching is the share of rows for which a pattern match holds: it is tried on what statistics have of the values.
func (m *Model) matching(e *expr.Call, without float64) float64 {
	c := m.column(e.Args[0])
	pattern, ok := e.Args[1].(*expr.Const)
	fold, can := m.stats.(Folder)
	if c == nil || c.stats == nil || !ok || !can || pattern.Value.Null {
		return without
	}
	try := func(d types.Datum) bool {
		x := *e
		x.Args = []expr.Expr{&expr.Const{Value: d, T: e.Args[0].Type()}, pattern}
		v, err := fold.Fold(&x)
		return err == nil && v.B()
	}
	s := c.stats
	common := 0.0
	for i, d := range s.Common {
		if try(d) {
			common += s.Freqs[i]
		}
	}
	rest := max(0, 1-s.NullFrac-s.CommonShare())
	if len(s.Bounds) < 10 {
		return min(1, common+rest*without)
	}
	hits := 0.0
	for _, d := range s.Bounds {
		if try(d) {
			hits++
		}
	}
	share := hits / float64(len(s.Bounds))
	return min(1, common+rest*min(max(share, 0.0001), 0.9999))
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

func constInt(e expr.Expr) (int64, bool) {
	c, ok := e.(*expr.Const)
	if !ok || c.Value.Null || c.T.Def == nil || c.T.Class != types.ClassInt {
		return 0, false
	}
	return c.Value.I, true
}

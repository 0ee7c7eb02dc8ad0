package estimate

import (
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// column is what is known of an expression that is a table's column.
type column struct {
	rows    float64            // of the table
	stats   *statistics.Column // nil: never analyzed
	unique  bool
	notNull bool
	boolean bool
}

// column finds the table's column that an expression passes on; nil when it is computed.
func (m *Model) column(e expr.Expr) *column {
	ref, ok := passed(e).(*expr.Column)
	if !ok {
		return nil
	}
	o, ok := m.origins[ref.ID]
	if !ok {
		return nil
	}
	t := o.scan.Table
	c := &column{rows: m.TableRows(o.scan.Ref, t), unique: Unique(t, o.col), boolean: ref.T.ID() == types.OIDBool}
	if col := t.ColumnByID(o.col); col != nil {
		c.notNull = col.NotNull
	}
	if a, ok := m.stats.(Analyzed); ok {
		if s := a.Statistics(o.scan.Ref, t); s != nil {
			c.stats = s.Columns[o.col]
		}
	}
	return c
}

// passed looks through conversions that keep what is equal to what: relabelings and implicit casts between integers.
func passed(e expr.Expr) expr.Expr {
	for {
		switch x := e.(type) {
		case *expr.Relabel:
			e = x.Arg
		case *expr.Call:
			if x.Form != expr.FormImplicitCast || len(x.Args) != 1 || !isInt(x.T) || !isInt(x.Args[0].Type()) {
				return e
			}
			e = x.Args[0]
		default:
			return e
		}
	}
}

func isInt(t types.Type) bool {
	return t.ID() == types.OIDInt2 || t.ID() == types.OIDInt4 || t.ID() == types.OIDInt8
}

func isText(t types.Type) bool { return t.ID() == types.OIDText || t.ID() == types.OIDVarchar }

// distincts is the number of distinct values; sure is false when it is a mere default.
func (c *column) distincts() (n float64, sure bool) {
	switch {
	case c.unique:
		return max(1, c.rows), true
	case c.stats != nil && c.stats.Distinct != 0:
		return min(max(1, c.stats.Distincts(c.rows)), max(1, c.rows)), true
	case c.boolean:
		return 2, true
	}
	return min(c.rows, defaultDistinct), c.rows <= defaultDistinct
}

func (c *column) nullShare() float64 {
	switch {
	case c.notNull:
		return 0
	case c.stats != nil:
		return c.stats.NullFrac
	}
	return selNull
}

// known is nullShare where it is known, else nothing.
func (c *column) knownNulls() float64 {
	if c.stats != nil && !c.notNull {
		return c.stats.NullFrac
	}
	return 0
}

// constant is the value of an expression in the form of a column's own values; false when it is not known or of a type
// whose values have another form.
func (c *column) constant(e expr.Expr) (types.Datum, bool) {
	k, ok := passed(e).(*expr.Const)
	if !ok || c.stats == nil {
		return types.Null, false
	}
	a, b := k.T, c.stats.Type
	if a.Same(b) || a.ID() == b.ID() || isInt(a) && isInt(b) || isText(a) && isText(b) || isText(a) && b.ID() == types.OIDName {
		return k.Value, true
	}
	return types.Null, false
}

// equals is the share of rows that are equal to a value: of a most common one it is known, the others share the rest.
func (c *column) equals(d types.Datum) float64 {
	if d.Null {
		return 0
	}
	if c.unique {
		return 1 / max(1, c.rows)
	}
	s := c.stats
	for i, v := range s.Common {
		if types.Equal(s.Type, v, d) {
			return s.Freqs[i]
		}
	}
	rest := max(0, 1-s.CommonShare()-s.NullFrac)
	if n, _ := c.distincts(); n > float64(len(s.Common))+1 {
		rest /= n - float64(len(s.Common))
	}
	if n := len(s.Freqs); n > 0 {
		rest = min(rest, s.Freqs[n-1])
	}
	return rest
}

// equalsUnknown is the share of rows that are equal to a value not known when planning.
func (c *column) equalsUnknown() float64 {
	n, _ := c.distincts()
	sel := (1 - c.knownNulls()) / max(1, n)
	if c.stats != nil && len(c.stats.Freqs) > 0 {
		sel = min(sel, c.stats.Freqs[0])
	}
	return sel
}

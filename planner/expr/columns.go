package expr

import (
	"maps"
	"slices"
)

// ColumnSet is a set of columns.
type ColumnSet map[ColumnID]struct{}

// SetOf makes a set.
func SetOf(ids ...ColumnID) ColumnSet {
	s := make(ColumnSet, len(ids))
	for _, id := range ids {
		s[id] = struct{}{}
	}
	return s
}

// Add adds a column.
func (s ColumnSet) Add(id ColumnID) { s[id] = struct{}{} }

// Union adds the columns of t.
func (s ColumnSet) Union(t ColumnSet) { maps.Copy(s, t) }

// Has reports whether the column is in the set.
func (s ColumnSet) Has(id ColumnID) bool {
	_, ok := s[id]
	return ok
}

// SubsetOf reports whether all columns of s are in t.
func (s ColumnSet) SubsetOf(t ColumnSet) bool {
	for id := range s {
		if !t.Has(id) {
			return false
		}
	}
	return true
}

// Intersects reports whether s and t have a column in common.
func (s ColumnSet) Intersects(t ColumnSet) bool {
	for id := range s {
		if t.Has(id) {
			return true
		}
	}
	return false
}

// Sorted lists the columns in order.
func (s ColumnSet) Sorted() []ColumnID { return slices.Sorted(maps.Keys(s)) }

// Substitute replaces the columns that are keys of m. References inside the plans of subqueries stay: use
// logical.Substitute for expressions that may hold subqueries.
func Substitute(e Expr, m map[ColumnID]Expr) Expr {
	if len(m) == 0 {
		return e
	}
	return Rewrite(e, func(x Expr) Expr {
		if c, ok := x.(*Column); ok {
			if r, ok := m[c.ID]; ok {
				return r
			}
		}
		return x
	})
}

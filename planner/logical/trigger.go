package logical

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
)

// Triggers are what a statement may fire of a relation's triggers, by name. Whether one is enabled shows when it runs.
type Triggers struct {
	List []Trigger
	// Instead says that the relation is a view: INSTEAD OF triggers get the rows, and nothing is written.
	Instead bool
	// Old and New are the ids under which the conditions see the columns of both rows that are not dropped.
	Old, New []Column
	// Compute, unless nil, gives what is computed of a row that a BEFORE trigger may have changed, over Row: one per target,
	// nil for those that stay.
	Compute []expr.Expr
	Row     []Column
}

// Trigger is one of them, with its condition bound; nil: it has none.
type Trigger struct {
	*catalog.Trigger
	When expr.Expr
}

func (m *exprMapper) triggers(t *Triggers) *Triggers {
	if t == nil {
		return nil
	}
	c := *t
	c.List = make([]Trigger, len(t.List))
	for i, x := range t.List {
		c.List[i] = Trigger{x.Trigger, m.one(x.When)}
	}
	c.Compute = m.sparse(t.Compute)
	return &c
}

// sparse is list for a list with gaps.
func (m *exprMapper) sparse(in []expr.Expr) []expr.Expr {
	if in == nil {
		return nil
	}
	out := make([]expr.Expr, len(in))
	for i, e := range in {
		out[i] = m.one(e)
	}
	return out
}

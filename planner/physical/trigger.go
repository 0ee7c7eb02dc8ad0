package physical

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
)

// Triggers are what a statement may fire, by name. Conditions are over the n columns of the row before that are not dropped
// (slots 0…n-1) and those of the row after (slots n…2n-1). Compute, unless nil, is over the new row's targets: one each, nil
// for those that stay.
type Triggers struct {
	List    []Trigger
	Instead bool // the relation is a view: nothing is written
	Compute []expr.Expr
}

// Trigger is one of them; When nil: it has no condition.
type Trigger struct {
	*catalog.Trigger
	When expr.Expr
}

// OfView reports whether INSTEAD OF triggers get the rows.
func (t *Triggers) OfView() bool { return t != nil && t.Instead }

// RowsBefore reports whether any is fired for each row before it is written.
func (t *Triggers) RowsBefore() bool {
	if t == nil {
		return false
	}
	for _, x := range t.List {
		if x.Row && x.Timing == catalog.TriggerBefore {
			return true
		}
	}
	return false
}

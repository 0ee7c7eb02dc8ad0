package kernel

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// Firing is one call of a trigger's function: what the function learns of why it is called.
type Firing struct {
	Trigger *catalog.Trigger
	Table   *catalog.Table
	Event   catalog.TriggerEvent // exactly one
	// Row is the row type of the table: a composite of the columns that are not dropped, in their order.
	Row types.Type
	// Old and New have one value for each field of Row; nil: the event has no such row, or the trigger is one for statements.
	Old, New []types.Datum
	// OldTable and NewTable are the transition tables that the trigger asks for, else nil.
	OldTable, NewTable TransitionRows
}

// TransitionRows are the rows that a statement has changed, as they were or as they are. They can be read any number of times
// while the trigger runs.
type TransitionRows interface {
	// Len is how many there are.
	Len() int
	// Each calls yield for each row, until yield returns false. The row is valid until yield returns.
	Each(yield func(row []types.Datum) bool) error
}

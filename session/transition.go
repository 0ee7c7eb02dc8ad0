package session

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// transitionRows reads a transition table of the trigger that runs.
type transitionRows struct {
	s    *Session
	name string
}

var _ kernel.Routine = transitionRows{}

// Call implements kernel.Routine.
func (transitionRows) Call(context.Context, []types.Datum) (types.Datum, error) {
	return types.Null, pgerr.Internal("a transition table is no value")
}

// Rows implements kernel.Routine.
func (t transitionRows) Rows(_ context.Context, _ []types.Datum, yield func([]types.Datum) bool) error {
	x := t.s.pl.firing
	if x == nil {
		return pgerr.Internal("transition table %s is read outside of its trigger", t.name)
	}
	rows := x.NewTable
	if t.name == x.Trigger.OldTable {
		rows = x.OldTable
	}
	if rows == nil {
		return nil
	}
	return rows.Each(func(row []types.Datum) bool {
		if len(row) == 1 {
			row = []types.Datum{eval.MakeRecord(x.Row, row)}
		}
		return yield(row)
	})
}

// transitionTables are the transition tables that the function of a trigger sees.
func (r *routine) transitionTables() map[string]types.Type {
	if r.firing == nil || r.firing.Trigger.OldTable == "" && r.firing.Trigger.NewTable == "" {
		return nil
	}
	out := map[string]types.Type{}
	for _, name := range []string{r.firing.Trigger.OldTable, r.firing.Trigger.NewTable} {
		if name != "" {
			out[name] = r.firing.Row
		}
	}
	return out
}

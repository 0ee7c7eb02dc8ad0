package op

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/types"
)

// Triggers is what the session does for triggers. A statement without any never calls it.
type Triggers interface {
	// Enabled reports whether a trigger fires, by its state and session_replication_role.
	Enabled(t *catalog.Trigger) bool
	// Fire calls a trigger's function. row is what it returned for a row; nil: NULL.
	Fire(ctx context.Context, ref catalog.Ref, x *kernel.Firing) (row []types.Datum, err error)
	// AtEnd queues what is to be done at the end of the statement, whatever SET CONSTRAINTS says.
	AtEnd(f func(ctx context.Context) error)
	// Deferred reports whether a constraint trigger is to wait for the end of the transaction, as things are now.
	Deferred(t *catalog.Trigger) bool
	// Nest lets the statements that run until the function returned is called share the events of a running one, as those of
	// foreign keys do.
	Nest(e *Events) func()
}

// Events are what one statement of a user's has done so far to tables with triggers, by OID; package dml owns it.
type Events struct{ Tables map[catalog.OID]any }

// TableEvents returns what is known of a table.
func (e *Env) TableEvents() *Events {
	if e.Events == nil {
		e.Events = &Events{Tables: map[catalog.OID]any{}}
	}
	return e.Events
}

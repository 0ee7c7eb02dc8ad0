package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// atEnd stands in the queue of checks for a constraint that SET CONSTRAINTS does not concern.
const atEnd = ^catalog.OID(0)

// triggerHost is the session as operators see it that fire triggers.
type triggerHost struct{ s *Session }

var _ op.Triggers = triggerHost{}

// Enabled implements op.Triggers.
func (h triggerHost) Enabled(t *catalog.Trigger) bool {
	role, _ := h.s.settings.get("session_replication_role")
	switch t.State() {
	case 'A':
		return true
	case 'R':
		return role == "replica"
	case 'O':
		return role != "replica"
	}
	return false
}

// AtEnd implements op.Triggers.
func (h triggerHost) AtEnd(f func(ctx context.Context) error) {
	h.s.txn.deferred = append(h.s.txn.deferred, deferredCheck{0, atEnd, f})
}

// Deferred implements op.Triggers.
func (h triggerHost) Deferred(t *catalog.Trigger) bool {
	if t.Constraint == 0 || !t.Deferrable {
		return false
	}
	x := h.s.txn
	if d, ok := x.allDefer[t.Constraint]; ok {
		return d
	}
	if x.deferAll != nil {
		return *x.deferAll
	}
	return t.Deferred
}

// Nest implements op.Triggers.
func (h triggerHost) Nest(e *op.Events) func() {
	old := h.s.nested
	h.s.nested = e
	return func() { h.s.nested = old }
}

// Fire implements op.Triggers.
func (h triggerHost) Fire(ctx context.Context, ref catalog.Ref, x *kernel.Firing) ([]types.Datum, error) {
	s := h.s
	v, err := s.txn.View(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer h.Nest(nil)()
	s.triggerDepth++
	defer func() { s.triggerDepth-- }()
	f, ok := v.Catalog().Object(x.Trigger.Function).(*catalog.Function)
	if !ok {
		return builtinTrigger(x)
	}
	row, err := s.fireRoutine(ctx, f, x)
	if err == nil && row != nil && len(row) != len(x.Row.Fields) {
		err = pgerr.Internal("trigger function %s returned %d columns for a row of %d", f.Name, len(row), len(x.Row.Fields))
	}
	return row, err
}

// triggerDepth is pg_trigger_depth().
func triggerDepth(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
	return types.Int(int64(s.triggerDepth)), nil
}

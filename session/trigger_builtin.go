package session

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// builtinTrigger calls a trigger function of the system: there is one that does something by itself.
func builtinTrigger(x *kernel.Firing) ([]types.Datum, error) {
	p := builtin.ProcByOID(x.Trigger.Function)
	if p == nil {
		return nil, pgerr.Internal("the function of trigger \"%s\" does not exist", x.Trigger.Name)
	}
	if p.Name != "suppress_redundant_updates_trigger" {
		return nil, pgerr.Unsupported("trigger function %s", p.Name)
	}
	return suppressRedundantUpdates(x)
}

// suppressRedundantUpdates leaves rows out that an update leaves as they are.
func suppressRedundantUpdates(x *kernel.Firing) ([]types.Datum, error) {
	refuse := func(what string) error {
		return pgerr.New(pgerrcode.TriggerProtocolViolated, "suppress_redundant_updates_trigger: %s", what)
	}
	switch {
	case x.Event != catalog.TriggerUpdate:
		return nil, refuse("must be called on update")
	case x.Trigger.Timing != catalog.TriggerBefore:
		return nil, refuse("must be called before update")
	case !x.Trigger.Row:
		return nil, refuse("must be called for each row")
	}
	for i, d := range x.New {
		if d != x.Old[i] {
			return x.New, nil
		}
	}
	return nil, nil
}

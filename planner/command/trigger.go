package command

import "github.com/rowandb/rowan/catalog"

// CreateTrigger is CREATE [OR REPLACE] [CONSTRAINT] TRIGGER.
type CreateTrigger struct {
	Relation   catalog.OID
	Trigger    *catalog.Trigger // without OIDs of its own
	Replace    bool
	Constraint bool
}

// Tag implements Command.
func (*CreateTrigger) Tag() string { return "CREATE TRIGGER" }

func (*CreateTrigger) command() {}

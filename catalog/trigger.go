package catalog

import "slices"

// TriggerEvent is a set of what fires a trigger.
type TriggerEvent byte

// The events of triggers.
const (
	TriggerInsert TriggerEvent = 1 << iota
	TriggerUpdate
	TriggerDelete
	TriggerTruncate
)

// TriggerTiming says when a trigger fires.
type TriggerTiming byte

// The times of triggers.
const (
	TriggerBefore  TriggerTiming = 'b'
	TriggerAfter   TriggerTiming = 'a'
	TriggerInstead TriggerTiming = 'i'
)

// Trigger is a trigger of a table or view.
type Trigger struct {
	OID      OID
	Name     string
	Function OID
	Events   TriggerEvent
	Timing   TriggerTiming
	Row      bool       `json:",omitempty"` // FOR EACH ROW
	Columns  []ColumnID `json:",omitempty"` // UPDATE OF
	When     string     `json:",omitempty"` // SQL over old and new
	Args     []string   `json:",omitempty"`
	OldTable string     `json:",omitempty"` // names of transition tables
	NewTable string     `json:",omitempty"`
	Enabled  byte       `json:",omitempty"` // pg_trigger.tgenabled; 0 is 'O'
	// Constraint says that it is one of CREATE CONSTRAINT TRIGGER, with what goes with it.
	Constraint OID    `json:",omitempty"`
	From       OID    `json:",omitempty"`
	Deferrable bool   `json:",omitempty"`
	Deferred   bool   `json:",omitempty"`
	Comment    string `json:",omitempty"`
	Deps       []Dep  `json:",omitempty"` // what When needs beside Columns
}

// Uses reports whether the trigger names a column of its table, in UPDATE OF or WHEN.
func (t *Trigger) Uses(table OID, c ColumnID) bool {
	return slices.Contains(t.Columns, c) || slices.Contains(t.Deps, Dep{Object: table, Column: c})
}

// State is pg_trigger.tgenabled: O, D, R or A.
func (t *Trigger) State() byte {
	if t.Enabled == 0 {
		return 'O'
	}
	return t.Enabled
}

// TriggersOf returns the triggers of a table or view, in the order in which they were made; nil of other objects.
func TriggersOf(o Object) []*Trigger {
	switch o := o.(type) {
	case *Table:
		return o.Triggers
	case *View:
		return o.Triggers
	}
	return nil
}

// InsteadEvents are the events for which a view has INSTEAD OF triggers.
func (v *View) InsteadEvents() TriggerEvent {
	var e TriggerEvent
	for _, t := range v.Triggers {
		if t.Timing == TriggerInstead {
			e |= t.Events
		}
	}
	return e
}

// SetTriggers replaces the triggers of a table or view that is being changed.
func SetTriggers(o Object, list []*Trigger) {
	switch o := o.(type) {
	case *Table:
		o.Triggers = list
	case *View:
		o.Triggers = list
	}
}

// TriggerNamed returns the trigger of a relation with that name, or nil.
func TriggerNamed(o Object, name string) *Trigger {
	for _, t := range TriggersOf(o) {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// TriggerByOID returns the trigger of a relation with that OID, or nil.
func TriggerByOID(o Object, id OID) *Trigger {
	for _, t := range TriggersOf(o) {
		if t.OID == id {
			return t
		}
	}
	return nil
}

func cloneTriggers(list []*Trigger) []*Trigger {
	if list == nil {
		return nil
	}
	out := make([]*Trigger, len(list))
	for i, t := range list {
		copied := *t
		out[i] = &copied
	}
	return out
}

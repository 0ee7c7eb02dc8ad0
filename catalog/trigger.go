package catalog

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

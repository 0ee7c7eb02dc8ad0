package session

import (
	"strings"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/vector"
)

// output is where one statement's result goes. For Execute it leaves out the row description, which the
// client asks for with Describe.
type output struct {
	sink     vector.Sink
	noFields bool
	pending  []vector.Field // of rows to come, not sent yet
	settings *settings
}

// Fields describes the rows to come.
func (o *output) Fields(f []vector.Field) error {
	if o.noFields {
		return nil
	}
	return o.sink.Fields(f)
}

// describe sends the fields that are pending.
func (o *output) describe() error {
	if o.pending == nil {
		return nil
	}
	f := o.pending
	o.pending = nil
	return o.Fields(f)
}

// Rows passes a batch on.
func (o *output) Rows(b *vector.Batch) error {
	if o.pending != nil {
		if err := o.describe(); err != nil {
			return err
		}
	}
	return o.sink.Rows(b)
}

// Notice passes a notice on, unless client_min_messages holds it back. INFO always goes.
func (o *output) Notice(err error) error {
	if o.settings != nil {
		least, _ := o.settings.get("client_min_messages")
		level, ok := noticeLevels[strings.ToLower(pgerr.From(err).Severity)]
		if ok && level < noticeLevels[least] {
			return nil
		}
	}
	return o.sink.Notice(err)
}

// discard is a sink for results that nobody reads.
type discard struct{ vector.Sink }

func (discard) Fields([]vector.Field) error { return nil }
func (discard) Rows(*vector.Batch) error    { return nil }
func (discard) Complete(string) error       { return nil }
func (discard) Empty() error                { return nil }
func (discard) Notice(error) error          { return nil }

// noticeLevels orders the severities as client_min_messages does.
var noticeLevels = map[string]int{
	"debug5": 1, "debug4": 2, "debug3": 3, "debug2": 4, "debug1": 5, "debug": 4, "log": 6, "notice": 7, "warning": 8, "error": 9,
}

package session

import (
	"github.com/rowandb/rowan/types/vector"
)

// output is where one statement's result goes. It counts rows and, for Execute, leaves out the row description, which the
// client asks for with Describe.
type output struct {
	sink     vector.Sink
	noFields bool
	rows     int64
}

// Fields describes the rows to come.
func (o *output) Fields(f []vector.Field) error {
	if o.noFields {
		return nil
	}
	return o.sink.Fields(f)
}

// Rows passes a batch on.
func (o *output) Rows(b *vector.Batch) error {
	o.rows += int64(b.Live())
	return o.sink.Rows(b)
}

// Notice passes a notice on.
func (o *output) Notice(err error) error { return o.sink.Notice(err) }

// discard is a sink for results that nobody reads.
type discard struct{ vector.Sink }

func (discard) Fields([]vector.Field) error { return nil }
func (discard) Rows(*vector.Batch) error    { return nil }
func (discard) Complete(string) error       { return nil }
func (discard) Empty() error                { return nil }
func (discard) Notice(error) error          { return nil }

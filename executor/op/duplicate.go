package op

import (
	"errors"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// TellDuplicate gives an error about a key that two rows have its detail: the key as the session writes values and what is the
// matter with it, or hidden, to who may not read all of its columns. That he has written them himself does not help: that
// there is such a row is what he is not to know.
func (e *Env) TellDuplicate(err error, matter, hidden string) error {
	var d *storage.Duplicate
	if !errors.As(err, &d) {
		return err
	}
	out := *pgerr.From(err)
	out.Detail = hidden
	if e.Sight(d.Table).Columns(d.Index.KeyColumns()...) {
		out.Detail = "Key " + d.Text(e.Format()) + " " + matter
	}
	return &out
}

// Format is how the session writes values.
func (e *Env) Format() *types.Format {
	if e.Kernel != nil && e.Kernel.Format != nil {
		return e.Kernel.Format
	}
	return types.DefaultFormat()
}

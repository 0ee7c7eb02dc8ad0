package op

import (
	"context"

	"github.com/rowandb/rowan/types/vector"
)

// Failing is an operator whose first batch is an error: for what is found when the plan is built and yet belongs to its
// run, after the row description has gone out.
type Failing struct{ Err error }

// Next implements Operator.
func (f Failing) Next(context.Context) (*vector.Batch, error) { return nil, f.Err }

// Close implements Operator.
func (Failing) Close() error { return nil }

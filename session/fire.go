package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// fireRoutine calls a trigger's function. row is what it returned, as a row of the trigger's table; nil: it returned NULL.
func (s *Session) fireRoutine(ctx context.Context, f *catalog.Function, x *kernel.Firing) (row []types.Datum, err error) {
	return nil, pgerr.Unsupported("trigger functions in language %s", f.Language)
}

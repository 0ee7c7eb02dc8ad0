package storage

import (
	"context"

	"github.com/rowandb/rowan/types"
)

type formatKey struct{}

// WithFormat says how times are written in the points that are resolved under the context: their zone, where they have none, and the
// order of day and month. Without it they are read as in a fresh session.
func WithFormat(ctx context.Context, f *types.Format) context.Context {
	return context.WithValue(ctx, formatKey{}, f)
}

// FormatOf is what WithFormat has said.
func FormatOf(ctx context.Context) *types.Format {
	if f, ok := ctx.Value(formatKey{}).(*types.Format); ok {
		return f
	}
	return types.DefaultFormat()
}

package vcs

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// sessionFuncs say where the session stands.
var sessionFuncs = map[string]Func{
	"rowan_current_branch": func(_ context.Context, c Conn, _ []types.Datum) (types.Datum, error) {
		return types.String(c.Branch()), nil
	},
	"rowan_current_scn": func(ctx context.Context, c Conn, _ []types.Datum) (types.Datum, error) {
		v, err := c.View(ctx, catalog.Ref{})
		if err != nil {
			return types.Null, err
		}
		return types.Int(int64(v.At())), nil
	},
	"rowan_scn_time": func(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
		t, err := c.Store().Branches().Time(ctx, storage.SCN(a[0].I))
		return timestamp(t), err
	},
	"rowan_version": func(_ context.Context, c Conn, _ []types.Datum) (types.Datum, error) {
		return types.String("Rowan " + c.Version()), nil
	},
}

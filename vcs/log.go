package vcs

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

var logRows = map[string]RowsFunc{"rowan_log": listLog}

func listLog(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	limit := 100
	if !a[1].Null {
		limit = int(a[1].I)
	}
	branch := orBranch(c, a[0])
	entries, err := c.Store().Branches().Log(ctx, c.Database().OID, branch, 0, 0, limit)
	if err != nil {
		return err
	}
	v, err := c.View(ctx, catalog.Ref{Branch: branch})
	if err != nil {
		return err
	}
	for _, e := range entries {
		row := []types.Datum{types.Int(int64(e.SCN)), types.Int(int64(e.Txn)), timestamp(e.Time), types.String(e.Info.User), orNull(e.Info.Application),
			orNull(e.Info.Summary), types.Int(e.Inserts), types.Int(e.Updates), types.Int(e.Deletes), tableNames(v.Catalog(), e.Tables)}
		if !yield(row) {
			break
		}
	}
	return nil
}

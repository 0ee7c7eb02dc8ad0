package vcs

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

var snapshotFuncs = map[string]Func{"rowan_snapshot": keepSnapshot}

var snapshotRows = map[string]RowsFunc{"rowan_snapshots": listSnapshots}

func keepSnapshot(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	branch := orBranch(c, a[1])
	if err := may(ctx, c, branch, catalog.BranchRead); err != nil {
		return types.Null, err
	}
	sn, err := c.Store().Branches().Snapshot(ctx, c.Database().OID, branch, "", text(a[0]), c.User())
	if err == nil {
		c.Undo(func(ctx context.Context) error {
			_, err := c.Store().Branches().DropSnapshot(ctx, c.Database().OID, sn.ID)
			return err
		})
	}
	return types.String(sn.ID), err
}

func listSnapshots(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	list, err := c.Store().Branches().Snapshots(ctx, c.Database().OID, "")
	for _, sn := range list {
		if !yield([]types.Datum{types.String(sn.ID), types.String(sn.Branch), types.Int(int64(sn.SCN)), timestamp(sn.Time), orNull(sn.Comment), types.Bool(sn.Automatic)}) {
			break
		}
	}
	return err
}

package vcs

import (
	"context"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// heliosRows are the views that HeliosDB has of branches, snapshots and SCN; they are found without a schema.
var heliosRows = map[string]RowsFunc{
	"helios_pg_branches":          heliosBranches,
	"helios_pg_database_branches": heliosBranches,
	"helios_pg_snapshots":         heliosSnapshots,
	"helios_pg_transaction_map": heliosLog(func(e *storage.LogEntry) []types.Datum {
		return []types.Datum{types.Int(int64(e.Txn)), timestamp(e.Time), types.Int(int64(e.SCN)), timestamp(e.Time)}
	}),
	"helios_pg_scn_map": heliosLog(func(e *storage.LogEntry) []types.Datum {
		return []types.Datum{types.Int(int64(e.SCN)), timestamp(e.Time), types.Int(int64(e.Txn)), timestamp(e.Time)}
	}),
}

func heliosBranches(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	b, db := c.Store().Branches(), c.Database().OID
	list, err := b.List(ctx, db, false)
	if err != nil {
		return err
	}
	sizes, err := b.Sizes(ctx, db)
	if err != nil {
		return err
	}
	bytes := map[string]int64{}
	for _, s := range sizes {
		bytes[s.Branch] = s.Unique
	}
	for _, x := range list {
		parent, state := types.Null, "active"
		if x.Parent != "" {
			parent = types.String(branchID(x.ParentID))
		}
		if x.Merged {
			state = "merged"
		}
		stats, err := b.Stats(ctx, db, x.Name)
		if err != nil {
			return err
		}
		if !yield([]types.Datum{types.String(branchID(x.ID)), types.String(x.Name), parent, orNull(x.Parent), timestamp(x.Created), types.Int(int64(x.Fork)),
			types.String(state), types.Int(bytes[x.Name]), types.Int(stats.Ahead)}) {
			break
		}
	}
	return nil
}

func heliosSnapshots(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	b, db := c.Store().Branches(), c.Database().OID
	list, err := b.Snapshots(ctx, db, "")
	if err != nil {
		return err
	}
	for _, s := range list {
		txn := types.Null
		if log, err := b.Log(ctx, db, s.Branch, 0, s.SCN, 1); err == nil && len(log) > 0 {
			txn = types.Int(int64(log[0].Txn))
		}
		if !yield([]types.Datum{types.String(s.ID), timestamp(s.Time), types.Int(int64(s.SCN)), txn, orNull(s.Comment), types.Null, types.Bool(s.Automatic)}) {
			break
		}
	}
	return nil
}

// heliosLog lists the transactions of the session's branch.
func heliosLog(row func(*storage.LogEntry) []types.Datum) RowsFunc {
	return func(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
		list, err := c.Store().Branches().Log(ctx, c.Database().OID, c.Branch(), 0, 0, 1<<30)
		for i := range list {
			if !yield(row(&list[i])) {
				break
			}
		}
		return err
	}
}

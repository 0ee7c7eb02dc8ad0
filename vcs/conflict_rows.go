package vcs

import (
	"cmp"
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// tableConflicts is rowan.conflict_rows(table, merge): the conflicts of one table with base_…, source_… and target_… of each
// column, as bind gave the result: the columns of the table on the session's branch.
func tableConflicts(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	id, err := c.Relation(v.Catalog(), text(a[0]))
	if err != nil {
		return err
	}
	t, ok := v.Catalog().Object(id).(*catalog.Table)
	if !ok {
		return nil
	}
	g, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return err
	}
	prefix := systable.Row{types.Int(int64(c.Database().OID))}
	if !a[1].Null {
		prefix = append(prefix, a[1])
	}
	var bad error
	targets := map[int64]*catalog.Snapshot{}
	err = conflictTable.Scan(ctx, c.Txn(), g, prefix, func(r systable.Row) bool {
		if catalog.OID(r[conflictRelation].I) != id {
			return true
		}
		merge := r[conflictMerge].I
		if _, ok := targets[merge]; !ok {
			if targets[merge], bad = targetOf(ctx, c, g, r[:2]); bad != nil {
				return false
			}
		}
		var row []types.Datum
		if row, bad = conflictCells(targets[merge], t, r); bad != nil {
			return false
		}
		return yield(row)
	})
	return cmp.Or(bad, err)
}

// targetOf is the catalog of a merge's target; nil: it is gone, or not to be read.
func targetOf(ctx context.Context, c Conn, g storage.View, merge systable.Row) (*catalog.Snapshot, error) {
	p, err := pendingTable.Get(ctx, c.Txn(), g, merge...)
	if p == nil || err != nil {
		return nil, err
	}
	v, err := targetView(ctx, c, p)
	if err != nil {
		return nil, nil
	}
	return v.Catalog(), nil
}

// conflictCells is a conflict with the columns of a table.
func conflictCells(target *catalog.Snapshot, t *catalog.Table, r systable.Row) ([]types.Datum, error) {
	n, err := calledOn(target, r)
	if err != nil {
		return nil, err
	}
	names, err := n.on(r, t)
	if err != nil {
		return nil, err
	}
	row := []types.Datum{types.String(conflictID(r)), r[conflictType], orNull(n.column), r[conflictResolution]}
	var sides [3][]types.Datum
	for i, at := range []int{conflictBase, conflictSource, conflictTarget} {
		if sides[i], err = cellsNamed(t, r[at], names); err != nil {
			return nil, pgerr.From(err).WithDetail("It is in conflict \"%s\", of a time when the column had another type.", conflictID(r)).
				WithHint("rowan.conflicts() shows what was kept.")
		}
	}
	for k := range t.Live() {
		row = append(row, sides[0][k], sides[1][k], sides[2][k])
	}
	return row, nil
}

// storedCells reads a row that rowJSON has written; columns that have come since are NULL.
func storedCells(t *catalog.Table, row types.Datum) ([]types.Datum, error) {
	return cellsNamed(t, row, nil)
}

// cellsNamed reads a row whose columns have names that a table knows.
func cellsNamed(t *catalog.Table, row types.Datum, names rowNames) ([]types.Datum, error) {
	out := make([]types.Datum, len(t.Live()))
	for i := range out {
		out[i] = types.Null
	}
	if row.Null {
		return out, nil
	}
	v, err := names.row(row)
	if err != nil {
		return nil, err
	}
	for i, c := range t.Live() {
		if x, ok := v.Get(c.Name); ok {
			if out[i], err = cellOf(c.Type, x); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

package vcs

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
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
	called := map[int64]columnNames{} // by merge
	err = conflictTable.Scan(ctx, c.Txn(), g, prefix, func(r systable.Row) bool {
		if catalog.OID(r[conflictRelation].I) != id {
			return true
		}
		row := []types.Datum{types.String(conflictID(r)), r[conflictType], orNull(r[conflictColumn].S), r[conflictResolution]}
		merge := r[conflictMerge].I
		if called[merge] == nil {
			if called[merge], bad = namesIn(ctx, c, g, merge, id); bad != nil {
				return false
			}
		}
		var sides [3][]types.Datum
		for i, at := range []int{conflictBase, conflictSource, conflictTarget} {
			if sides[i], bad = storedCells(t, r[at], called[merge]); bad != nil {
				return false
			}
		}
		for k := range t.Live() {
			row = append(row, sides[0][k], sides[1][k], sides[2][k])
		}
		return yield(row)
	})
	if bad != nil {
		return bad
	}
	return err
}

// columnNames are the names that columns of a table had on the sides of a merge.
type columnNames map[catalog.ColumnID][]string

// namesIn finds them: the rows of conflicts have the names of the merged table, which may be another side's than the session's.
func namesIn(ctx context.Context, c Conn, g storage.View, merge int64, table catalog.OID) (columnNames, error) {
	out := columnNames{}
	p, err := pendingTable.Get(ctx, c.Txn(), g, types.Int(int64(c.Database().OID)), types.Int(merge))
	if p == nil || err != nil {
		return out, err
	}
	for _, side := range [][2]types.Datum{{p[pendingSource], p[pendingSourceSCN]}, {p[pendingTarget], p[pendingTargetSCN]}} {
		v, err := viewAt(ctx, c, branchID(uint64(side[0].I)), storage.SCN(side[1].I))
		if err != nil {
			continue // a side that is gone, or is not to be read, tells no names
		}
		if t, ok := v.Catalog().Object(table).(*catalog.Table); ok {
			for _, col := range t.Live() {
				out[col.ID] = append(out[col.ID], col.Name)
			}
		}
	}
	return out, nil
}

// storedCells reads a row that rowJSON has written; columns that have come since are NULL.
func storedCells(t *catalog.Table, row types.Datum, called columnNames) ([]types.Datum, error) {
	out := make([]types.Datum, len(t.Live()))
	for i := range out {
		out[i] = types.Null
	}
	if row.Null {
		return out, nil
	}
	v, err := jsonb.Parse(row.S)
	if err != nil {
		return nil, err
	}
	for i, c := range t.Live() {
		for _, name := range append([]string{c.Name}, called[c.ID]...) {
			x, ok := v.Get(name)
			if !ok {
				continue
			}
			if out[i], err = cellOf(c.Type, x); err != nil {
				return nil, err
			}
			break
		}
	}
	return out, nil
}

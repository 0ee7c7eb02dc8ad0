package vcs

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// EachDifference passes the rows of a table that differ between two places (branch, branch@point, @point), with the names of
// the columns that either side has.
func EachDifference(ctx context.Context, c Conn, from, to, table string, f func(names []string, kind string, from, to []types.Datum) bool) error {
	left, right, err := views(ctx, c, []types.Datum{types.String(from), types.String(to)})
	if err != nil {
		return err
	}
	t, err := tableOn(ctx, c, left, right, table)
	if err != nil {
		return err
	}
	scan, err := t.open(ctx, c, left, right)
	if err != nil {
		return err
	}
	defer scan.Close()
	pairs := t.columns()
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.name
	}
	for {
		b, err := scan.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		for k := range b.Kind {
			row := diffRow(b, k, pairs)
			old, now := make([]types.Datum, len(pairs)), make([]types.Datum, len(pairs))
			for i := range pairs {
				old[i], now[i] = row[1+2*i], row[2+2*i]
			}
			if !f(names, row[0].S, old, now) {
				return nil
			}
		}
	}
}

// EachRow passes the rows of a table at a place.
func EachRow(ctx context.Context, c Conn, place, table string, f func(names []string, row []types.Datum) bool) error {
	v, err := c.View(ctx, branchPoint(place))
	if err != nil {
		return err
	}
	id, err := c.Relation(v.Catalog(), table)
	if err != nil {
		return err
	}
	t, ok := v.Catalog().Object(id).(*catalog.Table)
	if !ok {
		return pgerr.Internal("\"%s\" is not a table", table)
	}
	var names []string
	var ids []catalog.ColumnID
	for _, col := range t.Live() {
		names, ids = append(names, col.Name), append(ids, col.ID)
	}
	sc, err := c.Txn().Scan(ctx, storage.ScanRequest{View: v, Table: t, Columns: ids})
	if err != nil {
		return err
	}
	defer sc.Close()
	for {
		b, err := sc.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		for k := range b.Live() {
			row := make([]types.Datum, len(ids))
			for i, col := range b.Cols {
				row[i] = col.Datum(b.Row(k)).Clone()
			}
			if !f(names, row) {
				return nil
			}
		}
	}
}

// ForgetCommits takes commits off the session's branch; the data stays as it is.
func ForgetCommits(ctx context.Context, c Conn, ids []string) error {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := branchCommits.Delete(ctx, c.Txn(), v, types.String(id)); err != nil {
			return err
		}
	}
	return forgetTips(ctx, c.Txn(), v)
}

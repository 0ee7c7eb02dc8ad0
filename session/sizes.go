package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// relationSize estimates a table's size from its rows; storage shares files between all tables.
func relationSize(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, _ := snap.RelationByOID(catalog.OID(a[0].I))
	t, ok := o.(*catalog.Table)
	if !ok || t.Virtual {
		return types.Int(0), nil
	}
	v, err := s.txn.View(ctx, noRef)
	if err != nil {
		return types.Null, err
	}
	return types.Int(s.txn.RowEstimate(v, t) * rowBytes), nil
}

// rowBytes is what a row is taken to need where only the number of rows is known.
const rowBytes = 64

func databaseSize(s *Session, ctx context.Context, _ []types.Datum) (types.Datum, error) {
	v, err := s.txn.View(ctx, noRef)
	if err != nil {
		return types.Null, err
	}
	var rows int64
	for _, o := range v.Catalog().Objects() {
		if t, ok := o.(*catalog.Table); ok {
			rows += s.txn.RowEstimate(v, t)
		}
	}
	return types.Int(rows * rowBytes), nil
}

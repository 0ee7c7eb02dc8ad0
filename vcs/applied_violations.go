package vcs

import (
	"context"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// storedViolation keeps a row that breaks a constraint: the row is what the target has, the description in its lines the
// OID of the table with the constraint, the kind and name of that, and what was wrong.
func storedViolation(ctx context.Context, c Conn, n int64, x *storage.Violation) (systable.Row, error) {
	table := catalog.ShownName(x.Schema, x.Table)
	var conds []string
	for i, name := range x.KeyColumns {
		conds = append(conds, types.QuoteIdent(name)+"::text = "+types.QuoteLiteral(cellText(x.KeyTypes[i], x.KeyValues[i], types.DefaultFormat()).S))
	}
	row, err := rowNow(ctx, c, types.QuoteIdent(x.Schema)+"."+types.QuoteIdent(x.Table), strings.Join(conds, " AND "))
	if err != nil {
		return nil, err
	}
	info := strconv.Itoa(int(x.Owner)) + "\n" + x.Kind + "\n" + x.Constraint + "\n" + x.Message
	if x.Detail != "" {
		info += "\n" + x.Detail
	}
	key := keyText(x.KeyValues, x.KeyTypes, types.DefaultFormat())
	return systable.Row{types.Int(int64(c.Database().OID)), types.Int(0), types.Int(n), types.Int(int64(x.TableOID)), types.String(table), types.String(key),
		types.String(key), types.String(""), types.String(violationType), types.String(info), types.Null, types.Null, row,
		types.Null, types.Null, types.Null, types.Null}, nil
}

// rowNow is a row as a JSON object; NULL where there is no condition to find it by.
func rowNow(ctx context.Context, c Conn, table, where string) (types.Datum, error) {
	if where == "" {
		return types.Null, nil
	}
	return oneText(ctx, c, "SELECT to_jsonb(t)::text FROM "+table+" t WHERE "+where)
}

// unchanged reports whether the row that a violation is about is still there as it was.
func unchanged(ctx context.Context, c Conn, r systable.Row) (bool, error) {
	if r[conflictTarget].Null {
		return true, nil
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return false, err
	}
	t, ok := v.Catalog().Object(catalog.OID(r[conflictRelation].I)).(*catalog.Table)
	if !ok {
		return false, nil
	}
	cells, err := storedCells(t, r[conflictTarget], nil)
	if err != nil {
		return false, err
	}
	where, err := keyOf(t, cells)
	if err != nil {
		return false, err
	}
	now, err := rowNow(ctx, c, relationName(v.Catalog(), t), where)
	return !now.Null && now.S == r[conflictTarget].S, err
}

package vcs

import (
	"context"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
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
	columns := types.Null
	if v, err := c.View(ctx, catalog.Ref{}); err != nil {
		return nil, err
	} else if t, ok := v.Catalog().Object(x.TableOID).(*catalog.Table); ok && !row.Null {
		columns = keptColumns(t.Live(), t, true)
		if row, err = keyed(row, rowNames{}.keys(t)); err != nil {
			return nil, err
		}
	}
	key := keyText(x.KeyValues, x.KeyTypes, types.DefaultFormat())
	return systable.Row{types.Int(int64(c.Database().OID)), types.Int(0), types.Int(n), types.Int(int64(x.TableOID)), types.String(table), types.String(key),
		types.String(key), types.String(""), types.String(violationType), types.String(info), types.Null, types.Null, row,
		types.Null, types.Null, types.Null, types.Null, types.Null, columns}, nil
}

// rowNow is a row as a JSON object; NULL where there is no condition to find it by.
func rowNow(ctx context.Context, c Conn, table, where string) (types.Datum, error) {
	if where == "" {
		return types.Null, nil
	}
	return oneText(ctx, c, "SELECT to_jsonb(t)::text FROM "+table+" t WHERE "+where)
}

// unchanged reports whether the row that a violation is about is still there as it was: in the columns that are left of those it had.
func unchanged(ctx context.Context, c Conn, r systable.Row) (bool, error) {
	if r[conflictTarget].Null {
		return true, nil
	}
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return false, err
	}
	n, err := calledOn(v.Catalog(), r)
	if n.target == nil || err != nil {
		return false, err
	}
	was, err := n.names.text(r[conflictTarget])
	if err != nil {
		return false, err
	}
	cells, err := storedCells(n.target, was)
	if err != nil {
		return false, err
	}
	where, err := keyOf(n.target, cells)
	if err != nil {
		return false, err
	}
	now, err := rowNow(ctx, c, relationName(v.Catalog(), n.target), where)
	same := !now.Null
	jsonb.Members(was.S, func(name, _ string) bool {
		x, y := memberText(was, name), memberText(now, name)
		same = same && x.Null == y.Null && x.S == y.S
		return same
	})
	return same, err
}

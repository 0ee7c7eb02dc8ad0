package vcs

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
	"github.com/rowandb/rowan/types/vector"
)

// settle writes to the table what a conflict of a merge that is applied was resolved to.
func settle(ctx context.Context, c Conn, p *pending, r systable.Row, n called, side string, value types.Datum) error {
	rows := map[int]types.Datum{conflictBase: types.Null, conflictSource: types.Null, conflictTarget: types.Null}
	for at := range rows {
		var err error
		if rows[at], err = n.names.text(r[at]); err != nil {
			return err
		}
	}
	want := types.Null
	switch side {
	case "target":
		return nil
	case "source":
		want = rows[conflictSource]
	case "base":
		want = rows[conflictBase]
	default:
		want = value
		if v, err := jsonb.Parse(value.S); err == nil && v.Kind == jsonb.Null && r[conflictColumn].S == "" {
			want = types.Null
		}
	}
	if r[conflictType].S == violationType {
		return pgerr.New(pgerrcode.FeatureNotSupported, "a row that breaks a constraint is repaired in its table").
			WithHint("Change or delete the row; then take the violation for resolved by the side target.")
	}
	v, err := c.View(ctx, catalog.Ref{Branch: branchName(ctx, c, p.row[pendingTarget], p.row[pendingTargetName]).S})
	if err != nil {
		return err
	}
	t, ok := v.Catalog().Object(catalog.OID(r[conflictRelation].I)).(*catalog.Table)
	if !ok {
		return pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", n.table)
	}
	var sql string
	if n.column != "" {
		sql, err = cellStatement(v.Catalog(), t, rows[conflictTarget], n.column, side, want)
	} else {
		sql, err = RowStatement(v.Catalog(), t, rows[conflictTarget], want)
		if sql == "" {
			sql, err = RowStatement(v.Catalog(), t, rows[conflictSource], want)
		}
	}
	if err != nil || sql == "" {
		return err
	}
	if _, err := c.SQL(ctx, catalog.Ref{Branch: v.Branch().Name}, sql, nil); err != nil {
		return pgerr.From(err).Relocate(-1)
	}
	c.Txn().Statement()
	return nil
}

// cellStatement sets one cell.
func cellStatement(snap *catalog.Snapshot, t *catalog.Table, row types.Datum, column, side string, want types.Datum) (string, error) {
	cells, err := storedCells(t, row)
	if err != nil {
		return "", err
	}
	where, err := keyOf(t, cells)
	if err != nil {
		return "", err
	}
	for i, c := range t.Live() {
		if c.Name != column {
			continue
		}
		d := types.Null
		if side == "value" {
			v, err := jsonb.Parse(want.S)
			if err == nil {
				d, err = cellOf(c.Type, v)
			}
			if err != nil {
				return "", err
			}
		} else if cells, err := storedCells(t, want); err != nil {
			return "", err
		} else {
			d = cells[i]
		}
		return "UPDATE " + relationName(snap, t) + " SET " + types.QuoteIdent(column) + " = " + cellLiteral(c, d) + " WHERE " + where, nil
	}
	return "", pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", column, t.Name)
}

// RowStatement puts a row, given as a JSON object, in the place of the one with its key; a NULL row is taken away.
func RowStatement(snap *catalog.Snapshot, t *catalog.Table, old, want types.Datum) (string, error) {
	of := want
	if of.Null {
		of = old
	}
	if of.Null {
		return "", nil
	}
	cells, err := storedCells(t, of)
	if err != nil {
		return "", err
	}
	where, err := keyOf(t, cells)
	if err != nil {
		return "", err
	}
	name := relationName(snap, t)
	if want.Null {
		return "DELETE FROM " + name + " WHERE " + where, nil
	}
	var names, values, sets []string
	for i, c := range t.Live() {
		if c.Generated != "" {
			continue
		}
		id := types.QuoteIdent(c.Name)
		names, values, sets = append(names, id), append(values, cellLiteral(c, cells[i])), append(sets, id+" = excluded."+id)
	}
	var key []string
	for _, x := range t.PrimaryIndex().Columns {
		key = append(key, types.QuoteIdent(t.ColumnByID(x.Column).Name))
	}
	return "INSERT INTO " + name + " (" + strings.Join(names, ", ") + ") OVERRIDING SYSTEM VALUE VALUES (" + strings.Join(values, ", ") + ") ON CONFLICT (" +
		strings.Join(key, ", ") + ") DO UPDATE SET " + strings.Join(sets, ", "), nil
}

// keyOf is the condition on the primary key of a row.
func keyOf(t *catalog.Table, cells []types.Datum) (string, error) {
	pk := t.PrimaryIndex()
	if pk == nil {
		return "", pgerr.Unsupported("resolving conflicts of a table without a primary key").
			WithHint("Change the table itself, and take the conflicts for resolved by the side target.")
	}
	var conds []string
	for _, x := range pk.Columns {
		for i, c := range t.Live() {
			if c.ID == x.Column {
				conds = append(conds, types.QuoteIdent(c.Name)+" = "+cellLiteral(c, cells[i]))
			}
		}
	}
	return strings.Join(conds, " AND "), nil
}

func relationName(snap *catalog.Snapshot, t *catalog.Table) string {
	return types.QuoteIdent(snap.SchemaName(t.Schema)) + "." + types.QuoteIdent(t.Name)
}

// cellLiteral writes a value; what takes it knows the type.
func cellLiteral(c *catalog.Column, d types.Datum) string {
	if d.Null {
		return "NULL"
	}
	return types.QuoteLiteral(string(types.AppendText(nil, c.Type, d, types.DefaultFormat())))
}

// oneText runs a query of the engine's own for one text; NULL where there is no row.
func oneText(ctx context.Context, c Conn, sql string) (types.Datum, error) {
	out := types.Null
	_, err := c.SQL(ctx, catalog.Ref{}, sql, func(b *vector.Batch) error {
		if b.Live() > 0 {
			out = b.Cols[0].Datum(b.Row(0)).Clone()
		}
		return nil
	})
	return out, err
}

// Resolve takes a row with conflicts from one side.
func (x *AppliedRow) Resolve(ctx context.Context, c Conn, side string) error {
	_, err := resolveWhere(ctx, c, x.Merge, side, types.Null, x.has)
	return err
}

// Forget takes the row for resolved by what the table has.
func (x *AppliedRow) Forget(ctx context.Context, c Conn) error { return x.Resolve(ctx, c, "target") }

func (x *AppliedRow) has(r systable.Row, _ called) bool { return slices.Contains(x.Ns, r[conflictN].I) }

// Now is the row that the table has at present, as a JSON object; NULL: there is none.
func (x *AppliedRow) Now(ctx context.Context, c Conn) (types.Datum, error) {
	v, t, err := x.table(ctx, c)
	if err != nil {
		return types.Null, err
	}
	for _, side := range []types.Datum{x.Ours, x.Theirs, x.Base} {
		if side.Null {
			continue
		}
		cells, err := storedCells(t, side)
		if err != nil {
			return types.Null, err
		}
		if t.PrimaryIndex() == nil { // it is not found again
			return x.Ours, nil
		}
		where, err := keyOf(t, cells)
		if err != nil {
			return types.Null, err
		}
		return rowNow(ctx, c, relationName(v.Catalog(), t), where)
	}
	return types.Null, nil
}

// Write puts a row, given as a JSON object, in the place of what the table has; NULL takes it away.
func (x *AppliedRow) Write(ctx context.Context, c Conn, row types.Datum) error {
	v, t, err := x.table(ctx, c)
	if err != nil {
		return err
	}
	old := x.Ours
	if old.Null {
		old = x.Theirs
	}
	sql, err := RowStatement(v.Catalog(), t, old, row)
	if err != nil || sql == "" {
		return err
	}
	if _, err := c.SQL(ctx, catalog.Ref{}, sql, nil); err != nil {
		return pgerr.From(err).Relocate(-1)
	}
	c.Txn().Statement()
	return nil
}

func (x *AppliedRow) table(ctx context.Context, c Conn) (storage.View, *catalog.Table, error) {
	v, err := c.View(ctx, catalog.Ref{})
	if err != nil {
		return nil, nil, err
	}
	t, ok := v.Catalog().Object(x.Table).(*catalog.Table)
	if !ok {
		return nil, nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", x.Name)
	}
	return v, t, nil
}

// Cells reads a row that is a JSON object; without one all cells are NULL.
func Cells(t *catalog.Table, row types.Datum) ([]types.Datum, error) { return storedCells(t, row) }

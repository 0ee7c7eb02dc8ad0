package vcs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
)

// Conflicts of pending merges, one row each. Rows of the table are JSON objects as keptRow writes them; column_id and columns are NULL, and
// names in the place of ids, where an earlier Rowan has kept the conflict.
var conflictTable = systable.New(6, "conflicts", 3,
	systable.Column{Name: "database", Type: types.OIDInt8}, systable.Column{Name: "merge", Type: types.OIDInt8}, systable.Column{Name: "n", Type: types.OIDInt8},
	systable.Column{Name: "relation", Type: types.OIDInt8}, systable.Column{Name: "table_name", Type: types.OIDText},
	systable.Column{Name: "key", Type: types.OIDBytea}, systable.Column{Name: "row_key", Type: types.OIDText},
	systable.Column{Name: "column_name", Type: types.OIDText}, systable.Column{Name: "type", Type: types.OIDText},
	systable.Column{Name: "description", Type: types.OIDText},
	systable.Column{Name: "base", Type: types.OIDText}, systable.Column{Name: "source", Type: types.OIDText}, systable.Column{Name: "target", Type: types.OIDText},
	systable.Column{Name: "resolution", Type: types.OIDText}, systable.Column{Name: "value", Type: types.OIDText},
	systable.Column{Name: "resolved_by", Type: types.OIDText}, systable.Column{Name: "resolved_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "column_id", Type: types.OIDInt8}, systable.Column{Name: "columns", Type: types.OIDText})

// Positions of its columns.
const (
	conflictMerge = 1 + iota
	conflictN
	conflictRelation
	conflictTableName
	conflictKey
	conflictRowKey
	conflictColumn
	conflictType
	conflictDescription
	conflictBase
	conflictSource
	conflictTarget
	conflictResolution
	conflictValue
	conflictResolvedBy
	conflictResolvedAt
	conflictColumnID
	conflictColumns
)

var (
	conflictRows = map[string]RowsFunc{"rowan_conflicts": listConflicts, "rowan_conflict_rows": tableConflicts}

	conflictFuncs = map[string]Func{"rowan_resolve_conflict": resolveConflict, "rowan_resolve_conflicts": resolveConflicts}
)

// identity says which contradiction a conflict is about, whatever the values.
type identity struct {
	relation         catalog.OID
	key, column, typ string
}

func identityOf(r systable.Row) identity {
	return identity{catalog.OID(r[conflictRelation].I), r[conflictKey].S, cellKey(r), r[conflictType].S}
}

// storedConflict is a conflict as it is kept, without a resolution. on is the target's catalog; nil: the merge is applied, and the target
// has what the merged table has.
func storedConflict(db catalog.OID, merge, n int64, c *storage.Conflict, on *catalog.Snapshot) systable.Row {
	table := catalog.ShownName(c.Schema, c.Table)
	var target *catalog.Table
	if on != nil {
		target, _ = on.Object(c.TableOID).(*catalog.Table)
	}
	id := types.Null
	for _, x := range c.Columns {
		if x.Name == c.Column {
			id = types.Int(int64(x.ID))
		}
	}
	return systable.Row{types.Int(int64(db)), types.Int(merge), types.Int(n), types.Int(int64(c.TableOID)), types.String(table), types.String(c.Key),
		types.String(RowID(c, types.DefaultFormat())), types.String(c.Column), types.String(string(c.Type)), types.String(c.Description),
		keptRow(c.Columns, c.BaseCells), keptRow(c.Columns, c.SourceCells), keptRow(c.Columns, c.TargetCells),
		types.Null, types.Null, types.Null, types.Null, id, keptColumns(c.Columns, target, on == nil)}
}

// cellKey is what stands for a conflict's column in its rows; "": it is about the whole row.
func cellKey(r systable.Row) string {
	if r[conflictColumnID].Null {
		return r[conflictColumn].S
	}
	return columnKey(catalog.ColumnID(r[conflictColumnID].I))
}

// sameValues reports whether two conflicts are about the same values: of the row, or of the one cell.
func sameValues(a, b systable.Row) bool {
	column := cellKey(a)
	for _, i := range []int{conflictBase, conflictSource, conflictTarget, conflictDescription} {
		if column != "" {
			x, y := memberText(a[i], column), memberText(b[i], column)
			if x.Null != y.Null || x.S != y.S {
				return false
			}
			continue
		}
		if a[i].Null != b[i].Null || a[i].S != b[i].S {
			return false
		}
	}
	return true
}

// conflictID is how a conflict is named: number of the merge / number of the conflict.
func conflictID(r systable.Row) string {
	return fmt.Sprintf("%d/%d", r[conflictMerge].I, r[conflictN].I)
}

// listConflicts is rowan.conflicts(merge): those of one pending merge, or of all.
func listConflicts(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	g, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return err
	}
	prefix := systable.Row{types.Int(int64(c.Database().OID))}
	if !a[0].Null {
		prefix = append(prefix, a[0])
	}
	targets := map[int64]*catalog.Snapshot{} // of open merges into branches that the user may read
	err = eachMerge(ctx, c, g, func(r systable.Row) bool {
		if v, err := targetView(ctx, c, r); isOpen(r) && err == nil {
			targets[r[pendingID].I] = v.Catalog()
		}
		return true
	})
	if err != nil {
		return err
	}
	var bad error
	err = conflictTable.Scan(ctx, c.Txn(), g, prefix, func(r systable.Row) bool {
		var o catalog.Object
		if snap := targets[r[conflictMerge].I]; snap != nil {
			o = snap.Object(catalog.OID(r[conflictRelation].I))
		}
		if o == nil && !c.Role().Superuser || o != nil && !readable(c, o) {
			return true // values of a table that the user may not read
		}
		var out []types.Datum
		if out, bad = shownConflict(targets[r[conflictMerge].I], r); bad != nil {
			return false
		}
		return yield(out)
	})
	return cmp.Or(bad, err)
}

// shownConflict is a conflict as rowan.conflicts has it; target is the catalog of the merge's target, nil where that is not to be read.
func shownConflict(target *catalog.Snapshot, r systable.Row) ([]types.Datum, error) {
	n, err := calledOn(target, r)
	if err != nil {
		return nil, err
	}
	out := []types.Datum{types.String(conflictID(r)), r[conflictMerge], types.String(n.table), orNull(r[conflictRowKey].S), orNull(n.column), r[conflictType]}
	sides := []types.Datum{r[conflictBase], r[conflictSource], r[conflictTarget]}
	for _, side := range sides {
		out = append(out, memberText(side, cellKey(r)))
	}
	for _, side := range sides {
		row, err := n.names.text(side)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	value, err := n.resolved(r)
	return append(out, r[conflictResolution], value, r[conflictResolvedBy], r[conflictResolvedAt], orNull(r[conflictDescription].S)), err
}

// memberText is the value of a column in a row as text; NULL without a column.
func memberText(row types.Datum, column string) types.Datum {
	if row.Null || column == "" {
		return types.Null
	}
	part, ok := jsonb.Field(row.S, column)
	if !ok {
		return types.Null
	}
	if jsonb.KindOf(part) != jsonb.String { // as jsonb has it
		part, _ = jsonb.Canonical(part)
	}
	out, null, err := jsonb.AsText(part)
	if null || err != nil {
		return types.Null
	}
	return types.String(out)
}

var sides = map[string]storage.Side{"source": storage.SourceSide, "theirs": storage.SourceSide, "target": storage.TargetSide, "ours": storage.TargetSide,
	"base": storage.BaseSide, "value": storage.ValueSide}

var sideNames = map[storage.Side]string{storage.SourceSide: "source", storage.TargetSide: "target", storage.BaseSide: "base", storage.ValueSide: "value"}

// sideOf reads a side, and whether it can decide a conflict.
func sideOf(word string, value types.Datum) (string, error) {
	if word == "" && !value.Null {
		word = "value"
	}
	s, ok := sides[word]
	switch {
	case !ok:
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "unknown side \"%s\" of a conflict", word).WithHint("Sides are source, target and base; or give a value.")
	case s == storage.ValueSide && value.Null:
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "a conflict cannot be resolved by a value without one").WithHint("The JSON value null, 'null'::jsonb, stands for NULL, or for no row.")
	case s != storage.ValueSide && !value.Null:
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "a conflict is resolved by a side or by a value, not by both")
	}
	return sideNames[s], nil
}

// resolveConflict is rowan.resolve_conflict(id, side, value).
func resolveConflict(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	var merge, n int64
	if _, err := fmt.Sscanf(text(a[0]), "%d/%d", &merge, &n); err != nil {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "invalid conflict id \"%s\"", text(a[0])).WithHint("rowan.conflicts() lists them.")
	}
	side, err := sideOf(text(a[1]), a[2])
	if err != nil {
		return types.Null, err
	}
	done, err := resolveWhere(ctx, c, merge, side, a[2], func(r systable.Row, _ called) bool { return r[conflictN].I == n })
	if err == nil && done == 0 {
		err = pgerr.New(pgerrcode.UndefinedObject, "conflict \"%s\" does not exist", text(a[0])).WithHint("rowan.conflicts() lists them.")
	}
	return types.Bool(true), err
}

// resolveConflicts is rowan.resolve_conflicts(side, table, row_key, column, merge, value, overwrite). What has been decided
// one by one stays so, unless it is to be overwritten.
func resolveConflicts(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	side, err := sideOf(text(a[0]), a[5])
	if err != nil {
		return types.Null, err
	}
	p, err := onePending(ctx, c, a[4])
	if err != nil {
		return types.Null, err
	}
	fits := func(want types.Datum, have types.Datum) bool { return want.Null || want.S == have.S }
	n, err := resolveWhere(ctx, c, p.id, side, a[5], func(r systable.Row, n called) bool {
		open := r[conflictResolution].Null || a[6].B()
		return open && (a[1].Null || calls(a[1].S, n.table)) && fits(a[2], r[conflictRowKey]) && fits(a[3], types.String(n.column))
	})
	return types.Int(n), err
}

// calls reports whether a name, as rowan.conflicts shows it or as SQL writes it, is that of a table.
func calls(name, table string) bool {
	if name == table {
		return true
	}
	switch parts, _ := types.SplitName(name); len(parts) {
	case 1:
		return catalog.ShownName("", parts[0]) == table
	case 2:
		return catalog.ShownName(parts[0], parts[1]) == table
	}
	return false
}

// resolveWhere resolves the conflicts of a merge that f picks, and answers how many they are.
func resolveWhere(ctx context.Context, c Conn, merge int64, side string, value types.Datum, f func(systable.Row, called) bool) (int64, error) {
	if err := c.RefuseReadOnly("rowan.resolve_conflict()"); err != nil {
		return 0, err
	}
	g, err := c.Txn().GlobalView(ctx)
	if err != nil {
		return 0, err
	}
	outside := c.Txn().Enter()
	defer c.Txn().Leave(outside)
	c.Txn().Statement() // what was resolved before in the same statement is resolved
	db := types.Int(int64(c.Database().OID))
	whole, err := pendingTable.Get(ctx, c.Txn(), g, db, types.Int(merge))
	if err != nil {
		return 0, err
	}
	if whole == nil {
		return 0, nil
	}
	v, err := targetView(ctx, c, whole)
	if err != nil {
		return 0, err
	}
	var fit []called
	var ids []systable.Row
	var bad error
	err = conflictTable.Scan(ctx, c.Txn(), g, systable.Row{db, types.Int(merge)}, func(r systable.Row) bool {
		var names called
		if names, bad = calledOn(v.Catalog(), r); bad == nil && f(r, names) {
			fit, ids = append(fit, names), append(ids, slices.Clone(r[:3])) // and not the rows of the table, which may be large
		}
		return bad == nil
	})
	if err := cmp.Or(bad, err); err != nil {
		return 0, err
	}
	var n int64
	for i, names := range fit {
		r, err := conflictTable.Get(ctx, c.Txn(), g, ids[i]...)
		if r == nil || err != nil {
			return n, err
		}
		if err := mayResolve(c, v.Catalog(), r); err != nil {
			return n, err
		}
		if err := resolvable(r, side, value); err != nil {
			return n, err
		}
		stored, err := names.keep(r, value)
		if err != nil {
			return n, err
		}
		if whole[pendingStatus].S == statusApplied {
			if err := settle(ctx, c, &pending{merge, whole, g}, r, names, side, value); err != nil {
				return n, err
			}
		}
		r[conflictResolution], r[conflictValue] = types.String(side), stored
		r[conflictResolvedBy], r[conflictResolvedAt] = types.String(c.User()), timestamp(time.Now())
		if err := conflictTable.Put(ctx, c.Txn(), g, r...); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// mayResolve refuses to decide about what the user may not change on the target: whoever completes the merge would change it for him.
func mayResolve(c Conn, target *catalog.Snapshot, r systable.Row) error {
	role, o := c.Role(), target.Object(catalog.OID(r[conflictRelation].I))
	if role != nil && role.Superuser {
		return nil
	}
	if r[conflictType].S == string(storage.SchemaBoth) {
		if role == nil || o == nil || !catalog.HasRole(c.Store().Global(), role.OID, o.Head().Owner) {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of %s", r[conflictTableName].S)
		}
		return nil
	}
	if role == nil || o == nil || !writable(c, o) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", r[conflictTableName].S)
	}
	return nil
}

// writable reports whether the user may do all to a table's rows that a merge does.
func writable(c Conn, o catalog.Object) bool {
	for _, p := range []byte{catalog.PrivInsert, catalog.PrivUpdate, catalog.PrivDelete} {
		if !catalog.HasPrivilege(c.Store().Global(), c.Role().OID, o, p) {
			return false
		}
	}
	return true
}

// resolvable refuses what makes no sense of a contradiction between schemas: it goes to one side or the other.
// A conflict about a whole row becomes a row.
func resolvable(r systable.Row, side string, value types.Datum) error {
	if !value.Null && wholeRow(r) {
		if v, err := jsonb.Parse(value.S); err != nil || v.Kind != jsonb.Object && v.Kind != jsonb.Null {
			return pgerr.New(pgerrcode.InvalidParameterValue, "conflict \"%d/%d\" is about a whole row", r[conflictMerge].I, r[conflictN].I).
				WithHint("Its value is a JSON object of the row's columns, or null for no row.")
		}
	}
	if r[conflictType].S == string(storage.SchemaBoth) && side != "source" && side != "target" {
		return pgerr.New(pgerrcode.FeatureNotSupported, "a conflict about the schema goes to the source or to the target").
			WithHint("For anything else change the schema of one of the branches, and merge again.")
	}
	return nil
}

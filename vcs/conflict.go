package vcs

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
)

// Conflicts of pending merges, one row each. Rows of the table are JSON objects as rowJSON writes them.
var conflictTable = systable.New(6, "conflicts", 3,
	systable.Column{Name: "database", Type: types.OIDInt8}, systable.Column{Name: "merge", Type: types.OIDInt8}, systable.Column{Name: "n", Type: types.OIDInt8},
	systable.Column{Name: "relation", Type: types.OIDInt8}, systable.Column{Name: "table_name", Type: types.OIDText},
	systable.Column{Name: "key", Type: types.OIDBytea}, systable.Column{Name: "row_key", Type: types.OIDText},
	systable.Column{Name: "column_name", Type: types.OIDText}, systable.Column{Name: "type", Type: types.OIDText},
	systable.Column{Name: "description", Type: types.OIDText},
	systable.Column{Name: "base", Type: types.OIDText}, systable.Column{Name: "source", Type: types.OIDText}, systable.Column{Name: "target", Type: types.OIDText},
	systable.Column{Name: "resolution", Type: types.OIDText}, systable.Column{Name: "value", Type: types.OIDText},
	systable.Column{Name: "resolved_by", Type: types.OIDText}, systable.Column{Name: "resolved_at", Type: types.OIDTimestamptz})

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
	return identity{catalog.OID(r[conflictRelation].I), r[conflictKey].S, r[conflictColumn].S, r[conflictType].S}
}

// storedConflict is a conflict as it is kept; resolution and what follows are NULL.
func storedConflict(db catalog.OID, merge, n int64, c *storage.Conflict) systable.Row {
	table := catalog.ShownName(c.Schema, c.Table)
	return systable.Row{types.Int(int64(db)), types.Int(merge), types.Int(n), types.Int(int64(c.TableOID)), types.String(table), types.String(c.Key),
		types.String(RowID(c, types.DefaultFormat())), types.String(c.Column), types.String(string(c.Type)), types.String(c.Description),
		rowJSON(c.Columns, c.BaseCells), rowJSON(c.Columns, c.SourceCells), rowJSON(c.Columns, c.TargetCells),
		types.Null, types.Null, types.Null, types.Null}
}

// sameValues reports whether two conflicts are about the same values: of the row, or of the one cell.
func sameValues(a, b systable.Row) bool {
	column := a[conflictColumn].S
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
	return conflictTable.Scan(ctx, c.Txn(), g, prefix, func(r systable.Row) bool {
		var o catalog.Object
		if snap := targets[r[conflictMerge].I]; snap != nil {
			o = snap.Object(catalog.OID(r[conflictRelation].I))
		}
		if o == nil && !c.Role().Superuser || o != nil && !readable(c, o) {
			return true // values of a table that the user may not read
		}
		column := r[conflictColumn].S
		out := []types.Datum{types.String(conflictID(r)), r[conflictMerge], r[conflictTableName], orNull(r[conflictRowKey].S), orNull(column), r[conflictType]}
		for _, i := range []int{conflictBase, conflictSource, conflictTarget} {
			out = append(out, memberText(r[i], column))
		}
		out = append(out, jsonbOf(r[conflictBase]), jsonbOf(r[conflictSource]), jsonbOf(r[conflictTarget]), r[conflictResolution], jsonbOf(r[conflictValue]),
			r[conflictResolvedBy], r[conflictResolvedAt], orNull(r[conflictDescription].S))
		return yield(out)
	})
}

// memberText is the value of a column in a row as text; NULL without a column.
func memberText(row types.Datum, column string) types.Datum {
	if row.Null || column == "" {
		return types.Null
	}
	v, err := jsonb.Parse(row.S)
	if err != nil {
		return types.Null
	}
	x, ok := v.Get(column)
	switch {
	case !ok || x.Kind == jsonb.Null:
		return types.Null
	case x.Kind == jsonb.String:
		return types.String(x.Str)
	}
	return types.String(x.Text())
}

func jsonbOf(d types.Datum) types.Datum {
	if d.Null {
		return d
	}
	out, err := types.ParseText(types.Of(types.Builtin(types.OIDJSONB)), d.S, types.DefaultFormat())
	if err != nil {
		return types.Null
	}
	return out
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
	done, err := resolveWhere(ctx, c, merge, side, a[2], func(r systable.Row) bool { return r[conflictN].I == n })
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
	n, err := resolveWhere(ctx, c, p.id, side, a[5], func(r systable.Row) bool {
		open := r[conflictResolution].Null || a[6].B()
		return open && (a[1].Null || calls(a[1].S, r[conflictTableName].S)) && fits(a[2], r[conflictRowKey]) && fits(a[3], r[conflictColumn])
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
func resolveWhere(ctx context.Context, c Conn, merge int64, side string, value types.Datum, f func(systable.Row) bool) (int64, error) {
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
	rows, err := conflictTable.All(ctx, c.Txn(), g, db, types.Int(merge))
	if err != nil {
		return 0, err
	}
	whole, err := pendingTable.Get(ctx, c.Txn(), g, db, types.Int(merge))
	if err != nil {
		return 0, err
	}
	stored := types.Null
	if !value.Null {
		stored = types.String(string(types.AppendText(nil, types.Of(types.Builtin(types.OIDJSONB)), value, types.DefaultFormat())))
	}
	if whole == nil {
		return 0, nil
	}
	v, err := targetView(ctx, c, whole)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, r := range rows {
		if !f(r) {
			continue
		}
		if err := mayResolve(c, v.Catalog(), r); err != nil {
			return n, err
		}
		if err := resolvable(r, side, stored); err != nil {
			return n, err
		}
		if whole[pendingStatus].S == statusApplied {
			if err := settle(ctx, c, &pending{merge, whole, g}, r, side, stored); err != nil {
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
	if !value.Null && r[conflictColumn].S == "" && r[conflictType].S != string(storage.SchemaBoth) {
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

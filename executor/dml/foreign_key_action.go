package dml

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// keyChange is a referenced key that a statement took away: its old value and, after an update, the new one.
type keyChange struct{ old, now []types.Datum }

// referred carries out the foreign keys that refer to the changed table.
func (referential) referred(ctx context.Context, env *op.Env, c Change) error {
	return eachReferrer(ctx, env, c, func(l *link) error { return l.act(ctx, c) })
}

// eachReferrer calls f for the foreign keys that refer to the changed table.
func eachReferrer(ctx context.Context, env *op.Env, c Change, f func(*link) error) error {
	v, err := env.View(ctx, c.Ref)
	if err != nil {
		return err
	}
	for _, child := range v.Catalog().Referrers(c.Table.OID) {
		for _, k := range child.Constraints {
			if k.Kind != catalog.ForeignKey || k.RefTable != c.Table.OID {
				continue
			}
			l := &link{key: k, child: child, parent: c.Table, ref: c.Ref, env: env, ts: columnTypes(c.Table, k.RefColumns)}
			if err := f(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// act does what the constraint says about the keys that are gone.
func (l *link) act(ctx context.Context, c Change) error {
	gone := l.goneKeys(c)
	if len(gone) == 0 {
		return nil
	}
	action := l.key.OnDelete
	if c.New != nil {
		action = l.key.OnUpdate
	}
	switch action {
	case 'c', 'n', 'd':
		for _, g := range gone {
			if err := l.change(ctx, action, g); err != nil {
				return err
			}
		}
		if action != 'd' {
			return nil
		}
		// A default that is the very key that has gone leaves rows that refer to it.
		return l.refuse(ctx, oldKeys(gone), true)
	}
	keys := oldKeys(gone)
	if action == 'a' && l.key.Deferrable && l.env.Defer != nil {
		l.env.Defer(l.key.Deferred, l.parent.OID, l.key.OID, func(ctx context.Context) error { return l.refuse(ctx, keys, true) })
		return nil
	}
	return l.refuse(ctx, keys, action == 'a')
}

func oldKeys(gone []keyChange) [][]types.Datum {
	keys := make([][]types.Datum, len(gone))
	for i, g := range gone {
		keys[i] = g.old
	}
	return keys
}

// refuse is NO ACTION and RESTRICT. replaced: a key that another row has by now is not gone.
func (l *link) refuse(ctx context.Context, keys [][]types.Datum, replaced bool) error {
	if replaced {
		var err error
		if keys, err = l.absentParents(ctx, keys); err != nil || len(keys) == 0 {
			return err
		}
	}
	found, err := l.heldChildren(ctx, keys)
	if err != nil || found == nil {
		return err
	}
	return l.stillReferred(found)
}

// goneKeys collects the keys, without NULLs, that rows no longer have.
func (l *link) goneKeys(c Change) []keyChange {
	at := positions(c, l.key.RefColumns)
	ts := columnTypes(l.parent, l.key.RefColumns)
	var out []keyChange
	for k := range c.Old.Live() {
		row := c.Old.Row(k)
		if c.New != nil && sameKey(c.Old, row, c.New, c.New.Row(k), at, ts) {
			continue
		}
		old, null := rowKey(c.Old, row, at)
		if null {
			continue
		}
		g := keyChange{old: old}
		if c.New != nil {
			g.now, _ = rowKey(c.New, c.New.Row(k), at)
		}
		out = append(out, g)
	}
	return out
}

func rowKey(b *vector.Batch, row int, at []int) (key []types.Datum, null bool) {
	key = make([]types.Datum, len(at))
	for i, c := range at {
		key[i] = b.Cols[c].Datum(row).Clone()
		null = null || key[i].Null
	}
	return key, null
}

// change is CASCADE, SET NULL and SET DEFAULT for one key.
func (l *link) change(ctx context.Context, action byte, g keyChange) error {
	params, ts := g.old, columnTypes(l.parent, l.key.RefColumns)
	table, err := l.name(ctx, l.child)
	if err != nil {
		return err
	}
	var sql string
	switch {
	case action == 'c' && g.now == nil:
		sql = "DELETE FROM ONLY " + table + l.where(1)
	case action == 'c':
		sql = "UPDATE ONLY " + table + " SET " + l.assign(l.key.Columns, func(i int) string { return fmt.Sprintf("$%d", i+1) }) + l.where(len(g.now)+1)
		params, ts = slices.Concat(g.now, g.old), slices.Concat(ts, ts)
	default:
		word := "NULL"
		if action == 'd' {
			word = "DEFAULT"
		}
		columns := l.key.Columns
		if g.now == nil && len(l.key.SetColumns) > 0 {
			columns = l.key.SetColumns
		}
		sql = "UPDATE ONLY " + table + " SET " + l.assign(columns, func(int) string { return word }) + l.where(1)
	}
	if l.env.Triggers != nil {
		defer l.env.Triggers.Nest(l.env.TableEvents())()
	}
	if _, err = l.env.SQL(ctx, l.ref, sql, params, ts, nil); err != nil {
		return during(err, sql)
	}
	return nil
}

// during says that an error is of a statement that a foreign key has made.
func during(err error, sql string) error {
	e := *pgerr.From(err)
	if e.Where != "" {
		e.Where += "\n"
	}
	e.Where += "SQL statement \"" + sql + "\""
	return &e
}

// name is a table's qualified name in SQL.
func (l *link) name(ctx context.Context, t *catalog.Table) (string, error) {
	v, err := l.env.View(ctx, l.ref)
	if err != nil {
		return "", err
	}
	return ident(v.Catalog().SchemaName(t.Schema)) + "." + ident(t.Name), nil
}

func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// where is the condition that the referring columns equal parameters from $first on.
func (l *link) where(first int) string {
	var conds []string
	for i, id := range l.key.Columns {
		conds = append(conds, fmt.Sprintf("$%d OPERATOR(pg_catalog.=) %s", first+i, ident(l.child.ColumnByID(id).Name)))
	}
	return " WHERE " + strings.Join(conds, " AND ")
}

func (l *link) assign(columns []catalog.ColumnID, value func(int) string) string {
	var sets []string
	for i, id := range columns {
		sets = append(sets, ident(l.child.ColumnByID(id).Name)+" = "+value(i))
	}
	return strings.Join(sets, ", ")
}

// absentBySQL is absentParents for types that only an operator can compare.
func (l *link) absentBySQL(ctx context.Context, keys [][]types.Datum) ([][]types.Datum, error) {
	sql, err := l.parentQuery(ctx)
	if err != nil {
		return nil, err
	}
	var out [][]types.Datum
	for _, key := range keys {
		found, err := l.exists(ctx, sql, key)
		if err != nil {
			return nil, err
		}
		if !found {
			out = append(out, key)
		}
	}
	return out, nil
}

// childrenBySQL is children for types that only an operator can compare; keys are of the referenced columns.
func (l *link) childrenBySQL(ctx context.Context, keys [][]types.Datum) ([]types.Datum, error) {
	sql, err := l.childQuery(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		found, err := l.exists(ctx, sql, key)
		if err != nil {
			return nil, err
		}
		if found {
			return key, nil
		}
	}
	return nil, nil
}

func (l *link) exists(ctx context.Context, sql string, key []types.Datum) (bool, error) {
	found := false
	_, err := l.env.SQL(ctx, l.ref, sql, key, l.ts, func(b *vector.Batch) error {
		found = found || b.Live() > 0
		return nil
	})
	if err != nil {
		return false, during(err, sql)
	}
	return found, nil
}

// parentQuery looks for a referenced row and keeps it. Where rows are found without SQL it is what errors name, as PostgreSQL's do.
func (l *link) parentQuery(ctx context.Context) (string, error) {
	table, err := l.name(ctx, l.parent)
	var conds []string
	for i, id := range l.key.RefColumns {
		conds = append(conds, fmt.Sprintf("%s OPERATOR(pg_catalog.=) $%d", ident(l.parent.ColumnByID(id).Name), i+1))
	}
	return "SELECT 1 FROM ONLY " + table + " x WHERE " + strings.Join(conds, " AND ") + " FOR KEY SHARE OF x", err
}

// childQuery looks for a referring row, in the same way.
func (l *link) childQuery(ctx context.Context) (string, error) {
	table, err := l.name(ctx, l.child)
	return "SELECT 1 FROM ONLY " + table + " x" + l.where(1) + " FOR KEY SHARE OF x", err
}

// duringQuery is during for a statement of which the text is made only now.
func duringQuery(ctx context.Context, err error, query func(context.Context) (string, error)) error {
	sql, failed := query(ctx)
	if failed != nil {
		return err
	}
	return during(err, sql)
}

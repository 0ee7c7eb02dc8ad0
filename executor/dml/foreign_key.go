package dml

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// referential is the ForeignKeys that holds references true. A row that refers looks its key up among the newest rows of
// the referenced table and locks what it finds; a row referred to looks for rows that refer to it, or changes them by
// SQL of its own. Deferrable constraints hand their checks to the session.
type referential struct{}

// link is one foreign key with both its tables.
type link struct {
	key    *catalog.Constraint
	child  *catalog.Table
	parent *catalog.Table
	ref    catalog.Ref
	env    *op.Env
	ts     []types.Type // of the keys at hand: the referring columns' or the referenced ones'
}

func (referential) Concerns(ctx context.Context, env *op.Env, t *catalog.Table, ref catalog.Ref, changed []catalog.ColumnID) (bool, error) {
	touched := func(ids []catalog.ColumnID) bool {
		return changed == nil || slices.ContainsFunc(ids, func(id catalog.ColumnID) bool { return slices.Contains(changed, id) })
	}
	for _, k := range t.Constraints {
		if (k.Kind == catalog.ForeignKey || deferrableKey(k)) && touched(k.Columns) {
			return true, nil
		}
	}
	v, err := env.View(ctx, ref)
	if err != nil {
		return false, err
	}
	for _, c := range v.Catalog().Referrers(t.OID) {
		for _, k := range c.Constraints {
			if k.Kind == catalog.ForeignKey && k.RefTable == t.OID && touched(k.RefColumns) {
				return true, nil
			}
		}
	}
	return false, nil
}

// heldColumns are the columns of a table whose values in new rows the constraints are about that look at other rows.
func heldColumns(t *catalog.Table) (out []catalog.ColumnID) {
	for _, k := range t.Constraints {
		if k.Kind == catalog.ForeignKey || deferrableKey(k) {
			out = append(out, k.Columns...)
		}
	}
	return out
}

func (r referential) AfterInsert(ctx context.Context, env *op.Env, c Change) error {
	return r.referring(ctx, env, c)
}

func (r referential) AfterUpdate(ctx context.Context, env *op.Env, c Change) error {
	if err := r.referred(ctx, env, c); err != nil {
		return err
	}
	return r.referring(ctx, env, c)
}

func (r referential) AfterDelete(ctx context.Context, env *op.Env, c Change) error {
	return r.referred(ctx, env, c)
}

// referring checks the foreign keys of the changed table itself.
func (referential) referring(ctx context.Context, env *op.Env, c Change) error {
	for _, k := range c.Table.Constraints {
		if deferrableKey(k) {
			if err := newUniqueKey(env, c, k).after(ctx, c); err != nil {
				return err
			}
		}
		if k.Kind != catalog.ForeignKey {
			continue
		}
		l, err := newLink(ctx, env, c.Ref, c.Table, k)
		if err != nil {
			return err
		}
		keys, err := l.newKeys(c)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			continue
		}
		if k.Deferrable && env.Defer != nil {
			env.Defer(k.Deferred, c.Table.OID, k.OID, func(ctx context.Context) error { return l.requireParents(ctx, keys, true) })
			continue
		}
		if err := l.requireParents(ctx, keys, false); err != nil {
			return err
		}
	}
	return nil
}

func newLink(ctx context.Context, env *op.Env, ref catalog.Ref, child *catalog.Table, k *catalog.Constraint) (*link, error) {
	l := &link{key: k, child: child, ref: ref, env: env, ts: columnTypes(child, k.Columns)}
	if k.RefTable == child.OID {
		l.parent = child
		return l, nil
	}
	v, err := env.View(ctx, ref)
	if err != nil {
		return nil, err
	}
	t, ok := v.Catalog().Object(k.RefTable).(*catalog.Table)
	if !ok {
		return nil, pgerr.Internal("foreign key \"%s\" refers to a table that does not exist", k.Name)
	}
	l.parent = t
	return l, nil
}

// positions maps columns to the vectors of a change.
func positions(c Change, ids []catalog.ColumnID) []int {
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = slices.Index(c.Columns, id)
	}
	return out
}

// newKeys collects the distinct keys, without NULLs, that the new rows refer to. Keys that an update left as they were
// need no check.
func (l *link) newKeys(c Change) ([][]types.Datum, error) {
	at := positions(c, l.key.Columns)
	ts := columnTypes(l.child, l.key.Columns)
	set := newKeySet(ts)
	for k := range c.New.Live() {
		row := c.New.Row(k)
		if c.Old != nil && sameKey(c.Old, c.Old.Row(k), c.New, row, at, ts) {
			continue
		}
		nulls := 0
		for _, i := range at {
			if c.New.Cols[i].IsNull(row) {
				nulls++
			}
		}
		if nulls == 0 {
			set.add(c.New, row, at)
			continue
		}
		if l.key.Match == 'f' && nulls < len(at) {
			return nil, l.violation("insert or update on table \"%s\" violates foreign key constraint \"%s\"", l.child.Name, l.key.Name).
				WithDetail("MATCH FULL does not allow mixing of null and nonnull key values.")
		}
	}
	return set.keys, nil
}

// sameKey reports whether an update left the key as it was. NULL is the same as NULL here.
func sameKey(old *vector.Batch, i int, now *vector.Batch, j int, at []int, ts []types.Type) bool {
	for n, c := range at {
		a, b := old.Cols[c].Datum(i), now.Cols[c].Datum(j)
		if a.Null != b.Null || !a.Null && !types.Equal(ts[n], a, b) {
			return false
		}
	}
	return true
}

func columnTypes(t *catalog.Table, ids []catalog.ColumnID) []types.Type {
	out := make([]types.Type, len(ids))
	for i, id := range ids {
		out[i] = t.ColumnByID(id).Type
	}
	return out
}

// violation starts an error about the constraint.
func (l *link) violation(format string, args ...any) *pgerr.Error {
	schema := ""
	if v, err := l.env.View(context.Background(), l.ref); err == nil {
		schema = v.Catalog().SchemaName(l.child.Schema)
	}
	return pgerr.New(pgerrcode.ForeignKeyViolation, format, args...).WithTable(schema, l.child.Name, "", l.key.Name)
}

// missing is the error for a key that refers to nothing.
func (l *link) missing(key []types.Datum) error {
	return l.violation("insert or update on table \"%s\" violates foreign key constraint \"%s\"", l.child.Name, l.key.Name).
		WithDetail("Key%s is not present in table \"%s\".", l.keyText(l.child, l.key.Columns, key), l.parent.Name)
}

// stillReferred is the error for a row that others refer to.
func (l *link) stillReferred(key []types.Datum) error {
	return l.violation("update or delete on table \"%s\" violates foreign key constraint \"%s\" on table \"%s\"", l.parent.Name, l.key.Name, l.child.Name).
		WithDetail("Key%s is still referenced from table \"%s\".", l.keyText(l.parent, l.key.RefColumns, key), l.child.Name)
}

// keyText shows a key as the detail of a violated constraint does, " (a, b)=(1, 2)", to those who may read all its columns.
func (l *link) keyText(t *catalog.Table, ids []catalog.ColumnID, key []types.Datum) string {
	if !l.env.Sight(t).Columns(ids...) {
		return ""
	}
	var names, values []string
	for i, id := range ids {
		c := t.ColumnByID(id)
		names, values = append(names, c.Name), append(values, types.Text(c.Type, key[i], l.env.Format()))
	}
	return " (" + strings.Join(names, ", ") + ")=(" + strings.Join(values, ", ") + ")"
}

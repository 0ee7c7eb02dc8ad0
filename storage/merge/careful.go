package merge

import (
	"context"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// careful writes rows; when they break a key or NOT NULL and violations are asked for, one by one, so that each that does
// is known. It answers whether all were written.
func (t *tableMerge) careful(ctx context.Context, r *rowSet, f func(context.Context, *rowSet) error) error {
	if t.req.Violated == nil {
		return f(ctx, r)
	}
	point := t.tx.Savepoint()
	err := f(ctx, r)
	if err == nil || storage.ViolationOf(t.into, err).Kind == "" {
		return err
	}
	if err := t.tx.RollbackTo(point); err != nil {
		return err
	}
	for k := range r.keys {
		one := r.only(k)
		point := t.tx.Savepoint()
		err := f(ctx, one)
		if err == nil {
			continue
		}
		v := storage.ViolationOf(t.into, err)
		if v.Kind == "" {
			return err
		}
		if err := t.tx.RollbackTo(point); err != nil {
			return err
		}
		t.list(v, one)
	}
	return nil
}

// list tells the caller of a row that breaks a constraint; one is nil where it is not known which.
func (t *tableMerge) list(v storage.Violation, one *rowSet) {
	v.Schema = t.schemaName(t.into.Schema)
	if one != nil {
		v.KeyColumns, v.KeyValues, v.KeyTypes = t.keyOf(one)
	}
	t.req.Violated(v)
}

// only is a set of the k-th row alone.
func (r *rowSet) only(k int) *rowSet {
	return &rowSet{columns: r.columns, keys: r.keys[k : k+1], old: rowAt(r.old, k), new: rowAt(r.new, k)}
}

func rowAt(b *vector.Batch, k int) *vector.Batch {
	out := &vector.Batch{N: 1}
	for _, c := range b.Cols {
		v := &vector.Vector{}
		v.Reset(c.Type)
		v.Append(c.Datum(k))
		out.Cols = append(out.Cols, v)
	}
	return out
}

// keyOf returns the primary key of the one row of a set.
func (t *tableMerge) keyOf(r *rowSet) (names []string, values []types.Datum, ts []types.Type) {
	pk := t.into.PrimaryIndex()
	if pk == nil {
		return nil, nil, nil
	}
	for _, k := range pk.Columns {
		for i, c := range r.columns {
			if c.ID == k.Column {
				names, values, ts = append(names, c.Name), append(values, r.new.Cols[i].Datum(0).Clone()), append(ts, c.Type)
			}
		}
	}
	return names, values, ts
}

package dml

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// NewDelete makes the operator of DELETE.
func NewDelete(n *physical.Delete, env *op.Env) (op.Operator, error) {
	w, err := newWriter(target{table: n.Table, ref: n.Ref, columns: n.Targets, returning: n.Returning, cols: n.Cols}, env)
	if err != nil {
		return nil, err
	}
	if w.fires[deleted], err = newTriggers(n.Triggers, w.target(), catalog.TriggerDelete, env); err != nil {
		return nil, err
	}
	width := len(n.Targets)
	if n.Triggers.OfView() {
		w.run = func(ctx context.Context, b *vector.Batch) error { return w.insteadDelete(ctx, b, width) }
		w.input, err = env.Build(n.Input, env)
		return w, err
	}
	l := &locker{
		w: w, plan: n.Input, target: n.Target, keyCol: width, strength: catalog.ForUpdate, doing: "deleting", bulk: !w.fires[deleted].singly(),
		once: repeats(n.Input),
	}
	w.run = func(ctx context.Context, b *vector.Batch) error {
		return l.lock(ctx, b, func(b *vector.Batch, keys []string) error {
			if x := w.fires[deleted]; x.singly() {
				return w.singlyRemoved(ctx, x, b, keys, width, func(b *vector.Batch, keys []string) error { return w.remove(ctx, b, keys, width) })
			}
			return w.remove(ctx, b, keys, width)
		})
	}
	w.input, err = env.Build(n.Input, env)
	return w, err
}

func (w *writer) remove(ctx context.Context, b *vector.Batch, keys []string, width int) error {
	old := &vector.Batch{Cols: b.Cols[:width], N: b.N, Sel: b.Sel}
	err := w.env.Txn.Delete(ctx, storage.DeleteRequest{
		View: w.view, Table: w.table, Columns: w.columns, Old: old, Keys: keys,
	})
	if err != nil {
		return err
	}
	return w.wrote(deleted, old, nil, b)
}

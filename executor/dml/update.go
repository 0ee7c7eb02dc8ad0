package dml

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// NewUpdate makes the operator of UPDATE.
func NewUpdate(n *physical.Update, env *op.Env) (op.Operator, error) {
	w, err := newWriter(target{
		table: n.Table, ref: n.Ref, columns: n.Targets, given: n.Given, changed: n.Changed, checks: n.Checks, returning: n.Returning, cols: n.Cols,
	}, env)
	if err != nil {
		return nil, err
	}
	if w.fires[updated], err = newTriggers(n.Triggers, w.target(), catalog.TriggerUpdate, env); err != nil {
		return nil, err
	}
	width := len(n.Targets)
	if n.Triggers.OfView() {
		w.run = func(ctx context.Context, b *vector.Batch) error { return w.insteadUpdate(ctx, b, width) }
		w.input, err = env.Build(n.Input, env)
		return w, err
	}
	l := &locker{
		w: w, plan: n.Input, target: n.Target, keyCol: width, strength: strength(n.Table, n.Changed), doing: "updating", bulk: !w.fires[updated].singly(),
		once: repeats(n.Input),
	}
	if l.strength == catalog.ForUpdate && !w.fires[updated].singly() {
		for _, id := range keyColumns(n.Table) {
			if at := slices.Index(n.Targets, id); at >= 0 {
				l.keys = append(l.keys, at)
			}
		}
	}
	w.run = func(ctx context.Context, b *vector.Batch) error {
		return l.lock(ctx, b, func(b *vector.Batch, keys []string) error {
			if x := w.fires[updated]; x.singly() {
				return w.singlyUpdated(ctx, x, b, keys, width, width+2, func(b *vector.Batch, keys []string) error { return w.update(ctx, b, keys, width) })
			}
			return w.update(ctx, b, keys, width)
		})
	}
	w.input, err = env.Build(n.Input, env)
	return w, err
}

// update changes locked rows: of the batch, the first columns are the old row, those after key and version the new one.
func (w *writer) update(ctx context.Context, b *vector.Batch, keys []string, width int) error {
	old := &vector.Batch{Cols: b.Cols[:width], N: b.N, Sel: b.Sel}
	row := &vector.Batch{Cols: b.Cols[width+2 : 2*width+2], N: b.N, Sel: b.Sel}
	if err := w.checks.test(row); err != nil {
		return err
	}
	err := w.env.Txn.Update(ctx, storage.UpdateRequest{
		View: w.view, Table: w.table, Columns: w.columns, Old: old, New: row, Keys: keys,
	})
	if err != nil {
		return w.env.TellDuplicate(err, isThere, "")
	}
	return w.wrote(updated, old, row, b)
}

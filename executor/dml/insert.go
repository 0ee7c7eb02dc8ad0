package dml

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// insert is INSERT; with ON CONFLICT rows that collide are left out or change the row that they met.
type insert struct {
	*writer
	node     *physical.Insert
	conflict *conflict
	keys     []string
}

// NewInsert makes the operator of INSERT.
func NewInsert(n *physical.Insert, env *op.Env) (op.Operator, error) {
	w, err := newWriter(target{
		table: n.Table, ref: n.Ref, columns: n.Targets, given: n.Given, checks: n.Checks, returning: n.Returning, cols: n.Cols,
	}, env)
	if err != nil {
		return nil, err
	}
	x := &insert{writer: w, node: n}
	if w.fires[inserted], err = newTriggers(n.Triggers, w.target(), catalog.TriggerInsert, env); err != nil {
		return nil, err
	}
	w.run = x.add
	if n.Triggers.OfView() {
		w.run = w.insteadInsert
	}
	if n.Conflict != nil && !n.Conflict.Nothing {
		if x.conflict, err = newConflict(x, env); err != nil {
			return nil, err
		}
		w.changed = append(heldColumns(n.Table), n.Conflict.Changed...) // rows that are inserted have all columns
		if w.fires[updated], err = newTriggers(n.Conflict.Triggers, w.target(), catalog.TriggerUpdate, env); err != nil {
			return nil, err
		}
		if w.returning != nil {
			w.held = &inOrder{rows: w.newReturned(n.Returning), vecs: make([]vector.Vector, len(n.Returning))}
		}
	}
	w.input, err = env.Build(n.Input, env)
	return x, err
}

// add inserts the rows of one batch: one after the other where triggers see them on their way, or may see them inserted and
// changed by turns.
func (x *insert) add(ctx context.Context, b *vector.Batch) error {
	rows := &vector.Batch{Cols: b.Cols[:len(x.columns)], N: b.N, Sel: b.Sel}
	before := x.fires[inserted]
	if !before.singly() && (x.conflict == nil || before == nil && x.fires[updated] == nil) {
		return x.addAll(ctx, rows)
	}
	return x.eachFed(rows, func(one *vector.Batch) error {
		if before.singly() {
			if ok, err := before.beforeRow(ctx, nil, one.Cols); err != nil || !ok {
				return err
			}
		}
		return x.addAll(ctx, one)
	})
}

func (x *insert) addAll(ctx context.Context, rows *vector.Batch) error {
	if row, err := x.checks.first(rows); err != nil {
		return x.fedRow(err, row, true)
	}
	if err := x.behind(); err != nil {
		return err
	}
	for rows.Live() > 0 {
		again, err := x.put(ctx, rows)
		if err != nil {
			return err
		}
		rows = &vector.Batch{Cols: rows.Cols, N: rows.N, Sel: again}
	}
	if x.held != nil {
		return x.held.flush(x.returned)
	}
	return nil
}

// put inserts rows and resolves collisions. It returns the rows to be tried again because what they met is gone.
func (x *insert) put(ctx context.Context, rows *vector.Batch) ([]uint16, error) {
	r := storage.InsertRequest{View: x.view, Table: x.table, Columns: x.columns, Rows: rows}
	if c := x.node.Conflict; c != nil {
		r.Arbiters, r.Any = c.Arbiters, c.Any
		if r.Arbiters == nil {
			r.Arbiters = []uint32{}
		}
	}
	if x.conflict != nil {
		r.Keys = &x.keys
	}
	failed := 0
	r.Failed = &failed
	collisions, err := x.env.Txn.Insert(ctx, r)
	if err != nil {
		return []uint16{}, x.fedRow(x.env.TellDuplicate(err, isThere, ""), rows.Row(failed), false)
	}
	if x.conflict != nil {
		x.conflict.affected(x.keys)
	}
	done := *rows
	if len(collisions) > 0 {
		done.Sel = without(rows, collisions)
	}
	if done.Live() > 0 {
		if x.held != nil {
			x.held.returns(rowsOf(&done))
		}
		if err := x.wrote(inserted, nil, &done, &done); err != nil {
			return nil, err
		}
	}
	if x.conflict == nil || len(collisions) == 0 {
		return []uint16{}, nil
	}
	return x.conflict.resolve(ctx, rows, collisions)
}

// rowsOf lists the live rows.
func rowsOf(b *vector.Batch) []uint16 {
	out := make([]uint16, b.Live())
	for k := range out {
		out[k] = uint16(b.Row(k))
	}
	return out
}

// without lists the live rows that did not collide.
func without(rows *vector.Batch, collisions []storage.Collision) []uint16 {
	out := make([]bool, rows.Live())
	for _, c := range collisions {
		out[c.Row] = true
	}
	sel := make([]uint16, 0, len(out))
	for k, left := range out {
		if !left {
			sel = append(sel, uint16(rows.Row(k)))
		}
	}
	return sel
}

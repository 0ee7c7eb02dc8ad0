package dml

import (
	"context"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// triggers are those of one event of a table that are enabled, in the order in which they fire.
type triggers struct {
	env    *op.Env
	table  *catalog.Table
	ref    catalog.Ref
	event  catalog.TriggerEvent
	live   []int // of the targets, those that functions see
	row    types.Type
	before []*trigger // FOR EACH ROW; those INSTEAD OF the event too
	after  []*trigger
	starts []*trigger // FOR EACH STATEMENT
	ends   []*trigger

	firing *kernel.Firing   // of the last call, for the next; nil while one runs
	rows   [2][]types.Datum // room for what a call sees

	compute *eval.Program // what is computed of a row that BEFORE triggers may have changed
	at      []int         // its targets
}

// trigger is one of them.
type trigger struct {
	*catalog.Trigger
	when *eval.Filter
}

// newTriggers takes those that are enabled; nil when there are none.
func newTriggers(p *physical.Triggers, t target, event catalog.TriggerEvent, env *op.Env) (*triggers, error) {
	if p == nil || env.Triggers == nil {
		return nil, nil
	}
	x := &triggers{env: env, table: t.table, ref: t.ref, event: event}
	any := false
	for _, k := range p.List {
		if !env.Triggers.Enabled(k.Trigger) {
			continue
		}
		any = true
		one := &trigger{Trigger: k.Trigger}
		if k.When != nil {
			var err error
			if one.when, err = eval.CompileFilter([]expr.Expr{k.When}, env); err != nil {
				return nil, err
			}
		}
		list := x.list(k.Trigger)
		*list = append(*list, one)
	}
	if p.Compute != nil {
		if err := x.compile(p.Compute); err != nil {
			return nil, err
		}
	}
	if !any && x.compute == nil && !p.Instead {
		return nil, nil
	}
	for i, id := range t.columns {
		if c := t.table.ColumnByID(id); c.Hidden == "" {
			x.live = append(x.live, i)
		}
	}
	return x, nil
}

func (x *triggers) list(t *catalog.Trigger) *[]*trigger {
	switch {
	case t.Row && t.Timing != catalog.TriggerAfter:
		return &x.before
	case t.Row:
		return &x.after
	case t.Timing == catalog.TriggerBefore:
		return &x.starts
	}
	return &x.ends
}

func (x *triggers) compile(es []expr.Expr) error {
	var list []expr.Expr
	for i, e := range es {
		if e != nil {
			list, x.at = append(list, e), append(x.at, i)
		}
	}
	var err error
	x.compute, err = eval.Compile(list, x.env)
	return err
}

// singly reports whether rows are to be dealt with one after the other.
func (x *triggers) singly() bool { return x != nil && (len(x.before) > 0 || x.compute != nil) }

// wantsRows reports whether the changed rows must be kept.
func (x *triggers) wantsRows() bool { return x != nil && (len(x.after) > 0 || x.tables()) }

// tables reports whether a trigger has transition tables.
func (x *triggers) tables() bool {
	for _, list := range [][]*trigger{x.after, x.ends} {
		for _, t := range list {
			if t.OldTable+t.NewTable != "" {
				return true
			}
		}
	}
	return false
}

// rowType finds the type of the table's rows.
func (x *triggers) rowType(ctx context.Context) error {
	if x.row.Known() {
		return nil
	}
	v, err := x.env.View(ctx, x.ref)
	if err != nil {
		return err
	}
	d := v.Catalog().TypeByOID(catalog.RowType(x.table.OID))
	if d == nil {
		return pgerr.Internal("table \"%s\" has no row type", x.table.Name)
	}
	x.row = types.Of(d)
	return nil
}

// fire calls a trigger's function.
func (x *triggers) fire(ctx context.Context, t *trigger, old, now []types.Datum, tables *tableEvents) ([]types.Datum, error) {
	if err := x.rowType(ctx); err != nil {
		return nil, err
	}
	f := x.firing
	if f == nil {
		f = &kernel.Firing{}
	}
	x.firing = nil
	defer func() { x.firing = f }()
	*f = kernel.Firing{Trigger: t.Trigger, Table: x.table, Event: x.event, Row: x.row, Old: old, New: now}
	if tables != nil && t.OldTable != "" {
		f.OldTable = tables.transition(x.event, true)
	}
	if tables != nil && t.NewTable != "" {
		f.NewTable = tables.transition(x.event, false)
	}
	if x.env.Counts == nil {
		return x.env.Triggers.Fire(ctx, x.ref, f)
	}
	started := time.Now()
	row, err := x.env.Triggers.Fire(ctx, x.ref, f)
	x.env.Counts.Fired(t.Trigger, time.Since(started))
	return row, err
}

// applies evaluates the condition of a trigger over one row of a batch that has the columns of both rows.
func (t *trigger) applies(b *vector.Batch) (bool, error) {
	if t.when == nil {
		return true, nil
	}
	sel, err := t.when.Select(b)
	return err == nil && (sel == nil || len(sel) > 0), err
}

// seen are the values of one row that a function sees, in room that is used again: 0 for the old row, 1 for the new one.
func (x *triggers) seen(room int, cols []*vector.Vector) []types.Datum {
	out := x.rows[room][:0]
	for _, at := range x.live {
		out = append(out, cols[at].Datum(0))
	}
	x.rows[room] = out
	return out
}

// rowAt is seen for a row of a batch that was kept.
func (x *triggers) rowAt(room int, b *vector.Batch, i int) []types.Datum {
	if b == nil {
		return nil
	}
	row := x.rows[room][:0]
	for _, c := range b.Cols {
		row = append(row, c.Datum(i))
	}
	x.rows[room] = row
	return row
}

// hide makes columns that are not computed yet NULL.
func (x *triggers) hide(row []types.Datum) {
	n := 0
	for i := range x.table.Columns {
		c := &x.table.Columns[i]
		if c.Dropped || c.Hidden != "" {
			continue
		}
		if c.Generated != "" {
			row[n] = types.Null
		}
		n++
	}
}

// both are the columns that conditions see of one row, side by side; nil stands for a row that is not there.
func (x *triggers) both(old, now []*vector.Vector) *vector.Batch {
	b := &vector.Batch{N: 1}
	for _, cols := range [][]*vector.Vector{old, now} {
		for _, at := range x.live {
			if cols == nil {
				b.Cols = append(b.Cols, nil)
			} else {
				b.Cols = append(b.Cols, cols[at])
			}
		}
	}
	return b
}

package dml

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// tableEvents are what one statement of a user's, with all that follows from it, has done to a table with triggers.
type tableEvents struct {
	started map[catalog.TriggerEvent]bool // BEFORE STATEMENT has been fired
	ended   map[catalog.TriggerEvent]int  // how often AFTER STATEMENT was queued: the last counts
	rows    map[catalog.TriggerEvent]*changedRows
}

// changedRows are rows kept for triggers: those that functions see of the columns, in two lists of equal length or one.
type changedRows struct {
	old, now *spill.Rows
	acct     *mem.Account
}

func eventsOf(env *op.Env, t *catalog.Table) *tableEvents {
	e := env.TableEvents()
	x, ok := e.Tables[t.OID].(*tableEvents)
	if !ok {
		x = &tableEvents{started: map[catalog.TriggerEvent]bool{}, ended: map[catalog.TriggerEvent]int{}, rows: map[catalog.TriggerEvent]*changedRows{}}
		e.Tables[t.OID] = x
	}
	return x
}

// transition is a transition table: empty where nothing was changed.
func (e *tableEvents) transition(event catalog.TriggerEvent, old bool) kernel.TransitionRows {
	r := e.rows[event]
	switch {
	case r == nil:
		return transitionRows{}
	case old:
		return transitionRows{r.old}
	}
	return transitionRows{r.now}
}

// transitionRows lets functions read kept rows.
type transitionRows struct{ rows *spill.Rows }

// Len implements kernel.TransitionRows.
func (t transitionRows) Len() int {
	if t.rows == nil {
		return 0
	}
	return t.rows.Len()
}

// Each implements kernel.TransitionRows.
func (t transitionRows) Each(yield func(row []types.Datum) bool) error {
	if t.rows == nil {
		return nil
	}
	row := make([]types.Datum, len(t.rows.Types()))
	for k := range t.rows.Chunks() {
		var b vector.Batch
		if err := t.rows.Chunk(k, &b); err != nil {
			return err
		}
		for i := range b.N {
			for c := range row {
				row[c] = b.Cols[c].Datum(i)
			}
			if !yield(row) {
				return nil
			}
		}
	}
	return nil
}

// start fires the BEFORE STATEMENT triggers, once for a table and event in what belongs to one statement.
func (x *triggers) start(ctx context.Context) error {
	if x == nil || len(x.starts) == 0 {
		return nil
	}
	e := eventsOf(x.env, x.table)
	if e.started[x.event] {
		return nil
	}
	e.started[x.event] = true
	return x.statement(ctx, x.starts, nil)
}

func (x *triggers) statement(ctx context.Context, list []*trigger, e *tableEvents) error {
	for _, t := range list {
		ok, err := t.applies(&vector.Batch{N: 1})
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if _, err := x.fire(ctx, t, nil, nil, e); err != nil {
			return err
		}
	}
	return nil
}

// keep remembers changed rows for AFTER triggers.
func (x *triggers) keep(own **changedRows, old, now *vector.Batch) error {
	if *own == nil {
		*own = &changedRows{acct: x.env.Mem.Account()}
	}
	if err := x.add(*own, old, now); err != nil || !x.tables() {
		return err
	}
	e := eventsOf(x.env, x.table)
	shared := e.rows[x.event]
	if shared == nil {
		shared = &changedRows{acct: x.env.Mem.Account()}
		e.rows[x.event] = shared
	}
	return x.add(shared, old, now)
}

func (x *triggers) add(r *changedRows, old, now *vector.Batch) error {
	for _, side := range []struct {
		rows **spill.Rows
		b    *vector.Batch
	}{{&r.old, old}, {&r.now, now}} {
		if side.b == nil {
			continue
		}
		cols := make([]*vector.Vector, len(x.live))
		for k, at := range x.live {
			cols[k] = side.b.Cols[at]
		}
		if *side.rows == nil {
			ts := make([]types.Type, len(cols))
			for k, v := range cols {
				ts[k] = v.Type
			}
			*side.rows = spill.NewSpillingRows(ts, r.acct, x.env.TempDir)
		}
		if err := (*side.rows).Add(cols, side.b.Sel, side.b.N); err != nil {
			return err
		}
	}
	return nil
}

// endRows queues the AFTER triggers of the rows that were kept.
func (x *triggers) endRows(rows *changedRows) {
	if x == nil || rows == nil || len(x.after) == 0 {
		return
	}
	var e *tableEvents
	if x.tables() {
		e = eventsOf(x.env, x.table)
	}
	x.env.Triggers.AtEnd(func(ctx context.Context) error { return x.afterRows(ctx, rows, e) })
}

// endStatement queues the AFTER triggers of the statement, which follow those of all its rows.
func (x *triggers) endStatement() {
	if x == nil || len(x.ends) == 0 {
		return
	}
	e := eventsOf(x.env, x.table)
	e.ended[x.event]++
	mine := e.ended[x.event]
	x.env.Triggers.AtEnd(func(ctx context.Context) error {
		if e.ended[x.event] != mine {
			return nil
		}
		return x.statement(ctx, x.ends, e)
	})
}

// afterRows fires the AFTER triggers of all rows kept. Constraint triggers that are deferred by now wait on.
func (x *triggers) afterRows(ctx context.Context, rows *changedRows, e *tableEvents) error {
	var now []*trigger
	for _, t := range x.after {
		if !x.env.Triggers.Deferred(t.Trigger) {
			now = append(now, t)
			continue
		}
		late := []*trigger{t}
		x.env.Defer(true, x.table.OID, t.Constraint, func(ctx context.Context) error { return x.fireRows(ctx, rows, late, nil) })
	}
	if len(now) == 0 {
		return nil
	}
	return x.fireRows(ctx, rows, now, e)
}

func (x *triggers) fireRows(ctx context.Context, rows *changedRows, list []*trigger, e *tableEvents) error {
	some := rows.now
	if some == nil {
		some = rows.old
	}
	for k := range some.Chunks() {
		old, err := chunkOf(rows.old, k)
		if err != nil {
			return err
		}
		now, err := chunkOf(rows.now, k)
		if err != nil {
			return err
		}
		if err := x.fireChunk(ctx, old, now, list, e); err != nil {
			return err
		}
	}
	return nil
}

func (x *triggers) fireChunk(ctx context.Context, old, now *vector.Batch, list []*trigger, e *tableEvents) error {
	both := &vector.Batch{}
	for _, b := range []*vector.Batch{old, now} {
		if b == nil {
			both.Cols = append(both.Cols, make([]*vector.Vector, len(x.live))...)
		} else {
			both.Cols, both.N = append(both.Cols, b.Cols...), b.N
		}
	}
	one := vector.Batch{Cols: both.Cols, N: both.N, Sel: []uint16{0}}
	for i := range both.N {
		if err := ctx.Err(); err != nil {
			return err
		}
		one.Sel[0] = uint16(i)
		for _, t := range list {
			ok, err := t.fits(&one)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if _, err := x.fire(ctx, t, x.rowAt(0, old, i), x.rowAt(1, now, i), e); err != nil {
				return err
			}
		}
	}
	return nil
}

// fits is applies for a batch of which one row is selected.
func (t *trigger) fits(b *vector.Batch) (bool, error) {
	if t.when == nil {
		return true, nil
	}
	sel, err := t.when.Select(b)
	return err == nil && (len(sel) > 0 || sel == nil && b.N == 1), err
}

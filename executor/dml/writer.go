package dml

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// writer is what the operators that change rows have in common. The statement runs to its end at the first Next; then the
// rows of RETURNING, or rows without columns that stand for their number, are given out.
type writer struct {
	env       *op.Env
	table     *catalog.Table
	ref       catalog.Ref
	columns   []catalog.ColumnID
	view      storage.View
	input     op.Operator
	run       func(ctx context.Context, b *vector.Batch) error // changes the rows of one input batch
	acct      *mem.Account
	checks    checker
	returning *eval.Program
	held      *inOrder // ON CONFLICT DO UPDATE … RETURNING
	returned  *spill.Rows
	count     int64
	done      bool
	alone     bool // rows are dealt with one by one, each in a batch of its own
	chunk     int
	out       vector.Batch

	fk      ForeignKeys
	changed []catalog.ColumnID
	kept    [3]*changes // by kind

	fires [3]*triggers    // by kind; nil where none are fired
	fired [3]*changedRows // rows kept for them: one at a time, of the kind that is last
	last  changeKind
	turns []turn // what was kept before, where ON CONFLICT inserts and updates by turns
}

// turn is rows of one kind kept for triggers, which fire in the order of what happened.
type turn struct {
	kind changeKind
	rows *changedRows
}

// turnTo begins to keep rows of another kind.
func (w *writer) turnTo(kind changeKind) {
	if w.last != kind && w.fired[w.last] != nil {
		w.turns = append(w.turns, turn{w.last, w.fired[w.last]})
		w.fired[w.last] = nil
	}
	w.last = kind
}

// changeKind is what happened to rows.
type changeKind int

const (
	inserted changeKind = iota
	updated
	deleted
)

// changes are rows kept for the foreign keys.
type changes struct{ old, new *spill.Rows }

// target is what a writer writes to.
type target struct {
	table     *catalog.Table
	ref       catalog.Ref
	columns   []catalog.ColumnID
	given     []catalog.ColumnID // columns that the statement writes by name
	changed   []catalog.ColumnID
	checks    []physical.RowCheck
	returning []expr.Expr
	cols      []physical.Column
}

func newWriter(t target, env *op.Env) (*writer, error) {
	w := &writer{
		env: env, table: t.table, ref: t.ref, columns: t.columns, changed: t.changed,
		acct: env.Mem.Account(), fk: foreignKeys(),
	}
	var err error
	if w.checks, err = newChecker(t.table, t.columns, t.given, t.checks, env); err != nil {
		return nil, err
	}
	if t.returning != nil {
		if w.returning, err = eval.Compile(t.returning, env); err != nil {
			return nil, err
		}
		w.returned = w.newReturned(t.returning)
	}
	return w, nil
}

// target is what triggers need to know of what is written to.
func (w *writer) target() target { return target{table: w.table, ref: w.ref, columns: w.columns} }

// newReturned makes room for what RETURNING gives.
func (w *writer) newReturned(es []expr.Expr) *spill.Rows {
	ts := make([]types.Type, len(es))
	for i, e := range es {
		ts[i] = e.Type()
	}
	return spill.NewSpillingRows(ts, w.acct, w.env.TempDir)
}

// Next implements op.Operator.
func (w *writer) Next(ctx context.Context) (*vector.Batch, error) {
	if !w.done {
		if err := w.all(ctx); err != nil {
			return nil, err
		}
		w.done = true
	}
	if w.returned == nil {
		n := min(w.count, vector.Size)
		if n == 0 {
			return nil, nil
		}
		w.count -= n
		w.out.N = int(n)
		return &w.out, nil
	}
	if w.chunk == w.returned.Chunks() {
		return nil, nil
	}
	err := w.returned.Chunk(w.chunk, &w.out)
	w.chunk++
	return &w.out, err
}

// all runs the statement.
func (w *writer) all(ctx context.Context) error {
	var err error
	if w.view, err = w.env.View(ctx, w.ref); err != nil {
		return err
	}
	changed := w.changed
	if x := w.fires[updated]; x != nil {
		changed = x.changed(changed)
	}
	concerned, err := w.fk.Concerns(ctx, w.env, w.table, w.ref, changed)
	if err != nil {
		return err
	}
	for _, kind := range [...]changeKind{inserted, updated, deleted} {
		if err := w.fires[kind].start(ctx); err != nil {
			return err
		}
	}
	if !concerned {
		w.fk = nil
	}
	for {
		b, err := w.input.Next(ctx)
		if err != nil {
			return w.failing(ctx, err)
		}
		if b == nil {
			return w.finish(ctx)
		}
		if b.Live() == 0 {
			continue
		}
		if err := w.run(ctx, b); err != nil {
			return err
		}
	}
}

// wrote notes rows that have been changed, for RETURNING and foreign keys. row is what RETURNING sees.
func (w *writer) wrote(kind changeKind, old, new, row *vector.Batch) error {
	w.count += int64(row.Live())
	if w.returning != nil && row.Live() > 0 {
		cols, err := w.returning.Run(row)
		if err != nil {
			return err
		}
		to := w.returned
		if w.held != nil {
			to = w.held.rows
		}
		if err := to.Add(cols, row.Sel, row.N); err != nil {
			return err
		}
	}
	if x := w.fires[kind]; x.wantsRows() && row.Live() > 0 {
		w.turnTo(kind)
		if err := x.keep(&w.fired[kind], old, new); err != nil {
			return err
		}
	}
	if w.fk == nil {
		return nil
	}
	c := w.kept[kind]
	if c == nil {
		c = &changes{}
		w.kept[kind] = c
	}
	if err := w.keep(&c.old, old); err != nil {
		return err
	}
	return w.keep(&c.new, new)
}

func (w *writer) keep(rows **spill.Rows, b *vector.Batch) error {
	if b == nil {
		return nil
	}
	if *rows == nil {
		ts := make([]types.Type, len(b.Cols))
		for i, v := range b.Cols {
			ts[i] = v.Type
		}
		*rows = spill.NewSpillingRows(ts, w.acct, w.env.TempDir)
	}
	return (*rows).Append(b)
}

// finish queues what fires after the rows, and hands these to the foreign keys.
func (w *writer) finish(ctx context.Context) error {
	for _, t := range append(w.turns, turn{w.last, w.fired[w.last]}) {
		w.fires[t.kind].endRows(t.rows)
	}
	for _, kind := range [...]changeKind{updated, inserted, deleted} {
		w.fires[kind].endStatement()
	}
	if w.fk == nil {
		return nil
	}
	for kind, after := range []func(context.Context, *op.Env, Change) error{
		inserted: w.fk.AfterInsert, updated: w.fk.AfterUpdate, deleted: w.fk.AfterDelete,
	} {
		c := w.kept[kind]
		if c == nil {
			continue
		}
		if err := w.after(ctx, c, after); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) after(ctx context.Context, c *changes, f func(context.Context, *op.Env, Change) error) error {
	chunks := 0
	for _, r := range []*spill.Rows{c.old, c.new} {
		if r != nil {
			chunks = r.Chunks()
		}
	}
	for k := range chunks {
		ch := Change{Table: w.table, Ref: w.ref, Columns: w.columns}
		var err error
		if ch.Old, err = chunkOf(c.old, k); err != nil {
			return err
		}
		if ch.New, err = chunkOf(c.new, k); err != nil {
			return err
		}
		if err := f(ctx, w.env, ch); err != nil {
			return err
		}
	}
	return nil
}

func chunkOf(r *spill.Rows, k int) (*vector.Batch, error) {
	if r == nil {
		return nil, nil
	}
	var b vector.Batch
	return &b, r.Chunk(k, &b)
}

// Close implements op.Operator.
func (w *writer) Close() error {
	var errs []error
	if w.input != nil {
		errs = append(errs, w.input.Close())
	}
	if w.returned != nil {
		w.returned.Close()
	}
	if w.held != nil {
		w.held.rows.Close()
	}
	for _, c := range w.kept {
		if c == nil {
			continue
		}
		for _, r := range []*spill.Rows{c.old, c.new} {
			if r != nil {
				r.Close()
			}
		}
	}
	w.acct.Close()
	return errors.Join(errs...)
}

// keysOf copies the row keys in the live rows of a batch.
func keysOf(b *vector.Batch, col int) []string {
	keys := make([]string, b.Live())
	v := b.Cols[col]
	total := 0
	for k := range keys {
		total += len(v.Datum(b.Row(k)).S)
	}
	buf := make([]byte, 0, total)
	for k := range keys {
		n := len(buf)
		buf = append(buf, v.Datum(b.Row(k)).S...)
		keys[k] = view(buf[n:])
	}
	return keys
}

func versionsOf(b *vector.Batch, col int) []storage.SCN {
	out := make([]storage.SCN, b.Live())
	v := b.Cols[col]
	for k := range out {
		out[k] = storage.SCN(v.Datum(b.Row(k)).I)
	}
	return out
}

package session

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor"
	"github.com/rowandb/rowan/executor/dml"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// value is a cell's.
type value = types.Datum

// mergeCheck computes what storage cannot of merged rows, and holds them against the constraints that storage does not
// know, before the merge commits.
type mergeCheck struct {
	session    *Session
	target     catalog.Ref
	collect    bool // list rows that break constraints, instead of failing
	violations []storage.Violation
	rows       map[*catalog.Table]*planner.Row
	changes    []*mergedRows
}

// mergedRows are the changes of one table that foreign keys may have to do with, on disk where they are many.
type mergedRows struct {
	table    *catalog.Table
	old, new *spill.Queue
}

// complete computes generated and hidden columns; of fresh rows it tests the CHECK constraints.
func (v *mergeCheck) complete(ctx context.Context, t *catalog.Table, rows *vector.Batch, fresh bool) error {
	plan, err := v.plan(ctx, t)
	if err != nil {
		return err
	}
	if len(plan.Given) == len(rows.Cols) && len(plan.Checks)+len(plan.Domains) == 0 {
		return nil
	}
	env := v.session.env(ctx, nil)
	fed := false
	env.Feed = func(context.Context) (*vector.Batch, error) {
		if fed {
			return nil, nil
		}
		fed = true
		return given(t, plan, rows), nil
	}
	at := 0
	_, err = executor.Run(ctx, plan.Root, env, func(b *vector.Batch) error {
		if err := v.take(t, plan, rows, b, at, fresh); err != nil {
			return err
		}
		at += b.Live()
		return nil
	})
	return err
}

func (v *mergeCheck) plan(ctx context.Context, t *catalog.Table) (*planner.Row, error) {
	if p := v.rows[t]; p != nil {
		return p, nil
	}
	defer v.session.within(v.target)()
	v.session.catalogs.ctx = ctx
	p, err := planner.TableRow(t, v.target, &v.session.catalogs, v.session.planOptions())
	if err != nil {
		return nil, err
	}
	if v.rows == nil {
		v.rows = map[*catalog.Table]*planner.Row{}
	}
	v.rows[t] = p
	return p, nil
}

// given picks the columns that the plan is fed.
func given(t *catalog.Table, plan *planner.Row, rows *vector.Batch) *vector.Batch {
	in := &vector.Batch{N: rows.N, Sel: rows.Sel}
	pos := map[catalog.ColumnID]int{}
	n := 0
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			pos[c.ID] = n
			n++
		}
	}
	for _, id := range plan.Given {
		in.Cols = append(in.Cols, rows.Cols[pos[id]])
	}
	return in
}

// take copies the computed columns of a batch back, and looks at the conditions.
func (v *mergeCheck) take(t *catalog.Table, plan *planner.Row, rows, b *vector.Batch, at int, fresh bool) error {
	for i, col := range b.Cols[len(rows.Cols):] {
		for k := range b.Live() {
			if r := b.Row(k); fresh && !col.IsNull(r) && !col.Datum(r).B() {
				err := brokenBy(t, plan, i)
				if !v.collect {
					return err
				}
				x := v.violation(t, b, r, err)
				if i >= len(plan.Checks) {
					x.Kind = "domain"
				}
				v.violated(x)
			}
		}
	}
	n := 0
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		if c.Hidden != "" || c.Generated != "" {
			for k := range b.Live() {
				row := rows.Row(at + k)
				if rows.Cols[n].Nulls != nil {
					rows.Cols[n].Nulls.Clear(row)
				}
				rows.Cols[n].Set(row, b.Cols[n].Datum(b.Row(k)))
			}
		}
		n++
	}
	return nil
}

// brokenBy is the error of a row that does not satisfy the i-th condition of a plan.
func brokenBy(t *catalog.Table, plan *planner.Row, i int) error {
	if i < len(plan.Checks) {
		return pgerr.New(pgerrcode.CheckViolation, "merged row for relation \"%s\" violates check constraint \"%s\"", t.Name, plan.Checks[i]).
			WithTable("", t.Name, "", plan.Checks[i])
	}
	d := plan.Domains[i-len(plan.Checks)]
	name := types.TypeName(types.Of(d.Domain), nil)
	if d.Check == nil {
		return pgerr.New(pgerrcode.NotNullViolation, "domain %s does not allow null values", name).WithTable("", t.Name, d.Column.Name, "")
	}
	return pgerr.New(pgerrcode.CheckViolation, "value for domain %s violates check constraint \"%s\"", name, d.Check.Name).
		WithDetail("It is in column \"%s\" of relation \"%s\".", d.Column.Name, t.Name).WithTable("", t.Name, d.Column.Name, d.Check.Name)
}

// written notes changes for verify, of tables that have keys to verify.
func (v *mergeCheck) written(ctx context.Context, t *catalog.Table, old, new *vector.Batch) error {
	if len(v.changes) == 0 || v.changes[len(v.changes)-1].table != t {
		relevant, err := v.related(ctx, t)
		if err != nil || !relevant {
			return err
		}
		v.changes = append(v.changes, v.queues(t))
	}
	c := v.changes[len(v.changes)-1]
	n := 0
	for _, b := range []*vector.Batch{old, new} {
		if b != nil {
			n = b.Live()
		}
	}
	for q, b := range map[*spill.Queue]*vector.Batch{c.old: old, c.new: new} {
		if b == nil {
			b = nulls(t, n)
		}
		if err := q.Enqueue(b); err != nil {
			return err
		}
	}
	return nil
}

// related reports whether rows of a table refer to others, are referred to, or have keys that storage does not enforce.
func (v *mergeCheck) related(ctx context.Context, t *catalog.Table) (bool, error) {
	for _, k := range t.Constraints {
		if k.Kind == catalog.ForeignKey || k.Deferrable {
			return true, nil
		}
	}
	view, err := v.session.txn.View(ctx, v.target)
	if err != nil {
		return false, err
	}
	return len(view.Catalog().Referrers(t.OID)) > 0, nil
}

func (v *mergeCheck) queues(t *catalog.Table) *mergedRows {
	var ts []types.Type
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			ts = append(ts, c.Type)
		}
	}
	dir := v.session.engine.TempDir
	return &mergedRows{t, spill.NewQueue(dir, ts), spill.NewQueue(dir, ts)}
}

// nulls stands for rows that are not there: they refer to nothing, and nothing refers to them.
func nulls(t *catalog.Table, n int) *vector.Batch {
	out := &vector.Batch{N: n}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		col := &vector.Vector{}
		col.Reset(c.Type)
		for range n {
			col.AppendNull()
		}
		out.Cols = append(out.Cols, col)
	}
	return out
}

// verify holds the merged state against the foreign keys: rows that the merge brought must find what they refer to, and
// rows that it took away must not be referred to any more. Nothing is cascaded: what the source did, it did in full.
func (v *mergeCheck) verify(ctx context.Context) error {
	s := v.session
	defer s.within(v.target)()
	s.txn.Statement()
	env := s.env(ctx, nil)
	env.Defer = nil // all rows are there: what may be looked at later is looked at now, and listed
	for _, c := range v.changes {
		for {
			old, err := c.old.Dequeue()
			if err != nil {
				return err
			}
			new, err := c.new.Dequeue()
			if err != nil {
				return err
			}
			if old == nil {
				break
			}
			change := dml.Change{Table: c.table, Ref: v.target, Columns: columnsOf(c.table), Old: old, New: new}
			if err := v.verifyRows(ctx, env, change); err != nil {
				return err
			}
		}
	}
	if v.collect {
		return nil
	}
	return s.txn.runDeferred(ctx, false)
}

// verifyRows verifies a batch; when violations are listed and it has one, each row by itself.
func (v *mergeCheck) verifyRows(ctx context.Context, env *op.Env, c dml.Change) error {
	err := dml.VerifyForeignKeys(ctx, env, c)
	if !v.collect || !breaksConstraint(err) {
		return err
	}
	for r := range c.Old.N {
		one := c
		one.Old, one.New = oneRow(c.Old, r), oneRow(c.New, r)
		err := dml.VerifyForeignKeys(ctx, env, one)
		if err != nil && !breaksConstraint(err) {
			return err
		}
		if err != nil {
			b := c.New
			if pk := c.Table.PrimaryIndex(); pk != nil && b.Cols[slices.Index(columnsOf(c.Table), pk.Columns[0].Column)].IsNull(r) {
				b = c.Old
			}
			v.violated(v.violation(c.Table, b, r, err))
		}
	}
	return nil
}

func oneRow(b *vector.Batch, r int) *vector.Batch {
	out := &vector.Batch{N: 1}
	for _, c := range b.Cols {
		v := &vector.Vector{}
		v.Reset(c.Type)
		v.Append(c.Datum(r))
		out.Cols = append(out.Cols, v)
	}
	return out
}

func (v *mergeCheck) close() {
	for _, c := range v.changes {
		_ = c.old.Close()
		_ = c.new.Close()
	}
}

func columnsOf(t *catalog.Table) []catalog.ColumnID {
	var out []catalog.ColumnID
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			out = append(out, c.ID)
		}
	}
	return out
}

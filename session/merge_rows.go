package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor"
	"github.com/rowandb/rowan/executor/dml"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/types/vector"
)

// mergeCheck computes what storage cannot of merged rows, and holds them against the constraints that storage does not
// know, before the merge commits.
type mergeCheck struct {
	session *Session
	target  catalog.Ref
	rows    map[*catalog.Table]*planner.Row
	changes []mergedRows
}

type mergedRows struct {
	table    *catalog.Table
	old, new *vector.Batch
}

// complete computes generated and hidden columns; of fresh rows it tests the CHECK constraints.
func (v *mergeCheck) complete(ctx context.Context, t *catalog.Table, rows *vector.Batch, fresh bool) error {
	plan, err := v.plan(ctx, t)
	if err != nil {
		return err
	}
	if len(plan.Given) == len(rows.Cols) && len(plan.Checks) == 0 {
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
	for i := range plan.Checks {
		col := b.Cols[len(rows.Cols)+i]
		for k := range b.Live() {
			if r := b.Row(k); fresh && !col.IsNull(r) && !col.Datum(r).B() {
				return pgerr.New(pgerrcode.CheckViolation, "merged row for relation %q violates check constraint %q", t.Name, plan.Checks[i]).
					WithTable("", t.Name, "", plan.Checks[i])
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

// written notes changes for verify.
func (v *mergeCheck) written(_ context.Context, t *catalog.Table, old, new *vector.Batch) error {
	v.changes = append(v.changes, mergedRows{t, copyBatch(old), copyBatch(new)})
	return nil
}

func copyBatch(b *vector.Batch) *vector.Batch {
	if b == nil {
		return nil
	}
	out := &vector.Batch{N: b.Live()}
	for _, c := range b.Cols {
		v := &vector.Vector{}
		v.Reset(c.Type)
		v.AppendFrom(c, b.Sel, b.N)
		out.Cols = append(out.Cols, v)
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
	for _, c := range v.changes {
		change := dml.Change{Table: c.table, Ref: v.target, Columns: columnsOf(c.table), Old: c.old, New: c.new}
		if err := dml.VerifyForeignKeys(ctx, env, change); err != nil {
			return err
		}
	}
	return s.txn.runDeferred(ctx, false)
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

package dml

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// conflict is ON CONFLICT DO UPDATE: rows that collide change the row that they met.
type conflict struct {
	x        *insert
	node     *physical.OnConflict
	where    *eval.Filter
	olds     *eval.Program // nil: the row as read
	sets     *eval.Program
	checks   checker
	strength catalog.RowLock
	done     map[string]struct{} // keys of rows that this statement has inserted or changed
}

func newConflict(x *insert, env *op.Env) (*conflict, error) {
	n := x.node.Conflict
	c := &conflict{x: x, node: n, strength: strength(x.table, n.Changed), done: map[string]struct{}{}}
	var err error
	if n.Where != nil {
		if c.where, err = eval.CompileFilter([]expr.Expr{n.Where}, env); err != nil {
			return nil, err
		}
	}
	if n.Olds != nil {
		if c.olds, err = eval.Compile(n.Olds, env); err != nil {
			return nil, err
		}
	}
	if c.sets, err = eval.Compile(n.Sets, env); err != nil {
		return nil, err
	}
	c.checks, err = newChecker(x.table, x.columns, x.node.Given, n.Checks, env)
	return c, err
}

// affected notes the keys of rows inserted.
func (c *conflict) affected(keys []string) {
	for _, k := range keys {
		if k != "" {
			c.done[k] = struct{}{}
		}
	}
}

// resolve changes the rows that were met. It returns proposed rows whose counterpart is gone by now.
func (c *conflict) resolve(ctx context.Context, rows *vector.Batch, met []storage.Collision) ([]uint16, error) {
	proposed := make(map[string]int, len(met)) // row by key
	keys := make([]string, len(met))
	for i, m := range met {
		if _, ok := c.done[m.Key]; ok {
			return nil, errTwice()
		}
		c.done[m.Key] = struct{}{}
		proposed[m.Key], keys[i] = rows.Row(m.Row), m.Key
	}
	again := []uint16{}
	for len(keys) > 0 {
		missing, changed, err := c.lock(ctx, keys, rows, proposed)
		if err != nil {
			return nil, err
		}
		for _, k := range missing {
			delete(c.done, k)
			again = append(again, uint16(proposed[k]))
		}
		keys = changed
	}
	slices.Sort(again)
	return again, nil
}

func errTwice() error {
	return pgerr.New(pgerrcode.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
		WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
}

// lock reads and locks the existing rows and changes those that are as they were read. It returns the keys of rows that are
// gone, and of rows that changed in between.
func (c *conflict) lock(ctx context.Context, keys []string, rows *vector.Batch, proposed map[string]int) (missing, changed []string, err error) {
	x := c.x
	width := len(x.columns)
	s, err := x.env.Txn.Scan(ctx, storage.ScanRequest{
		View: x.view, Table: x.table, Columns: append(slices.Clone(x.columns), catalog.ColRowKey, catalog.ColVersion),
		Keys: keys, Latest: true,
	})
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	seen := make(map[string]struct{}, len(keys))
	for {
		b, err := s.Next(ctx)
		if err != nil {
			return nil, nil, err
		}
		if b == nil {
			break
		}
		if b.Live() == 0 {
			continue
		}
		found := keysOf(b, width)
		for _, k := range found {
			seen[k] = struct{}{}
		}
		results, err := x.env.Txn.LockRows(ctx, storage.LockRequest{
			View: x.view, Table: x.table, Keys: found, Seen: versionsOf(b, width+1), Strength: c.strength, Doing: "inserting index",
		})
		if err != nil {
			return nil, nil, err
		}
		m, ch, err := c.apply(ctx, b, found, results, rows, proposed)
		if err != nil {
			return nil, nil, err
		}
		missing, changed = append(missing, m...), append(changed, ch...)
	}
	for _, k := range keys {
		if _, ok := seen[k]; !ok {
			missing = append(missing, k)
		}
	}
	return missing, changed, nil
}

// apply changes the rows of a batch that were locked unchanged.
func (c *conflict) apply(
	ctx context.Context, b *vector.Batch, keys []string, found []storage.LockResult, rows *vector.Batch, proposed map[string]int,
) (missing, changed []string, err error) {
	var sel, from []uint16
	var ready []string
	for k, r := range found {
		switch r {
		case storage.LockUnchanged:
			sel, ready = append(sel, uint16(b.Row(k))), append(ready, keys[k])
			from = append(from, uint16(proposed[keys[k]]))
		case storage.LockChanged:
			changed = append(changed, keys[k])
		case storage.LockDeleted, storage.LockSkipped:
			missing = append(missing, keys[k])
		}
	}
	if len(ready) == 0 {
		return missing, changed, nil
	}
	return missing, changed, c.change(ctx, b, sel, rows, from, ready)
}

// change computes and writes the new rows: the existing ones of sel in b, beside the proposed ones of from in rows.
func (c *conflict) change(ctx context.Context, b *vector.Batch, sel []uint16, rows *vector.Batch, from []uint16, keys []string) error {
	x := c.x
	width := len(x.columns)
	vecs := make([]vector.Vector, 2*width+2)
	pair := &vector.Batch{N: len(sel), Cols: make([]*vector.Vector, len(vecs))}
	for i := range vecs {
		if i < width+2 {
			vecs[i].Gather(b.Cols[i], sel)
		} else {
			vecs[i].Gather(rows.Cols[i-width-2], from)
		}
		pair.Cols[i] = &vecs[i]
	}
	if c.where != nil {
		keep, err := c.where.Select(pair)
		if err != nil {
			return err
		}
		if keep != nil {
			pair.Sel = slices.Clone(keep)
			left := make([]string, len(keep))
			for k, i := range keep {
				left[k] = keys[i]
			}
			keys = left
		}
	}
	if pair.Live() == 0 {
		return nil
	}
	if c.olds != nil {
		olds, err := c.olds.Run(pair)
		if err != nil {
			return err
		}
		copy(pair.Cols, olds)
	}
	cols, err := c.sets.Run(pair)
	if err != nil {
		return err
	}
	if fires := x.fires[updated]; fires.singly() {
		all := &vector.Batch{Cols: append(slices.Clone(pair.Cols[:width+2]), cols...), N: pair.N, Sel: pair.Sel}
		return x.singlyUpdated(ctx, fires, all, keys, width, width+2, func(one *vector.Batch, key []string) error {
			return c.write(ctx, one, one.Cols[width+2:], key, from)
		})
	}
	return c.write(ctx, pair, cols, keys, from)
}

// write changes rows: the first columns of pair are the old ones, cols the new.
func (c *conflict) write(ctx context.Context, pair *vector.Batch, cols []*vector.Vector, keys []string, from []uint16) error {
	x := c.x
	width := len(x.columns)
	row := &vector.Batch{Cols: cols, N: pair.N, Sel: pair.Sel}
	if err := c.checks.test(row); err != nil {
		return err
	}
	old := &vector.Batch{Cols: pair.Cols[:width], N: pair.N, Sel: pair.Sel}
	err := x.env.Txn.Update(ctx, storage.UpdateRequest{
		View: x.view, Table: x.table, Columns: x.columns, Old: old, New: row, Keys: keys,
	})
	if err != nil {
		return x.env.TellDuplicate(err, isThere, "")
	}
	if x.held != nil {
		for k := range pair.Live() {
			x.held.from = append(x.held.from, from[pair.Row(k)])
		}
	}
	return x.wrote(updated, old, row, row)
}

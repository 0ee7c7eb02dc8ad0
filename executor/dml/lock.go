package dml

import (
	"context"
	"maps"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// strength is the lock that changing columns takes: others may still refer to the row by key if no key changes.
func strength(t *catalog.Table, changed []catalog.ColumnID) catalog.RowLock {
	if slices.ContainsFunc(keyColumns(t), func(id catalog.ColumnID) bool { return slices.Contains(changed, id) }) {
		return catalog.ForUpdate
	}
	return catalog.ForNoKeyUpdate
}

// keyColumns are the columns of a table by which others may refer to its rows: not those of partial indexes and of expressions.
func keyColumns(t *catalog.Table) (out []catalog.ColumnID) {
	for _, ix := range t.Indexes {
		if !ix.Unique && !ix.Primary && !ix.Deferrable || ix.Predicate != 0 {
			continue
		}
		plain := !slices.ContainsFunc(ix.Columns, func(c catalog.IndexColumn) bool { return t.ColumnByID(c.Column).Hidden != "" })
		for _, c := range ix.Columns {
			if plain {
				out = append(out, c.Column)
			}
		}
	}
	return out
}

// recheck runs a plan again with some relations narrowed to one row each, and gives the first row that still qualifies to f.
func recheck(ctx context.Context, env *op.Env, plan physical.Node, rows op.Recheck, f func(b *vector.Batch) error) error {
	again := *env
	again.Recheck = rows
	again.CTEs = maps.Clone(env.CTEs)
	o, err := env.Build(plan, &again)
	if err != nil {
		return err
	}
	defer o.Close()
	for {
		b, err := o.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		if b.Live() == 0 {
			continue
		}
		one := vector.Batch{Cols: b.Cols, N: b.N, Sel: []uint16{uint16(b.Row(0))}}
		return f(&one)
	}
}

// locker locks the rows that a statement is about to change and brings them up to date.
type locker struct {
	w        *writer
	plan     physical.Node
	target   int
	keyCol   int // of the input; the version follows
	strength catalog.RowLock
	doing    string // as errors of waits have it
	keys     []int  // an UPDATE that may change keys locks by what it does to the row: of w.columns, those of keys
	bulk     bool   // what is locked is written: no trigger has a say in it
	once     bool   // rows can come twice: all but the first are left out
	seen     map[string]struct{}
}

// lock locks the rows of b and calls f for those that can be changed, in their order: unchanged ones together, and each
// alone those that another transaction changed and that still qualify.
func (l *locker) lock(ctx context.Context, b *vector.Batch, f func(b *vector.Batch, keys []string) error) error {
	keys, versions := keysOf(b, l.keyCol), versionsOf(b, l.keyCol+1)
	rows := *b
	if l.once {
		rows.Sel, keys, versions = l.first(b, keys, versions)
		if len(keys) == 0 {
			return nil
		}
	}
	strength := l.needed(&rows)
	found, err := l.request(ctx, keys, versions, strength, l.bulk)
	if err != nil {
		return err
	}
	if slices.IndexFunc(found, func(r storage.LockResult) bool { return r != storage.LockUnchanged }) < 0 {
		return f(&rows, keys)
	}
	return l.some(ctx, &rows, keys, found, func(b *vector.Batch, keys []string) error {
		if now := l.needed(b); now > strength {
			if _, err := l.request(ctx, keys, versionsOf(b, l.keyCol+1), now, false); err != nil {
				return err
			}
		}
		return f(b, keys)
	})
}

func (l *locker) request(ctx context.Context, keys []string, versions []storage.SCN, strength catalog.RowLock, bulk bool) ([]storage.LockResult, error) {
	return l.w.env.Txn.LockRows(ctx, storage.LockRequest{
		View: l.w.view, Table: l.w.table, Keys: keys, Seen: versions, Strength: strength, Wait: catalog.Wait, Bulk: bulk, Changes: true, Doing: l.doing,
		Follow: true,
	})
}

// needed is the lock that the rows of a batch take: an UPDATE that leaves keys as they are does not disturb who refers to them.
func (l *locker) needed(b *vector.Batch) catalog.RowLock {
	if len(l.keys) == 0 {
		return l.strength
	}
	for k := range b.Live() {
		row := b.Row(k)
		for _, at := range l.keys {
			if b.Cols[at].Datum(row) != b.Cols[l.keyCol+2+at].Datum(row) {
				return catalog.ForUpdate
			}
		}
	}
	return catalog.ForNoKeyUpdate
}

// some deals with a batch of which not all rows are as they were seen.
func (l *locker) some(ctx context.Context, b *vector.Batch, keys []string, found []storage.LockResult, f func(*vector.Batch, []string) error) error {
	same := *b
	same.Sel = []uint16{}
	var unchanged []string
	flush := func() error {
		if len(unchanged) == 0 {
			return nil
		}
		err := f(&same, unchanged)
		same.Sel, unchanged = []uint16{}, nil
		return err
	}
	for k, r := range found {
		switch r {
		case storage.LockUnchanged:
			same.Sel = append(same.Sel, uint16(b.Row(k)))
			unchanged = append(unchanged, keys[k])
		case storage.LockChanged:
			if err := flush(); err != nil {
				return err
			}
			one := keys[k : k+1]
			if err := recheck(ctx, l.w.env, l.plan, op.Recheck{{Target: l.target, Key: keys[k]}}, func(b *vector.Batch) error { return f(b, one) }); err != nil {
				return err
			}
		case storage.LockDeleted, storage.LockSkipped, storage.LockSelf:
		}
	}
	return flush()
}

// first leaves out rows that the statement has dealt with already.
func (l *locker) first(b *vector.Batch, keys []string, versions []storage.SCN) ([]uint16, []string, []storage.SCN) {
	if l.seen == nil {
		l.seen = map[string]struct{}{}
	}
	sel := make([]uint16, 0, len(keys))
	n := 0
	for k, key := range keys {
		if _, ok := l.seen[key]; ok {
			continue
		}
		l.seen[key] = struct{}{}
		sel = append(sel, uint16(b.Row(k)))
		keys[n], versions[n] = key, versions[k]
		n++
	}
	return sel, keys[:n], versions[:n]
}

// repeats reports whether a plan can yield a row of its target relation more than once.
func repeats(n physical.Node) bool {
	switch n := n.(type) {
	case *physical.TableScan:
		return false
	case *physical.Filter:
		return repeats(n.Input)
	case *physical.Project:
		return repeats(n.Input)
	case *physical.Sort:
		return repeats(n.Input)
	}
	return true
}

package merge

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

type step func(context.Context, *group) error

// steps bring groups to the target: removals first, so that unique values they held are free.
func (t *tableMerge) steps() []step { return []step{t.removals, t.updates, t.inserts, t.count} }

// write takes the steps for all groups at hand, one after the other.
func (t *tableMerge) write(ctx context.Context, steps ...step) error {
	if t.blocked() {
		return nil
	}
	for _, step := range steps {
		for _, g := range t.groups {
			if err := step(ctx, g); err != nil {
				return err
			}
		}
	}
	t.groups = t.groups[:0]
	return nil
}

func (t *tableMerge) removals(ctx context.Context, g *group) error {
	if err := t.remove(ctx, &g.del); err != nil {
		return err
	}
	return t.remove(ctx, &g.mov)
}

func (t *tableMerge) inserts(ctx context.Context, g *group) error {
	if err := t.careful(ctx, &g.mov, t.insert); err != nil {
		return err
	}
	return t.careful(ctx, &g.ins, t.insert)
}

// count adds up what was written and tells the caller.
func (t *tableMerge) count(ctx context.Context, g *group) error {
	t.res.Inserts += int64(len(g.ins.keys)) - g.kept
	t.res.Updates += int64(len(g.upd.keys) + len(g.mov.keys))
	t.res.Deletes += int64(len(g.del.keys))
	for _, r := range []*rowSet{&g.ins, &g.upd, &g.mov, &g.del} {
		if len(r.keys) == 0 {
			continue
		}
		t.changed = true
		old, new := r.old, r.new
		switch r {
		case &g.ins:
			old = nil
		case &g.del:
			new = nil
		}
		if err := t.written(ctx, old, new); err != nil {
			return err
		}
		t.note(r.keys)
	}
	return nil
}

func (t *tableMerge) complete(ctx context.Context, rows *vector.Batch, fresh bool) error {
	if t.req.Complete == nil {
		return nil
	}
	return t.req.Complete(ctx, t.into, rows, fresh)
}

func (t *tableMerge) written(ctx context.Context, old, new *vector.Batch) error {
	if t.req.Written == nil {
		return nil
	}
	return t.req.Written(ctx, t.into, old, new)
}

// lock takes the row locks. A row that was changed since it was read must be merged anew.
func (t *tableMerge) lock(ctx context.Context, keys []string) error {
	results, err := t.tx.LockRows(ctx, storage.LockRequest{View: t.merger.target, Table: t.into, Keys: keys, Strength: catalog.ForUpdate, Wait: catalog.Wait,
		Bulk: true})
	if err != nil {
		return err
	}
	for _, r := range results {
		switch r {
		case storage.LockChanged, storage.LockDeleted:
			return pgerr.New(pgerrcode.SerializationFailure, "could not serialize access due to concurrent update").
				WithHint("Somebody has changed meanwhile what the merge writes: try it again.")
		case storage.LockSelf:
			return pgerr.New(pgerrcode.TriggeredDataChangeViolation, "row to be merged was already modified by the same statement")
		case storage.LockUnchanged, storage.LockSkipped:
		}
	}
	return nil
}

func (t *tableMerge) remove(ctx context.Context, r *rowSet) error {
	if len(r.keys) == 0 {
		return nil
	}
	if err := t.lock(ctx, r.keys); err != nil {
		return err
	}
	if err := t.complete(ctx, r.old, false); err != nil {
		return err
	}
	return t.tx.Delete(ctx, storage.DeleteRequest{View: t.merger.target, Table: t.into, Columns: t.ids, Old: r.old, Keys: r.keys})
}

func (t *tableMerge) updates(ctx context.Context, g *group) error {
	return t.careful(ctx, &g.upd, t.replaceRows)
}

func (t *tableMerge) replaceRows(ctx context.Context, r *rowSet) error {
	if len(r.keys) == 0 {
		return nil
	}
	if err := t.lock(ctx, r.keys); err != nil {
		return err
	}
	if err := t.complete(ctx, r.old, false); err != nil {
		return err
	}
	if err := t.complete(ctx, r.new, true); err != nil {
		return err
	}
	return t.tx.Update(ctx, storage.UpdateRequest{View: t.merger.target, Table: t.into, Columns: t.ids, Old: r.old, New: r.new, Keys: r.keys})
}

func (t *tableMerge) insert(ctx context.Context, r *rowSet) error {
	if len(r.keys) == 0 {
		return nil
	}
	if err := t.complete(ctx, r.new, true); err != nil {
		return err
	}
	req := storage.InsertRequest{View: t.merger.target, Table: t.into, Columns: t.ids, Rows: r.new}
	if t.into.PrimaryIndex() == nil {
		req.RowKeys = r.keys
	}
	_, err := t.tx.Insert(ctx, req)
	return err
}

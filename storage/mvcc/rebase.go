package mvcc

import (
	"context"
	"fmt"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
)

// rebase is a branch that a transaction puts on a new layer. The layer is in force with the commit; until then only the
// transaction's own view of the branch has it.
type rebase struct {
	v      *view
	old    *layer
	at     uint64 // of the old layer: what it has got since would be lost
	layer  *layer
	parent *branch
}

// Rebase implements storage.BranchAdmin.
func (b branches) Rebase(ctx context.Context, tx storage.Txn, o storage.RebaseOptions) (was, onto storage.View, err error) {
	t, ok := tx.(*Txn)
	if !ok {
		return nil, nil, pgerr.Internal("transaction %T cannot rebase", tx)
	}
	v, parent, err := t.openRebase(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	old := t.pointOf(v.branch, v.layer, v.At())
	news, err := t.Unmerged(ctx, parent, old)
	if err != nil || !news {
		return nil, nil, err
	}
	if _, err := t.Bases(ctx, []storage.View{old}, []storage.View{parent}); err != nil {
		return nil, nil, err
	}
	l, err := t.newLayer(ctx, v.branch.ID, parent)
	if err != nil {
		return nil, nil, storeError(err)
	}
	r := &rebase{v: v, old: v.layer, at: v.At(), layer: l, parent: parent.branch}
	t.rebases, t.built = append(t.rebases, r), append(t.built, l)
	v.rebased = r
	v.moveTo(l)
	return old, parent, t.RecordMerge(old, v)
}

// openRebase returns views of the branch and of what it is to be based on.
func (t *Txn) openRebase(ctx context.Context, o storage.RebaseOptions) (v, parent *view, err error) {
	x, err := t.View(ctx, catalog.Ref{Branch: o.Branch})
	if err != nil {
		return nil, nil, err
	}
	if v, err = t.writable(x); err != nil {
		return nil, nil, err
	}
	if v.branch.Protected && !o.Force {
		return nil, nil, errProtected("rebase", v.branch)
	}
	if o.Onto == "" {
		p := t.s.branchByID(v.branch.ParentID)
		if p == nil || !p.Deleted.IsZero() {
			return nil, nil, pgerr.New(pgerrcode.InvalidParameterValue, "branch \"%s\" has no parent to be rebased on", v.branch.Name).
				WithHint("Name the branch that it is to be based on.")
		}
		o.Onto = p.Name
	}
	if x, err = t.View(ctx, catalog.Ref{Branch: o.Onto, Point: o.Point}); err != nil {
		return nil, nil, err
	}
	if parent, err = t.own(x); err != nil {
		return nil, nil, err
	}
	switch {
	case parent.branch.ID == v.branch.ID:
		return nil, nil, pgerr.New(pgerrcode.InvalidParameterValue, "cannot rebase branch \"%s\" on itself", v.branch.Name)
	case t.wroteTo(v.layer) || t.wroteTo(parent.layer):
		return nil, nil, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "cannot rebase branches to which this transaction has written")
	}
	return v, parent, nil
}

// newLayer makes a layer that forks from what a view shows. The store knows of it at once, because the transaction may
// write to it ahead; garbage collection removes it, should the transaction not be committed.
func (t *Txn) newLayer(ctx context.Context, branch uint64, parent *view) (*layer, error) {
	s := t.s
	id, err := s.take(ctx, counterLayer, 1)
	if err != nil {
		return nil, err
	}
	l := newLayer(id, parent.layer, parent.At())
	l.branch = branch
	batch := kv.Batch{Async: true}
	if err := s.putLayer(&batch, l); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.layers[id] = l
	s.building[l] = struct{}{}
	s.mu.Unlock()
	return l, s.kv.Apply(ctx, &batch)
}

// moveTo puts a view on another layer.
func (v *view) moveTo(l *layer) {
	t := v.t
	v.layer.users.Add(-1)
	l.users.Add(1)
	v.layer, v.chain, v.base, v.cat = l, l.chain(v.At()), nil, nil
	v.hold()
	t.seen.reset()
}

// undoRebases takes back those after the first n.
func (t *Txn) undoRebases(n int) {
	for len(t.rebases) > n {
		r := t.rebases[len(t.rebases)-1]
		t.rebases = t.rebases[:len(t.rebases)-1]
		r.v.rebased = nil
		r.v.moveTo(r.old)
	}
}

// endRebases lets go of the layers: they are in force now, or garbage.
func (t *Txn) endRebases() {
	if len(t.built) == 0 {
		return
	}
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	for _, l := range t.built {
		delete(t.s.building, l)
	}
}

// mayRebase refuses what would lose commits. The caller holds topology for writing, and mu.
func (r *rebase) mayRebase(s *Store) error {
	b := s.branches[r.v.branch.ID]
	if b == nil || !b.Deleted.IsZero() {
		return pgerr.New(pgerrcode.InvalidCatalogName, "branch \"%s\" was dropped", r.v.branch.Name)
	}
	if head, _ := r.old.lastCommit(); b.now() != r.old || head > r.at {
		return pgerr.New(pgerrcode.SerializationFailure, "branch \"%s\" was changed concurrently", b.Name)
	}
	return nil
}

// rebased adds the branches, as they are with the commit, to those that it saves.
func (c *committer) rebased() {
	for _, r := range c.t.rebases {
		b := c.s.branchByID(r.v.branch.ID).touch(c.at)
		b.inForce(r.layer, c.ver)
		b.Parent, b.ParentID, b.Fork = r.parent.Name, r.parent.ID, r.layer.fork
		c.t.branches = append(c.t.branches, b)
		c.log(r.layer)
		if c.t.o.Info.Summary == "" {
			c.t.o.Info.Summary = fmt.Sprintf("REBASE %s ON %s", b.Name, r.parent.Name)
		}
	}
}

package mvcc

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// view implements storage.View.
type view struct {
	t        *Txn
	ref      catalog.Ref
	clock    clock   // of the point of ref
	branch   *branch // nil: the global layer
	layer    *layer
	chain    []link
	readOnly bool
	rebased  *rebase // its layer is not in force yet

	base    *catalog.Snapshot // as committed
	baseKey catalogKey        // of base in the cache
	cat     *catalog.Snapshot // with the transaction's own changes; nil: not known yet
}

var _ storage.View = (*view)(nil)

// clock is how a time that is written as a point is read.
type clock struct {
	zone  string
	order types.DateOrder
}

// clockOf is the clock of a point; that of the present is none.
func clockOf(ctx context.Context, r catalog.Ref) clock {
	if r.Point == "" {
		return clock{}
	}
	f := storage.FormatOf(ctx)
	return clock{f.Location.String(), f.DateOrder}
}

// View implements storage.Txn.
func (t *Txn) View(ctx context.Context, r catalog.Ref) (storage.View, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	c := clockOf(ctx, r)
	for _, v := range t.views {
		if v.ref == r && v.clock == c && v.branch != nil {
			return v, nil
		}
	}
	for range 100 {
		v, err := t.branchView(ctx, r)
		if v != nil || err != nil {
			return v, err
		}
	}
	return nil, pgerr.New(pgerrcode.SerializationFailure, "branch \"%s\" changes too often", r.Branch)
}

// branchView is View; nil when the branch was changed meanwhile in such a way that garbage collection may have removed
// what it was to read.
func (t *Txn) branchView(ctx context.Context, r catalog.Ref) (storage.View, error) {
	b, err := t.s.branch(t.o.Database, r.Branch)
	if err != nil {
		return nil, err
	}
	if r.Point != "" {
		b, at, err := t.s.locate(ctx, b, r.Point)
		if err != nil {
			return nil, err
		}
		v := t.addView(&view{t: t, ref: r, clock: clockOf(ctx, r), branch: b, layer: b.at(at), readOnly: true}, at)
		if t.s.stays(v) {
			return v, nil
		}
		t.dropView(v)
		return nil, nil
	}
	for _, v := range t.views { // the same branch by another name
		if v.branch != nil && v.branch.ID == b.ID && !v.readOnly {
			return v, nil
		}
	}
	v := t.addView(&view{t: t, ref: r, branch: b, layer: b.at(t.snap)}, t.snap)
	if t.s.stays(v) {
		return v, nil
	}
	t.dropView(v)
	return nil, nil
}

func (t *Txn) dropView(v *view) {
	t.views = slices.DeleteFunc(t.views, func(x *view) bool { return x == v })
	v.layer.users.Add(-1)
}

// GlobalView implements storage.Txn.
func (t *Txn) GlobalView(context.Context) (storage.View, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	for _, v := range t.views {
		if v.branch == nil {
			return v, nil
		}
	}
	return t.addView(&view{t: t, layer: t.s.global}, t.snap), nil
}

func (t *Txn) addView(v *view, at uint64) *view {
	v.chain = v.layer.chain(at)
	v.layer.users.Add(1)
	if v.readOnly && at < t.point {
		t.point = at
		t.reads.Store(min(t.reads.Load(), at))
	}
	v.hold()
	t.views = append(t.views, v)
	return v
}

// hold keeps what does not move with the statements readable to the end of the transaction. It comes before any scan: see cleaner.
func (v *view) hold() {
	t, fixed := v.t, v.chain
	if !v.readOnly {
		fixed = fixed[1:]
	}
	for _, l := range fixed {
		t.floor = min(t.floor, l.bound)
	}
	if t.oldest.Load() > t.floor {
		t.oldest.Store(t.floor)
	}
}

// move takes the view to the transaction's snapshot.
func (v *view) move() {
	if v.readOnly {
		return
	}
	if v.branch != nil && len(v.t.order) == 0 && v.rebased == nil && v.t.depth == 0 {
		v.t.s.mu.RLock()
		b := v.t.s.branches[v.branch.ID]
		if b != nil && b != v.branch {
			v.branch = b
			v.layer.users.Add(-1)
			v.layer = b.at(v.t.snap)
			v.layer.users.Add(1)
			v.chain = v.layer.chain(v.t.snap)
			v.hold()
		}
		v.t.s.mu.RUnlock()
	}
	v.chain[0].bound = v.t.snap
	if v.base != nil {
		if base := v.committedCatalog(); base != v.base {
			v.base, v.cat = base, nil
		}
	}
}

// reload forgets the catalog with the transaction's changes, some of which were taken back.
func (v *view) reload() { v.cat = nil }

// Branch implements storage.View.
func (v *view) Branch() storage.Branch {
	if v.branch == nil {
		return storage.Branch{}
	}
	return v.t.s.describe(v.branch)
}

// At implements storage.View.
func (v *view) At() storage.SCN { return v.chain[0].bound }

// ReadOnly implements storage.View.
func (v *view) ReadOnly() bool { return v.readOnly }

// Catalog implements storage.View.
func (v *view) Catalog() *catalog.Snapshot {
	if v.cat != nil {
		return v.cat
	}
	if v.base == nil {
		v.base = v.committedCatalog()
	}
	v.cat = v.base
	w := v.t.writesIn(v, catalogSpace)
	if w == nil || w.tree.Len() == 0 {
		return v.cat
	}
	var put []catalog.Object
	var drop []catalog.OID
	w.tree.Scan(func(x *write) bool {
		if x.deleted {
			drop = append(drop, oidOf(x.key))
			return true
		}
		o, err := decodeObject(x.payload)
		if err != nil {
			v.t.err = err
			return false
		}
		v.t.markLabels(o)
		put = append(put, o)
		return true
	})
	v.cat = v.base.Edit(put, drop)
	return v.cat
}

func oidOf(key []byte) catalog.OID {
	var id catalog.OID
	for _, b := range key {
		id = id<<8 | catalog.OID(b)
	}
	return id
}

func (v *view) committedCatalog() *catalog.Snapshot {
	var db *catalog.Database
	if v.branch != nil {
		db = v.t.s.database(v.branch.Database)
	}
	from, scn := v.layer.catalogAt(v.chain[0].bound)
	v.baseKey = catalogKey{from.id, scn, db}
	snap, err := v.t.s.catalogAt(context.Background(), v.layer, v.chain[0].bound, db)
	if err != nil {
		v.t.err = err // whatever the statement does next, it cannot commit
		return catalog.NewSnapshot(db, nil)
	}
	return snap
}

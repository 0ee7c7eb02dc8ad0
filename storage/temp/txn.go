package temp

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/storage"
)

// Txn is a transaction that sees a Space beside the branches. It implements storage.Txn.
type Txn struct {
	storage.Txn // of the branches
	space       *Space
	own         storage.Txn // of the space
	view        storage.View
	views       map[storage.View]*view
	savepoints  map[int]int // the other's → the space's
	first       int         // the space's state at Begin
}

var _ storage.Txn = (*Txn)(nil)

// Begin joins a transaction that is open already with one of the space.
func (sp *Space) Begin(ctx context.Context, base storage.Txn, o storage.TxnOptions) (*Txn, error) {
	own, err := sp.store.Begin(ctx, storage.TxnOptions{Isolation: o.Isolation, Database: sp.s.db, Info: o.Info, Async: true, PID: o.PID})
	if err != nil {
		return nil, err
	}
	own.Statement()
	v, err := own.View(ctx, catalog.Ref{Branch: sp.branch()})
	if err != nil {
		_ = own.Rollback() // the view's error says more
		return nil, err
	}
	return &Txn{Txn: base, space: sp, own: own, view: v, views: map[storage.View]*view{}, savepoints: map[int]int{}, first: own.Savepoint()}, nil
}

// SetModes implements storage.Txn. Temporary objects are written to by read-only transactions as well.
func (t *Txn) SetModes(level storage.Isolation, readOnly bool) {
	t.Txn.SetModes(level, readOnly)
	t.own.SetModes(level, false)
}

// Base returns the transaction of the branches' store, which alone may be used with its Branches.
func (t *Txn) Base() storage.Txn { return t.Txn }

// Base returns the view of the branches' store under a view of a Txn; any other view is its own.
func Base(v storage.View) storage.View {
	if x, ok := v.(*view); ok {
		return x.View
	}
	return v
}

// view is a branch's view with the space's objects in its catalog.
type view struct {
	storage.View
	t *Txn
}

// View implements storage.Txn.
func (t *Txn) View(ctx context.Context, r catalog.Ref) (storage.View, error) {
	v, err := t.Txn.View(ctx, r)
	if err != nil {
		return nil, err
	}
	x := t.views[v]
	if x == nil {
		x = &view{v, t}
		t.views[v] = x
	}
	return x, nil
}

// Catalog implements storage.View.
func (v *view) Catalog() *catalog.Snapshot {
	return v.t.space.catalog(v.View.Catalog(), v.t.view.Catalog())
}

// temporary reports whether an object is the space's.
func (v *view) temporary(o catalog.Object) bool {
	return o.Head().Schema == v.t.space.Schema || o.Head().OID == v.t.space.Schema
}

// Put implements storage.View.
func (v *view) Put(ctx context.Context, o catalog.Object) error {
	if v.temporary(o) {
		return v.t.view.Put(ctx, o)
	}
	return v.View.Put(ctx, o)
}

// Drop implements storage.View.
func (v *view) Drop(ctx context.Context, id catalog.OID) error {
	if v.t.view.Catalog().Object(id) != nil {
		return v.t.view.Drop(ctx, id)
	}
	return v.View.Drop(ctx, id)
}

// at chooses the transaction and view that have a table.
func (t *Txn) at(v storage.View, tab *catalog.Table) (storage.Txn, storage.View) {
	if tab.Schema == t.space.Schema {
		return t.own, t.view
	}
	return t.Txn, Base(v)
}

// Statement implements storage.Txn.
func (t *Txn) Statement() {
	t.Txn.Statement()
	t.own.Statement()
}

// Scan implements storage.Txn.
func (t *Txn) Scan(ctx context.Context, r storage.ScanRequest) (storage.Scanner, error) {
	x, v := t.at(r.View, r.Table)
	r.View = v
	return x.Scan(ctx, r)
}

// Insert implements storage.Txn.
func (t *Txn) Insert(ctx context.Context, r storage.InsertRequest) ([]storage.Collision, error) {
	x, v := t.at(r.View, r.Table)
	r.View = v
	return x.Insert(ctx, r)
}

// Update implements storage.Txn.
func (t *Txn) Update(ctx context.Context, r storage.UpdateRequest) error {
	x, v := t.at(r.View, r.Table)
	r.View = v
	return x.Update(ctx, r)
}

// Delete implements storage.Txn.
func (t *Txn) Delete(ctx context.Context, r storage.DeleteRequest) error {
	x, v := t.at(r.View, r.Table)
	r.View = v
	return x.Delete(ctx, r)
}

// LockRows implements storage.Txn.
func (t *Txn) LockRows(ctx context.Context, r storage.LockRequest) ([]storage.LockResult, error) {
	x, v := t.at(r.View, r.Table)
	r.View = v
	return x.LockRows(ctx, r)
}

// LockTable implements storage.Txn. Nobody else could lock a temporary table.
func (t *Txn) LockTable(ctx context.Context, v storage.View, table catalog.OID, mode catalog.TableLock, wait catalog.LockWait) error {
	if t.view.Catalog().Object(table) != nil {
		return nil
	}
	return t.Txn.LockTable(ctx, Base(v), table, mode, wait)
}

// LockTables implements storage.Txn.
func (t *Txn) LockTables(ctx context.Context, v storage.View, locks []storage.TableLock) error {
	var rest []storage.TableLock
	own := t.view.Catalog()
	for _, l := range locks {
		if own.Object(l.Table) == nil {
			rest = append(rest, l)
		}
	}
	return t.Txn.LockTables(ctx, Base(v), rest)
}

// LockSequence implements storage.Txn.
func (t *Txn) LockSequence(ctx context.Context, v storage.View, s *catalog.Sequence) (*catalog.Sequence, error) {
	if t.view.Catalog().Object(s.OID) != nil {
		return s, nil
	}
	return t.Txn.LockSequence(ctx, Base(v), s)
}

// Wrote implements storage.Txn.
func (t *Txn) Wrote(v storage.View) bool { return t.Txn.Wrote(Base(v)) }

// Truncate implements storage.Txn.
func (t *Txn) Truncate(ctx context.Context, v storage.View, tab *catalog.Table) error {
	x, v := t.at(v, tab)
	return x.Truncate(ctx, v, tab)
}

// Backfill implements storage.Txn.
func (t *Txn) Backfill(ctx context.Context, r storage.BackfillRequest) error {
	x, v := t.at(r.View, r.Table)
	r.View = v
	return x.Backfill(ctx, r)
}

// RowEstimate implements storage.Txn.
func (t *Txn) RowEstimate(v storage.View, tab *catalog.Table) int64 {
	x, v := t.at(v, tab)
	return x.RowEstimate(v, tab)
}

// CountRows implements storage.Txn.
func (t *Txn) CountRows(ctx context.Context, r storage.ScanRequest) (int64, bool, error) {
	x, v := t.at(r.View, r.Table)
	r.View = v
	return x.CountRows(ctx, r)
}

// Statistics implements storage.Txn.
func (t *Txn) Statistics(v storage.View, tab *catalog.Table) *statistics.Table {
	x, v := t.at(v, tab)
	return x.Statistics(v, tab)
}

// SaveStatistics implements storage.Txn.
func (t *Txn) SaveStatistics(ctx context.Context, v storage.View, tab *catalog.Table, found *statistics.Table) error {
	x, v := t.at(v, tab)
	return x.SaveStatistics(ctx, v, tab, found)
}

// Enter implements storage.Txn.
func (t *Txn) Enter() storage.ReadPoint {
	p, own := t.Txn.Enter(), t.own.Enter()
	p.Temporary = &own
	return p
}

// Leave implements storage.Txn. A point from before the space was joined says nothing of it.
func (t *Txn) Leave(p storage.ReadPoint) {
	if own := p.Temporary; own != nil {
		t.own.Leave(*own)
		p.Temporary = nil
	}
	t.Txn.Leave(p)
}

// Hold implements storage.Txn.
func (t *Txn) Hold() storage.ReadPoint {
	p, own := t.Txn.Hold(), t.own.Hold()
	p.Temporary = &own
	return p
}

// Release implements storage.Txn.
func (t *Txn) Release(p storage.ReadPoint) {
	if own := p.Temporary; own != nil {
		t.own.Release(*own)
		p.Temporary = nil
	}
	t.Txn.Release(p)
}

// Resume implements storage.Txn.
func (t *Txn) Resume(p storage.ReadPoint) storage.ReadPoint {
	var left *storage.ReadPoint
	if own := p.Temporary; own != nil {
		x := t.own.Resume(*own)
		left, p.Temporary = &x, nil
	}
	old := t.Txn.Resume(p)
	old.Temporary = left
	return old
}

// Savepoint implements storage.Txn.
func (t *Txn) Savepoint() int {
	n := t.Txn.Savepoint()
	t.savepoints[n] = t.own.Savepoint()
	return n
}

// RollbackTo implements storage.Txn. A savepoint that is older than the space's transaction takes all of that back.
func (t *Txn) RollbackTo(savepoint int) error {
	own, ok := t.savepoints[savepoint]
	if !ok {
		own = t.first
	}
	if err := t.Txn.RollbackTo(savepoint); err != nil {
		return err
	}
	return t.own.RollbackTo(own)
}

// Commit implements storage.Txn.
func (t *Txn) Commit(ctx context.Context) (storage.SCN, error) {
	scn, err := t.Txn.Commit(ctx)
	if err != nil {
		_ = t.own.Rollback() // the commit's error says more
		return scn, err
	}
	_, err = t.own.Commit(ctx)
	return scn, err
}

// Rollback implements storage.Txn.
func (t *Txn) Rollback() error {
	err := t.Txn.Rollback()
	if oerr := t.own.Rollback(); err == nil {
		err = oerr
	}
	return err
}

// Objects lists what is in the space.
func (t *Txn) Objects() []catalog.Object {
	var out []catalog.Object
	for _, o := range t.view.Catalog().Objects() {
		if o.Head().Schema == t.space.Schema {
			out = append(out, o)
		}
	}
	return out
}

// DropAll drops what is in the space. Nothing outside of it can depend on it.
func (t *Txn) DropAll(ctx context.Context) error {
	for _, o := range t.Objects() {
		if err := t.view.Drop(ctx, o.Head().OID); err != nil {
			return err
		}
	}
	return nil
}

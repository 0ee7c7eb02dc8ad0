package mvcc

import (
	"context"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/lock"
)

// SetDefault implements storage.BranchAdmin.
func (b branches) SetDefault(ctx context.Context, db catalog.OID, name string) (storage.Branch, error) {
	s := b.s
	t, err := s.lockDefault(ctx, db)
	if err != nil {
		return storage.Branch{}, err
	}
	defer t.end()
	s.topology.Lock()
	defer s.topology.Unlock()
	x, err := s.branch(db, name)
	if err != nil {
		return storage.Branch{}, err
	}
	if x.Default {
		return s.describe(x), nil
	}
	s.mu.RLock()
	old := s.defaults[db]
	s.mu.RUnlock()
	if old != nil {
		old = old.touch(s.o.Clock())
		old.Default = false
		t.branches = append(t.branches, old)
	}
	c := x.touch(s.o.Clock())
	c.Default, c.Expires = true, time.Time{} // it stays, whatever was said before
	return s.saveNamed(ctx, t, c)
}

// lockDefault begins a transaction that may change which branch is the default one and what it is called, which the
// descriptor of the database says too. It waits for others who change that, and so must come before topology is taken.
func (s *Store) lockDefault(ctx context.Context, db catalog.OID) (*Txn, error) {
	t, err := s.begin(ctx, storage.TxnOptions{Info: storage.TxnInfo{Summary: "default branch"}})
	if err != nil {
		return nil, err
	}
	v, err := t.GlobalView(ctx)
	if err == nil {
		err = t.lockKey(ctx, v.(*view), catalogSpace, objectKey(db), lock.Mode(catalog.ForUpdate), nil, catalog.Wait)
	}
	if err != nil {
		t.end()
		return nil, err
	}
	t.Statement()
	return t, nil
}

// lockIfDefault is lockDefault where a branch is the default one, else nil.
func (s *Store) lockIfDefault(ctx context.Context, db catalog.OID, name string) (*Txn, error) {
	x, err := s.branch(db, name)
	if err != nil || !x.Default {
		return nil, err
	}
	return s.lockDefault(ctx, db)
}

// lockNamed finds a branch and holds topology until unlock, and the default branch where it is the one: t, as for saveNamed.
func (s *Store) lockNamed(ctx context.Context, db catalog.OID, name string) (x *branch, t *Txn, unlock func(), err error) {
	if t, err = s.lockIfDefault(ctx, db, name); err != nil {
		return nil, nil, nil, err
	}
	s.topology.Lock()
	unlock = func() {
		s.topology.Unlock()
		if t != nil {
			t.end()
		}
	}
	if x, err = s.branch(db, name); err != nil {
		unlock()
		return nil, nil, nil, err
	}
	return x, t, unlock, nil
}

// saveNamed saves a branch that got a new name or became the default one. The caller holds topology; t is nil unless the
// branch was the default one when it looked.
func (s *Store) saveNamed(ctx context.Context, t *Txn, c *branch) (storage.Branch, error) {
	if !c.Default {
		var batch kv.Batch
		return s.saveBranch(ctx, &batch, c)
	}
	if t == nil {
		return storage.Branch{}, pgerr.New(pgerrcode.SerializationFailure, "the default branch was changed concurrently")
	}
	v, err := t.GlobalView(ctx)
	if err != nil {
		return storage.Branch{}, err
	}
	d, ok := v.Catalog().Object(c.Database).(*catalog.Database)
	if !ok {
		return storage.Branch{}, pgerr.Internal("database %d of branch %d is gone", c.Database, c.ID)
	}
	e := *d
	e.Default = c.Name
	if err := v.Put(ctx, &e); err != nil {
		return storage.Branch{}, err
	}
	t.branches = append(t.branches, c)
	if _, err := t.commitBatch(ctx); err != nil {
		return storage.Branch{}, storeError(err)
	}
	return s.describe(c), nil
}

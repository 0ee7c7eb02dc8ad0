package mvcc

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// Rename implements storage.BranchAdmin.
func (b branches) Rename(ctx context.Context, db catalog.OID, name, to string, force bool) (storage.Branch, error) {
	s := b.s
	x, t, unlock, err := s.lockNamed(ctx, db, name)
	if err != nil {
		return storage.Branch{}, err
	}
	defer unlock()
	switch {
	case x.Name == to:
		return s.describe(x), nil
	case x.Protected && !force:
		return storage.Branch{}, errProtected("rename", x)
	}
	return s.rename(ctx, t, x.touch(s.o.Clock()), to)
}

// rename saves c under another name. The children of a branch know it by its id. The caller holds topology; t is as for
// saveNamed.
func (s *Store) rename(ctx context.Context, t *Txn, c *branch, to string) (storage.Branch, error) {
	if err := checkName(to); err != nil {
		return storage.Branch{}, err
	}
	if err := s.nameFree(c.Database, to); err != nil {
		return storage.Branch{}, err
	}
	c.Name = to
	return s.saveNamed(ctx, t, c)
}

// Copy implements storage.BranchAdmin.
func (b branches) Copy(ctx context.Context, db catalog.OID, name string, o storage.CopyOptions) (storage.Branch, error) {
	s := b.s
	if err := checkName(o.Name); err != nil {
		return storage.Branch{}, err
	}
	s.topology.Lock()
	defer s.topology.Unlock()
	if err := s.nameFree(db, o.Name); err != nil {
		return storage.Branch{}, err
	}
	src, err := s.branch(db, name)
	if err != nil {
		return storage.Branch{}, err
	}
	var batch kv.Batch
	x, err := s.copyOf(ctx, &batch, src, o.Name, o.User)
	if err != nil {
		return storage.Branch{}, err
	}
	return s.saveBranch(ctx, &batch, x)
}

// copyOf makes a branch like src as it is now; the batch gets its layer. The caller holds topology.
func (s *Store) copyOf(ctx context.Context, batch *kv.Batch, src *branch, name, user string) (*branch, error) {
	x, err := s.newBranch(ctx, storage.Branch{
		Database: src.Database, Name: name, DisplayName: src.DisplayName, Description: src.Description, CreatedBy: user, Owner: s.roleNamed(user), Expires: src.Expires,
		Metadata: maps.Clone(src.Metadata), Parent: src.Parent, ParentID: src.ParentID,
	}, src, s.seq.published.Load())
	if err != nil {
		return nil, storeError(err)
	}
	if src.ParentID != 0 {
		x.Fork = src.Fork
	} else { // a copy of the first branch can only be its child
		x.Parent, x.ParentID = src.Name, src.ID
	}
	return x, s.putLayer(batch, x.now())
}

// Undelete implements storage.BranchAdmin.
func (b branches) Undelete(ctx context.Context, db catalog.OID, name string) (storage.Branch, error) {
	s := b.s
	s.topology.Lock()
	defer s.topology.Unlock()
	x := s.dropped(db, name)
	if x == nil {
		return storage.Branch{}, pgerr.New(pgerrcode.InvalidCatalogName, "there is no dropped branch \"%s\"", name).
			WithHint("A dropped branch can be brought back until garbage collection has removed its data.")
	}
	if err := s.nameFree(db, x.Name); err != nil {
		return storage.Branch{}, err
	}
	c := x.touch(s.o.Clock())
	c.Deleted, c.Default = time.Time{}, false
	if !c.Expires.IsZero() && c.Expires.Before(c.Updated) {
		c.Expires = time.Time{} // it would be dropped again at once
	}
	var batch kv.Batch
	return s.saveBranch(ctx, &batch, c)
}

// dropped finds the branch dropped last under a name, or by its id.
func (s *Store) dropped(db catalog.OID, name string) (last *branch) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, x := range s.branches {
		if x.Database != db || x.Deleted.IsZero() || x.Name != name && fmt.Sprint("br_", x.ID) != name {
			continue
		}
		if last == nil || x.Deleted.After(last.Deleted) {
			last = x
		}
	}
	return last
}

// Restore implements storage.BranchAdmin: a new layer that forks from the point. The old one stays in the timeline.
func (b branches) Restore(ctx context.Context, db catalog.OID, name string, o storage.RestoreOptions) (storage.Branch, error) {
	s := b.s
	s.topology.Lock()
	defer s.topology.Unlock()
	x, err := s.branch(db, name)
	if err != nil {
		return storage.Branch{}, err
	}
	if x.Protected && !o.Force {
		return storage.Branch{}, errProtected("reset", x)
	}
	src := x
	if o.Source != "" {
		if src, err = s.branch(db, o.Source); err != nil {
			return storage.Branch{}, err
		}
	}
	src, fork, err := s.locateFor(ctx, src, o.Point, o.Reads)
	if err != nil {
		return storage.Branch{}, err
	}
	var batch kv.Batch
	backup, err := s.backup(ctx, &batch, x, o)
	if err != nil {
		return storage.Branch{}, err
	}
	id, err := s.take(ctx, counterLayer, 1)
	if err != nil {
		return storage.Branch{}, storeError(err)
	}
	l := newLayer(id, src.at(fork), fork)
	l.branch = x.ID
	scn, at := s.seq.begin(s.o.Clock)
	defer s.seq.finish(scn)
	c := x.touch(at)
	c.inForce(l, scn)
	if err := s.putLayer(&batch, l); err != nil {
		return storage.Branch{}, err
	}
	h := logHeader{time: at, info: storage.TxnInfo{User: o.User, Summary: fmt.Sprintf(storage.Reset+"%s at SCN %d", src.Name, fork)}}
	batch.Put(keys.Log{Layer: id, SCN: scn}.Append(nil), h.append(nil))
	batch.Put(keys.AppendCommit(nil, scn), commitRecord{time: at}.append(nil))
	l.committed(scn, at)
	l.unmeasured()
	d, err := s.saveBranch(ctx, &batch, c)
	if err == nil && backup != nil {
		s.install(backup)
	}
	return d, err
}

// inForce makes a layer the one that the branch writes to from an SCN on.
func (b *branch) inForce(l *layer, from uint64) {
	b.Timeline = append(b.Timeline, era{from, l.id})
	b.layers = append(b.layers, l)
	b.Merged = false
}

// backup makes the branch that keeps what a restore replaces, or nil.
func (s *Store) backup(ctx context.Context, batch *kv.Batch, x *branch, o storage.RestoreOptions) (*branch, error) {
	if o.Backup == "" {
		return nil, nil
	}
	if err := checkName(o.Backup); err != nil {
		return nil, err
	}
	if err := s.nameFree(x.Database, o.Backup); err != nil {
		return nil, err
	}
	c, err := s.copyOf(ctx, batch, x, o.Backup, o.User)
	if err != nil {
		return nil, err
	}
	return c, s.putBranch(batch, c)
}

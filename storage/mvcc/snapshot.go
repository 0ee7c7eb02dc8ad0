package mvcc

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// snapshotRecord is a kept point.
type snapshotRecord struct {
	storage.PointSnapshot
	Database catalog.OID
	BranchID uint64
}

// Snapshot implements storage.Branches.
func (b branches) Snapshot(ctx context.Context, db catalog.OID, name, point, comment, user string) (storage.PointSnapshot, error) {
	x, err := b.s.branch(db, name)
	if err != nil {
		return storage.PointSnapshot{}, err
	}
	return b.s.keepPoint(ctx, x, point, comment, user, false)
}

// keepPoint makes a snapshot. A transaction reads the point meanwhile, so that it stays readable until it is kept.
func (s *Store) keepPoint(ctx context.Context, x *branch, point, comment, user string, automatic bool) (storage.PointSnapshot, error) {
	if point == "" {
		point = "head"
	}
	t, err := s.begin(ctx, storage.TxnOptions{ReadOnly: true, Database: x.Database})
	if err != nil {
		return storage.PointSnapshot{}, err
	}
	defer t.end()
	v, err := t.View(ctx, catalog.Ref{Branch: x.Name, Point: point})
	if err != nil {
		return storage.PointSnapshot{}, err
	}
	id, err := s.take(ctx, counterSnapshot, 1)
	if err != nil {
		return storage.PointSnapshot{}, storeError(err)
	}
	r := &snapshotRecord{Database: x.Database, BranchID: x.ID, PointSnapshot: storage.PointSnapshot{
		ID: fmt.Sprintf("snap_%d", id), Branch: x.Name, SCN: v.At(), Time: s.o.Clock(), Comment: comment, Automatic: automatic, CreatedBy: user,
	}}
	val, err := json.Marshal(r)
	if err != nil {
		return storage.PointSnapshot{}, err
	}
	var batch kv.Batch
	batch.Put(keys.MetaSnapshot.Append(nil, id), val)
	if err := s.kv.Apply(ctx, &batch); err != nil {
		return storage.PointSnapshot{}, storeError(err)
	}
	s.mu.Lock()
	s.snaps[id] = r
	s.mu.Unlock()
	return r.PointSnapshot, nil
}

// Snapshots implements storage.Branches: those of one branch, or of all.
func (b branches) Snapshots(_ context.Context, db catalog.OID, name string) ([]storage.PointSnapshot, error) {
	s := b.s
	var only *branch
	if name != "" {
		var err error
		if only, err = s.branch(db, name); err != nil {
			return nil, err
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []storage.PointSnapshot
	for _, id := range slices.Sorted(maps.Keys(s.snaps)) {
		r := s.snaps[id]
		if r.Database != db || only != nil && r.BranchID != only.ID {
			continue
		}
		p := r.PointSnapshot
		if x := s.branches[r.BranchID]; x != nil {
			p.Branch = x.Name
		}
		out = append(out, p)
	}
	return out, nil
}

func (s *Store) resolveSnapshot(b *branch, p string) (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.snaps {
		if r.ID == p && r.Database == b.Database {
			return r.SCN, nil
		}
	}
	return 0, errPoint(p, "is not a snapshot").WithHint("rowan.snapshots lists what there is.")
}

func (s *Store) loadSnapshots(ctx context.Context) error {
	return s.each(ctx, keys.MetaSnapshot.Append(nil), func(rest, val []byte) error {
		id, _, _ := keys.ID(rest)
		r := &snapshotRecord{}
		if err := json.Unmarshal(val, r); err != nil {
			return fmt.Errorf("snapshot %d: %w", id, err)
		}
		s.snaps[id] = r
		return nil
	})
}

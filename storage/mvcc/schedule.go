package mvcc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// SetSchedule implements storage.Keeper.
func (b branches) SetSchedule(ctx context.Context, db catalog.OID, name string, every time.Duration, keep int) error {
	if every < 0 || every > 0 && (every < time.Second || keep < 1) {
		return pgerr.New(pgerrcode.InvalidParameterValue, "automatic snapshots need an interval of a second or more, and at least one must be kept")
	}
	s := b.s
	s.topology.Lock()
	defer s.topology.Unlock()
	x, err := s.branch(db, name)
	if err != nil {
		return err
	}
	c := x.touch(s.o.Clock())
	c.Every, c.Keep = every, keep
	var batch kv.Batch
	_, err = s.saveBranch(ctx, &batch, c)
	return err
}

// DropSnapshot implements storage.Keeper.
func (b branches) DropSnapshot(ctx context.Context, db catalog.OID, id string) (bool, error) {
	s := b.s
	s.mu.RLock()
	var num uint64
	for n, r := range s.snaps {
		if r.ID == id && r.Database == db {
			num = n
		}
	}
	s.mu.RUnlock()
	if num == 0 {
		return false, nil
	}
	return true, storeError(s.forgetSnapshots(ctx, num))
}

func (s *Store) forgetSnapshots(ctx context.Context, nums ...uint64) error {
	if len(nums) == 0 {
		return nil
	}
	batch := kv.Batch{Urgent: true}
	for _, n := range nums {
		batch.Delete(keys.MetaSnapshot.Append(nil, n))
	}
	if err := s.kv.Apply(ctx, &batch); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range nums {
		delete(s.snaps, n)
	}
	return nil
}

// autoSnapshots makes the snapshots that are due, of branches that have changed since the last one, and forgets those
// that are more than their branch wants to keep.
func (s *Store) autoSnapshots(ctx context.Context) error {
	now := s.o.Clock()
	for _, x := range s.scheduled() {
		mine := s.automatic(x.ID)
		head, _ := x.now().lastCommit()
		due := len(mine) == 0 || now.Sub(mine[len(mine)-1].Time) >= x.Every && mine[len(mine)-1].SCN < head
		if due {
			if _, err := s.keepPoint(ctx, x, "", fmt.Sprintf("every %s", x.Every), "", true); err != nil {
				return err
			}
			mine = s.automatic(x.ID)
		}
		var old []uint64
		for i := 0; i < len(mine)-x.Keep; i++ {
			old = append(old, mine[i].num)
		}
		if err := s.forgetSnapshots(ctx, old...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) scheduled() (list []*branch) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, x := range s.names {
		if x.Every > 0 {
			list = append(list, x)
		}
	}
	return list
}

type numberedSnapshot struct {
	*snapshotRecord
	num uint64
}

// automatic returns a branch's automatic snapshots, the oldest first.
func (s *Store) automatic(branch uint64) (list []numberedSnapshot) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for n, r := range s.snaps {
		if r.BranchID == branch && r.Automatic {
			list = append(list, numberedSnapshot{r, n})
		}
	}
	slices.SortFunc(list, func(a, b numberedSnapshot) int { return cmp.Compare(a.num, b.num) })
	return list
}

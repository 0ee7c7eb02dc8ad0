package mvcc

import (
	"context"

	"github.com/rowandb/rowan/storage/kv"
)

// Expire drops the branches whose time is over, and returns how many. Default and protected ones stay. It runs in the
// background.
func (s *Store) Expire(ctx context.Context) (dropped int, err error) {
	for _, x := range s.expired() {
		ok, err := s.expire(ctx, x)
		if err != nil {
			return dropped, err
		}
		if ok {
			dropped++
		}
	}
	return dropped, nil
}

func (b *branch) expires() bool {
	return !b.Expires.IsZero() && b.Deleted.IsZero() && !b.Default && !b.Protected
}

func (s *Store) expired() (list []*branch) {
	now := s.o.Clock()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, x := range s.names {
		if x.expires() && !x.Expires.After(now) {
			list = append(list, x)
		}
	}
	return list
}

func (s *Store) expire(ctx context.Context, x *branch) (bool, error) {
	s.topology.Lock()
	defer s.topology.Unlock()
	now := s.o.Clock()
	if x = s.branchByID(x.ID); x == nil || !x.expires() || x.Expires.After(now) {
		return false, nil // somebody was faster
	}
	c := x.touch(now)
	c.Deleted = now
	_, err := s.saveBranch(ctx, &kv.Batch{Urgent: true}, c)
	return err == nil, storeError(err)
}

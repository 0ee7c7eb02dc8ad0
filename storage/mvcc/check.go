package mvcc

import "context"

// Check implements storage.Store.
func (s *Store) Check(ctx context.Context, progress func(done, total int64)) ([]string, error) {
	return nil, nil
}

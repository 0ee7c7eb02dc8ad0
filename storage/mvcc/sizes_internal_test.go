package mvcc

import (
	"context"
	"fmt"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// WrongSizes compares the sizes that are counted with what is there.
func (s *Store) WrongSizes(ctx context.Context) (wrong []string, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	compare := func(what string, z *size, prefixes ...[]byte) error {
		var n int64
		for _, p := range prefixes {
			k, err := s.bytesIn(ctx, p, kv.PrefixEnd(p))
			if err != nil {
				return err
			}
			n += k
		}
		if !z.unknown.Load() && z.n.Load() != n {
			wrong = append(wrong, fmt.Sprintf("%s: counted %d, there are %d", what, z.n.Load(), n))
		}
		return nil
	}
	for _, l := range s.layers {
		for ks, sp := range *l.spaces.Load() {
			if err := compare(fmt.Sprintf("layer %d keyspace %d", l.id, ks), &sp.size, sp.prefix, sp.AppendHistory(nil, nil)); err != nil {
				return nil, err
			}
		}
		if err := compare(fmt.Sprintf("log of layer %d", l.id), &l.logged, keys.AppendLogPrefix(nil, l.id)); err != nil {
			return nil, err
		}
	}
	return wrong, nil
}

func init() { flatDepth, flatSmall = 1, 300 } // so that tests have copies of all kinds

// Tombstones counts the heads that are tombstones, of all layers.
func (s *Store) Tombstones(ctx context.Context) (n int, err error) {
	_, err = s.eachVersion(ctx, keys.HeadPrefix(), func(_ []byte, v *version) bool {
		if v.deleted() {
			n++
		}
		return true
	})
	return n, err
}

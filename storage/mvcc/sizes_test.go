package mvcc_test

import (
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestSizesOverTombstones writes over tombstones of rows and of index entries, which are removed before the commit, after it,
// or not at all: the sizes are those of what is there, to the byte.
func TestSizesOverTombstones(t *testing.T) {
	for _, spill := range []int64{0, 1} {
		for _, moment := range []string{"before the write", "before the commit", "after the commit", "never", "after a restart"} {
			e := memkv.New()
			s := testTable(t, e, mvcc.Options{CleanEvery: -1, SpillBytes: spill})
			put(t, s, "main", 1, 2, 3)
			clean := func(at string) {
				if at == moment {
					_, err := s.Clean(ctx)
					must(t, err)
				}
			}
			for range 3 {
				x := begin(t, s, "main", storage.ReadCommitted)
				must(t, x.delete(x.table("t"), x.where(x.table("t"), 1, 2)))
				x.commit()
				x = begin(t, s, "main", storage.ReadCommitted)
				must(t, x.update(x.table("t"), x.where(x.table("t"), 3), func(r [3]int64) [3]int64 { r[1] ^= 1; return r }))
				x.commit()
				if moment == "after a restart" {
					must(t, s.Close())
					e = e.Clone()
					var err error
					s, err = mvcc.Open(e, mvcc.Options{CleanEvery: -1, SpillBytes: spill})
					must(t, err)
				}
				clean("before the write")
				x = begin(t, s, "main", storage.ReadCommitted)
				must(t, x.insert(x.table("t"), [3]int64{1, 1, 1}, [3]int64{2, 2, 2}))
				clean("before the commit")
				x.commit()
				clean("after the commit")
				wrong, err := s.WrongSizes(ctx)
				must(t, err)
				for _, w := range wrong {
					t.Errorf("spilling from %d bytes, cleaned %s: %s", spill, moment, w)
				}
				_, err = s.Branches().Sizes(ctx, db) // measures what is not known
				must(t, err)
			}
			must(t, s.Close())
		}
	}
}

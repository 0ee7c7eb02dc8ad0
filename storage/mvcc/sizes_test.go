package mvcc_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
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

// TestSizesOfForksBehindAWindow drops branches that are all that keeps the past of the one they were made from.
func TestSizesOfForksBehindAWindow(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		e := inBytesHeld(open())
		s := testTable(t, e, mvcc.Options{CleanEvery: -1, Clock: func() time.Time { now = now.Add(time.Second); return now }})
		b := s.Branches()
		rnd := rand.New(rand.NewPCG(3, 4))
		for i := range 3 {
			churn(t, s, "main", rnd, 60)
			must(t, fork2(s, fmt.Sprint("b", i), "main"))
		}
		churn(t, s, "main", rnd, 60)
		churn(t, s, "b1", rnd, 5)
		window := time.Minute
		must(t, b.SetRetention(ctx, db, "", &window))
		now = now.Add(time.Hour)
		for _, name := range []string{"b1", "b0", "b2"} {
			_, err := b.GC(ctx, storage.GCOptions{Purge: true, Compact: true})
			must(t, err)
			dropsAsSaid(t, s, e, name)
		}
		must(t, s.Close())
	})
}

package mvcc_test

import (
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestUndoneTombstones takes back a large transaction that wrote over tombstones, after the cleaner has looked for them. They
// are back, and go without a restart.
func TestUndoneTombstones(t *testing.T) {
	for name, takeBack := range map[string]func(x *txn, sp int){
		"rollback":              func(x *txn, _ int) { must(t, x.Rollback()) },
		"rollback to savepoint": func(x *txn, sp int) { must(t, x.RollbackTo(sp)); x.commit() },
	} {
		t.Run(name, func(t *testing.T) {
			e := memkv.New()
			s := testTable(t, e, mvcc.Options{CleanEvery: -1, SpillBytes: 1})
			defer func() { must(t, s.Close()) }()
			put(t, s, "main", 1, 2, 3)
			old := begin(t, s, "main", storage.RepeatableRead) // the tombstones stay while it runs
			is(t, old.all(old.table("t")), "1,1,1 2,2,2 3,3,3")
			x := begin(t, s, "main", storage.ReadCommitted)
			must(t, x.delete(x.table("t"), x.where(x.table("t"), 1, 2)))
			x.commit()

			x = begin(t, s, "main", storage.ReadCommitted)
			sp := x.Savepoint()
			must(t, x.insert(x.table("t"), [3]int64{1, 7, 7}, [3]int64{2, 1, 2}))
			must(t, x.update(x.table("t"), x.where(x.table("t"), 1), func(r [3]int64) [3]int64 { return r })) // waits for what is on its way
			must(t, old.Rollback())
			if n, err := s.Clean(ctx); err != nil || n > 4 { // of c and b, the entries that were not written again
				t.Fatalf("%d removed, %v", n, err)
			}
			takeBack(x, sp)
			is(t, reads(t, s, "main"), "3")
			if _, err := s.Clean(ctx); err != nil {
				t.Fatal(err)
			}
			left, err := s.Tombstones(ctx)
			must(t, err)
			if left != 0 {
				t.Errorf("%d tombstones are left", left)
			}
		})
	}
}

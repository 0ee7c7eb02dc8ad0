package mvcc_test

import (
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestSharedListStays has a large transaction that wrote two branches, of which one lets its past go: the other one, which keeps
// a point from before, still tells what the transaction changed there.
func TestSharedListStays(t *testing.T) {
	s := bulkStore(t, memkv.New(), 100)
	must(t, fork2(s, "dev", "main"))
	must(t, fork2(s, "test", "main"))
	x := begin(t, s, "dev", storage.ReadCommitted)
	tab := x.table("t")
	must(t, x.insert(tab, [3]int64{500, 500, 500}))
	before := x.commit()

	x = begin(t, s, "test", storage.ReadCommitted)
	dev, err := x.View(ctx, catalog.Ref{Branch: "dev"})
	must(t, err)
	x.bulk(tab, 1000, 1400, 1)
	other := &txn{x.Txn, t, dev}
	other.bulk(tab, 2000, 2300, 1)
	x.commit()

	for a := range int64(3) {
		put(t, s, "test", 5000+a)
	}
	changed := func() int {
		t.Helper()
		x := begin(t, s, "dev", storage.ReadCommitted)
		then, err := x.View(ctx, branchAt("dev", before))
		must(t, err)
		ks, _, err := x.Txn.(*mvcc.Txn).ChangedKeys(ctx, then, x.v, tab.Rows)
		must(t, err)
		must(t, x.Rollback())
		return len(ks)
	}
	if n := changed(); n != 300 {
		t.Fatalf("%d keys have changed", n)
	}
	none := time.Nanosecond
	d, err := s.Branches().Get(ctx, db, "dev")
	must(t, err)
	s.UseNames(&pinList{{Branch: d.ID, SCN: before}})
	must(t, s.Branches().SetRetention(ctx, db, "", &none))
	_, err = s.Clean(ctx)
	must(t, err)
	res, err := s.Branches().GC(ctx, storage.GCOptions{})
	must(t, err)
	if res.LogEntries == 0 {
		t.Errorf("collected %+v", res)
	}
	if n := changed(); n != 300 {
		t.Errorf("%d keys have changed, after the collection", n)
	}
	sound(t, s)
	must(t, s.Close())
}

package merge_test

import (
	"testing"

	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/kv/countkv"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
)

// A merge of what a branch has changed since it was last merged reads the same however much the target has gone on, since then and since
// the two parted; also when the store was opened anew.
func TestCostOfMergesAgain(t *testing.T) {
	dir := t.TempDir()
	open := func() (*numbered, *countkv.Engine) {
		disk, err := badgerkv.Open(badgerkv.Options{Dir: dir, Small: true, NoSync: true})
		must(t, err)
		e := countkv.New(disk)
		s, err := mvcc.Open(e, mvcc.Options{CleanEvery: -1})
		must(t, err)
		s.UseDiffer(merge.Differ{})
		return &numbered{tb: t, Store: s}, e
	}
	s, e := open()
	must(t, mvcc.Bootstrap(ctx, s.Store, mvcc.BootstrapOptions{}))
	newTable(t, s.Store, false)
	s.fork("dev", "main")
	id := int64(0)
	merged := func() int64 {
		id++
		s.insert("dev", "t", -id, -id+1, 1)
		before := e.Reads()
		if res := s.merge("dev", "main"); res.Inserts != 1 {
			t.Fatalf("%+v", res)
		}
		return e.Reads() - before
	}
	grow := func(n int) {
		for range n {
			id++
			s.insert("main", "t", id, id+1, 1)
		}
	}
	merged()
	grow(20)
	short := merged()
	grow(1000)
	long := merged()
	must(t, s.Store.Close())
	s, e = open()
	defer s.Close()
	again := merged()
	t.Logf("%d keys, after many commits %d, and %d in a store opened anew", short, long, again)
	if most := short + short/2 + 8; long > most || again > most {
		t.Errorf("a merge reads %d keys after few commits of the target, %d after many, and %d when the store was opened anew", short, long, again)
	}
}

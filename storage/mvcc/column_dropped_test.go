package mvcc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestColumnsOfDropped reads a branch when the columns that are kept are those of a sibling, whose layer and log were collected.
func TestColumnsOfDropped(t *testing.T) {
	s, err := mvcc.Open(memkv.New(), mvcc.Options{CacheRows: 1, CleanEvery: -1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, false)
	x.commit()
	for i, name := range []string{"dropped", "stays"} {
		must(t, fork2(s, name, "main"))
		x := begin(t, s, name, storage.ReadCommitted)
		for k := range int64(20) {
			must(t, x.insert(x.table("t"), [3]int64{int64(100*i) + k, k, k}))
		}
		x.commit()
	}
	read := func(branch string) string {
		x := begin(t, s, branch, storage.ReadCommitted)
		defer func() { must(t, x.Rollback()) }()
		return x.all(x.table("t"))
	}
	for range 3 {
		read("dropped")
	}
	_, err = s.Branches().Drop(ctx, mvcc.FirstDatabase, "dropped", true)
	must(t, err)
	_, err = s.Branches().GC(ctx, storage.GCOptions{Purge: true})
	must(t, err)
	var want []string
	for k := range 20 {
		want = append(want, fmt.Sprintf("%d,%d,%d", 100+k, k, k))
	}
	is(t, read("stays"), strings.Join(want, " "))
	must(t, s.Close())
}

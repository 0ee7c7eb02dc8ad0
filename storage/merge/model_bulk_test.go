package merge_test

import (
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
)

// bulkRuns is how many of rapid's runs are made where time counts.
const bulkRuns = 4

// TestModelBulk is TestModel with batches of rows that are large enough to be claimed as a whole, and transactions that write
// ahead of their commit and keep the keys that changed in files.
func TestModelBulk(t *testing.T) {
	for _, unique := range []bool{false, true} {
		for _, spill := range []int64{0, 20 << 10} {
			t.Run(fmt.Sprintf("unique=%v/spill=%d", unique, spill), func(t *testing.T) {
				dir, runs := t.TempDir(), 0
				rapid.Check(t, func(t *rapid.T) {
					if runs++; runs > bulkRuns && os.Getenv("ROWAN_LONG") == "" {
						return
					}
					s, err := mvcc.Open(memkv.New(), mvcc.Options{CleanEvery: -1, SpillBytes: spill, TempDir: dir})
					must(t, err)
					defer s.Close()
					must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
					s.UseDiffer(merge.Differ{})
					newTable(t, s, unique)
					w := &world{t: t, s: s, heads: map[string]*node{"main": {State: content{}}}, width: 70}
					t.Repeat(map[string]func(*rapid.T){"write": w.write, "write2": w.write, "fork": w.fork, "merge": w.merge, "merge2": w.merge,
						"clean": func(*rapid.T) { _, _ = s.Clean(ctx) }, "": w.check})
				})
			})
		}
	}
}

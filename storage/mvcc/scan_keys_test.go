package mvcc_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestScanKeysAreScanned compares scans of many keys with those of the whole table: on branches of branches, at points in the
// past, with own writes of earlier statements in memory and in the store, beside commits and removals of tombstones.
func TestScanKeysAreScanned(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s, err := mvcc.Open(open(), mvcc.Options{SpillBytes: 8 << 10})
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
		x := begin(t, s, "", storage.ReadCommitted)
		createTable(t, s, x, "t", true, false)
		x.commit()
		r := rand.New(rand.NewPCG(1, 2))
		points := []string{"main"}
		for _, b := range []string{"main", "dev", "sub"} {
			if b != "main" {
				_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: b, Source: points[0]})
				must(t, err)
				points = append([]string{b}, points...)
			}
			for range 4 {
				for _, at := range points[:min(len(points), 2)] {
					x := begin(t, s, at, storage.ReadCommitted)
					changeSome(x, r)
					x.commit()
				}
				_, err := s.Clean(ctx)
				must(t, err)
			}
		}
		last, _ := s.Now()
		for _, at := range []string{"main", "dev", "sub", "main@~3", "dev@~2", "sub@~4", "main@" + fmt.Sprint(last-9)} {
			x := begin(t, s, at, storage.ReadCommitted)
			x.compareKeys(r)
			if !x.v.ReadOnly() {
				changeSome(x, r)
				x.compareKeys(r)
			}
			must(t, x.Rollback())
		}
	})
}

// changeSome inserts, updates and deletes rows, here and there and side by side.
func changeSome(x *txn, r *rand.Rand) {
	tab := x.table("t")
	lo := r.Int64N(3000)
	all := x.rows(storage.ScanRequest{Table: tab})
	var some []found
	for _, f := range all {
		if a := f.row[0]; a%37 == lo%37 || a > lo && a < lo+100 {
			some = append(some, f)
		}
	}
	half := len(some) / 2
	must(x.t, x.update(tab, some[:half], func(row [3]int64) [3]int64 { row[1] = r.Int64N(100); return row }))
	must(x.t, x.delete(tab, some[half:]))
	there := map[int64]bool{}
	for _, f := range all {
		there[f.row[0]] = true
	}
	var fresh [][3]int64
	for a := lo; a < 3000 && len(fresh) < 150; a += 1 + lo%3 {
		if !there[a] {
			fresh = append(fresh, [3]int64{a, 1, 1})
		}
	}
	must(x.t, x.insert(tab, fresh...))
}

// compareKeys reads lists of keys, of rows that are there and of others, in one go and ahead.
func (x *txn) compareKeys(r *rand.Rand) {
	x.t.Helper()
	tab := x.table("t")
	all := x.rows(storage.ScanRequest{Table: tab})
	for _, step := range []int64{1, 2, 30} {
		var ks []string
		for a := r.Int64N(5); a < 3000; a += 1 + r.Int64N(step) {
			ks = append(ks, key8(a))
		}
		want := slices.DeleteFunc(slices.Clone(all), func(f found) bool {
			_, ok := slices.BinarySearch(ks, f.key)
			return !ok
		})
		for _, ahead := range []bool{false, true} {
			if got := x.rows(storage.ScanRequest{Table: tab, Keys: ks, Ahead: ahead}); !slices.Equal(got, want) {
				x.t.Fatalf("%d keys, ahead %v:\n%s\nwant\n%s", len(ks), ahead, show(got), show(want))
			}
		}
	}
}

// key8 is how the key of an int8 is encoded.
func key8(a int64) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(a)^1<<63))
}

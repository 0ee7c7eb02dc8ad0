package merge_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
)

// benchRows is how many rows the table has: a million, ten with ROWAN_LONG.
func benchRows() int64 {
	if os.Getenv("ROWAN_LONG") != "" {
		return 10_000_000
	}
	return 1_000_000
}

// serverMemory is the budget of a server with default settings; benchmarks run with its shares.
const serverMemory = 800 << 20

func benchStore(b *testing.B, rows int64) *mvcc.Store {
	b.Helper()
	e, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir(), Memory: serverMemory})
	must(b, err)
	s, err := mvcc.Open(e, mvcc.Options{SpillBytes: serverMemory / 64, CacheBytes: serverMemory / 6})
	must(b, err)
	must(b, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	s.UseDiffer(merge.Differ{})
	newTable(b, s, false)
	load(b, s, "main", 0, rows)
	return s
}

// load inserts rows [from, to).
func load(b *testing.B, s *mvcc.Store, branch string, from, to int64) {
	x := begin(b, s, branch, "")
	tab := x.table()
	for lo := from; lo < to; lo += 1024 {
		ids, rows := []int64{}, content{}
		for id := lo; id < min(lo+1024, to); id++ {
			ids = append(ids, id)
			rows[id] = row{id, id, id}
		}
		_, err := x.Insert(ctx, storage.InsertRequest{View: x.v, Table: tab, Columns: columns(tab), Rows: batch(tab, ids, rows)})
		must(b, err)
	}
	x.commit()
}

// change updates n rows, every step-th.
func change(b *testing.B, s *mvcc.Store, branch string, n, step, value int64) {
	changeTo(b, s, branch, n, step, func(id int64) row { return row{value, id, id} })
}

func changeTo(b *testing.B, s *mvcc.Store, branch string, n, step int64, to func(id int64) row) {
	x := begin(b, s, branch, "")
	tab := x.table()
	for lo := int64(0); lo < n; lo += 1024 {
		ids, old, new := []int64{}, content{}, content{}
		var keys []string
		for i := lo; i < min(lo+1024, n); i++ {
			id := i * step
			ids = append(ids, id)
			old[id], new[id] = row{id, id, id}, to(id)
			keys = append(keys, rowKey(id))
		}
		_, err := x.LockRows(ctx, storage.LockRequest{View: x.v, Table: tab, Keys: keys, Strength: catalog.ForUpdate})
		must(b, err)
		must(b, x.Update(ctx, storage.UpdateRequest{View: x.v, Table: tab, Columns: columns(tab), Old: batch(tab, ids, old), New: batch(tab, ids, new), Keys: keys}))
	}
	x.commit()
}

// rowKey is how the key of an int8 is encoded.
func rowKey(id int64) string {
	u := uint64(id) ^ 1<<63
	var k [8]byte
	for i := range k {
		k[i] = byte(u >> (56 - 8*i))
	}
	return string(k[:])
}

// BenchmarkBranches measures what is done with branches of a large table of which a thousand rows are changed.
func BenchmarkBranches(b *testing.B) {
	rows := benchRows()
	s := benchStore(b, rows)
	defer s.Close()
	names := 0
	fork := func(b *testing.B) string {
		names++
		name := fmt.Sprintf("b%d", names)
		_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name})
		must(b, err)
		return name
	}
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			fork(b)
		}
	})
	b.Run("drop", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			name := fork(b)
			b.StartTimer()
			_, err := s.Branches().Drop(ctx, mvcc.FirstDatabase, name, false)
			must(b, err)
		}
	})
	b.Run("restore", func(b *testing.B) {
		name := fork(b)
		for b.Loop() {
			_, err := s.Branches().Reset(ctx, mvcc.FirstDatabase, name, "", "")
			must(b, err)
		}
	})
	for _, scattered := range []bool{false, true} {
		step := int64(1)
		if scattered {
			step = rows / 1000
		}
		name := fork(b)
		change(b, s, name, 1000, step, -1)
		b.Run(fmt.Sprint("diff/scattered=", scattered), func(b *testing.B) { benchDiff(b, s, name, 1000) })
		b.Run(fmt.Sprint("merge/scattered=", scattered), func(b *testing.B) { benchMerge(b, s, name, fork) })
	}
}

func benchDiff(b *testing.B, s *mvcc.Store, name string, want int) {
	for b.Loop() {
		x := begin(b, s, name, "")
		main, err := x.View(ctx, catalog.Ref{Branch: "main"})
		must(b, err)
		sc, err := s.Branches().Diff(ctx, x.Txn, main, x.v, x.table().OID)
		must(b, err)
		n := 0
		for {
			d, err := sc.Next(ctx)
			must(b, err)
			if d == nil {
				break
			}
			n += len(d.Kind)
		}
		if n != want {
			b.Fatalf("%d differences", n)
		}
		must(b, x.Rollback())
	}
}

func benchMerge(b *testing.B, s *mvcc.Store, name string, fork func(*testing.B) string) {
	for b.Loop() {
		b.StopTimer()
		target := fork(b)
		b.StartTimer()
		mergeAll(b, s, name, target, 1000)
	}
}

// at returns a view of a branch at a point.
func (x *txn) at(branch, point string) storage.View {
	v, err := x.View(ctx, catalog.Ref{Branch: branch, Point: point})
	must(x.t, err)
	return v
}

func mergeAll(b *testing.B, s *mvcc.Store, source, target string, want int64) {
	x := begin(b, s, target, "")
	res, err := s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Source: source, Target: target})
	must(b, err)
	if res.Updates+res.Inserts != want {
		b.Fatalf("%+v", res)
	}
	x.commit()
}

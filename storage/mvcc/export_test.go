package mvcc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// export is one taken down.
type export struct {
	info       storage.ExportInfo
	keys, vals [][]byte
}

func takeExport(s *mvcc.Store, since *storage.ExportInfo) (export, error) {
	var e export
	err := s.Export(ctx, since, func(i storage.ExportInfo) error { e.info = i; return nil }, func(key, val []byte) error {
		e.keys = append(e.keys, bytes.Clone(key))
		if val != nil {
			val = append([]byte{}, val...)
		}
		e.vals = append(e.vals, val)
		return nil
	})
	return e, err
}

// restore imports a chain of exports up to an SCN, and opens what comes of it.
func restore(t tb, chain []export, to uint64) *mvcc.Store {
	t.Helper()
	var until time.Time
	for _, e := range chain {
		for i, k := range e.keys {
			if scn, at, ok := mvcc.ReadCommit(k, e.vals[i]); ok && scn > to && until.IsZero() {
				until = at
			}
		}
	}
	disk := memkv.New()
	i := mvcc.NewImporter(ctx, disk, to, until)
	for _, e := range chain {
		must(t, i.Begin(e.info))
		for n := range e.keys {
			must(t, i.Put(e.keys[n], e.vals[n]))
		}
		if e.info.SCN >= to {
			break
		}
	}
	must(t, i.Finish())
	s, err := mvcc.Open(disk, mvcc.Options{CleanEvery: -1})
	must(t, err)
	return s
}

// contents are the rows of all branches at all points, by "branch@SCN".
func contents(t tb, s *mvcc.Store, upTo storage.SCN) map[string]string {
	list, err := s.Branches().List(ctx, mvcc.FirstDatabase, false)
	must(t, err)
	out := map[string]string{}
	for _, b := range list {
		for scn := b.Fork; scn <= upTo; scn++ {
			at := fmt.Sprintf("%s@%d", b.Name, scn)
			x := begin(t, s, at, storage.ReadCommitted)
			if o, _ := x.v.Catalog().Relation(2200, "t"); o != nil {
				tab := x.table("t")
				out[at] = x.all(tab)
				if n, ok, err := x.CountRows(ctx, storage.ScanRequest{View: x.v, Table: tab}); err != nil || ok && n != int64(len(x.rows(storage.ScanRequest{Table: tab}))) {
					t.Fatalf("%s: counted %d, %v", at, n, err)
				}
			}
			must(t, x.Rollback())
		}
	}
	return out
}

// TestExport takes exports of a store while it changes, full ones and such as build on those, restores chains of them at
// any point, and wants the past to be what it was.
func TestExport(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := mvcc.Open(memkv.New(), mvcc.Options{CleanEvery: -1, SpillBytes: rapid.SampledFrom([]int64{1, 800, 0}).Draw(t, "spill")})
		must(t, err)
		must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
		x := begin(t, s, "", storage.ReadCommitted)
		createTable(t, s, x, "t", true, true)
		x.commit()
		cur := map[string]content{"main": {}}
		var chain []export
		var since *storage.ExportInfo
		for i := range rapid.IntRange(3, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0:
				e, err := takeExport(s, since)
				must(t, err)
				chain, since = append(chain, e), &e.info
			case 1:
				from := rapid.SampledFrom(sortedNames(cur)).Draw(t, "from")
				name := fmt.Sprint("b", i)
				if _, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Source: from}); err != nil {
					t.Fatal(err)
				}
				cur[name] = cur[from]
			case 2:
				_, err := s.Clean(ctx)
				must(t, err)
			default:
				name := rapid.SampledFrom(sortedNames(cur)).Draw(t, "branch")
				x := begin(t, s, name, storage.ReadCommitted)
				next, ok := writeSomeTo(t, x, cur[name])
				if !ok {
					t.Fatal("no write")
				}
				x.commit()
				cur[name] = next
			}
		}
		e, err := takeExport(s, since)
		must(t, err)
		chain = append(chain, e)
		now, _ := s.Now()
		want := contents(t, s, now)
		to := uint64(math.MaxUint64)
		if rapid.Bool().Draw(t, "older") {
			to = rapid.Uint64Range(2, now).Draw(t, "to")
		}
		back := restore(t, chain, to)
		found, err := back.Verify(ctx, storage.CheckOptions{Points: 3})
		must(t, err)
		for _, p := range found {
			t.Errorf("after restoring to %d of %d: %s", to, now, p)
		}
		at, _ := back.Now()
		got := contents(t, back, at)
		if to == math.MaxUint64 && len(got) != len(want) {
			t.Errorf("%d points, want %d", len(got), len(want))
		}
		if len(got) == 0 {
			t.Error("nothing was restored")
		}
		for k, v := range got {
			if want[k] != v {
				t.Errorf("%s: %s\nwant %s", k, v, want[k])
			}
		}
		if to < now && at > to {
			t.Errorf("restored to %d, it is at %d", to, at)
		}
		for name := range cur { // life goes on
			if _, err := back.Branches().Get(ctx, mvcc.FirstDatabase, name); err == nil {
				x := begin(t, back, name, storage.ReadCommitted)
				must(t, x.insert(x.table("t"), [3]int64{777, 777, 7}))
				x.commit()
			}
		}
		must(t, back.Close())
		must(t, s.Close())
	})
}

// TestExportWhileWriting takes exports while transactions commit, which must not wait for them.
func TestExportWhileWriting(t *testing.T) {
	s := openStore(t, memkv.New())
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, false)
	x.commit()
	sums := map[storage.SCN]int{}
	var mu sync.Mutex
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() { // every transaction leaves 10 rows: it moves one on
		for i := int64(0); !stop.Load(); i++ {
			x := begin(t, s, "", storage.ReadCommitted)
			tab := x.table("t")
			if i >= 10 {
				must(t, x.delete(tab, x.where(tab, i-10)))
			}
			must(t, x.insert(tab, [3]int64{i, i, i}))
			scn := x.commit()
			mu.Lock()
			sums[scn] = int(min(i+1, 10))
			mu.Unlock()
			time.Sleep(100 * time.Microsecond)
		}
	})
	time.Sleep(20 * time.Millisecond)
	var chain []export
	var since *storage.ExportInfo
	for range 8 {
		e, err := takeExport(s, since)
		must(t, err)
		chain, since = append(chain, e), &e.info
		back := restore(t, chain, math.MaxUint64)
		x := begin(t, back, "", storage.ReadCommitted)
		mu.Lock()
		if n := len(x.rows(storage.ScanRequest{Table: x.table("t")})); n != sums[e.info.SCN] && sums[e.info.SCN] != 0 {
			t.Errorf("%d rows at SCN %d", n, e.info.SCN)
		}
		mu.Unlock()
		must(t, x.Rollback())
		found, err := back.Verify(ctx, storage.CheckOptions{Points: 2})
		must(t, err)
		for _, p := range found {
			t.Fatal(p)
		}
		must(t, back.Close())
	}
	stop.Store(true)
	wg.Wait()
	must(t, s.Close())
}

func TestExportRefuses(t *testing.T) {
	s, other := memStore(t), memStore(t)
	e, err := takeExport(other, nil)
	must(t, err)
	if _, err := takeExport(s, &e.info); err == nil {
		t.Error("an export builds on one of another store")
	}
	mine, err := takeExport(s, nil)
	must(t, err)
	mine.info.SCN += 100
	if _, err := takeExport(s, &mine.info); err == nil {
		t.Error("an export builds on one of the future")
	}
	failed := errors.New("no more")
	if err := s.Export(ctx, nil, func(storage.ExportInfo) error { return nil }, func([]byte, []byte) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("an export that cannot be written: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Export(gone, nil, func(storage.ExportInfo) error { return nil }, func([]byte, []byte) error { return nil }); err == nil {
		t.Error("an export goes on when nobody wants it any more")
	}
}

// TestExportOfWhatIsGone wants an export that would build on a past of which some was collected to be refused.
func TestExportOfWhatIsGone(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := testTable(t, memkv.New(), mvcc.Options{CleanEvery: -1, Clock: func() time.Time { now = now.Add(time.Second); return now }})
	old, err := takeExport(s, nil)
	must(t, err)
	for a := range int64(9) {
		put(t, s, "main", a+1)
	}
	window := 3 * time.Second
	must(t, s.Branches().SetRetention(ctx, db, "", &window))
	_, err = s.Branches().GC(ctx, storage.GCOptions{})
	must(t, err)
	_, err = takeExport(s, &old.info)
	failsWith(t, err, "55000", fmt.Sprintf("what has happened since SCN %d is not all kept any more", old.info.SCN), "")
	fresh, err := takeExport(s, nil)
	must(t, err)
	_, err = takeExport(s, &fresh.info)
	must(t, err)
	must(t, s.Close())
}

func sortedNames(m map[string]content) []string { return slices.Sorted(maps.Keys(m)) }

// TestExportOfChanges restores a branch as it was before rows of it went with their tables: they do not count as changed.
func TestExportOfChanges(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	must(t, x.insert(tab, [3]int64{1, 1, 1}, [3]int64{2, 2, 2}))
	must(t, fork(s, "dev", "main", x.commit()))
	x = begin(t, s, "dev", storage.ReadCommitted)
	must(t, x.insert(tab, [3]int64{3, 3, 3}))
	before := x.commit()
	x = begin(t, s, "dev", storage.ReadCommitted)
	must(t, x.v.Drop(ctx, tab.OID))
	x.commit()
	e, err := takeExport(s, nil)
	must(t, err)
	for to, want := range map[uint64]string{math.MaxUint64: "1 0 3", uint64(before): "1 0 0"} {
		again := restore(t, []export{e}, to)
		st, err := again.Branches().Stats(ctx, mvcc.FirstDatabase, "dev")
		must(t, err)
		is(t, fmt.Sprint(st.Inserts, st.Updates, st.Deletes), want)
		must(t, again.Close())
	}
}

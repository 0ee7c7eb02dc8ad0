package mvcc_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// chainOf forks a chain of branches c1, c2, …, each of which changes some rows.
func chainOf(t tb, s *mvcc.Store, n int, change func(branch string, i int)) (last string) {
	last = "main"
	for i := range n {
		name := fmt.Sprint("c", i+1)
		must(t, fork2(s, name, last))
		change(name, i)
		last = name
	}
	return last
}

func (m *model) flatten(t *rapid.T) {
	_, err := m.s.Flatten(ctx)
	must(t, err)
}

// TestFlatten reads a chain of forks at all points, before and after it is made flat, with writers at work, and after a
// restart.
func TestFlatten(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := testTable(t, open(), mvcc.Options{CleanEvery: -1})
		rnd := rand.New(rand.NewPCG(3, 4))
		churn(t, s, "main", rnd, 20)
		last := chainOf(t, s, 12, func(b string, _ int) { churn(t, s, b, rnd, 3) })
		all := func() string {
			var sb strings.Builder
			for i := range 12 {
				fmt.Fprintln(&sb, reads(t, s, fmt.Sprint("c", i+1)))
			}
			now, _ := s.Now()
			for scn := storage.SCN(3); scn <= now; scn += 5 {
				fmt.Fprintln(&sb, reads(t, s, fmt.Sprintf("%s@%d", last, scn)))
			}
			return sb.String()
		}
		want := all()
		made, err := s.Flatten(context.Background())
		must(t, err)
		if made == 0 {
			t.Fatal("nothing was made flat")
		}
		if got := all(); got != want {
			t.Errorf("reads\n%s\nwant\n%s", got, want)
		}
		churn(t, s, "c5", rnd, 5)
		churn(t, s, last, rnd, 5)
		bad, err := s.Check(ctx, nil)
		must(t, err)
		if len(bad) > 0 {
			t.Error(bad)
		}
		want = all()
		must(t, s.Close())
		s = openStore(t, open())
		if got := all(); got != want {
			t.Errorf("after a restart\n%s\nwant\n%s", got, want)
		}
		for i := range 11 {
			_, err := s.Branches().Drop(ctx, db, fmt.Sprint("c", i+1), true)
			must(t, err)
		}
		want = reads(t, s, last)
		_, err = s.Branches().Drop(ctx, db, last, true)
		must(t, err)
		_, err = s.Branches().Undelete(ctx, db, last)
		must(t, err)
		is(t, reads(t, s, last), want)
		_, err = s.Branches().Drop(ctx, db, last, true)
		must(t, err)
		res, err := s.Branches().GC(ctx, storage.GCOptions{Purge: true})
		must(t, err)
		if res.Branches != 12 || res.Layers < 12+int64(made)/3 {
			t.Errorf("collected %+v, after %d copies", res, made)
		}
		must(t, s.Close())
	})
}

// TestFlattenCatalog makes a chain of forks flat each of which has changed the schema.
func TestFlattenCatalog(t *testing.T) {
	s := memStore(t)
	createTables := func(b string, i int) {
		x := begin(t, s, b, storage.ReadCommitted)
		createTable(t, s, x, fmt.Sprint("t", i), true, false)
		x.commit()
	}
	createTables("main", 100)
	last := chainOf(t, s, 8, createTables)
	x := begin(t, s, last, storage.ReadCommitted)
	if n := len(x.v.Catalog().Objects()); n < 9 {
		t.Fatalf("%d objects", n)
	}
	must(t, x.Rollback())
	made, err := s.Flatten(ctx)
	must(t, err)
	if made == 0 {
		t.Fatal("nothing was made flat")
	}
	bad, err := s.Check(ctx, nil)
	must(t, err)
	if len(bad) > 0 {
		t.Error(bad)
	}
}

// benchDir is a store on disk.
func benchOpen(b testing.TB) *mvcc.Store {
	dir, err := os.MkdirTemp("", "rowan")
	must(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	must(b, err)
	s := testTable(b, e, mvcc.Options{CleanEvery: -1})
	b.Cleanup(func() { must(b, s.Close()) })
	return s
}

// BenchmarkChain compares reads of a branch at the end of 64 forks, each of which has changed rows, with those of main.
func BenchmarkChain(b *testing.B) {
	const n = 100_000
	s := benchOpen(b)
	load(b, s, n)
	rnd := rand.New(rand.NewPCG(5, 6))
	last := chainOf(b, s, 64, func(name string, _ int) {
		x := begin(b, s, name, storage.ReadCommitted)
		tab := x.table("t")
		for range 20 {
			old := x.where(tab, rnd.Int64N(n))
			must(b, x.update(tab, old, func(r [3]int64) [3]int64 { r[2]++; return r }))
		}
		x.commit()
	})
	read := map[string]func(branch string, i int){
		"point": func(branch string, i int) {
			x := begin(b, s, branch, storage.ReadCommitted)
			if len(x.where(x.table("t"), int64(i*7919)%n)) != 1 {
				b.Fatal("no row")
			}
			must(b, x.Rollback())
		},
		"scan": func(branch string, _ int) { scanAll(b, s, branch, n) },
	}
	for _, kind := range []string{"point", "scan"} {
		for _, state := range []string{"main", "chain", "flat"} {
			if state == "flat" {
				_, err := s.Flatten(ctx)
				must(b, err)
			}
			b.Run(kind+"/"+state, func(b *testing.B) {
				branch := last
				if state == "main" {
					branch = "main"
				}
				for i := range b.N {
					read[kind](branch, i)
				}
			})
		}
	}
}

func scanAll(b tb, s *mvcc.Store, branch string, n int) {
	x := begin(b, s, branch, storage.ReadCommitted)
	tab := x.table("t")
	sc, err := x.Scan(ctx, storage.ScanRequest{View: x.v, Table: tab, Columns: columns(tab)})
	must(b, err)
	got := 0
	for {
		batch, err := sc.Next(ctx)
		must(b, err)
		if batch == nil {
			break
		}
		got += batch.N
	}
	if got != n {
		b.Fatal(got)
	}
	must(b, sc.Close())
	must(b, x.Rollback())
}

// TestFlattenWhileChecked makes a chain flat while the store is checked: what the check has not read yet of the layers does not
// surprise it.
func TestFlattenWhileChecked(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := testTable(t, open(), mvcc.Options{CleanEvery: -1})
		rnd := rand.New(rand.NewPCG(3, 4))
		churn(t, s, "main", rnd, 20)
		last := chainOf(t, s, 6, func(b string, _ int) { churn(t, s, b, rnd, 3) })
		reads(t, s, last)
		flat := make(chan error, 1)
		begun := false
		bad, err := s.Verify(ctx, storage.CheckOptions{Progress: func(phase string, _, _ int64) {
			if phase != "keys" || begun {
				return
			}
			begun = true
			go func() { _, err := s.Flatten(context.Background()); flat <- err }()
			select { // it may have to wait for the check
			case err := <-flat:
				flat <- err
			case <-time.After(50 * time.Millisecond):
			}
		}})
		must(t, err)
		if len(bad) > 0 {
			t.Error(bad)
		}
		must(t, <-flat)
		must(t, s.Close())
	})
}

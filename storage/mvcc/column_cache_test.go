package mvcc_test

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestColumnCache reads a table from memory the second time, and never what a commit or the reader's own writes have changed.
func TestColumnCache(t *testing.T) {
	s, err := mvcc.Open(memkv.New(), mvcc.Options{CacheRows: 1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	t.Cleanup(func() { _ = s.Close() })
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	must(t, x.insert(tab, [3]int64{1, 1, 1}, [3]int64{2, 2, 2}))
	first := x.commit()
	read := func(branch, want string) {
		t.Helper()
		for range 4 {
			x := begin(t, s, branch, storage.ReadCommitted)
			is(t, x.plain(x.table("t")), want)
			must(t, x.Rollback())
		}
	}
	read("", "1,1,1 2,2,2")
	if s.Cached() == 0 {
		t.Fatal("nothing was kept")
	}
	old := begin(t, s, "", storage.RepeatableRead)
	is(t, old.plain(tab), "1,1,1 2,2,2")
	x = begin(t, s, "", storage.ReadCommitted)
	must(t, x.insert(tab, [3]int64{3, 3, 3}))
	is(t, x.plain(tab), "1,1,1 2,2,2 3,3,3")
	read("", "1,1,1 2,2,2")
	x.commit()
	read("", "1,1,1 2,2,2 3,3,3")
	is(t, old.plain(tab), "1,1,1 2,2,2")
	must(t, old.Rollback())
	must(t, fork(s, "dev", "main", first))
	read("dev", "1,1,1 2,2,2")
	read("", "1,1,1 2,2,2 3,3,3")
	x = begin(t, s, "dev", storage.ReadCommitted)
	must(t, x.delete(tab, x.where(tab, 1)))
	x.commit()
	read("dev", "2,2,2")
	read("", "1,1,1 2,2,2 3,3,3")
}

// steps counts what is read of storage.
type steps struct {
	kv.Engine
	n atomic.Int64
}

type stepIterator struct {
	kv.Iterator
	n *atomic.Int64
}

func (s *steps) Scan(ctx context.Context, r kv.Range) kv.Iterator {
	return stepIterator{s.Engine.Scan(ctx, r), &s.n}
}

func (s *steps) Get(ctx context.Context, key, buf []byte) ([]byte, bool, error) {
	s.n.Add(1)
	return s.Engine.Get(ctx, key, buf)
}

func (i stepIterator) Next() bool {
	i.n.Add(1)
	return i.Iterator.Next()
}

// TestColumnPatch reads a large table, changed a little in one way after the other, at every point and on branches. What is
// read is right, and costs what was changed and not what there is.
func TestColumnPatch(t *testing.T) {
	const n = 10_000
	e := &steps{Engine: memkv.New()}
	s, err := mvcc.Open(e, mvcc.Options{CleanEvery: -1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	t.Cleanup(func() { _ = s.Close() })
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	rows := map[int64]int64{}
	put := func(x *txn, a, v int64) {
		must(t, x.insert(tab, [3]int64{a, v, 0}))
		rows[a] = v
	}
	for a := range int64(n) {
		put(x, 10*a, a)
	}
	x.commit()
	sum := func(x *txn) (n, total int64) {
		sc, err := x.Scan(ctx, storage.ScanRequest{View: x.v, Table: tab, Columns: columns(tab)[:2]})
		must(t, err)
		last := int64(-1)
		for {
			b, err := sc.Next(ctx)
			must(t, err)
			if b == nil {
				break
			}
			for i := range b.N {
				if b.Cols[0].Int[i] <= last {
					t.Fatalf("%d after %d", b.Cols[0].Int[i], last)
				}
				last = b.Cols[0].Int[i]
				total += last * b.Cols[1].Int[i]
			}
			n += int64(b.N)
		}
		must(t, sc.Close())
		return n, total
	}
	check := func(what string, x *txn, rows map[int64]int64) {
		t.Helper()
		var total int64
		for a, v := range rows {
			total += a * v
		}
		before := e.n.Load()
		if got, sum := sum(x); got != int64(len(rows)) || sum != total {
			t.Errorf("%s: %d rows, sum %d; want %d, %d", what, got, sum, len(rows), total)
		}
		if cost := e.n.Load() - before; cost > 200 {
			t.Errorf("%s: %d steps", what, cost)
		}
	}
	for range 2 {
		x = begin(t, s, "", storage.ReadCommitted)
		sum(x)
		must(t, x.Rollback())
	}
	at, _ := s.Now()
	then := maps.Clone(rows)
	must(t, fork(s, "dev", "main", at))
	for round := range int64(20) {
		x = begin(t, s, "", storage.ReadCommitted)
		for i := range int64(3) {
			put(x, 10*n*(round%3)/3+10*round+i+1, round) // in the middle, and after all
		}
		put(x, 10*n+round, 1)
		old := x.where(tab, 10*round, 50_000+10*round)
		must(t, x.update(tab, old[:1], func(r [3]int64) [3]int64 { return [3]int64{r[0], 7 * round, r[2]} }))
		must(t, x.delete(tab, old[1:]))
		rows[10*round] = 7 * round
		delete(rows, 50_000+10*round)
		check("own writes", x, rows)
		x.commit()
		x = begin(t, s, "", storage.ReadCommitted)
		check("after the commit", x, rows)
		must(t, x.Rollback())
	}
	x = begin(t, s, "", storage.ReadCommitted)
	x.rows(storage.ScanRequest{Table: tab}) // more columns than those that are kept
	before := e.n.Load()
	for _, r := range x.rows(storage.ScanRequest{Table: tab}) { // with keys and versions
		if rows[r.row[0]] != r.row[1] {
			t.Fatalf("row %d is %d", r.row[0], r.row[1])
		}
		if r.row[0]%10_000 == 0 {
			is(t, fmt.Sprint(r), fmt.Sprint(x.where(tab, r.row[0])[0]))
		}
	}
	if cost := e.n.Load() - before; cost > 200 {
		t.Errorf("rows with keys: %d steps", cost)
	}
	must(t, x.Rollback())
	x = begin(t, s, fmt.Sprint("main@", at), storage.ReadCommitted)
	check("the past", x, then)
	must(t, x.Rollback())
	x = begin(t, s, "dev", storage.ReadCommitted)
	check("a branch", x, then)
	must(t, x.delete(tab, x.where(tab, 0)))
	x.commit()
	delete(then, 0)
	x = begin(t, s, "dev", storage.ReadCommitted)
	check("a branch with a change", x, then)
	must(t, x.Rollback())
}

package mvcc_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// everything adds up all keys and values of an engine.
func everything(t tb, e kv.Engine) (n int64) {
	it := e.Scan(ctx, kv.Range{})
	defer it.Close()
	for it.Next() {
		n += int64(len(it.Key()) + len(it.Value()))
	}
	must(t, it.Err())
	return n
}

func churn(t tb, s *mvcc.Store, branch string, rnd *rand.Rand, commits int) {
	for range commits {
		x := begin(t, s, branch, storage.ReadCommitted)
		tab := x.table("t")
		for range 20 {
			a := rnd.Int64N(2000)
			switch old := x.where(tab, a); {
			case len(old) == 0:
				must(t, x.insert(tab, [3]int64{a, rnd.Int64N(1000), a}))
			case rnd.IntN(3) == 0:
				must(t, x.delete(tab, old))
			default:
				must(t, x.update(tab, old, func(r [3]int64) [3]int64 { r[1]++; return r }))
			}
		}
		x.commit()
	}
}

// undense is Badger with a byte of the disk for each that it holds.
type undense struct{ *badgerkv.Engine }

func (undense) Density(context.Context, []byte, []byte) (float64, error) { return 1, nil }

func inBytesHeld(e kv.Engine) kv.Engine {
	if b, ok := e.(*badgerkv.Engine); ok {
		return undense{b}
	}
	return e
}

// dropsAsSaid drops a branch and wants a collection to free what the branch was said to.
func dropsAsSaid(t *testing.T, s *mvcc.Store, e kv.Engine, name string) {
	t.Helper()
	b := s.Branches()
	list, err := b.Sizes(ctx, db)
	must(t, err)
	_, err = b.Drop(ctx, db, name, true)
	must(t, err)
	before := everything(t, e)
	res, err := b.GC(ctx, storage.GCOptions{Purge: true, Compact: true})
	must(t, err)
	freed := before - everything(t, e)
	for _, z := range list {
		if z.Branch == name && math.Abs(float64(z.Freed-freed)) > 0.02*float64(freed) {
			t.Errorf("%s: unique %d, said to free %d, freed %d, collected %+v", name, z.Unique, z.Freed, freed, res)
		}
	}
}

// TestSizes compares what branches are said to free with what the store has less after they were dropped and collected.
func TestSizes(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		e := inBytesHeld(open())
		s := testTable(t, e, mvcc.Options{CleanEvery: -1})
		b := s.Branches()
		rnd := rand.New(rand.NewPCG(1, 2))
		churn(t, s, "main", rnd, 50)
		for i, source := range []string{"main", "main", "b0", "b1"} {
			name := fmt.Sprint("b", i)
			must(t, fork2(s, name, source))
			churn(t, s, name, rnd, 40)
		}
		churn(t, s, "b0", rnd, 40)
		for _, name := range []string{"b0", "b3", "b2", "b1"} {
			_, err := s.Clean(ctx)
			must(t, err)
			dropsAsSaid(t, s, e, name)
		}
		was, err := b.Written(ctx, db, "main")
		must(t, err)
		must(t, s.Close())
		s = openStore(t, open())
		is, err := s.Branches().Written(ctx, db, "main")
		must(t, err)
		if was == 0 || was != is {
			t.Errorf("%d bytes were written, %d after a restart", was, is)
		}
		must(t, s.Close())
	})
}

// TestSizesOnDisk drops a branch of some megabytes, which the disk holds in fewer, and wants back of the disk what the branch was said
// to free, and the collection to have freed.
func TestSizesOnDisk(t *testing.T) {
	dir := t.TempDir()
	s := testTable(t, openBadger(t, dir), mvcc.Options{})
	defer func() { must(t, s.Close()) }()
	b := s.Branches()
	fill := func(branch string, from, to int64) {
		x := begin(t, s, branch, storage.ReadCommitted)
		tab := x.table("t")
		rows := make([][3]int64, 0, 1000)
		for i := from; i < to; i++ {
			if rows = append(rows, [3]int64{i, i % 7, i * i}); len(rows) == cap(rows) {
				must(t, x.insert(tab, rows...))
				rows = rows[:0]
			}
		}
		x.commit()
	}
	collect := func() (freed, disk int64) {
		res, err := b.GC(ctx, storage.GCOptions{Purge: true, Compact: true})
		must(t, err)
		names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
		must(t, err)
		for _, name := range names {
			st, err := os.Stat(name)
			must(t, err)
			disk += st.Size()
		}
		return res.Bytes, disk
	}
	fill("main", 0, 20000)
	must(t, fork2(s, "dev", "main"))
	fill("dev", 20000, 220000)
	_, before := collect()
	list, err := b.Sizes(ctx, db)
	must(t, err)
	held, err := b.Written(ctx, db, "dev")
	must(t, err)
	_, err = b.Drop(ctx, db, "dev", true)
	must(t, err)
	freed, after := collect()
	back := before - after
	near := func(n int64) bool { return math.Abs(float64(n-back)) <= 0.02*float64(back) }
	for _, z := range list {
		if z.Branch == "dev" && (!near(z.Freed) || !near(z.Unique)) || !near(freed) || near(held) {
			t.Errorf("%+v, of %d bytes; collected %d; the disk got back %d", z, held, freed, back)
		}
	}
}

func fork2(s *mvcc.Store, name, source string) error {
	_, err := s.Branches().Create(ctx, db, storage.BranchOptions{Name: name, Source: source})
	return err
}

// TestRetention lets the past of a branch go and finds what snapshots, forks and pins keep.
func TestRetention(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		o := mvcc.Options{CleanEvery: -1, Clock: func() time.Time { now = now.Add(time.Second); return now }}
		s := testTable(t, open(), o)
		b := s.Branches()
		points := []storage.SCN{0}
		for a := range int64(9) {
			points = append(points, put(t, s, "main", a+1))
		}
		var pins pinList
		s.UseNames(&pins)
		main, err := b.Get(ctx, db, "main")
		must(t, err)
		pins = append(pins, storage.NamedPoint{Branch: main.ID, SCN: points[5]})
		must(t, fork(s, "dev", "main", points[3]))
		snap, err := b.Snapshot(ctx, db, "main", fmt.Sprint(points[2]), "", "")
		must(t, err)
		old := begin(t, s, fmt.Sprint("main@", points[4]), storage.ReadCommitted)
		window := 3 * time.Second
		must(t, b.SetRetention(ctx, db, "", &window))
		_, err = b.GC(ctx, storage.GCOptions{})
		must(t, err)
		x := begin(t, s, "main", storage.ReadCommitted)
		for i, want := range []string{"", "", "1 2", "", "", "1 2 3 4 5", "", "", "", "1 2 3 4 5 6 7 8 9"} {
			if i == 0 {
				continue
			}
			if want != "" {
				is(t, reads(t, s, fmt.Sprint("main@", points[i])), want)
				continue
			}
			_, err := x.View(ctx, branchAt("main", points[i]))
			e := fails(t, err, "72000")
			if i == 1 && e.Hint == "" {
				t.Error("it does not say what can be read")
			}
		}
		is(t, reads(t, s, "dev"), "1 2 3")
		is(t, reads(t, s, "main@"+snap.ID), "1 2")
		if n := len(old.rows(storage.ScanRequest{Table: old.table("t")})); n != 4 {
			t.Errorf("a transaction that was there before sees %d rows", n)
		}
		must(t, old.Rollback())
		must(t, x.Rollback())
		_, err = b.DropSnapshot(ctx, db, snap.ID)
		must(t, err)
		pins = nil
		res, err := b.GC(ctx, storage.GCOptions{})
		must(t, err)
		if res.LogEntries == 0 {
			t.Errorf("collected %+v", res)
		}
		bad, err := s.Check(ctx, nil)
		must(t, err)
		if len(bad) > 0 {
			t.Error(bad)
		}
		must(t, s.Close())
		s, err = mvcc.Open(open(), o)
		must(t, err)
		is(t, reads(t, s, "dev"), "1 2 3")
		x = begin(t, s, "main", storage.ReadCommitted)
		_, err = x.View(ctx, branchAt("dev", points[2]))
		fails(t, err, "72000")
		_, err = x.View(ctx, branchAt("main", points[5]))
		fails(t, err, "72000")
		must(t, x.Rollback())
		must(t, s.Close())
	})
}

// TestKeyspaces empties and drops tables, and finds nothing of them left when their past is not kept.
func TestKeyspaces(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	e := memkv.New()
	s := testTable(t, e, mvcc.Options{CleanEvery: -1, SpillBytes: 1, Clock: func() time.Time { now = now.Add(time.Second); return now }})
	defer s.Close()
	b := s.Branches()
	put(t, s, "main", 1, 2, 3)
	x := begin(t, s, "main", storage.ReadCommitted)
	must(t, x.Truncate(ctx, x.v, x.table("t")))
	x.commit()
	put(t, s, "main", 4)
	x = begin(t, s, "main", storage.ReadCommitted)
	createTable(t, s, x, "u", true, false)
	must(t, x.insert(x.table("u"), [3]int64{1, 1, 1}))
	x.commit()
	running := begin(t, s, "main", storage.ReadCommitted)
	createTable(t, s, running, "v", true, false)
	must(t, running.insert(running.table("v"), [3]int64{1, 1, 1}))
	x = begin(t, s, "main", storage.ReadCommitted)
	must(t, x.v.Drop(ctx, x.table("u").OID))
	x.commit()
	res, err := b.GC(ctx, storage.GCOptions{})
	must(t, err)
	if res.Keyspaces != 0 {
		t.Fatalf("the past is kept, and yet %+v", res)
	}
	window := time.Second
	must(t, b.SetRetention(ctx, db, "", &window))
	now = now.Add(time.Hour)
	put(t, s, "main", 5)
	now = now.Add(time.Hour)
	res, err = b.GC(ctx, storage.GCOptions{})
	must(t, err)
	if res.Keyspaces != 3 {
		t.Errorf("%+v, want the 3 keyspaces of t as it was", res)
	}
	is(t, reads(t, s, "main"), "4 5")
	running.commit()
	res, err = b.GC(ctx, storage.GCOptions{})
	must(t, err)
	if res.Keyspaces != 3 {
		t.Errorf("%+v, want the 3 keyspaces of u, which a transaction could see", res)
	}
	x = begin(t, s, "main", storage.ReadCommitted)
	is(t, x.all(x.table("v")), "1,1,1")
	must(t, x.Rollback())
	bad, err := s.Check(ctx, nil)
	must(t, err)
	if len(bad) > 0 {
		t.Error(bad)
	}
}

// pinList are pins without names.
type pinList []storage.NamedPoint

func (pinList) Point(context.Context, catalog.OID, string, string) (p storage.NamedPoint, ok bool, err error) {
	return p, false, nil
}

func (n *pinList) Pins(context.Context) ([]storage.NamedPoint, error) { return *n, nil }

// TestCheckAfterDrop checks a layer of which only a fork's part is left: what ended there is known, what replaced it is gone.
func TestCheckAfterDrop(t *testing.T) {
	for _, spill := range []int64{0, 1} {
		s := testTable(t, memkv.New(), mvcc.Options{CleanEvery: -1, SpillBytes: spill})
		must(t, fork2(s, "dev", "main"))
		put(t, s, "dev", 1, 2)
		must(t, fork2(s, "kept", "dev"))
		x := begin(t, s, "dev", storage.ReadCommitted)
		must(t, x.update(x.table("t"), x.where(x.table("t"), 1), func(r [3]int64) [3]int64 { r[1]++; return r }))
		must(t, x.delete(x.table("t"), x.where(x.table("t"), 2)))
		x.commit()
		_, err := s.Branches().Drop(ctx, db, "dev", true)
		must(t, err)
		_, err = s.Branches().GC(ctx, storage.GCOptions{Purge: true})
		must(t, err)
		is(t, reads(t, s, "kept"), "1 2")
		sound(t, s)
		must(t, s.Close())
	}
}

// between calls f, if it is set, before each scan.
type between struct {
	kv.Engine
	f func()
}

func (b *between) Scan(ctx context.Context, r kv.Range) kv.Iterator {
	if b.f != nil {
		b.f()
	}
	return b.Engine.Scan(ctx, r)
}

// TestDropBesideCollection drops a table in the middle of a collection, at each of its reads in turn: the past has the table, whenever
// that was.
func TestDropBesideCollection(t *testing.T) {
	for at, done := 1, false; !done; at++ {
		e := &between{Engine: memkv.New()}
		s := testTable(t, e, mvcc.Options{CleanEvery: -1})
		p := put(t, s, "main", 1, 2)
		n := 0
		e.f = func() {
			if n++; n != at {
				return
			}
			e.f = nil
			x := begin(t, s, "main", storage.ReadCommitted)
			must(t, x.v.Drop(ctx, x.table("t").OID))
			x.commit()
		}
		_, err := s.Branches().GC(ctx, storage.GCOptions{})
		must(t, err)
		done = e.f != nil
		e.f = nil
		x := begin(t, s, "main@"+fmt.Sprint(p), storage.ReadCommitted)
		if got := x.all(x.table("t")); got != "1,1,1 2,2,2" {
			t.Errorf("dropped at read %d: %s", at, got)
		}
		must(t, x.Rollback())
		must(t, s.Close())
	}
}

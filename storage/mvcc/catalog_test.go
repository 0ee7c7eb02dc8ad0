package mvcc_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/mvcc"
)

func names(c *catalog.Snapshot) (out []string) {
	for _, o := range c.Objects() {
		if t, ok := o.(*catalog.Table); ok {
			out = append(out, t.Name)
		}
	}
	return out
}

func TestSchemaFollowsBranchAndPoint(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := openStore(t, open())
		x := begin(t, s, "", storage.ReadCommitted)
		createTable(t, s, x, "one", true, false)
		c1 := x.commit()
		_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "dev"})
		must(t, err)
		x = begin(t, s, "dev", storage.ReadCommitted)
		createTable(t, s, x, "two", true, false)
		must(t, x.v.Drop(ctx, x.table("one").OID))
		x.commit()
		for range 2 {
			for where, want := range map[string]string{"": "[one]", "dev": "[two]", fmt.Sprint("dev@", c1): "[one]", fmt.Sprint("@", c1-1): "[]"} {
				x := begin(t, s, where, storage.ReadCommitted)
				is(t, fmt.Sprint(names(x.v.Catalog())), want)
				must(t, x.Rollback())
			}
			must(t, s.Close())
			s = openStore(t, open())
		}
		must(t, s.Close())
	})
}

func TestSameCatalogSameSnapshot(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "one", true, false)
	x.commit()
	_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "dev"})
	must(t, err)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "dev", storage.ReadCommitted)
	must(t, b.insert(b.table("one"), [3]int64{1, 1, 1}))
	b.commit()
	b = begin(t, s, "dev", storage.ReadCommitted)
	if a.v.Catalog() != b.v.Catalog() {
		t.Fatal("branches with one schema have two snapshots")
	}
	must(t, a.Rollback())
	must(t, b.Rollback())
}

func TestTwoCreatorsOfOneName(t *testing.T) {
	s := memStore(t)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, a, "t", true, false)
	b.v.Catalog()
	wait := later(t, func() error { return b.v.Put(ctx, newTable(t, s, "t", true, false)) })
	a.commit()
	failsWith(t, wait(), "42P07", `relation "t" already exists`, "")
	must(t, b.Rollback())
}

func TestDatabases(t *testing.T) {
	s := memStore(t)
	x, err := s.Begin(ctx, storage.TxnOptions{})
	must(t, err)
	v, err := x.GlobalView(ctx)
	must(t, err)
	oid, err := s.AllocateOIDs(ctx, 1)
	must(t, err)
	must(t, v.Put(ctx, &catalog.Database{Header: catalog.Header{OID: oid, Name: "shop"}, AllowConn: true, ConnLimit: -1}))
	_, err = x.Commit(ctx)
	must(t, err)
	b, err := s.Branches().Get(ctx, oid, "")
	must(t, err)
	is(t, b.Name, "main")
	if _, err := s.Branches().Drop(ctx, oid, "main", true); err == nil {
		t.Fatal("the default branch can be dropped")
	}
	x, err = s.Begin(ctx, storage.TxnOptions{Database: oid})
	must(t, err)
	mv, err := x.View(ctx, catalog.Ref{})
	must(t, err)
	if mv.Catalog().Schema("public") == nil || mv.Catalog().Database.Name != "shop" {
		t.Fatal("no schema public")
	}
	v, err = x.GlobalView(ctx)
	must(t, err)
	must(t, v.Drop(ctx, oid))
	_, err = x.Commit(ctx)
	must(t, err)
	_, err = s.Branches().Get(ctx, oid, "main")
	failsWith(t, err, "3D000", "", "")
}

func TestSequences(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := openStore(t, open())
		d := &catalog.Sequence{Header: catalog.Header{OID: 20000, Name: "s"}, Start: 5, Increment: 2, Min: 1, Max: 1000}
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 20 {
					v, err := s.Sequences().Next(ctx, d)
					must(t, err)
					mu.Lock()
					if seen[v] {
						t.Errorf("%d twice", v)
					}
					seen[v] = true
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		last, called, err := s.Sequences().Get(ctx, d)
		must(t, err)
		is(t, fmt.Sprint(last, called, seen[5], seen[7]), "163 true true true")
		must(t, s.Close())
		s = openStore(t, open())
		v, err := s.Sequences().Next(ctx, d)
		must(t, err)
		if v <= 163 || v > 163+2*33 {
			t.Fatalf("%d after a restart", v)
		}
		must(t, s.Sequences().Set(ctx, d, 999, true))
		_, err = s.Sequences().Next(ctx, d)
		failsWith(t, err, "2200H", `nextval: reached maximum value of sequence "s" (1000)`, "")
		must(t, s.Close())
	})
}

// oneCommit names one commit by the beginnings of its hash.
type oneCommit struct {
	hash string
	at   storage.NamedPoint
}

func (c oneCommit) Point(_ context.Context, _ catalog.OID, name, suffix string) (storage.NamedPoint, bool, error) {
	digits := strings.TrimPrefix(name, "commit:")
	c.at.Suffix = suffix
	return c.at, len(digits) >= 7 && strings.HasPrefix(c.hash, digits), nil
}

func (c oneCommit) Pins(context.Context) ([]storage.NamedPoint, error) {
	return []storage.NamedPoint{c.at}, nil
}

// Digits that begin a commit's hash name it, though they read as a time (1 February 2018), or as a number that is no SCN yet.
func TestPointsThatLookLikeCommits(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	c1 := x.commit()
	x = begin(t, s, "", storage.ReadCommitted)
	must(t, x.insert(tab, [3]int64{1, 1, 1}))
	x.commit()
	b := s.Branches()
	main, err := b.Get(ctx, mvcc.FirstDatabase, "main")
	must(t, err)
	at := storage.NamedPoint{Database: mvcc.FirstDatabase, Branch: main.ID, SCN: c1}
	for hash, points := range map[string][]string{"01feb18a5": {"01feb18", "01feb18a5"}, "1234567890abc": {"1234567", "1234567890", "1234567890a"}} {
		s.UseNames(oneCommit{hash, at})
		for _, point := range points {
			got, err := b.Resolve(ctx, mvcc.FirstDatabase, "main", point)
			if err != nil || got != c1 {
				t.Errorf("%q is %d, %v, want %d", point, got, err, c1)
			}
		}
	}
}

func TestPoints(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	c1 := x.commit()
	x = begin(t, s, "", storage.ReadCommitted)
	must(t, x.insert(tab, [3]int64{1, 1, 1}))
	c2 := x.commit()
	b := s.Branches()
	snap, err := b.Snapshot(ctx, mvcc.FirstDatabase, "main", "~1", "before", "")
	must(t, err)
	at, err := b.Time(ctx, c1)
	must(t, err)
	for point, want := range map[string]storage.SCN{
		"": c2, "~0": c2, "~1": c1, fmt.Sprint(c1): c1, fmt.Sprintf("0/%X", c1): c1, snap.ID: c1,
		fmt.Sprintf("tx:%d", x.ID()): c2, at.Format("2006-01-02 15:04:05.999999Z07:00"): c1,
	} {
		got, err := b.Resolve(ctx, mvcc.FirstDatabase, "main", point)
		must(t, err)
		if got != want {
			t.Errorf("%q is %d, want %d", point, got, want)
		}
	}
	for _, point := range []string{"~99", "0", fmt.Sprint(c2 + 1), "-10 years", "snap_77", "tx:1", "nonsense"} {
		_, err := b.Resolve(ctx, mvcc.FirstDatabase, "main", point)
		failsWith(t, err, "22023", "", "")
	}
	log, err := b.Log(ctx, mvcc.FirstDatabase, "", 0, 0, 0)
	must(t, err)
	if log[0].SCN != c2 || log[0].Inserts != 1 || log[0].Tables[0] != tab.OID || log[1].SCN != c1 {
		t.Fatalf("%+v", log)
	}
	p := begin(t, s, "@~1", storage.ReadCommitted)
	failsWith(t, p.insert(tab, [3]int64{2, 2, 2}), "25006", "", "")
	must(t, p.Rollback())
}

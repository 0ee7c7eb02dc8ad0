package mvcc_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/mvcc"
)

func TestChanges(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	must(t, x.insert(tab, [3]int64{1, 1, 1}, [3]int64{2, 2, 2}, [3]int64{3, 3, 3}))
	fork := x.commit()
	_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "dev"})
	must(t, err)
	x = begin(t, s, "dev", storage.ReadCommitted)
	must(t, x.update(tab, x.where(tab, 1), func(r [3]int64) [3]int64 { r[1] = 9; return r }))
	x.commit()
	x = begin(t, s, "", storage.ReadCommitted)
	must(t, x.delete(tab, x.where(tab, 3)))
	x.commit()

	x = begin(t, s, "", storage.ReadCommitted)
	dev, err := x.View(ctx, catalog.Ref{Branch: "dev"})
	must(t, err)
	m := x.Txn.(*mvcc.Txn)
	ks, _, err := m.ChangedKeys(ctx, x.v, dev, tab.Rows)
	must(t, err)
	is(t, fmt.Sprint(len(ks)), "2")
	bases, err := m.Bases(ctx, []storage.View{dev}, []storage.View{x.v})
	must(t, err)
	base := bases[0]
	is(t, fmt.Sprint(base.At(), base.ReadOnly(), len(bases)), fmt.Sprint(fork, true, 1))
	ks, _, err = m.ChangedKeys(ctx, base, dev, tab.Rows)
	must(t, err)
	is(t, fmt.Sprintf("%x", ks), "[8000000000000001]")
	tables, err := m.ChangedTables(ctx, base, dev)
	must(t, err)
	is(t, fmt.Sprint(tables), fmt.Sprintf("[%d]", tab.OID))

	must(t, m.RecordMerge(dev, x.v)) // main takes dev in
	at := dev.At()
	x.commit()
	for _, back := range []bool{false, true} {
		x = begin(t, s, "", storage.ReadCommitted)
		dev, err = x.View(ctx, catalog.Ref{Branch: "dev"})
		must(t, err)
		m = x.Txn.(*mvcc.Txn)
		if back {
			bases, err = m.Bases(ctx, []storage.View{x.v}, []storage.View{dev})
		} else {
			bases, err = m.Bases(ctx, []storage.View{dev}, []storage.View{x.v})
		}
		must(t, err)
		base = bases[0]
		is(t, fmt.Sprint(base.At(), base.Branch().Name, len(bases)), fmt.Sprint(at, "dev", 1))
		must(t, x.Rollback())
	}
}

// TestBasesOnce takes a branch in twice, between which nobody has written to it: that is one state, be it called by two SCNs.
func TestBasesOnce(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	x.commit()
	for _, name := range []string{"lib", "mid", "left", "right"} {
		_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name})
		must(t, err)
	}
	n := int64(0)
	write := func(branch string) {
		n++
		x := begin(t, s, branch, storage.ReadCommitted)
		must(t, x.insert(tab, [3]int64{n, n, n}))
		x.commit()
	}
	take := func(source, target string) {
		x := begin(t, s, target, storage.ReadCommitted)
		from, err := x.View(ctx, catalog.Ref{Branch: source})
		must(t, err)
		must(t, x.Txn.(*mvcc.Txn).RecordMerge(from, x.v))
		n++
		must(t, x.insert(tab, [3]int64{n, n, n}))
		x.commit()
	}
	bases := func() (out []string) {
		x := begin(t, s, "left", storage.ReadCommitted)
		right, err := x.View(ctx, catalog.Ref{Branch: "right"})
		must(t, err)
		list, err := x.Txn.(*mvcc.Txn).Bases(ctx, []storage.View{x.v}, []storage.View{right})
		must(t, err)
		for _, v := range list {
			out = append(out, v.Branch().Name)
		}
		must(t, x.Rollback())
		return out
	}
	write("lib")
	take("lib", "mid")
	write("")
	for _, target := range []string{"left", "right"} {
		take("mid", target)
		take("lib", target)
	}
	is(t, fmt.Sprint(bases()), "[mid]")
	write("lib")
	for _, target := range []string{"left", "right"} {
		take("lib", target)
	}
	is(t, fmt.Sprint(bases()), "[lib mid]")
}

// TestWrittenRows asks for keys that branches have used: also for rows that are gone, by way of others that were merged, and in rows that
// the table had elsewhere.
func TestWrittenRows(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	must(t, x.insert(tab, [3]int64{1, 1, 1}))
	x.commit()
	for _, name := range []string{"a", "b"} {
		_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name})
		must(t, err)
	}
	comeAndGo := func(branch string, id int64) {
		x := begin(t, s, branch, storage.ReadCommitted)
		must(t, x.insert(tab, [3]int64{id, id, id}))
		x.commit()
		x = begin(t, s, branch, storage.ReadCommitted)
		must(t, x.delete(tab, x.where(tab, id)))
		x.commit()
	}
	written := func(from, to string) (out []string) {
		x := begin(t, s, from, storage.ReadCommitted)
		v, err := x.View(ctx, catalog.Ref{Branch: to})
		must(t, err)
		list, err := x.Txn.(*mvcc.Txn).WrittenRows(ctx, x.v, v, []catalog.OID{tab.OID})
		must(t, err)
		keys, err := list.Next(ctx, 100)
		must(t, err)
		for _, k := range keys {
			out = append(out, fmt.Sprintf("%x", k[len(k)-1:]))
		}
		must(t, list.Close())
		must(t, x.Rollback())
		return out
	}
	comeAndGo("a", 2)
	is(t, fmt.Sprint(written("", "a"), written("a", "")), "[02] []")

	x = begin(t, s, "b", storage.ReadCommitted) // takes it in, and has nothing of it
	a, err := x.View(ctx, catalog.Ref{Branch: "a"})
	must(t, err)
	must(t, x.Txn.(*mvcc.Txn).RecordMerge(a, x.v))
	must(t, x.insert(tab, [3]int64{3, 3, 3}))
	x.commit()
	is(t, fmt.Sprint(written("", "b"), written("a", "b"), written("b", "a")), "[02 03] [03] []")

	x = begin(t, s, "b", storage.ReadCommitted)
	emptied, key := *tab, *tab.Indexes[0]
	emptied.Rows, err = s.AllocateKeyspace(ctx)
	must(t, err)
	key.Keyspace = emptied.Rows
	emptied.Indexes = []*catalog.Index{&key, tab.Indexes[1], tab.Indexes[2]}
	must(t, x.v.Put(ctx, &emptied))
	x.commit()
	tab = &emptied
	comeAndGo("b", 4)
	is(t, fmt.Sprint(written("a", "b")), "[03 04]")
}

// past is what was written, for TestChangedTables to know.
type past struct {
	branch string
	scn    storage.SCN
	table  catalog.OID
}

// TestChangedTables has random commits on a branch and on one made from it, with stops and kills in between: the tables that changed
// between two of all states are those, and none but those, that were written to between them.
func TestChangedTables(t *testing.T) {
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		eachEngine(t, func(t *testing.T, open func() kv.Engine) {
			s := openStore(t, open())
			x := begin(t, s, "", storage.ReadCommitted)
			var tables []*catalog.Table
			for _, name := range []string{"a", "b", "c"} {
				tables = append(tables, createTable(t, s, x, name, true, false))
			}
			first := x.commit()
			_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "dev"})
			must(t, err)
			fork, _ := s.Now()
			var done []past
			branches := []string{"main", "dev"}
			for step := range int64(120) {
				switch {
				case rnd.IntN(12) > 0:
				case strings.HasSuffix(t.Name(), "mem") && rnd.IntN(2) == 0: // as a kill leaves it
					killed := s
					t.Cleanup(func() { _ = killed.Close() })
					s = openStore(t, open())
				default:
					must(t, s.Close())
					s = openStore(t, open())
				}
				p := past{branch: branches[rnd.IntN(2)], table: tables[min(rnd.IntN(2), rnd.IntN(3))].OID}
				x := begin(t, s, p.branch, storage.ReadCommitted)
				must(t, x.insert(tables[slices.IndexFunc(tables, func(o *catalog.Table) bool { return o.OID == p.table })], [3]int64{step, step, step}))
				p.scn = x.commit()
				done = append(done, p)
				for range 3 {
					compareTables(t, s, rnd, first, fork, done)
				}
			}
			must(t, s.Close())
		})
	}
}

// compareTables compares two random states.
func compareTables(t *testing.T, s *mvcc.Store, rnd *rand.Rand, first, fork storage.SCN, done []past) {
	t.Helper()
	last, _ := s.Now()
	type state struct {
		branch string
		at     storage.SCN
	}
	pick := func() state {
		if rnd.IntN(2) == 0 {
			return state{"main", first + storage.SCN(rnd.IntN(int(last-first+1)))}
		}
		return state{"dev", fork + storage.SCN(rnd.IntN(int(last-fork+1)))}
	}
	sees := func(x state, p past) bool {
		bound := x.at
		if x.branch != p.branch {
			if bound = min(bound, fork); p.branch == "dev" {
				bound = 0
			}
		}
		return p.scn <= bound
	}
	a, b := pick(), pick()
	want := map[catalog.OID]struct{}{}
	for _, p := range done {
		if sees(a, p) != sees(b, p) {
			want[p.table] = struct{}{}
		}
	}
	x := begin(t, s, "", storage.ReadCommitted)
	defer x.Rollback()
	views := make([]storage.View, 2)
	for i, p := range []state{a, b} {
		var err error
		views[i], err = x.View(ctx, catalog.Ref{Branch: p.branch, Point: fmt.Sprint(p.at)})
		must(t, err)
	}
	got, err := x.Txn.(*mvcc.Txn).ChangedTables(ctx, views[0], views[1])
	must(t, err)
	if !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Fatalf("between %v and %v: %v changed, not %v", a, b, slices.Sorted(maps.Keys(want)), got)
	}
}

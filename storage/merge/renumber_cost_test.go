package merge_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/kv/countkv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
)

// numbered is a store with the tables t, whose keys come from a sequence that renumbers, and r, whose column a refers to them.
type numbered struct {
	tb
	*mvcc.Store
	next int64 // number of the sequence
}

func newNumbered(t tb, e kv.Engine) *numbered {
	s, err := mvcc.Open(e, mvcc.Options{CleanEvery: -1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	s.UseDiffer(merge.Differ{})
	newTable(t, s, false)
	oid, err := s.AllocateOIDs(ctx, 3)
	must(t, err)
	ks, err := s.AllocateKeyspace(ctx)
	must(t, err)
	x := begin(t, s, "main", "")
	parent := *x.table()
	q := &catalog.Sequence{Header: catalog.Header{OID: oid, Schema: catalog.Public, Name: "q", Owner: 10}, Policy: catalog.SequenceRenumber}
	must(t, x.v.Put(ctx, q))
	child := parent
	child.OID, child.Name, child.Rows = oid+1, "r", ks
	child.Indexes = []*catalog.Index{{OID: oid + 2, Name: "r_pkey", Keyspace: ks, Primary: true, Unique: true, Columns: parent.Indexes[0].Columns}}
	child.Constraints = []*catalog.Constraint{{Name: "r_a_fkey", Kind: catalog.ForeignKey, RefTable: parent.OID,
		Columns: []catalog.ColumnID{parent.Columns[1].ID}, RefColumns: []catalog.ColumnID{parent.Columns[0].ID}}}
	must(t, x.v.Put(ctx, &child))
	parent.Columns = append([]catalog.Column(nil), parent.Columns...)
	parent.Columns[0].Sequence = oid
	must(t, x.v.Put(ctx, &parent))
	x.commit()
	return &numbered{tb: t, Store: s, next: 1 << 40}
}

func (s *numbered) fork(name, source string) {
	_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Source: source})
	must(s, err)
}

// insert adds rows [from, to) to a table of a branch, with a in the column of that name.
func (s *numbered) insert(branch, table string, from, to, a int64) {
	x := begin(s, s.Store, branch, "")
	o, _ := x.v.Catalog().Relation(catalog.Public, table)
	tab := o.(*catalog.Table)
	for lo := from; lo < to; lo += 1024 {
		ids, rows := []int64{}, content{}
		for id := lo; id < min(lo+1024, to); id++ {
			ids, rows[id] = append(ids, id), row{a, id, id}
		}
		_, err := x.Insert(ctx, storage.InsertRequest{View: x.v, Table: tab, Columns: columns(tab), Rows: batch(tab, ids, rows)})
		must(s, err)
	}
	x.commit()
}

func (s *numbered) merge(source, target string) storage.MergeResult {
	x := begin(s, s.Store, target, "")
	res, err := s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Source: source, Target: target, Renumber: func(context.Context, *catalog.Sequence) (int64, error) {
		s.next++
		return s.next, nil
	}})
	must(s, err)
	if len(res.Conflicts) > 0 {
		s.Fatalf("%+v", res.Conflicts)
	}
	x.commit()
	return res
}

// meet has two branches insert n rows each, under the keys from which on they are said to, and merges one into the other.
func (s *numbered) meet(source, target string, from, into, n int64) {
	s.insert(source, "t", from, from+n, 1)
	s.insert(target, "t", into, into+n, 2)
	if res := s.merge(source, target); len(res.Renumbered) != int(max(0, n-max(from-into, into-from))) {
		s.Fatalf("%d rows of %d were renumbered", len(res.Renumbered), n)
	}
}

// What a merge reads is hardly more because rows were renumbered before: it looks for those that it is about. The log of what the target
// has written since it and the source parted tells of hundreds of keys in one of the store's.
func TestCostOfRenumberedRows(t *testing.T) {
	e := countkv.New(memkv.New())
	s := newNumbered(t, e)
	defer s.Close()
	s.fork("dev", "main")
	s.fork("old", "main")
	s.insert("old", "r", -1, 0, 0) // so that it has a past of its own
	round := int64(0)
	measure := func() map[string]int64 {
		round++
		out := map[string]int64{}
		id := 1_000_000 * round
		merged := func(what, source, target string, want int64) {
			before := e.Reads()
			if res := s.merge(source, target); res.Inserts+res.Updates != want {
				t.Fatalf("%s: %+v", what, res)
			}
			out[what] = e.Reads() - before
		}
		s.insert("dev", "t", id, id+1, 1)
		merged("new row", "dev", "main", 1)
		s.insert("dev", "t", id+1, id+2, 1)
		s.insert("main", "t", id+1, id+2, 2)
		merged("renumbered row", "dev", "main", 1)
		s.insert("dev", "r", id, id+1, id+1)
		merged("reference to a renumbered row", "dev", "main", 1)
		s.insert("dev", "r", id+1, id+2, 3)
		merged("reference to a row renumbered long ago", "dev", "main", 1)
		s.fork(fmt.Sprint("feature", round), "main")
		s.insert(fmt.Sprint("feature", round), "t", id+2, id+3, 1)
		s.insert("main", "r", id+2, id+3, 1)
		merged("row of a branch that knows them", fmt.Sprint("feature", round), "main", 1)
		return out
	}
	s.meet("dev", "main", 0, 0, 10)
	const n = 3000
	s.meet("dev", "main", 10_000, 20_000, n)
	few := measure()
	s.meet("dev", "main", 30_000, 30_000, n)
	many := measure()
	for what, reads := range many {
		t.Logf("%s: %d keys, %d after many rows were renumbered", what, few[what], reads)
		if reads > few[what]+n/30 {
			t.Errorf("%s: %d keys are read after few rows were renumbered and %d after many", what, few[what], reads)
		}
	}
}

// BenchmarkMergeRenumbered merges one row after a hundred thousand had been renumbered, and as many rows that are.
func BenchmarkMergeRenumbered(b *testing.B) {
	const rows = 100_000
	e, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir(), Memory: serverMemory})
	must(b, err)
	s := newNumbered(b, e)
	defer s.Close()
	s.fork("dev", "main")
	s.meet("dev", "main", 0, 0, rows)
	id := int64(rows)
	b.Run("one", func(b *testing.B) {
		many(b, 1, func() func() {
			id++
			s.insert("dev", "t", id, id+1, 1)
			return func() { s.merge("dev", "main") }
		})
	})
	b.Run("all", func(b *testing.B) {
		many(b, rows, func() func() {
			name := fmt.Sprint("b", id)
			s.fork(name, "main")
			id += rows
			s.insert(name, "t", id, id+rows, 1)
			s.insert("main", "t", id, id+rows, 2)
			return func() { s.merge(name, "main") }
		})
	})
}

package mvcc_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
)

// rebaseBranch rebases a branch on its parent, its own changes winning over the parent's.
func rebaseBranch(t tb, s *mvcc.Store, name string) (storage.SCN, error) {
	x := begin(t, s, name, storage.ReadCommitted)
	was, onto, err := s.Branches().Rebase(ctx, x.Txn, storage.RebaseOptions{Branch: name})
	if err != nil || was == nil {
		must(t, x.Rollback())
		return 0, err
	}
	res, err := s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Target: name, To: was, Onto: onto, Strategy: storage.SourceWins})
	must(t, err)
	if len(res.Conflicts) > 0 {
		t.Fatalf("conflicts: %+v", res.Conflicts)
	}
	scn, err := x.Commit(ctx)
	return scn, err
}

func TestRebase(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := testTable(t, open(), mvcc.Options{CleanEvery: -1})
		s.UseDiffer(merge.Differ{})
		put(t, s, "main", 1, 2)
		must(t, fork2(s, "dev", "main"))
		p1 := put(t, s, "dev", 10)
		must(t, fork2(s, "sub", "dev"))
		put(t, s, "main", 3)
		x := begin(t, s, "main", storage.ReadCommitted)
		must(t, x.delete(x.table("t"), x.where(x.table("t"), 1)))
		x.commit()
		p2 := put(t, s, "dev", 11)
		p3, err := rebaseBranch(t, s, "dev")
		must(t, err)
		again, err := rebaseBranch(t, s, "dev")
		must(t, err)
		if again != 0 {
			t.Error("rebased a second time")
		}
		put(t, s, "dev", 12)
		check := func() {
			t.Helper()
			is(t, reads(t, s, "dev"), "2 3 10 11 12")
			is(t, reads(t, s, fmt.Sprint("dev@", p1)), "1 2 10")
			is(t, reads(t, s, fmt.Sprint("dev@", p2)), "1 2 10 11")
			is(t, reads(t, s, fmt.Sprint("dev@", p3)), "2 3 10 11")
			is(t, reads(t, s, "main"), "2 3")
			is(t, reads(t, s, "sub"), "1 2 10")
		}
		check()
		must(t, s.Close())
		s = openStore(t, open())
		s.UseDiffer(merge.Differ{})
		check()
		for _, to := range []struct{ source, target, want string }{{"dev", "main", "2 3 10 11 12"}, {"main", "sub", "2 3 10 11 12"}} {
			x := begin(t, s, to.target, storage.ReadCommitted)
			res, err := s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Source: to.source, Target: to.target})
			must(t, err)
			if len(res.Conflicts) > 0 {
				t.Fatalf("%s into %s: %+v", to.source, to.target, res.Conflicts)
			}
			x.commit()
			is(t, reads(t, s, to.target), to.want)
		}
		bad, err := s.Check(ctx, nil)
		must(t, err)
		if len(bad) > 0 {
			t.Error(bad)
		}
		must(t, s.Close())
	})
}

// TestRebaseConcurrent refuses a rebase that would lose a commit, and writes that come too late for it.
func TestRebaseConcurrent(t *testing.T) {
	s := memStore(t)
	s.UseDiffer(merge.Differ{})
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, false)
	x.commit()
	must(t, fork2(s, "dev", "main"))
	put(t, s, "main", 1)
	x = begin(t, s, "dev", storage.ReadCommitted)
	_, _, err := s.Branches().Rebase(ctx, x.Txn, storage.RebaseOptions{Branch: "dev"})
	must(t, err)
	put(t, s, "dev", 2)
	_, err = x.Commit(ctx)
	fails(t, err, "40001")
	late := begin(t, s, "dev", storage.ReadCommitted)
	must(t, late.insert(late.table("t"), [3]int64{7, 7, 7}))
	_, err = rebaseBranch(t, s, "dev")
	must(t, err)
	_, err = late.Commit(ctx)
	fails(t, err, "40001")
	is(t, reads(t, s, "dev"), "1 2")
	x = begin(t, s, "dev", storage.ReadCommitted)
	put(t, s, "main", 3)
	x.Statement()
	sp := x.Savepoint()
	_, _, err = s.Branches().Rebase(ctx, x.Txn, storage.RebaseOptions{Branch: "dev"})
	must(t, err)
	is(t, x.all(x.table("t")), "1,1,1 3,3,3")
	must(t, x.RollbackTo(sp))
	is(t, x.all(x.table("t")), "1,1,1 2,2,2")
	must(t, x.insert(x.table("t"), [3]int64{4, 4, 4}))
	x.commit()
	is(t, reads(t, s, "dev"), "1 2 4")
	res, err := s.Branches().GC(context.Background(), storage.GCOptions{})
	must(t, err)
	if res.Layers != 2 {
		t.Errorf("collected %+v, want the layers of rebases that were not committed", res)
	}
}

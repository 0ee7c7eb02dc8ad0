package mvcc_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
)

// twin is a store on which the same is done as on another.
type twin struct {
	s    *mvcc.Store
	e    kv.Engine
	gc   bool
	o    mvcc.Options
	t    tb
	next int64
	dies int // at which write the next collection does
}

// mortal ends at its n-th write, as a kill does: what was written before is there.
type mortal struct {
	kv.Engine
	n *int
}

func (m mortal) Apply(ctx context.Context, b *kv.Batch) error {
	if *m.n--; *m.n == 0 {
		return kv.ErrClosed
	}
	return m.Engine.Apply(ctx, b)
}

func (mortal) Close() error { return nil }

func newTwin(t tb, gc bool) *twin {
	now := time.Unix(1e9, 0)
	w := &twin{t: t, gc: gc, e: memkv.New(), o: mvcc.Options{CleanEvery: -1, KeepDropped: time.Nanosecond,
		Clock: func() time.Time { now = now.Add(time.Second); return now }}}
	var err error
	w.s, err = mvcc.Open(mortal{w.e, &w.dies}, w.o)
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, w.s, mvcc.BootstrapOptions{}))
	w.s.UseDiffer(merge.Differ{})
	x := begin(t, w.s, "main", storage.ReadCommitted)
	createTable(t, w.s, x, "t", true, false)
	x.commit()
	return w
}

func (w *twin) collect(dies int) {
	if !w.gc {
		return
	}
	window := time.Nanosecond
	must(w.t, w.s.Branches().SetRetention(ctx, db, "", &window))
	w.dies = dies
	for {
		_, err := w.s.Branches().GC(ctx, storage.GCOptions{})
		if w.dies > 0 {
			must(w.t, err)
		}
		if w.dies = 0; err == nil {
			return
		}
		w.reopen()
	}
}

func (w *twin) merge(source, target string) string {
	x := begin(w.t, w.s, target, storage.ReadCommitted)
	res, err := w.s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Source: source, Target: target, Strategy: storage.SourceWins})
	must(w.t, err)
	x.commit()
	return fmt.Sprint(res.Inserts, res.Updates, res.Deletes, res.Resolved)
}

func (w *twin) rebase(name, onto string) {
	x := begin(w.t, w.s, name, storage.ReadCommitted)
	was, parent, err := w.s.Branches().Rebase(ctx, x.Txn, storage.RebaseOptions{Branch: name, Onto: onto})
	must(w.t, err)
	if was == nil {
		must(w.t, x.Rollback())
		return
	}
	_, err = w.s.Branches().Merge(ctx, x.Txn, storage.MergeRequest{Target: name, To: was, Onto: parent, Strategy: storage.SourceWins})
	must(w.t, err)
	x.commit()
}

func (w *twin) write(branch string, a int64) {
	x := begin(w.t, w.s, branch, storage.ReadCommitted)
	tab := x.table("t")
	w.next++
	switch old := x.where(tab, a); {
	case len(old) == 0:
		must(w.t, x.insert(tab, [3]int64{a, w.next, a}))
	case w.next%3 == 0:
		must(w.t, x.delete(tab, old))
	default:
		must(w.t, x.update(tab, old, func(r [3]int64) [3]int64 { r[1] = w.next; return r }))
	}
	x.commit()
}

func (w *twin) content(branch string) string {
	x := begin(w.t, w.s, branch, storage.ReadCommitted)
	defer func() { must(w.t, x.Rollback()) }()
	return x.all(x.table("t"))
}

// TestRebasedLayersGo does the same on two stores, one of which collects garbage after each step: what is read, and what merges
// bring, is the same on both, also where the store is opened anew, or a collection is killed in the middle.
func TestRebasedLayersGo(t *testing.T) {
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		if runs++; runs > 40 && os.Getenv("ROWAN_LONG") == "" {
			return
		}
		a, b := newTwin(t, false), newTwin(t, true)
		both := []*twin{a, b}
		branches := []string{"main"}
		for i := range rapid.IntRange(5, 30).Draw(t, "steps") {
			name := rapid.SampledFrom(branches).Draw(t, "branch")
			other := rapid.SampledFrom(branches).Draw(t, "other")
			op := rapid.SampledFrom([]string{"write", "write", "write", "fork", "merge", "merge", "rebase", "rebase", "reset", "reopen"}).Draw(t, "op")
			key := rapid.Int64Range(0, 5).Draw(t, "key")
			dies := rapid.IntRange(0, 12).Draw(t, "dies")
			var got []string
			for _, w := range both {
				result := ""
				switch {
				case op == "write":
					w.write(name, key)
				case op == "fork" && len(branches) < 5:
					must(t, fork2(w.s, fmt.Sprint("b", i), name))
				case op == "merge" && name != other:
					result = w.merge(name, other)
				case op == "rebase" && name != other && name != "main":
					w.rebase(name, other)
				case op == "reset" && name != "main":
					_, err := w.s.Branches().Reset(ctx, db, name, other, "")
					must(t, err)
				case op == "reopen":
					w.reopen()
				}
				w.collect(dies)
				got = append(got, result)
			}
			if got[0] != got[1] {
				t.Fatalf("%s of %s and %s: %s without, %s with collection", op, name, other, got[0], got[1])
			}
			if op == "fork" && len(branches) < 5 {
				branches = append(branches, fmt.Sprint("b", i))
			}
			for _, n := range branches {
				if x, y := a.content(n), b.content(n); x != y {
					t.Fatalf("after %s of %s and %s, %s has %s without collection and %s with it", op, name, other, n, x, y)
				}
			}
		}
		for _, w := range both {
			bad, err := w.s.Check(ctx, nil)
			if must(t, err); len(bad) > 0 {
				t.Fatalf("check: %v", bad)
			}
			must(t, w.s.Close())
		}
	})
}

// reopen leaves the engine as it is, as a kill does.
func (w *twin) reopen() {
	s, err := mvcc.Open(mortal{w.e, &w.dies}, w.o)
	must(w.t, err)
	s.UseDiffer(merge.Differ{})
	w.s = s
}

// TestRebaseLeavesNothing counts what is left of a branch that was rebased and reset again and again.
func TestRebaseLeavesNothing(t *testing.T) {
	w := newTwin(t, true)
	defer w.s.Close()
	must(t, fork2(w.s, "dev", "main"))
	size := func(rounds int) (n int) {
		for i := range rounds {
			w.write("main", int64(i%3))
			w.write("dev", 100)
			w.rebase("dev", "main")
			_, err := w.s.Branches().Reset(ctx, db, "dev", "main", "")
			must(t, err)
		}
		_, err := w.s.Clean(ctx)
		must(t, err)
		w.collect(0)
		w.collect(0) // what the first has let go of
		it := w.e.Scan(ctx, kv.Range{KeysOnly: true})
		defer it.Close()
		for it.Next() {
			n++
		}
		return n
	}
	few := size(5)
	if many := size(50); many > few+few/4 {
		t.Errorf("%d keys after 5 rounds, %d after 55", few, many)
	}
}

// TestGraft merges a branch a second time into one that was rebased in between and has lost the layer of the first merge: what
// came then does not come again.
func TestGraft(t *testing.T) {
	for _, reopen := range []bool{false, true} {
		w := newTwin(t, true)
		w.write("main", 1)
		must(t, fork2(w.s, "b", "main"))
		must(t, fork2(w.s, "c", "main"))
		w.write("c", 1)
		is(t, w.merge("c", "b"), "0 1 0 0")
		w.next = 100
		for i := range 3 { // each time another layer
			w.write("main", int64(10+i))
			w.rebase("b", "main")
		}
		w.collect(0)
		if reopen {
			w.reopen()
		}
		w.next = 200
		w.write("b", 1)
		w.write("c", 2)
		is(t, w.merge("c", "b"), "1 0 0 0")
		must(t, w.s.Close())
	}
}

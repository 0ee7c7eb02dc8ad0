package mvcc_test

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/kvtest"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestCrash lets the engine die at a random write, with some of what was not synced lost, and looks at what is found
// then: every acknowledged commit, wholly, and of the one under way all or nothing.
func TestCrash(t *testing.T) {
	base := memkv.New()
	s := openStore(t, base)
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, true)
	x.commit()
	base = base.Clone()
	must(t, s.Close())

	rapid.Check(t, func(t *rapid.T) {
		o := mvcc.Options{CleanEvery: -1, SpillBytes: rapid.SampledFrom([]int64{1, 1000, 0}).Draw(t, "spill")}
		disk := base
		want := content{}
		for range rapid.IntRange(1, 3).Draw(t, "crashes") {
			c := kvtest.NewCrash(disk, rapid.IntRange(0, 40).Draw(t, "writes"))
			states, acked := runUntilCrash(t, c, o, want)
			all, durable := c.Writes()
			disk = c.Disk(rapid.IntRange(durable, all).Draw(t, "on disk"))
			want = afterCrash(t, disk, o, states, acked)
			disk = disk.Clone()
		}
	})
}

// runUntilCrash runs random transactions. It returns the contents after each commit tried, of which those up to acked
// were acknowledged.
func runUntilCrash(t *rapid.T, c *kvtest.Crash, o mvcc.Options, start content) (states []content, acked int) {
	states = []content{start}
	s, err := mvcc.Open(c, o)
	if err != nil {
		return states, 0
	}
	for range 12 {
		x, err := s.Begin(ctx, storage.TxnOptions{Database: mvcc.FirstDatabase})
		if err != nil {
			return states, acked
		}
		x.Statement()
		next, ok := writeSome(t, s, x, states[len(states)-1])
		if !ok {
			_ = x.Rollback()
			return states, acked
		}
		switch {
		case rapid.IntRange(0, 4).Draw(t, "end") == 0:
			if x.Rollback() != nil {
				return states, acked
			}
			continue
		case rapid.IntRange(0, 4).Draw(t, "clean") == 0:
			_, _ = s.Clean(ctx)
		}
		states = append(states, next)
		if _, err := x.Commit(ctx); err != nil {
			return states, acked
		}
		acked = len(states) - 1
	}
	return states, acked
}

func writeSome(t *rapid.T, s *mvcc.Store, tx storage.Txn, cur content) (content, bool) {
	v, err := tx.View(ctx, refMain)
	if err != nil {
		return nil, false
	}
	x := &txn{tx, t, v}
	return writeSomeTo(t, x, cur)
}

// writeSomeTo inserts, updates and deletes a few rows. It returns what the table then holds.
func writeSomeTo(t *rapid.T, x *txn, cur content) (content, bool) {
	tab := x.table("t")
	cur = maps.Clone(cur)
	for range rapid.IntRange(1, 8).Draw(t, "rows") {
		a := rapid.Int64Range(0, 9).Draw(t, "a")
		row := [3]int64{a, a, rapid.Int64Range(0, 9).Draw(t, "c")}
		if _, exists := cur[a]; !exists {
			if x.insert(tab, row) != nil {
				return nil, false
			}
			cur[a] = row
			continue
		}
		if rapid.Bool().Draw(t, "delete") {
			if x.delete(tab, x.where(tab, a)) != nil {
				return nil, false
			}
			delete(cur, a)
			continue
		}
		if x.update(tab, x.where(tab, a), func([3]int64) [3]int64 { return row }) != nil {
			return nil, false
		}
		cur[a] = row
	}
	return cur, true
}

func afterCrash(t *rapid.T, disk *memkv.Engine, o mvcc.Options, states []content, acked int) content {
	s, err := mvcc.Open(disk, o)
	must(t, err)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := x.table("t")
	got := x.all(tab)
	sound(t, s)
	n := x.RowEstimate(x.v, tab)
	must(t, x.Rollback())
	for _, c := range states[acked:] {
		if render(c) == got {
			if n != int64(len(c)) {
				t.Fatalf("count of rows is %d, want %d", n, len(c))
			}
			return c
		}
	}
	t.Fatalf("after the crash: %s\nacknowledged: %s", got, render(states[acked]))
	return nil
}

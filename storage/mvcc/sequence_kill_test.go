package mvcc_test

import (
	"context"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// syncs is an engine that counts how often it was told to make durable what was not.
type syncs struct {
	kv.Engine
	open bool // something was applied that need not be durable
	n    int
}

// Apply implements kv.Engine.
func (e *syncs) Apply(ctx context.Context, b *kv.Batch) error {
	if e.open = b.Async && (e.open || b.Len() > 0); !b.Async {
		e.n++
	}
	return e.Engine.Apply(ctx, b)
}

// Sync implements kv.Engine.
func (e *syncs) Sync(ctx context.Context) error {
	e.open = false
	e.n++
	return e.Engine.Sync(ctx)
}

// sequencesOf are definitions with each policy, one of them for each of two branches.
func sequencesOf(t *testing.T, s *mvcc.Store) map[string][]*catalog.Sequence {
	d := func(oid catalog.OID, policy string, block int64) []*catalog.Sequence {
		q := &catalog.Sequence{Header: catalog.Header{OID: oid, Name: policy}, Start: 1, Increment: 1, Min: 1, Max: 1 << 40, Policy: policy, Block: block}
		var out []*catalog.Sequence
		for _, name := range []string{"main", "dev"} {
			b, err := s.Branches().Get(ctx, db, name)
			must(t, err)
			out = append(out, q.On(b.ID))
		}
		return out
	}
	return map[string][]*catalog.Sequence{
		"shared": d(30000, catalog.SequenceShared, 0), "block": d(30001, catalog.SequenceBlock, 10), "isolated": d(30002, catalog.SequenceIsolated, 0),
	}
}

// TestSequencesKilled ends the store at every step, without closing it: no value comes twice, neither then nor on another
// branch where branches share the sequence.
func TestSequencesKilled(t *testing.T) {
	disk := memkv.New()
	s := openStore(t, disk)
	must(t, fork2(s, "dev", "main"))
	given := map[string]map[int64]bool{}
	take := func(s *mvcc.Store, policy string, d *catalog.Sequence) {
		t.Helper()
		v, err := s.Sequences().Next(ctx, d)
		must(t, err)
		key := policy
		if d.PerBranch() {
			key += string(rune('0' + d.Branch))
		}
		if given[key] == nil {
			given[key] = map[int64]bool{}
		}
		if given[key][v] {
			t.Fatalf("%s: %d comes twice", key, v)
		}
		given[key][v] = true
	}
	for round := range 40 {
		for policy, list := range sequencesOf(t, s) {
			for i := range round%7 + 1 {
				take(s, policy, list[i%2])
			}
		}
		old := s
		disk = disk.Clone()
		s = openStore(t, disk)
		_ = old.Close() // of the disk as it was nobody sees any more
	}
	must(t, s.Close())
}

// TestSequencesKilledAhead ends the store around where the values that are reserved in it are used up, also after setval: none comes
// twice.
func TestSequencesKilledAhead(t *testing.T) {
	disk := memkv.New()
	s := openStore(t, disk)
	must(t, fork2(s, "dev", "main"))
	for n := 1; n <= 70; n++ {
		d := sequencesOf(t, s)["shared"][0]
		var last int64
		take := func() {
			t.Helper()
			v, err := s.Sequences().Next(ctx, d)
			must(t, err)
			if v <= last {
				t.Fatalf("%d after %d values: %d came before", v, n, last)
			}
			last = v
		}
		for range n {
			take()
		}
		if n%2 == 0 {
			last += 1000
			must(t, s.Sequences().Set(ctx, d, last, true))
			take()
		}
		old := s
		disk = disk.Clone()
		s = openStore(t, disk)
		_ = old.Close() // of the disk as it was nobody sees any more
		take()
	}
	must(t, s.Close())
}

// TestSequencesDurable wants a commit that has written nothing else to make the values durable that its transaction took.
func TestSequencesDurable(t *testing.T) {
	e := &syncs{Engine: memkv.New()}
	s := testTable(t, e, mvcc.Options{CleanEvery: -1})
	must(t, fork2(s, "dev", "main"))
	for policy, list := range sequencesOf(t, s) {
		for _, d := range list {
			x := begin(t, s, "", storage.ReadCommitted)
			before := e.n
			_, err := s.Sequences().Next(ctx, d)
			must(t, err)
			took := e.open
			x.commit()
			if e.open || took && e.n == before {
				t.Errorf("%s: a value was given out, and was not made durable", policy)
			}
		}
	}
	before := e.n
	x := begin(t, s, "", storage.ReadCommitted)
	x.commit()
	if e.n != before {
		t.Error("a transaction that did nothing has waited for the disk")
	}
	must(t, s.Close())
}

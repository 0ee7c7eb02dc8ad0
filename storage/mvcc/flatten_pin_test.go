package mvcc_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// watched is an engine that calls back, once, before it writes one of the batches that put a key with the prefix.
type watched struct {
	kv.Engine
	prefix []byte
	skip   int // batches before it
	call   func()
}

func (e *watched) Apply(ctx context.Context, b *kv.Batch) error {
	if e.call != nil && e.puts(b) {
		if e.skip--; e.skip < 0 {
			call := e.call
			e.call = nil
			call()
		}
	}
	return e.Engine.Apply(ctx, b)
}

func (e *watched) puts(b *kv.Batch) bool {
	for i := range b.Len() {
		if k, v := b.At(i); v != nil && bytes.HasPrefix(k, e.prefix) {
			return true
		}
	}
	return false
}

// TestFlattenBesideDrop drops a branch for good while its chain is made flat: before a keyspace of the copy is recorded, and before
// the copy is. Its layer stays until that is done, so that nothing is left that belongs to no layer.
func TestFlattenBesideDrop(t *testing.T) {
	run := func(prefix []byte, skip int) (made int) {
		mem := memkv.New()
		e := &watched{Engine: mem, prefix: prefix, skip: skip}
		s := testTable(t, e, mvcc.Options{CleanEvery: -1})
		rnd := rand.New(rand.NewPCG(5, 6))
		churn(t, s, "main", rnd, 10)
		last := chainOf(t, s, 8, func(b string, _ int) { churn(t, s, b, rnd, 3) })
		reads(t, s, last) // asks for copies
		dropped := prefix == nil
		if !dropped {
			e.call = func() {
				dropped = true
				_, err := s.Branches().Drop(ctx, db, last, true)
				must(t, err)
				_, err = s.Branches().GC(ctx, storage.GCOptions{Purge: true})
				must(t, err)
			}
		}
		made, err := s.Flatten(ctx)
		must(t, err)
		if !dropped {
			t.Fatal("the branch was not dropped meanwhile")
		}
		sound(t, s)
		must(t, s.Close())
		s = openStore(t, mem.Clone())
		sound(t, s)
		must(t, s.Close())
		return made
	}
	made := run(nil, 0)
	for _, prefix := range []keys.Meta{keys.MetaSpace, keys.MetaFlat} {
		for n := range 3 { // the last ones are those of the branch
			run(prefix.Append(nil), made-1-n)
		}
	}
}

package mvcc_test

import (
	"math/rand/v2"
	"testing"

	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestExportOfFlatCopies restores an export that has flat copies which came after the earlier one: all that is in them is older than
// that.
func TestExportOfFlatCopies(t *testing.T) {
	s := testTable(t, memkv.New(), mvcc.Options{CleanEvery: -1})
	rnd := rand.New(rand.NewPCG(5, 6))
	churn(t, s, "main", rnd, 10)
	last := chainOf(t, s, 8, func(b string, _ int) { churn(t, s, b, rnd, 3) })
	full, err := takeExport(s, nil)
	must(t, err)
	want := reads(t, s, last) // asks for a copy
	made, err := s.Flatten(ctx)
	must(t, err)
	if made == 0 {
		t.Fatal("nothing was made flat")
	}
	put(t, s, "main", 9999)
	more, err := takeExport(s, &full.info)
	must(t, err)
	must(t, s.Close())
	s = restore(t, []export{full, more}, more.info.SCN)
	is(t, reads(t, s, last), want)
	sound(t, s)
	must(t, s.Close())
}

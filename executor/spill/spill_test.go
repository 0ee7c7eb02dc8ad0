package spill

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var columns = []types.Type{
	types.Of(types.Builtin(types.OIDInt8)), types.Of(types.Builtin(types.OIDText)), types.Of(types.Builtin(types.OIDFloat8)),
}

// batch makes rows numbered from first: the number, its text and its half, with NULLs among the texts.
func batch(first, n int) *vector.Batch {
	b := newBatch(columns)
	b.N = n
	for i := first; i < first+n; i++ {
		b.Cols[0].Append(types.Int(int64(i)))
		b.Cols[1].Append(text(i))
		b.Cols[2].Append(types.Float(float64(i) / 2))
	}
	return b
}

func text(i int) types.Datum {
	if i%7 == 0 {
		return types.Null
	}
	return types.String(fmt.Sprint("row ", i))
}

func TestRows(t *testing.T) {
	for _, limit := range []int64{0, 200 << 10, 1} {
		rng := rand.New(rand.NewPCG(1, uint64(limit)))
		pool := &mem.Pool{Limit: limit}
		acct := pool.Account()
		r := NewSpillingRows(columns, acct, t.TempDir())
		for r.Len() < 10_000 {
			if err := r.Append(batch(r.Len(), 1+rng.IntN(vector.Size))); err != nil {
				t.Fatal(err)
			}
		}
		if r.Spilled() != (limit > 0) {
			t.Fatalf("limit %d: spilled %v", limit, r.Spilled())
		}
		ids := make([]uint32, 500)
		for i := range ids {
			ids[i] = uint32(rng.IntN(r.Len()))
		}
		ids[3] = NoRow
		var v [3]vector.Vector
		for c := range v {
			if err := r.Gather(&v[c], c, ids); err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range ids {
			if id == NoRow {
				if !v[0].IsNull(i) || !v[1].IsNull(i) {
					t.Fatal("no row is not NULL")
				}
				continue
			}
			if d := v[1].Datum(i); v[0].Int[i] != int64(id) || v[2].Float[i] != float64(id)/2 || d != text(int(id)) {
				t.Fatalf("row %d: %v %v", id, v[0].Int[i], d)
			}
		}
		r.Close()
		acct.Close()
		if pool.Used() != 0 {
			t.Fatalf("%d bytes held", pool.Used())
		}
	}
}

func TestRowsRefuse(t *testing.T) {
	r := NewRows(columns, (&mem.Pool{Limit: 100}).Account())
	if err := r.Append(batch(0, 100)); err == nil || r.Len() != 0 {
		t.Fatalf("%v with %d rows", err, r.Len())
	}
}

func TestQueue(t *testing.T) {
	for _, n := range []int{0, 5, 20_000} {
		rng := rand.New(rand.NewPCG(2, uint64(n)))
		q := NewQueue(t.TempDir(), columns)
		for q.Rows() < n {
			if err := q.Enqueue(batch(q.Rows(), min(n-q.Rows(), 1+rng.IntN(vector.Size)))); err != nil {
				t.Fatal(err)
			}
		}
		if n > 5 && rng.IntN(2) == 0 {
			if err := q.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		next := 0
		for {
			b, err := q.Dequeue()
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			for i := range b.N {
				if b.Cols[0].Int[i] != int64(next) || b.Cols[1].Datum(i) != text(next) {
					t.Fatalf("row %d: %v", next, b.Cols[1].Datum(i))
				}
				next++
			}
		}
		if next != n {
			t.Fatalf("%d rows of %d", next, n)
		}
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

package executor_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

// naiveJoin joins by trying all pairs; match is the condition, a NULL being false.
func naiveJoin(kind physical.JoinKind, l, r table, match func(a, b row) bool) []row {
	nulls := func(n int) row {
		out := make(row, n)
		for i := range out {
			out[i] = types.Null
		}
		return out
	}
	var out []row
	seen := make([]bool, len(r.rows))
	for _, a := range l.rows {
		hit := false
		for j, b := range r.rows {
			if !match(a, b) {
				continue
			}
			hit, seen[j] = true, true
			if kind != physical.Semi && kind != physical.Anti {
				out = append(out, append(append(row{}, a...), b...))
			}
		}
		switch {
		case kind == physical.Semi && hit, kind == physical.Anti && !hit:
			out = append(out, a)
		case (kind == physical.Left || kind == physical.Full) && !hit:
			out = append(out, append(append(row{}, a...), nulls(len(r.types))...))
		}
	}
	for j, b := range r.rows {
		if (kind == physical.Right || kind == physical.Full) && !seen[j] {
			out = append(out, append(nulls(len(l.types)), b...))
		}
	}
	return out
}

func equal(t types.Type, a, b types.Datum) bool {
	return !a.Null && !b.Null && types.Compare(t, a, b) == 0
}

var kinds = []physical.JoinKind{physical.Inner, physical.Left, physical.Right, physical.Full, physical.Semi, physical.Anti}

func TestJoins(t *testing.T) {
	forLimits(t, func(t *testing.T, limit int64) {
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 9))
			key := []types.Type{int8T, textT, numT, floatT}[seed%4]
			values := 1 + rng.IntN(300)
			nulls := []float64{0, .1, 1}[seed%3]
			l := randomTable(rng, rng.IntN(500), values, nulls, key, int8T, textT)
			r := randomTable(rng, rng.IntN(500), values, nulls, int8T, key, int8T)
			kind := kinds[rng.IntN(len(kinds))]
			residual := rng.IntN(2) == 0
			two := rng.IntN(3) == 0
			match := func(a, b row) bool {
				ok := equal(key, a[0], b[1])
				if two {
					ok = ok && equal(int8T, a[1], b[0])
				}
				if residual {
					ok = ok && !a[1].Null && !b[2].Null && a[1].I < b[2].I
				}
				return ok
			}
			ts := append(append([]types.Type{}, l.types...), r.types...)
			if kind == physical.Semi || kind == physical.Anti {
				ts = l.types
			}
			want := naiveJoin(kind, l, r, match)
			right := func(i int) expr.Expr { return &expr.Slot{Index: len(l.types) + i, T: r.types[i]} }
			h := &physical.HashJoin{
				Base: base(ts...), Kind: kind, Left: from(l, seed), Right: from(r, seed+1),
				LeftKeys: []expr.Expr{slot(l, 0)}, RightKeys: []expr.Expr{slot(r, 1)},
			}
			conds := []expr.Expr{call("=", slot(l, 0), right(1))}
			if two {
				h.LeftKeys, h.RightKeys = append(h.LeftKeys, slot(l, 1)), append(h.RightKeys, slot(r, 0))
				conds = append(conds, call("=", slot(l, 1), right(0)))
			}
			if residual {
				h.Residual = []expr.Expr{call("<", slot(l, 1), right(2))}
				conds = append(conds, h.Residual...)
			}
			t.Run(fmt.Sprint("hash/", seed, "/", kind), func(t *testing.T) { sameSet(t, ts, run(t, h, limit), want) })
			n := &physical.NestedLoop{Base: base(ts...), Kind: kind, Left: from(l, seed), Right: from(r, seed+1), Cond: conds}
			t.Run(fmt.Sprint("loop/", seed, "/", kind), func(t *testing.T) { sameSet(t, ts, run(t, n, limit), want) })
		}
	})
}

func TestNullAwareAnti(t *testing.T) {
	forLimits(t, func(t *testing.T, limit int64) {
		for seed := range uint64(20) {
			rng := rand.New(rand.NewPCG(seed, 10))
			l := randomTable(rng, 400, 50, .1, int8T)
			r := randomTable(rng, rng.IntN(3)*200, 30, []float64{0, .01}[seed%2], int8T)
			var want []row
			for _, a := range l.rows {
				out := true
				for _, b := range r.rows {
					out = out && !a[0].Null && !b[0].Null && a[0].I != b[0].I
				}
				if out {
					want = append(want, a)
				}
			}
			h := &physical.HashJoin{
				Base: base(l.types...), Kind: physical.Anti, NullAware: true, Left: from(l, seed), Right: from(r, seed),
				LeftKeys: []expr.Expr{slot(l, 0)}, RightKeys: []expr.Expr{slot(r, 0)},
			}
			sameSet(t, l.types, run(t, h, limit), want)
		}
	})
}

// TestLateral runs, for each left row, a filter over the right side that depends on it.
func TestLateral(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 11))
		l := randomTable(rng, 60, 20, .1, int8T, textT)
		r := randomTable(rng, 60, 20, .1, int8T, textT)
		kind := []physical.JoinKind{physical.Inner, physical.Left, physical.Semi, physical.Anti}[seed%4]
		want := naiveJoin(kind, l, r, func(a, b row) bool { return equal(int8T, a[0], b[0]) })
		ts := append(append([]types.Type{}, l.types...), r.types...)
		if kind == physical.Semi || kind == physical.Anti {
			ts = l.types
		}
		inner := &physical.Filter{
			Base: base(r.types...), Input: from(r, seed),
			Conds: []expr.Expr{call("=", slot(r, 0), &expr.Outer{Index: 0, T: int8T})},
		}
		n := &physical.NestedLoop{Base: base(ts...), Kind: kind, Left: from(l, seed), Right: inner, Args: []expr.Expr{slot(l, 0)}}
		sameSet(t, ts, run(t, n, 0), want)
	}
}

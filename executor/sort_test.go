package executor_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

func compareBy(ts []types.Type, keys []expr.SortKey, a, b row) int {
	for _, k := range keys {
		i := k.Expr.(*expr.Slot).Index
		x, y := a[i], b[i]
		c := 0
		switch {
		case x.Null && y.Null:
		case x.Null || y.Null:
			if c = 1; x.Null == k.NullsFirst {
				c = -1
			}
		default:
			if c = types.Compare(ts[i], x, y); k.Desc {
				c = -c
			}
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func TestSort(t *testing.T) {
	forLimits(t, func(t *testing.T, limit int64) {
		for seed := range uint64(30) {
			rng := rand.New(rand.NewPCG(seed, 7))
			tab := randomTable(rng, rng.IntN(4000), 1+rng.IntN(500), []float64{0, .1, 1}[seed%3], int8T, textT, floatT, numT, int8T)
			for i := range tab.rows {
				tab.rows[i][4] = types.Int(int64(i)) // shows that the sort is stable
			}
			var keys []expr.SortKey
			for range 1 + rng.IntN(3) {
				keys = append(keys, expr.SortKey{Expr: slot(tab, rng.IntN(4)), Desc: rng.IntN(2) == 0, NullsFirst: rng.IntN(2) == 0})
			}
			want := slices.Clone(tab.rows)
			slices.SortStableFunc(want, func(a, b row) int { return compareBy(tab.types, keys, a, b) })
			n := &physical.Sort{Base: base(tab.types...), Input: from(tab, seed), Keys: keys}
			if rng.IntN(2) == 0 {
				k := rng.IntN(300)
				n.Limit = &expr.Const{Value: types.Int(int64(k)), T: int8T}
				want = want[:min(k, len(want))]
			}
			sameRows(t, tab.types, run(t, n, limit), want)
		}
	})
}

func TestLimitWithTies(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 8))
		tab := randomTable(rng, rng.IntN(3000), 20, .1, numT, int8T)
		keys := []expr.SortKey{{Expr: slot(tab, 0)}}
		sorted := slices.Clone(tab.rows)
		slices.SortStableFunc(sorted, func(a, b row) int { return compareBy(tab.types, keys, a, b) })
		skip, count := rng.IntN(200), rng.IntN(200)
		ties := rng.IntN(2) == 0
		end := min(len(sorted), skip+count)
		for ties && count > 0 && end > skip && end < len(sorted) && compareBy(tab.types, keys, sorted[end-1], sorted[end]) == 0 {
			end++
		}
		want := sorted[min(skip, end):end]
		plan := &physical.Limit{
			Base: base(tab.types...), WithTies: ties, Keys: keys,
			Count:  &expr.Const{Value: types.Int(int64(count)), T: int8T},
			Offset: &expr.Const{Value: types.Int(int64(skip)), T: int8T},
			Input:  &physical.Sort{Base: base(tab.types...), Input: from(tab, seed), Keys: keys},
		}
		sameRows(t, tab.types, run(t, plan, 0), want)
	}
}

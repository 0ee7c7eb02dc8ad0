package executor_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

// groupBy groups naively, in the order of the first rows.
func groupBy(t table, cols []int) (keys []row, groups [][]row) {
	at := map[string]int{}
	for _, r := range t.rows {
		key, ts := row{}, []types.Type{}
		for _, c := range cols {
			d := r[c]
			if t.types[c].ID() == types.OIDNumeric && !d.Null {
				d, _ = types.ParseText(numT, strings.TrimRight(types.Text(numT, d, types.DefaultFormat()), "0"), types.DefaultFormat())
			}
			key, ts = append(key, d), append(ts, t.types[c])
		}
		s := show(ts, key)
		i, ok := at[s]
		if !ok {
			i = len(groups)
			at[s] = i
			first := row{}
			for _, c := range cols {
				first = append(first, r[c])
			}
			keys, groups = append(keys, first), append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return keys, groups
}

// naive aggregates: count(*), sum of c1 (bigint → numeric), count(distinct c2), string_agg(c2, ',' order by c2), min of c1
// where c1 > 0.
func naiveAggs(rows []row) row {
	sum, any := int64(0), false
	distinct, texts := map[string]bool{}, []string{}
	low := types.Null
	for _, r := range rows {
		if !r[1].Null {
			sum, any = sum+r[1].I, true
			if r[1].I > 0 && (low.Null || r[1].I < low.I) {
				low = r[1]
			}
		}
		if !r[2].Null {
			distinct[r[2].S] = true
			texts = append(texts, r[2].S)
		}
	}
	out := row{types.Int(int64(len(rows))), types.Null, types.Int(int64(len(distinct))), types.Null, low}
	if any {
		out[1] = konst(numT, types.Text(int8T, types.Int(sum), types.DefaultFormat())).(*expr.Const).Value
	}
	if len(texts) > 0 {
		slices.Sort(texts)
		out[3] = types.String(strings.Join(texts, ","))
	}
	return out
}

func aggCalls(t table) ([]*expr.Aggregate, []types.Type) {
	a := []*expr.Aggregate{
		{Proc: proc("count"), T: int8T},
		aggregate("sum", numT, slot(t, 1)),
		aggregate("count", int8T, slot(t, 2)),
		aggregate("string_agg", textT, slot(t, 2), konst(textT, ",")),
		aggregate("min", int8T, slot(t, 1)),
	}
	a[2].Distinct = true
	a[3].Order = []expr.SortKey{{Expr: slot(t, 2)}}
	a[4].Filter = call(">", slot(t, 1), konst(int8T, "0"))
	return a, []types.Type{int8T, numT, int8T, textT, int8T}
}

func TestHashAggregate(t *testing.T) {
	forLimits(t, func(t *testing.T, limit int64) {
		for seed := range uint64(40) {
			rng := rand.New(rand.NewPCG(seed, 12))
			key := []types.Type{int8T, textT, numT, floatT, boolT}[seed%5]
			tab := randomTable(rng, rng.IntN(3000), 1+rng.IntN(2000), []float64{0, .1, 1}[seed%3], key, int8T, textT)
			cols := [][]int{{0}, {0, 1}, {2, 0}, {}}[rng.IntN(4)]
			keys, groups := groupBy(tab, cols)
			if len(cols) == 0 && len(groups) == 0 {
				keys, groups = []row{{}}, [][]row{nil}
			}
			calls, ats := aggCalls(tab)
			n := &physical.HashAggregate{Input: from(tab, seed), Aggs: calls}
			var ts []types.Type
			for _, c := range cols {
				n.Groups, ts = append(n.Groups, slot(tab, c)), append(ts, tab.types[c])
			}
			ts = append(ts, ats...)
			n.Base = base(ts...)
			var want []row
			for i, g := range groups {
				want = append(want, append(append(row{}, keys[i]...), naiveAggs(g)...))
			}
			sameSet(t, ts, run(t, n, limit), want)
		}
	})
}

func TestGroupingSets(t *testing.T) {
	forLimits(t, func(t *testing.T, limit int64) {
		for seed := range uint64(10) {
			rng := rand.New(rand.NewPCG(seed, 13))
			tab := randomTable(rng, rng.IntN(1500), 40, .1, int8T, int8T, textT)
			sets := [][]int{{0, 1}, {1}, {0}, {}}
			calls, ats := aggCalls(tab)
			calls = append(calls, &expr.Aggregate{
				Proc: expr.GroupingProc, T: int4T, Grouping: []int{0, 1},
			})
			ts := append([]types.Type{int8T, int8T}, append(ats, int4T)...)
			n := &physical.HashAggregate{
				Base: base(ts...), Input: from(tab, seed), Aggs: calls, Sets: sets, Groups: []expr.Expr{slot(tab, 0), slot(tab, 1)},
			}
			var want []row
			for _, set := range sets {
				keys, groups := groupBy(tab, set)
				if len(set) == 0 && len(groups) == 0 {
					keys, groups = []row{{}}, [][]row{nil}
				}
				for i, g := range groups {
					r := row{types.Null, types.Null}
					bits := int64(3)
					for k, c := range set {
						r[c] = keys[i][k]
						bits &^= 2 >> c
					}
					want = append(want, append(append(r, naiveAggs(g)...), types.Int(bits)))
				}
			}
			sameSet(t, ts, run(t, n, limit), want)
		}
	})
}

func TestDistinct(t *testing.T) {
	forLimits(t, func(t *testing.T, limit int64) {
		for seed := range uint64(20) {
			rng := rand.New(rand.NewPCG(seed, 14))
			tab := randomTable(rng, rng.IntN(4000), 1+rng.IntN(2000), .1, []types.Type{int8T, textT, numT}[seed%3], int8T)
			on := rng.IntN(2) == 0
			cols := []int{0, 1}
			n := &physical.Distinct{Base: base(tab.types...), Input: from(tab, seed)}
			if on {
				cols, n.On = []int{0}, []expr.Expr{slot(tab, 0)}
			}
			_, groups := groupBy(tab, cols)
			var want []row
			for _, g := range groups {
				want = append(want, g[0])
			}
			sameSet(t, tab.types, run(t, n, limit), want)
		}
	})
}

func TestSetOp(t *testing.T) {
	forLimits(t, func(t *testing.T, limit int64) {
		for seed := range uint64(40) {
			rng := rand.New(rand.NewPCG(seed, 15))
			values := 1 + rng.IntN(2000)
			l := randomTable(rng, rng.IntN(3000), values, .1, int8T, textT)
			r := randomTable(rng, rng.IntN(3000), values, .1, int8T, textT)
			if seed%2 == 0 {
				r.rows = append(r.rows, l.rows[:len(l.rows)/2]...)
			}
			n := &physical.SetOp{Base: base(l.types...), Left: from(l, seed), Right: from(r, seed+1), Except: rng.IntN(2) == 0, All: rng.IntN(2) == 0}
			counts, given := map[string]int{}, map[string]bool{}
			for _, x := range r.rows {
				counts[show(r.types, x)]++
			}
			var want []row
			for _, x := range l.rows {
				s := show(l.types, x)
				in := counts[s] > 0
				if n.All {
					counts[s]--
				} else if given[s] {
					continue
				}
				if in != n.Except {
					want = append(want, x)
					given[s] = true
				}
			}
			sameSet(t, l.types, run(t, n, limit), want)
		}
	})
}

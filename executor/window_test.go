package executor_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

// naiveFrame lists the rows of row i's frame within a partition, by the definition.
func naiveFrame(part []row, i int, f physical.Frame) []int {
	key := func(j int) types.Datum { return part[j][1] }
	peers := func(a, b int) bool { return key(a) == key(b) }
	group := func(j int) int {
		g := 0
		for k := 1; k <= j; k++ {
			if !peers(k-1, k) {
				g++
			}
		}
		return g
	}
	offset := func(b physical.FrameBound) int64 { return b.Offset.(*expr.Const).Value.I }
	// distance is how far row j is from row i, below zero before it.
	distance := func(j int) (d int64, comparable bool) {
		switch f.Mode {
		case 'r':
			return int64(j - i), true
		case 'g':
			return int64(group(j) - group(i)), true
		}
		if key(i).Null || key(j).Null {
			return 0, key(i).Null && key(j).Null
		}
		return key(j).I - key(i).I, true
	}
	inside := func(j int, b physical.FrameBound, start bool) bool {
		limit := int64(0)
		switch b.Kind {
		case 'U', 'u':
			return true
		case 'p':
			limit = -offset(b)
		case 'f':
			limit = offset(b)
		}
		if f.Mode == 'v' && key(i).Null && key(j).Null {
			return true
		}
		d, ok := distance(j)
		if !ok { // NULLs sort last
			return key(j).Null != start == false
		}
		if start {
			return d >= limit
		}
		return d <= limit
	}
	var out []int
	for j := range part {
		if !inside(j, f.Start, true) || !inside(j, f.End, false) {
			continue
		}
		switch {
		case f.Exclude == 'r' && i == j, f.Exclude == 'g' && peers(i, j), f.Exclude == 't' && i != j && peers(i, j):
			continue
		}
		out = append(out, j)
	}
	return out
}

func naiveWindow(part []row, f physical.Frame) []row {
	var out []row
	first := 0
	for i, r := range part {
		if i > 0 && part[i-1][1] != r[1] {
			first = i
		}
		frame := naiveFrame(part, i, f)
		sum, any := int64(0), false
		ends := []types.Datum{types.Null, types.Null, types.Null}
		for _, j := range frame {
			if !part[j][2].Null {
				sum, any = sum+part[j][2].I, true
			}
		}
		if len(frame) > 0 {
			ends[0], ends[1] = part[frame[0]][2], part[frame[len(frame)-1]][2]
		}
		if len(frame) > 1 {
			ends[2] = part[frame[1]][2]
		}
		total := types.Null
		if any {
			total = types.Int(sum)
		}
		lag := types.Int(-1)
		if i >= 2 {
			lag = part[i-2][2]
		}
		out = append(out, append(slices.Clone(r), types.Int(int64(i+1)), types.Int(int64(first+1)), types.Int(int64(len(frame))),
			total, ends[0], ends[1], ends[2], lag))
	}
	return out
}

func windowFuncs(t table) []physical.WindowFunc {
	v := slot(t, 2)
	k := func(s string) expr.Expr { return konst(int4T, s) }
	bigint := proc("sum", int4T)
	return []physical.WindowFunc{
		{Proc: proc("row_number"), T: int8T},
		{Proc: proc("rank"), T: int8T},
		{Proc: proc("count"), Aggregate: true, T: int8T},
		{Proc: bigint, Args: []expr.Expr{v}, Aggregate: true, T: int8T},
		{Proc: proc("first_value", int4T), Args: []expr.Expr{v}, T: int4T},
		{Proc: proc("last_value", int4T), Args: []expr.Expr{v}, T: int4T},
		{Proc: proc("nth_value", int4T, int4T), Args: []expr.Expr{v, k("2")}, T: int4T},
		{Proc: proc("lag", int4T, int4T, int4T), Args: []expr.Expr{v, k("2"), k("-1")}, T: int4T},
	}
}

func randomFrame(rng *rand.Rand) physical.Frame {
	for {
		f := physical.Frame{Mode: "rgv"[rng.IntN(3)], Exclude: []byte{0, 'r', 'g', 't'}[rng.IntN(4)]}
		f.Start.Kind, f.End.Kind = "Upcf"[rng.IntN(4)], "pcfu"[rng.IntN(4)]
		if f.Start.Kind == 'c' && f.End.Kind == 'p' || f.Start.Kind == 'f' && (f.End.Kind == 'c' || f.End.Kind == 'p') {
			continue
		}
		for _, b := range []*physical.FrameBound{&f.Start, &f.End} {
			if b.Kind == 'p' || b.Kind == 'f' {
				b.Offset = &expr.Const{Value: types.Int(int64(rng.IntN(5))), T: int8T}
			}
		}
		return f
	}
}

func TestWindow(t *testing.T) {
	forLimits(t, func(t *testing.T, limit int64) {
		for seed := range uint64(40) {
			rng := rand.New(rand.NewPCG(seed, 16))
			tab := randomTable(rng, rng.IntN(200), 1+rng.IntN(30), []float64{0, .1}[seed%2], int4T, int8T, int4T)
			if seed%8 == 0 {
				tab = randomTable(rng, 2500, 900, .01, int4T, int8T, int4T)
				for _, r := range tab.rows {
					r[0] = types.Int(1)
				}
			}
			keys := []expr.SortKey{{Expr: slot(tab, 0)}, {Expr: slot(tab, 1)}}
			slices.SortStableFunc(tab.rows, func(a, b row) int { return compareBy(tab.types, keys, a, b) })
			f := randomFrame(rng)
			if seed%8 == 0 {
				f = physical.Frame{Mode: 'r', Start: physical.FrameBound{Kind: "Uc"[rng.IntN(2)]}, End: physical.FrameBound{Kind: 'c'}}
			}
			ts := append(slices.Clone(tab.types), int8T, int8T, int8T, int8T, int4T, int4T, int4T, int4T)
			n := &physical.Window{
				Base: base(ts...), Input: from(tab, seed), Partition: []expr.Expr{slot(tab, 0)}, Order: keys[1:], Frame: f, Funcs: windowFuncs(tab),
			}
			var want []row
			for start := 0; start < len(tab.rows); {
				end := start
				for end < len(tab.rows) && tab.rows[end][0] == tab.rows[start][0] {
					end++
				}
				want = append(want, naiveWindow(tab.rows[start:end], f)...)
				start = end
			}
			got := run(t, n, limit)
			sameRows(t, ts, got, want)
		}
	})
}

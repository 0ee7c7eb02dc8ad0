package executor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rowandb/rowan/executor"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// kept yields batches made beforehand, so that a benchmark measures the operator above.
type kept struct {
	physical.Base
	batches []*vector.Batch
}

func (*kept) Inputs() []physical.Node { return nil }

type keptOp struct {
	n  *kept
	at int
}

func (o *keptOp) Next(context.Context) (*vector.Batch, error) {
	if o.at == len(o.n.batches) {
		return nil, nil
	}
	o.at++
	return o.n.batches[o.at-1], nil
}
func (o *keptOp) Close() error { return nil }

func keep(t table) *kept {
	k := &kept{Base: base(t.types...)}
	for from := 0; from < len(t.rows); from += vector.Size {
		b := &vector.Batch{}
		for i, x := range t.types {
			v := &vector.Vector{}
			v.Reset(x)
			for _, r := range t.rows[from:min(len(t.rows), from+vector.Size)] {
				v.Append(r[i])
			}
			b.Cols, b.N = append(b.Cols, v), v.Len()
		}
		k.batches = append(k.batches, b)
	}
	return k
}

func bench(b *testing.B, rows int, plan physical.Node) {
	b.Helper()
	env := newEnv(b, 0)
	build := env.Build
	env.Build = func(n physical.Node, e *op.Env) (op.Operator, error) {
		if k, ok := n.(*kept); ok {
			return &keptOp{n: k}, nil
		}
		return build(n, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := executor.Run(context.Background(), plan, env, func(*vector.Batch) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

const benchRows = 1 << 18

func benchTable(values int, ts ...types.Type) table {
	return randomTable(rand.New(rand.NewPCG(1, 2)), benchRows, values, 0, ts...)
}

func BenchmarkFilter(b *testing.B) {
	for _, x := range []types.Type{int8T, textT, numT} {
		t := benchTable(1000, x, int8T)
		b.Run(fmt.Sprintf("rows=%d/type=%s", benchRows, x.Name), func(b *testing.B) {
			c := t.rows[0][0]
			bench(b, benchRows, &physical.Filter{
				Base: base(t.types...), Input: keep(t), Conds: []expr.Expr{call("<", slot(t, 0), &expr.Const{Value: c, T: x})},
			})
		})
	}
}

func BenchmarkProject(b *testing.B) {
	for _, x := range []types.Type{int8T, floatT, numT} {
		t := benchTable(1000, x, x)
		b.Run(fmt.Sprintf("rows=%d/type=%s", benchRows, x.Name), func(b *testing.B) {
			bench(b, benchRows, &physical.Project{Base: base(x), Input: keep(t), Exprs: []expr.Expr{call("+", slot(t, 0), slot(t, 1))}})
		})
	}
}

func BenchmarkHashAggregate(b *testing.B) {
	for _, x := range []types.Type{int8T, textT, numT} {
		for _, groups := range []int{100, 100_000} {
			t := benchTable(groups, x, int4T)
			b.Run(fmt.Sprintf("rows=%d/type=%s/groups=%d", benchRows, x.Name, groups), func(b *testing.B) {
				bench(b, benchRows, &physical.HashAggregate{
					Base: base(x, int8T, int8T), Input: keep(t), Groups: []expr.Expr{slot(t, 0)},
					Aggs: []*expr.Aggregate{{Proc: proc("count"), T: int8T}, aggregate("sum", int8T, slot(t, 1))},
				})
			})
		}
	}
}

func BenchmarkHashJoin(b *testing.B) {
	for _, x := range []types.Type{int8T, textT} {
		l := benchTable(50_000, x, int8T)
		r := table{types: []types.Type{x, int8T}}
		seen := map[types.Datum]bool{}
		for _, w := range l.rows {
			if !seen[w[0]] {
				seen[w[0]] = true
				r.rows = append(r.rows, w)
			}
		}
		b.Run(fmt.Sprintf("rows=%d/type=%s", benchRows, x.Name), func(b *testing.B) {
			bench(b, benchRows, &physical.HashJoin{
				Base: base(x, int8T, x, int8T), Left: keep(l), Right: keep(r),
				LeftKeys: []expr.Expr{slot(l, 0)}, RightKeys: []expr.Expr{slot(r, 0)},
			})
		})
	}
}

func BenchmarkSort(b *testing.B) {
	for _, x := range []types.Type{int8T, textT, numT} {
		t := benchTable(1_000_000, x, int8T)
		keys := []expr.SortKey{{Expr: slot(t, 0)}}
		b.Run(fmt.Sprintf("rows=%d/type=%s", benchRows, x.Name), func(b *testing.B) {
			bench(b, benchRows, &physical.Sort{Base: base(t.types...), Input: keep(t), Keys: keys})
		})
		b.Run(fmt.Sprintf("rows=%d/type=%s/limit=10", benchRows, x.Name), func(b *testing.B) {
			bench(b, benchRows, &physical.Sort{Base: base(t.types...), Input: keep(t), Keys: keys, Limit: &expr.Const{Value: types.Int(10), T: int8T}})
		})
	}
}

func BenchmarkWindow(b *testing.B) {
	t := benchTable(100, int8T, int8T)
	sorted := &physical.Sort{Base: base(t.types...), Input: keep(t), Keys: []expr.SortKey{{Expr: slot(t, 0)}, {Expr: slot(t, 1)}}}
	b.Run(fmt.Sprintf("rows=%d/type=int8", benchRows), func(b *testing.B) {
		bench(b, benchRows, &physical.Window{
			Base: base(int8T, int8T, int8T), Input: sorted, Partition: []expr.Expr{slot(t, 0)}, Order: []expr.SortKey{{Expr: slot(t, 1)}},
			Frame: physical.Frame{Mode: 'v', Start: physical.FrameBound{Kind: 'U'}, End: physical.FrameBound{Kind: 'c'}},
			Funcs: []physical.WindowFunc{{Proc: proc("row_number"), T: int8T}},
		})
	})
}

// BenchmarkPoint is what a point query pays for its operators.
func BenchmarkPoint(b *testing.B) {
	t := benchTable(1000, int8T, textT)
	t.rows = t.rows[:1]
	b.Run("rows=1/type=int8", func(b *testing.B) {
		bench(b, 1, &physical.Project{
			Base:  base(int8T, textT),
			Input: &physical.Filter{Base: base(t.types...), Input: keep(t), Conds: []expr.Expr{call("<", slot(t, 0), konst(int8T, "99999"))}},
			Exprs: []expr.Expr{call("+", slot(t, 0), slot(t, 0)), slot(t, 1)},
		})
	})
}

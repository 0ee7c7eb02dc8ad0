package executor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

func typ(oid types.OID) types.Type { return types.Of(types.Builtin(oid)) }

var (
	int8T  = typ(types.OIDInt8)
	int4T  = typ(types.OIDInt4)
	textT  = typ(types.OIDText)
	floatT = typ(types.OIDFloat8)
	numT   = typ(types.OIDNumeric)
	boolT  = typ(types.OIDBool)
)

// row is a row of the naive references.
type row []types.Datum

// table is rows with types.
type table struct {
	types []types.Type
	rows  []row
}

// source is a plan that yields a table, cut into batches.
type source struct {
	physical.Base
	t    table
	seed uint64
	full bool // full batches without selection
}

func (s *source) Inputs() []physical.Node { return nil }

func from(t table, seed uint64) *source {
	s := &source{t: t, seed: seed}
	for i, x := range t.types {
		s.Cols = append(s.Cols, physical.Column{Name: fmt.Sprint("c", i), Type: x})
	}
	return s
}

// sourceOp cuts at random and puts dead rows between those alive. Its memory is overwritten at each call, as the contract
// of operators allows.
type sourceOp struct {
	s    *source
	rng  *rand.Rand
	pos  int
	vecs []vector.Vector
	out  vector.Batch
}

func (o *sourceOp) Next(context.Context) (*vector.Batch, error) {
	left := len(o.s.t.rows) - o.pos
	if left == 0 {
		return nil, nil
	}
	n := min(left, vector.Size)
	if !o.s.full {
		n = min(left, 1+o.rng.IntN(1+o.rng.IntN(vector.Size)))
	}
	dead := !o.s.full && n < vector.Size/2 && o.rng.IntN(2) == 0
	if o.vecs == nil {
		o.vecs = make([]vector.Vector, len(o.s.t.types))
	}
	for i := range o.vecs {
		for k := range o.vecs[i].Str {
			o.vecs[i].Str[k] = "overwritten"
		}
		o.vecs[i].Reset(o.s.t.types[i])
	}
	sel := []uint16{}
	rows := 0
	for k := range n {
		if dead && o.rng.IntN(3) == 0 {
			for i := range o.vecs {
				o.vecs[i].Append(o.s.t.rows[o.rng.IntN(len(o.s.t.rows))][i])
			}
			rows++
		}
		for i := range o.vecs {
			o.vecs[i].Append(o.s.t.rows[o.pos+k][i])
		}
		sel = append(sel, uint16(rows))
		rows++
	}
	o.pos += n
	o.out = vector.Batch{N: rows}
	for i := range o.vecs {
		o.out.Cols = append(o.out.Cols, &o.vecs[i])
	}
	if dead {
		o.out.Sel = sel
	}
	return &o.out, nil
}

func (o *sourceOp) Close() error { return nil }

func newEnv(t testing.TB, limit int64) *op.Env {
	return &op.Env{
		Mem: &mem.Pool{Limit: limit}, TempDir: t.TempDir(),
		Kernel: &kernel.Env{Ctx: context.Background(), Format: types.DefaultFormat()},
		Sight:  func(*catalog.Table) catalog.Sight { return catalog.FullSight },
		Build: func(n physical.Node, e *op.Env) (op.Operator, error) {
			if s, ok := n.(*source); ok {
				return &sourceOp{s: s, rng: rand.New(rand.NewPCG(s.seed, 1))}, nil
			}
			return executor.Build(n, e)
		},
	}
}

// run gives a plan's rows and checks that it gives its memory back.
func run(t testing.TB, plan physical.Node, limit int64) []row {
	t.Helper()
	out, err := tryRun(t, plan, limit)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	return out
}

func tryRun(t testing.TB, plan physical.Node, limit int64) ([]row, error) {
	t.Helper()
	env := newEnv(t, limit)
	var out []row
	_, err := executor.Run(context.Background(), plan, env, func(b *vector.Batch) error {
		for k := range b.Live() {
			r := make(row, len(b.Cols))
			for i, v := range b.Cols {
				r[i] = v.Datum(b.Row(k)).Clone()
			}
			out = append(out, r)
		}
		return nil
	})
	if used := env.Mem.Used(); used != 0 {
		t.Fatalf("%d bytes not given back", used)
	}
	return out, err
}

func show(ts []types.Type, r row) string {
	var b strings.Builder
	for i, d := range r {
		if i > 0 {
			b.WriteByte('|')
		}
		if d.Null {
			b.WriteString("∅")
			continue
		}
		b.WriteString(types.Text(ts[i], d, types.DefaultFormat()))
	}
	return b.String()
}

func lines(ts []types.Type, rows []row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = show(ts, r)
	}
	return out
}

// sameRows compares in order; sameSet as multisets.
func sameRows(t testing.TB, ts []types.Type, got, want []row) {
	t.Helper()
	compareLines(t, lines(ts, got), lines(ts, want))
}

func sameSet(t testing.TB, ts []types.Type, got, want []row) {
	t.Helper()
	g, w := lines(ts, got), lines(ts, want)
	slices.Sort(g)
	slices.Sort(w)
	compareLines(t, g, w)
}

func compareLines(t testing.TB, g, w []string) {
	t.Helper()
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			t.Fatalf("%d rows, want %d: missing %s", len(g), len(w), w[i])
		case i >= len(w):
			t.Fatalf("%d rows, want %d: too many %s", len(g), len(w), g[i])
		case g[i] != w[i]:
			t.Fatalf("row %d of %d and %d: %s, want %s", i, len(g), len(w), g[i], w[i])
		}
	}
}

// randomTable makes rows with values from small ranges, so that keys meet.
func randomTable(rng *rand.Rand, n, values int, nulls float64, ts ...types.Type) table {
	t := table{types: ts}
	for range n {
		r := make(row, len(ts))
		for i, x := range ts {
			if rng.Float64() < nulls {
				r[i] = types.Null
				continue
			}
			v := rng.IntN(values) - values/3
			switch x.ID() {
			case types.OIDText:
				r[i] = types.String(fmt.Sprintf("%.*sv%d", rng.IntN(2)*12, "a common prefix", v))
			case types.OIDFloat8:
				r[i] = types.Float(float64(v) / 4)
			case types.OIDNumeric:
				d, _ := types.ParseText(x, fmt.Sprintf("%d.%0*d", v, 1+rng.IntN(2), 0), types.DefaultFormat())
				r[i] = d
			case types.OIDBool:
				r[i] = types.Bool(v%2 == 0)
			default:
				r[i] = types.Int(int64(v))
			}
		}
		t.rows = append(t.rows, r)
	}
	return t
}

func slot(t table, i int) expr.Expr { return &expr.Slot{Index: i, T: t.types[i]} }

func konst(t types.Type, text string) expr.Expr {
	d, err := types.ParseText(t, text, types.DefaultFormat())
	if err != nil {
		panic(err)
	}
	return &expr.Const{Value: d, T: t}
}

// call makes an operator's call.
func call(name string, a, b expr.Expr) expr.Expr {
	o := builtin.OperatorFor(name, a.Type().ID(), b.Type().ID())
	if o == nil {
		panic(fmt.Sprintf("%s %s %s", a.Type().Name, name, b.Type().Name))
	}
	return &expr.Call{Proc: builtin.ProcByOID(o.Proc), Op: o, Args: []expr.Expr{a, b}, T: typ(o.Result), Form: expr.FormOperator}
}

// proc finds a function by name and argument types.
func proc(name string, args ...types.Type) *builtin.Proc {
	for _, p := range builtin.ProcsByName(name) {
		if len(p.Args) != len(args) {
			continue
		}
		ok := true
		for i, a := range args {
			ok = ok && (p.Args[i] == a.ID() || p.Args[i] == types.OIDAny || p.Args[i] == types.OIDAnyElement ||
				p.Args[i] == types.OIDAnyNonArray || p.Args[i] == types.OIDAnyCompatible)
		}
		if ok {
			return p
		}
	}
	panic("no function " + name)
}

func aggregate(name string, result types.Type, args ...expr.Expr) *expr.Aggregate {
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	return &expr.Aggregate{Proc: proc(name, ts...), Args: args, T: result}
}

func base(ts ...types.Type) physical.Base {
	var b physical.Base
	for i, x := range ts {
		b.Cols = append(b.Cols, physical.Column{Name: fmt.Sprint("c", i), Type: x})
	}
	return b
}

// limits are the memory limits with which each operator must give the same answer.
var limits = []int64{0, 64 << 10, 1 << 10}

func forLimits(t *testing.T, f func(t *testing.T, limit int64)) {
	for _, l := range limits {
		t.Run(fmt.Sprint("limit=", l), func(t *testing.T) { f(t, l) })
	}
}

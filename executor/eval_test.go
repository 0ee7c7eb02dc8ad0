package executor_test

import (
	"math/rand/v2"
	"testing"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

func value(t testing.TB, e expr.Expr) types.Datum {
	t.Helper()
	d, err := eval.Value(e, newEnv(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	yes   = &expr.Const{Value: types.Bool(true), T: boolT}
	no    = &expr.Const{Value: types.Bool(false), T: boolT}
	maybe = &expr.Const{Value: types.Null, T: boolT}
)

// TestLaziness computes expressions whose unused parts would fail.
func TestLaziness(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	tab := randomTable(rng, 3000, 6, .2, int8T)
	zero, x := konst(int8T, "0"), slot(tab, 0)
	div := call("/", konst(int8T, "100"), x)
	nonzero := call("<>", x, zero)
	positive := call(">", div, zero)
	for name, e := range map[string]expr.Expr{
		"case":     &expr.Case{Whens: []expr.When{{Cond: nonzero, Then: div}}, Else: x, T: int8T},
		"and":      &expr.Bool{Op: expr.And, Args: []expr.Expr{nonzero, positive}},
		"or":       &expr.Bool{Op: expr.Or, Args: []expr.Expr{call("=", x, zero), positive}},
		"coalesce": &expr.Coalesce{Args: []expr.Expr{x, div}, T: int8T},
	} {
		plan := &physical.Project{Base: base(e.Type()), Input: from(tab, 3), Exprs: []expr.Expr{e}}
		got := run(t, plan, 0)
		for i, r := range tab.rows {
			want := types.Null
			d := r[0]
			switch {
			case name == "coalesce":
				want = d
			case d.Null:
			case name == "case" && d.I == 0:
				want = d
			case name == "case":
				want = types.Int(100 / d.I)
			case name == "and":
				want = types.Bool(d.I != 0 && 100/d.I > 0)
			case name == "or":
				want = types.Bool(d.I == 0 || 100/d.I > 0)
			}
			if got[i][0] != want && !(got[i][0].Null && want.Null) {
				t.Fatalf("%s of %v: %v, want %v", name, d, got[i][0], want)
			}
		}
		if e.Type().Same(boolT) { // the same as a filter
			n := 0
			for _, r := range got {
				n += int(r[0].I) & (1 - b2i(r[0].Null))
			}
			if rows := run(t, &physical.Filter{Base: base(tab.types...), Input: from(tab, 4), Conds: []expr.Expr{e}}, 0); len(rows) != n {
				t.Fatalf("%s as a filter: %d rows, want %d", name, len(rows), n)
			}
		}
	}
	_, err := tryRun(t, &physical.Project{Base: base(int8T), Input: from(tab, 3), Exprs: []expr.Expr{div}}, 0)
	if pgerr.Code(err) != "22012" {
		t.Fatalf("%v", err)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestLogic compares AND, OR and NOT with SQL's truth tables, as values and as filters.
func TestLogic(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	tab := randomTable(rng, 2000, 8, .3, boolT, boolT, boolT)
	three := func(d types.Datum) int { // false, NULL, true
		if d.Null {
			return 1
		}
		return int(d.I) * 2
	}
	cols := []expr.Expr{slot(tab, 0), slot(tab, 1), slot(tab, 2)}
	and := &expr.Bool{Op: expr.And, Args: []expr.Expr{cols[0], &expr.Bool{Op: expr.Or, Args: []expr.Expr{cols[1], &expr.Bool{Op: expr.Not, Args: cols[2:]}}}}}
	got := run(t, &physical.Project{Base: base(boolT), Input: from(tab, 1), Exprs: []expr.Expr{and}}, 0)
	passed := 0
	for i, r := range tab.rows {
		want := min(three(r[0]), max(three(r[1]), 2-three(r[2])))
		if three(got[i][0]) != want {
			t.Fatalf("%v: %v, want %d", r, got[i][0], want)
		}
		if want == 2 {
			passed++
		}
	}
	if rows := run(t, &physical.Filter{Base: base(tab.types...), Input: from(tab, 2), Conds: []expr.Expr{and}}, 0); len(rows) != passed {
		t.Fatalf("%d rows pass, want %d", len(rows), passed)
	}
}

func TestConstantExpressions(t *testing.T) {
	equal := builtin.ProcByOID(builtin.OperatorFor("=", types.OIDInt8, types.OIDInt8).Proc)
	less := builtin.ProcByOID(builtin.OperatorFor("<", types.OIDInt8, types.OIDInt8).Proc)
	ints := typ(1016)
	n := func(s string) expr.Expr { return konst(int8T, s) }
	null := &expr.Const{Value: types.Null, T: int8T}
	one := n("1")
	any := func(left expr.Expr, all bool, elems ...expr.Expr) expr.Expr {
		return &expr.ArrayCompare{
			Left: left, Array: &expr.Array{Elems: elems, T: ints}, Proc: equal,
			Op: builtin.OperatorFor("=", types.OIDInt8, types.OIDInt8), All: all,
		}
	}
	for i, c := range []struct {
		e    expr.Expr
		want string
	}{
		{any(one, false, n("2"), n("1")), "t"},
		{any(one, false, n("2"), null), "∅"},
		{any(one, false), "f"},
		{any(null, false, one), "∅"},
		{any(one, true, one, null), "∅"},
		{any(one, true, n("2"), null), "f"},
		{any(n("9"), false, n("1"), n("2"), n("3"), n("4"), n("5"), n("6"), n("7"), n("8"), n("9")), "t"},
		{&expr.Distinct{Left: one, Right: null, Equal: equal}, "t"},
		{&expr.Distinct{Left: null, Right: null, Equal: equal}, "f"},
		{&expr.Distinct{Left: one, Right: one, Equal: equal, Not: true}, "t"},
		{&expr.NullIf{Left: one, Right: one, Equal: equal, T: int8T}, "∅"},
		{&expr.NullIf{Left: one, Right: n("2"), Equal: equal, T: int8T}, "1"},
		{&expr.MinMax{Args: []expr.Expr{null, one, n("3")}, Greatest: true, Less: less, T: int8T}, "3"},
		{&expr.MinMax{Args: []expr.Expr{n("3"), null, one}, Less: less, T: int8T}, "1"},
		{&expr.NullTest{Arg: &expr.Row{Fields: []expr.Expr{one, null}, T: typ(types.OIDRecord)}}, "f"},
		{&expr.NullTest{Arg: &expr.Row{Fields: []expr.Expr{one, null}, T: typ(types.OIDRecord)}, Not: true}, "f"},
		{&expr.BoolTest{Arg: maybe, Want: 'u'}, "t"},
		{&expr.BoolTest{Arg: maybe, Want: 't', Not: true}, "t"},
		{&expr.Bool{Op: expr.And, Args: []expr.Expr{maybe, no}}, "f"},
		{&expr.Bool{Op: expr.Or, Args: []expr.Expr{maybe, yes}}, "t"},
		{&expr.Bool{Op: expr.Or, Args: []expr.Expr{maybe, no}}, "∅"},
		{&expr.Array{Elems: []expr.Expr{one, null}, T: ints}, "{1,NULL}"},
		{&expr.Subscript{Arg: konst(ints, "{{1,2,3},{4,5,6}}"), Index: []expr.SubscriptBound{{Lower: n("2")}, {Lower: n("3")}}, T: int8T}, "6"},
		{&expr.Subscript{Arg: konst(ints, "{1,2,3,4}"), Slice: true, Index: []expr.SubscriptBound{{Lower: n("2"), Upper: n("9")}}, T: ints}, "{2,3,4}"},
		{&expr.Subscript{Arg: konst(ints, "{{1,2},{3,4}}"), Slice: true, Index: []expr.SubscriptBound{{Upper: n("1")}}, T: ints}, "{{1,2}}"},
		{&expr.IOCast{Arg: konst(textT, "42"), T: int8T}, "42"},
		{&expr.Relabel{Arg: one, T: typ(types.OIDOid)}, "1"},
	} {
		if got := show([]types.Type{c.e.Type()}, row{value(t, c.e)}); got != c.want {
			t.Errorf("%d: %s, want %s", i, got, c.want)
		}
	}
}

// TestSubqueries runs scalar, EXISTS, ANY, ALL and ARRAY subqueries, correlated and not.
func TestSubqueries(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	out := randomTable(rng, 200, 12, .1, int8T)
	in := randomTable(rng, 40, 12, .05, int8T)
	outer := &expr.Outer{Index: 0, T: int8T}
	same := &physical.Filter{Base: base(int8T), Input: from(in, 1), Conds: []expr.Expr{call("=", slot(in, 0), outer)}}
	x := slot(out, 0)
	args := []expr.Expr{x}
	exprs := []expr.Expr{
		&expr.Subquery{Kind: expr.SubExists, Plan: same, Args: args, T: boolT},
		&expr.Subquery{Kind: expr.SubAny, Plan: from(in, 2), Test: call("=", x, &expr.Outer{Index: 0, T: int8T}), T: boolT},
		&expr.Subquery{Kind: expr.SubAll, Plan: from(in, 3), Test: call(">", x, &expr.Outer{Index: 0, T: int8T}), T: boolT},
		&expr.Subquery{
			Kind: expr.SubAny, Plan: same, Args: args, T: boolT,
			Test: call("<>", call("+", x, outer), &expr.Outer{Index: 1, T: int8T}),
		},
		&expr.Subquery{Kind: expr.SubArray, Plan: same, Args: args, T: typ(1016)},
	}
	ts := []types.Type{boolT, boolT, boolT, boolT, typ(1016)}
	got := run(t, &physical.Project{Base: base(ts...), Input: from(out, 4), Exprs: exprs}, 0)
	var want []row
	for _, o := range out.rows {
		a := o[0]
		r := row{types.Bool(false), types.Bool(false), types.Bool(true), types.Bool(false), types.Null}
		var elems []types.Datum
		unknown := [2]bool{a.Null, a.Null}
		for _, i := range in.rows {
			b := i[0]
			unknown[0], unknown[1] = unknown[0] || b.Null, unknown[1] || b.Null
			if a.Null || b.Null {
				continue
			}
			if a.I == b.I {
				r[0], r[1] = types.Bool(true), types.Bool(true)
				elems = append(elems, b)
				if a.I+a.I != b.I {
					r[3] = types.Bool(true)
				}
			}
			if a.I <= b.I {
				r[2] = types.Bool(false)
			}
		}
		if unknown[0] && r[1].I == 0 {
			r[1] = types.Null
		}
		if unknown[1] && r[2].I == 1 {
			r[2] = types.Null
		}
		r[4] = types.String(types.Vector1(elems).Pack(int8T.Def))
		want = append(want, r)
	}
	sameRows(t, ts, got, want)

	two := &expr.Subquery{Kind: expr.SubScalar, Plan: from(in, 5), T: int8T}
	if _, err := tryRun(t, &physical.Project{Base: base(int8T), Input: from(out, 4), Exprs: []expr.Expr{two}}, 0); pgerr.Code(err) != "21000" {
		t.Fatalf("%v", err)
	}
}

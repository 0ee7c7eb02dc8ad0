package optimize_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/lower"
	"github.com/rowandb/rowan/planner/optimize"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/planner/plantest"
	"github.com/rowandb/rowan/types"
)

// TestRules runs the files of testdata. Commands:
//
//	catalog   the tables, as plantest reads them
//	bind      the plan as bound
//	opt       the plan after all rules
//	steps     the plan after each rule that changed it
//	phys      the physical plan, as EXPLAIN (COSTS OFF) shows it
//
// Arguments: expect=Rule and expect-not=Rule say whether a rule changes the plan; disable=Rule leaves it out. After every
// rule the plan is checked, and its columns must be what they were.
func TestRules(t *testing.T) {
	seen := map[string]map[bool]bool{}
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		f := &file{seen: seen}
		datadriven.RunTest(t, path, f.run)
	})
	for _, r := range optimize.Rules() {
		if !seen[r.Name][true] || !seen[r.Name][false] {
			t.Errorf("%s needs a test in which it fires and one in which it does not", r.Name)
		}
	}
}

type file struct {
	cat  *plantest.Catalog
	seen map[string]map[bool]bool // rule → whether a test expects it to fire
}

func (f *file) run(t *testing.T, d *datadriven.TestData) string {
	if d.Cmd == "catalog" {
		var err error
		if f.cat, err = plantest.New(d.Input); err != nil {
			t.Fatal(err)
		}
		return ""
	}
	b, err := f.cat.Bind(d.Input)
	if err != nil {
		return "error: " + err.Error()
	}
	if d.Cmd == "bind" {
		return logical.Format(b.Node)
	}
	var steps strings.Builder
	n := f.optimize(t, d, b.Node, &steps)
	switch d.Cmd {
	case "opt":
		return logical.Format(n)
	case "steps":
		return steps.String()
	case "phys":
		p, err := lower.Lower(n, lower.Options{Stats: f.cat, IndexExpr: f.cat.IndexExpr, CountRows: d.HasArg("countrows")})
		if err != nil {
			return "error: " + err.Error()
		}
		x := physical.ExplainOptions{Costs: d.HasArg("costs"), Verbose: d.HasArg("verbose"), Text: text}
		if f := argValues(d, "format"); f != nil {
			x.Format = f[0]
		}
		return physical.Explain(p, x)
	}
	t.Fatalf("no command %s", d.Cmd)
	return ""
}

func text(d types.Datum, ty types.Type) string { return types.Text(ty, d, types.DefaultFormat()) }

// optimize applies the rules as the arguments say and checks what they did.
func (f *file) optimize(t *testing.T, d *datadriven.TestData, n logical.Node, steps *strings.Builder) logical.Node {
	want := n.Columns()
	fired := map[string]bool{}
	o := optimize.Options{Fold: f.cat.Fold, Stats: f.cat, Disable: map[string]bool{}}
	for _, name := range argValues(d, "disable") {
		o.Disable[name] = true
	}
	o.Trace = func(rule string, before, after logical.Node) {
		if logical.Format(before) == logical.Format(after) {
			return
		}
		fired[rule] = true
		fmt.Fprintf(steps, "%s:\n%s", rule, diff(logical.Format(before), logical.Format(after)))
		if err := logical.Check(after, nil); err != nil {
			t.Errorf("%s: after %s: %v\n%s", d.Pos, rule, err, logical.Format(after))
		}
		if !logical.SameColumns(want, after.Columns()) {
			t.Errorf("%s: after %s the columns are others\n%s", d.Pos, rule, logical.Format(after))
		}
	}
	n, err := optimize.Optimize(n, o)
	if err != nil {
		t.Fatal(err)
	}
	f.expect(t, d, "expect", true, fired)
	f.expect(t, d, "expect-not", false, fired)
	return n
}

func (f *file) expect(t *testing.T, d *datadriven.TestData, arg string, want bool, fired map[string]bool) {
	for _, rule := range argValues(d, arg) {
		if f.seen[rule] == nil {
			f.seen[rule] = map[bool]bool{}
		}
		f.seen[rule][want] = true
		if fired[rule] != want {
			t.Errorf("%s: %s: fired %v; these did: %v", d.Pos, rule, !want, slices.Sorted(maps.Keys(fired)))
		}
	}
}

func argValues(d *datadriven.TestData, key string) []string {
	for _, a := range d.CmdArgs {
		if a.Key == key {
			return a.Vals
		}
	}
	return nil
}

// diff shows the lines that left and that came.
func diff(before, after string) string {
	var b strings.Builder
	old, now := strings.Split(strings.TrimSpace(before), "\n"), strings.Split(strings.TrimSpace(after), "\n")
	for _, l := range old {
		if !slices.Contains(now, l) {
			b.WriteString(" - " + l + "\n")
		}
	}
	for _, l := range now {
		if !slices.Contains(old, l) {
			b.WriteString(" + " + l + "\n")
		}
	}
	return b.String()
}

package kernel

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// TestAggregateOracle compares the aggregates with PostgreSQL 15's answers. Each call's rows go to group 1 in two batches,
// the second with a selection; group 0 stays empty and group 2 gets the same rows by the row, which must give the same.
func TestAggregateOracle(t *testing.T) {
	file, err := os.ReadFile("testdata/aggregates.tsv")
	if err != nil {
		t.Fatal(err)
	}
	e := testEnv(t)
	done, failed := 0, map[string]int{}
	for i, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
		f := strings.Split(line, "\t")
		id, _ := strconv.ParseUint(f[0], 10, 32)
		p := builtin.ProcByOID(types.OID(id))
		if p == nil || !Supported(p) || typeOf(f[1]).Def == nil || strings.Contains(f[2], "1560") {
			continue
		}
		c := &call{line: i + 1, proc: p, result: typeOf(f[1]), want: f[4]}
		for _, id := range strings.Split(f[2], "\x1f") {
			c.types = append(c.types, typeOf(id))
		}
		done++
		for _, got := range c.aggregate(t, e, f[3]) {
			if !c.same(got) {
				if failed[p.Name]++; failed[p.Name] <= 3 {
					t.Errorf("line %d: %s(%s) over %q: %s, want %s", c.line, p.Name, c.types[0].Name, f[3], got, c.want)
				}
			}
		}
	}
	t.Logf("%d calls", done)
}

// aggregate runs the call and returns the results of groups 1 and 2.
func (c *call) aggregate(t *testing.T, e *Env, data string) []string {
	make, _ := LookupAggregate(c.proc.Name)
	agg, err := make(e, c.types, c.result)
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	var rows [][]datum
	if data != "" {
		for _, line := range strings.Split(data, "\x1e") {
			c.args = strings.Split(line, "\x1f")
			d, _, err := c.datums(e)
			if err != nil {
				t.Fatalf("%s: %v", c, err)
			}
			rows = append(rows, d)
		}
	}
	half := len(rows) / 2
	for _, step := range []struct {
		rows []([]datum)
		sel  bool
		g    uint32
	}{{rows[:half], false, 1}, {rows[half:], true, 1}} {
		if err := c.feed(agg, step.rows, step.sel, step.g); err != nil {
			return []string{errorText(err)}
		}
	}
	for k := range rows {
		if err := c.feed(agg, rows[k:k+1], k%2 == 0, 2); err != nil {
			return []string{errorText(err)}
		}
	}
	out := &vector.Vector{}
	out.Reset(c.result)
	if err := agg.Result(3, out); err != nil {
		return []string{errorText(err)}
	}
	if out.Len() != 3 || !out.IsNull(0) && c.result.ID() != types.OIDInt8 {
		return []string{"group 0 is not empty"}
	}
	return []string{show(e, c.result, out.Datum(1)), show(e, c.result, out.Datum(2))}
}

// feed adds rows to a group; with sel, dead rows stand between them.
func (c *call) feed(agg Aggregate, rows [][]datum, sel bool, g uint32) error {
	cols := make([]*vector.Vector, len(c.types))
	for k := range cols {
		cols[k] = &vector.Vector{}
		cols[k].Reset(c.types[k])
	}
	var live []uint16
	var groups []uint32
	n := 0
	for _, r := range rows {
		if sel {
			for k := range cols {
				cols[k].AppendNull()
			}
			n++
			live = append(live, uint16(n))
		}
		for k := range cols {
			cols[k].Append(r[k])
		}
		n++
		groups = append(groups, g)
	}
	return agg.Add(groups, cols, n, live)
}

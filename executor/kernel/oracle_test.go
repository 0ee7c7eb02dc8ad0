package kernel

import (
	"bufio"
	"context"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// testEnv is the session in which testdata/generate.sql asked PostgreSQL.
func testEnv(t testing.TB) *Env {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	f := types.DefaultFormat()
	f.Location = loc
	now := time.Date(2024, 1, 6, 7, 8, 9, 0, time.UTC)
	f.Now = now
	return &Env{Ctx: context.Background(), Format: f, TxnTime: now, StmtTime: now}
}

// call is one line of functions.tsv.
type call struct {
	line   int
	proc   *builtin.Proc
	result types.Type
	types  []types.Type
	args   []string // nil strings are "\N"
	want   string
}

func (c *call) String() string {
	return c.proc.Name + "(" + strings.Join(c.args, ", ") + ") [" + c.proc.Source + "]"
}

var unescaper = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r")

func typeOf(id string) types.Type {
	n, _ := strconv.ParseUint(id, 10, 32)
	if d := types.Builtin(types.OID(n)); d != nil {
		return types.Of(d)
	}
	return types.Type{}
}

func readCalls(t testing.TB, file string) []call {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []call
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for line := 1; s.Scan(); line++ {
		p := strings.Split(s.Text(), "\t")
		if len(p) != 5 {
			t.Fatalf("%s:%d: %d fields", file, line, len(p))
		}
		id, _ := strconv.ParseUint(p[0], 10, 32)
		c := call{line: line, proc: builtin.ProcByOID(types.OID(id)), result: typeOf(p[1]), want: p[4]}
		if p[2] != "" {
			for _, id := range strings.Split(p[2], "\x1f") {
				c.types = append(c.types, typeOf(id))
			}
			c.args = strings.Split(p[3], "\x1f")
		}
		calls = append(calls, c)
	}
	return calls
}

func (c *call) datums(e *Env) ([]datum, bool, error) {
	d := make([]datum, len(c.args))
	for i, a := range c.args {
		if a == `\N` {
			d[i] = types.Null
			continue
		}
		var err error
		if d[i], err = types.ParseText(c.types[i], unescaper.Replace(a), e.Format); err != nil {
			return nil, false, err
		}
	}
	for _, x := range d {
		if x.Null && c.proc.Strict {
			return d, true, nil
		}
	}
	return d, false, nil
}

// runRow, runSet and runVec give the answer in the form of functions.tsv.

func errorText(err error) string {
	e := pgerr.From(err)
	return "!" + e.Code + " " + escape(e.Message)
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s)
}

func show(e *Env, t types.Type, d datum) string {
	if d.Null {
		return `\N`
	}
	return escape(types.Text(t, d, e.Format))
}

func (c *call) runRow(e *Env, k Kernel, a []datum) string {
	d, err := k.Row(e, a)
	if err != nil {
		return errorText(err)
	}
	return show(e, c.result, d)
}

func (c *call) runSet(e *Env, k Kernel, a []datum) string {
	var out []string
	err := k.Set(e, a, func(row []datum) bool {
		switch {
		case len(row) > 1:
			fields := make([]types.RecordField, len(row))
			outs := outTypes(c.proc)
			for i := range row {
				fields[i] = types.RecordField{Type: outs[i], Value: row[i]}
			}
			out = append(out, escape(types.Text(types.Of(types.Builtin(types.OIDRecord)), types.String(types.PackRecord(fields)), e.Format)))
		case row[0].Null:
			out = append(out, "")
		default:
			out = append(out, escape(types.Text(c.result, row[0], e.Format)))
		}
		return len(out) < 50
	})
	if err != nil {
		return errorText(err)
	}
	if out == nil {
		return `\N`
	}
	return strings.Join(out, "\x1e")
}

func outTypes(p *builtin.Proc) []types.Type {
	var out []types.Type
	for i, m := range p.ArgModes {
		if m == 'o' || m == 't' || m == 'b' {
			out = append(out, types.Of(types.Builtin(p.AllArgs[i])))
		}
	}
	return out
}

// runVec puts the call among rows that are NULL, dead, or constant.
func (c *call) runVec(e *Env, k Kernel, a []datum, constant bool) string {
	const n = 3
	args := make([]*vector.Vector, len(a))
	for i := range a {
		args[i] = &vector.Vector{}
		if constant && i == len(a)-1 {
			args[i].SetConst(c.types[i], a[i])
			continue
		}
		args[i].Reset(c.types[i])
		args[i].AppendNull()
		args[i].Append(a[i])
		args[i].AppendNull()
	}
	out := &vector.Vector{}
	out.Resize(c.result, n)
	if err := k.Vec(e, args, n, nil, out); err != nil {
		return errorText(err)
	}
	first := strings.Clone(show(e, c.result, out.Datum(1)))
	out.Resize(c.result, n)
	if err := k.Vec(e, args, n, []uint16{1}, out); err != nil {
		return errorText(err)
	}
	if second := show(e, c.result, out.Datum(1)); second != first {
		return "with a selection: " + second
	}
	if k.Select != nil {
		got := k.Select(args, n, nil, nil)
		if (len(got) == 1 && got[0] == 1) != (first == "t") || len(got) > 1 {
			return "select: wrong rows"
		}
	}
	return first
}

func (c *call) same(got string) bool {
	want, t := c.want, c.result
	if got == want || strings.HasPrefix(got, "!0A000") { // saying that it is not supported is an honest answer
		return true
	}
	if strings.Contains(c.proc.Source, "cmp") { // the sign is what counts
		g, err1 := strconv.Atoi(got)
		w, err2 := strconv.Atoi(want)
		return err1 == nil && err2 == nil && (g < 0) == (w < 0) && (g > 0) == (w > 0)
	}
	if t.Def == nil || t.Class != types.ClassFloat {
		return false
	}
	g, err1 := strconv.ParseFloat(got, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && math.Abs(g-w) <= 5e-15*math.Abs(w)
}

// differences are the answers that are not PostgreSQL's, by the source of the function and part of the arguments, with the
// reason. The list may only shrink.
var differences = []struct{ source, args, reason string }{
	{"timestamptz_age", "infinity", "PostgreSQL shifts infinity by the zone's offset"},
	{"interval_scale", "", "sampled precisions are no type modifiers"},
	{"length_in_encoding", "abc", "ABC is a name of WIN1258, which is not converted"},
	{"interval_to_char", "-13 mons", "a negative month has one digit less"},
	{"make_date", "-2147483648", "the message shows the year as it was given"},
	{"make_time", "", "the message shows the seconds with all digits"},
	{"make_interval", "2147483", "PostgreSQL wraps around without error"},
	{"bpchar", "2147483647", "PostgreSQL fails to allocate"},
	{"bit", "2147483647", "PostgreSQL fails to allocate"},
	{"varbit", "2147483647", "lengths above the limit of the type are refused"},
	{"varchar", "2147483647", "lengths above the limit of the type are refused"},
	{"timestamp_part", "timezone_", "infinity has no zone"},
	{"extract_timestamp", "timezone_", "infinity has no zone"},
	{"sql_date_part_1384", "timezone_", "infinity has no zone"},
}

func (c *call) differs() bool {
	for _, d := range differences {
		if d.source == c.proc.Source && strings.Contains(strings.Join(c.args, "\x1f"), d.args) {
			return true
		}
	}
	return false
}

// TestOracle compares the kernels with PostgreSQL 15's answers.
func TestOracle(t *testing.T) {
	e := testEnv(t)
	done, failed := 0, map[string]int{}
	for _, c := range readCalls(t, "testdata/functions.tsv") {
		if c.proc == nil || !Supported(c.proc) || !known(c) || ofSession(c.proc) || c.differs() {
			continue
		}
		k, _ := Lookup(c.proc.Source)
		a, null, err := c.datums(e)
		if err != nil {
			t.Errorf("%s: argument: %v", &c, err)
			continue
		}
		if k.Bind != nil {
			if k, err = k.Bind(c.types, c.result); err != nil {
				if got := errorText(err); got != c.want {
					t.Errorf("%s: bind: %s, want %s", &c, got, c.want)
				}
				continue
			}
		}
		done++
		for form, got := range c.answers(e, k, a, null) {
			if !c.same(got) {
				if failed[c.proc.Source]++; failed[c.proc.Source] <= 3 {
					t.Errorf("line %d: %s: %s: %s, want %s", c.line, &c, form, got, c.want)
				}
			}
		}
	}
	t.Logf("%d calls", done)
}

// ofSession reports whether the function asks the session.
func ofSession(p *builtin.Proc) bool {
	_, a := sessionFunctions[p.Source]
	_, b := serviceFunctions()[p.Source]
	return a || b
}

// answers runs the forms that the kernel has.
func (c *call) answers(e *Env, k Kernel, a []datum, null bool) map[string]string {
	out := map[string]string{}
	if null {
		return out
	}
	if k.Set != nil {
		out["set"] = c.runSet(e, k, a)
	}
	if k.Row != nil {
		out["row"] = c.runRow(e, k, a)
	}
	if k.Vec != nil {
		out["vec"] = c.runVec(e, k, a, false)
		out["constant"] = c.runVec(e, k, a, true)
	}
	return out
}

// known reports whether the types of a call are ones that values can be made of.
func known(c call) bool {
	if strings.HasPrefix(c.want, "!") && c.result.Def != nil && c.result.Kind == types.KindPseudo && !c.proc.Set && c.result.ID() != types.OIDVoid {
		for _, t := range c.types {
			if t.IsArray() {
				c.result = t
			}
		}
	}
	for _, t := range c.types {
		if t.Def == nil || !types.HasText(t.Def) {
			return false
		}
	}
	return c.result.Def != nil || c.want == `\N`
}

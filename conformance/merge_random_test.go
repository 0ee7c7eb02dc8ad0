package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"
)

// TestMergeRandom is for the kinds of objects that the model of TestVersionControlModel does not have: views, sequences, types,
// schemas. It changes rows and schema of two branches at random and merges them in both directions. A dry run says what
// the merge then does; what it says that it does not do, it does not; the other branch stays as it is; two branches that have
// each other are the same; what was read at a point reads the same for ever; and the store is sound.
func TestMergeRandom(t *testing.T) {
	rowan := startRowan(t)
	conn, err := pgx.Connect(context.Background(), rowan.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	n, runs, met := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > many(15, 2000) {
			return
		}
		n++
		w := &mergeWorld{diffWorld: *newDiffWorld(rt, conn, n)}
		w.run()
		met += w.merged
	})
	t.Logf("%d runs, %d merges went through", runs, met)
	if met == 0 {
		t.Error("no merge went through")
	}
	if bad := value(t, dial(t, rowan, "postgres"), "SELECT count(*) FROM rowan.check(points => 2)"); bad != "0" {
		t.Errorf("the store has %s problems", bad)
	}
}

// mergeWorld is one run: branches x<n> and y<n> of a<n>.
type mergeWorld struct {
	diffWorld
	past   []pastAnswer
	merged int
}

// pastAnswer is what a branch had at a point.
type pastAnswer struct{ branch, scn, state string }

func (w *mergeWorld) run() {
	base, x, y := fmt.Sprintf("m%d", w.db), fmt.Sprintf("x%d", w.db), fmt.Sprintf("y%d", w.db)
	w.must("SELECT rowan.create_branch('" + base + "', source => 'main')")
	w.must("SET rowan.branch = " + base)
	w.steps(10)
	w.must("SELECT rowan.create_branch('" + x + "')")
	w.must("SELECT rowan.create_branch('" + y + "')")
	at := map[string][]diffTable{}
	for _, b := range []string{x, y} {
		at[b] = copyTables(w.tables)
	}
	for range rapid.IntRange(1, 3).Draw(w.t, "rounds") {
		first, last := w.names, w.names
		for _, b := range []string{x, y} { // both sides may make things of one name
			w.must("SET rowan.branch = " + b)
			w.tables, w.names = at[b], first
			w.steps(5)
			at[b], last = w.tables, max(last, w.names)
			w.remember(b)
		}
		w.names = last
		strategy := rapid.SampledFrom([]string{"abort", "source_wins", "target_wins"}).Draw(w.t, "strategy")
		if !w.merge(x, y, strategy) || !w.merge(y, x, strategy) {
			break
		}
		w.same(x, y)
		names := w.strings(fmt.Sprintf(`SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`))
		at[x] = slices.DeleteFunc(at[x], func(d diffTable) bool { return !slices.Contains(names, d.name) })
		for i := range at[x] {
			at[x][i].columns = w.columnsOf(at[x][i])
		}
		at[y] = copyTables(at[x])
	}
	for _, p := range w.past {
		if got := w.state(p.branch + "@" + p.scn); got != p.state {
			w.t.Fatalf("%s at %s was\n%s\nand is\n%s", p.branch, p.scn, p.state, got)
		}
	}
	w.must("SET rowan.branch = main")
}

func copyTables(list []diffTable) []diffTable {
	out := slices.Clone(list)
	for i := range out {
		out[i].columns = slices.Clone(out[i].columns)
	}
	return out
}

// columnsOf are the columns that a table has by now, with their types as this test writes them.
func (w *mergeWorld) columnsOf(x diffTable) (out []diffColumn) {
	for _, s := range w.strings("SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = '" + x.name + "'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum") {
		name, typ, _ := strings.Cut(s, " ")
		if full := map[string]string{"integer": "int", "integer[]": "int[]", "timestamp with time zone": "timestamptz"}[typ]; full != "" {
			typ = full
		}
		out = append(out, diffColumn{name, typ})
	}
	return out
}

// merge merges one branch into another and reports whether it went through.
func (w *mergeWorld) merge(source, target, strategy string) bool {
	call := func(dry bool) []string {
		return w.strings(fmt.Sprintf(`SELECT concat_ws(' ', status, inserts, updates, deletes, conflicts, table_name, row_key, column_name, conflict_type, source_value, target_value, detail)
			FROM rowan.merge('%s', target => '%s', strategy => '%s', dry_run => %t)`, source, target, strategy, dry))
	}
	w.must("SET rowan.branch = " + target)
	before, other := w.state(target), w.state(source)
	would := call(true)
	if got := w.state(target); got != before {
		w.t.Fatalf("a dry run has changed the target from\n%s\nto\n%s", before, got)
	}
	did := call(false)
	if got := w.state(source); got != other {
		w.t.Fatalf("a merge has changed its source from\n%s\nto\n%s", other, got)
	}
	would[0] = strings.Replace(would[0], "would merge", "merged", 1)
	if !slices.Equal(would, did) {
		w.t.Fatalf("the merge would\n%s\nand did\n%s", strings.Join(would, "\n"), strings.Join(did, "\n"))
	}
	if !strings.HasPrefix(did[0], "merged") && !strings.HasPrefix(did[0], "up to date") {
		if got := w.state(target); got != before {
			w.t.Fatalf("a merge with %v has changed the target", did)
		}
		return false
	}
	w.merged++
	w.remember(target)
	return true
}

// same wants two branches that have been merged into each other to be the same.
func (w *mergeWorld) same(x, y string) {
	for _, q := range []string{"SELECT concat_ws(' ', kind, name, change, old_definition, new_definition) FROM rowan.schema_diff('%s', '%s')", "SELECT statement FROM rowan.diff_sql('%s', '%s')"} {
		if left := w.strings(fmt.Sprintf(q, x, y)); len(left) > 0 {
			w.t.Fatalf("branches that have each other differ:\n%s", strings.Join(left, "\n"))
		}
	}
}

// state is all that a branch, or a point of it, has: its definitions and its rows.
func (w *mergeWorld) state(branch string) string {
	return strings.Join(w.strings(fmt.Sprintf("SELECT statement FROM rowan.diff_sql('main@1', '%s')", branch)), "\n")
}

func (w *mergeWorld) remember(branch string) {
	scn := w.strings("SELECT rowan.current_scn()::text")[0]
	w.past = append(w.past, pastAnswer{branch, scn, w.state(branch)})
}

package conformance

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"
)

// TestMergeCounters lets branches add to a sum and to a union, and merges them in all directions: each branch has every addition once
// that has come to it, on whatever ways.
func TestMergeCounters(t *testing.T) {
	conn := diffConn(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > 20 && os.Getenv("ROWAN_LONG") == "" {
			return
		}
		w := &counterWorld{t: rt, conn: conn, run: runs, has: map[string]map[int]bool{}}
		w.begin()
		for range rapid.IntRange(5, 50).Draw(rt, "steps") {
			w.step()
		}
	})
}

// counterWorld is one run: a table and branches of its own, and which additions each branch has.
type counterWorld struct {
	t         *rapid.T
	conn      *pgx.Conn
	run       int
	branches  []string
	has       map[string]map[int]bool
	additions int
}

func (w *counterWorld) exec(format string, args ...any) {
	if _, err := w.conn.Exec(w.t.Context(), fmt.Sprintf(format, args...)); err != nil {
		w.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

func (w *counterWorld) begin() {
	w.exec("SET rowan.branch = main")
	w.exec("CREATE TABLE c%d (id int PRIMARY KEY, n bigint, has int[])", w.run)
	w.exec("ALTER TABLE c%d ALTER n SET (merge_policy = sum), ALTER has SET (merge_policy = 'union')", w.run)
	w.exec("INSERT INTO c%d VALUES (1, 0, '{}')", w.run)
	w.fork("main")
}

func (w *counterWorld) fork(from string) {
	name := fmt.Sprintf("c%d_%d", w.run, len(w.branches))
	w.exec("SELECT rowan.create_branch('%s', '%s')", name, from)
	w.branches = append(w.branches, name)
	if w.has[name] = maps.Clone(w.has[from]); w.has[name] == nil {
		w.has[name] = map[int]bool{}
	}
}

func (w *counterWorld) step() {
	branch := rapid.SampledFrom(w.branches).Draw(w.t, "branch")
	switch other := rapid.SampledFrom(w.branches).Draw(w.t, "other"); {
	case other == branch && len(w.branches) < 5:
		w.fork(branch)
	case rapid.Bool().Draw(w.t, "add") || other == branch:
		w.exec("SET rowan.branch = '%s'", branch)
		w.exec("UPDATE c%d SET n = n + %d, has = has || %d", w.run, 1<<w.additions, w.additions)
		w.has[branch][w.additions] = true
		w.additions++
	default:
		w.merge(other, branch)
	}
}

func (w *counterWorld) merge(source, target string) {
	var status string
	if err := w.conn.QueryRow(w.t.Context(), "SELECT status FROM rowan.merge($1, $2)", source, target).Scan(&status); err != nil || status != "merged" && status != "up to date" {
		w.t.Fatalf("merge of %s into %s: %s %v", source, target, status, err)
	}
	maps.Copy(w.has[target], w.has[source])
	w.exec("SET rowan.branch = '%s'", target)
	var n, want int64
	var has []int
	if err := w.conn.QueryRow(w.t.Context(), fmt.Sprintf("SELECT n, has FROM c%d", w.run)).Scan(&n, &has); err != nil {
		w.t.Fatal(err)
	}
	for i := range w.has[target] {
		want += 1 << i
	}
	slices.Sort(has)
	if all := slices.Sorted(maps.Keys(w.has[target])); n != want || !slices.Equal(has, all) {
		w.t.Fatalf("%s after the merge of %s has %d and %v, not %d and %v", target, source, n, has, want, all)
	}
}

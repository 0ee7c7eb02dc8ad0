package conformance

import "testing"

// TestPendingMergeRestart kills the server while merges wait for their conflicts to be resolved: they, what was resolved and
// what was not are there after the restart, and the merges are completed and aborted then.
func TestPendingMergeRestart(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, dir)
	c := dial(t, p, "postgres")
	run(t, c, "CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t VALUES (1, 'base'), (2, 'base'), (3, 'base')",
		"SELECT rowan.create_branch('dev')", "SELECT rowan.create_branch('other')")
	dev, other := dial(t, p, "postgres/dev"), dial(t, p, "postgres/other")
	run(t, dev, "UPDATE t SET v = 'dev' WHERE id < 3", "INSERT INTO t VALUES (4, 'dev')")
	run(t, other, "DELETE FROM t WHERE id = 3")
	run(t, c, "UPDATE t SET v = 'main'", "SELECT * FROM rowan.merge('dev', strategy => 'manual')", "SELECT * FROM rowan.merge('other', strategy => 'manual')",
		"SELECT rowan.resolve_conflict('1/1', 'source')")
	p.kill()
	p = startProcess(t, dir)
	c = dial(t, p, "postgres")
	const state = "SELECT string_agg(id || ' ' || source || ' ' || status || ' ' || conflicts || ' ' || unresolved, '; ' ORDER BY id) FROM rowan.merges()"
	if got := value(t, c, state); got != "1 dev pending 2 1; 2 other pending 1 1" {
		t.Fatalf("after a crash: %s", got)
	}
	if got := value(t, c, "SELECT string_agg(id || ' ' || coalesce(resolution, '-'), '; ' ORDER BY id) FROM rowan.conflicts()"); got != "1/1 source; 1/2 -; 2/1 -" {
		t.Fatalf("after a crash: %s", got)
	}
	if got := value(t, c, "SELECT status FROM rowan.complete_merge(1) LIMIT 1"); got != "conflicts" {
		t.Fatalf("a merge with an open conflict: %s", got)
	}
	run(t, c, `SELECT rowan.resolve_conflict('1/2', value => '"both"')`)
	p.stop()
	p = startProcess(t, dir)
	c = dial(t, p, "postgres")
	if got := value(t, c, "SELECT status FROM rowan.complete_merge(1) LIMIT 1"); got != "merged" {
		t.Fatalf("the merge after the second restart: %s", got)
	}
	run(t, c, "SELECT rowan.abort_merge(2)")
	p.kill()
	p = startProcess(t, dir)
	c = dial(t, p, "postgres")
	if got := value(t, c, state); got != "1 dev completed 0 0; 2 other aborted 0 0" {
		t.Fatalf("in the end: %s", got)
	}
	if got := value(t, c, "SELECT string_agg(id || ' ' || v, '; ' ORDER BY id) FROM t"); got != "1 dev; 2 both; 3 main; 4 dev" {
		t.Fatalf("in the end: %s", got)
	}
	if got := value(t, c, "SELECT status FROM rowan.merge('dev') LIMIT 1"); got != "up to date" {
		t.Fatalf("the same merge again: %s", got)
	}
	p.stop()
}

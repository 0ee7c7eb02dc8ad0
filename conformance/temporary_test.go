package conformance

import (
	"fmt"
	"testing"
)

// TestTruncatedTemporaryTables empties temporary tables of a server that has just started, again and again: none has rows that were
// its own before, or that are another's.
func TestTruncatedTemporaryTables(t *testing.T) {
	p := startProcess(t, t.TempDir())
	c := dial(t, p, "postgres")
	run(t, c, "BEGIN", "CREATE TEMP TABLE first (x int) ON COMMIT DELETE ROWS", "INSERT INTO first VALUES (1)", "COMMIT")
	if got := value(t, c, "SELECT count(*) FROM first WHERE x > 0"); got != "0" {
		t.Error("a table has rows that went with the commit")
	}
	const tables = 40
	for i := range tables {
		run(t, c, fmt.Sprintf("CREATE TEMP TABLE t%d (x int PRIMARY KEY, y int UNIQUE)", i), fmt.Sprintf("INSERT INTO t%d VALUES (%d, 0)", i, -i), fmt.Sprintf("TRUNCATE t%d", i),
			fmt.Sprintf("INSERT INTO t%d VALUES (%d, 1)", i, i))
	}
	for i := range tables {
		if got := value(t, c, fmt.Sprintf("SELECT string_agg(x || ' ' || y, ', ') FROM t%d", i)); got != fmt.Sprintf("%d 1", i) {
			t.Errorf("table %d has %s", i, got)
		}
	}
}

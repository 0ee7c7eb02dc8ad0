package conformance

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDumpWhole makes the same things in Rowan and in PostgreSQL, takes them out of Rowan with rowan dump and loads them
// into both. pg_dump, which must say the same of Rowan as of PostgreSQL, must find nothing changed in either.
func TestDumpWhole(t *testing.T) {
	needTools(t, "psql", "pg_dump", "sh")
	o, pg := operate(t), startOracle(t)
	script := filepath.Join("testdata", "psql", "dump.sql")
	dumps := map[string]string{}
	for name, server := range map[string]endpoint{"rowan": o, "postgres": pg} {
		restored(t, server, "whole")
		restored(t, server, "copied")
		runTool(t, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server.url("whole"), "-f", script)
		dumps[name] = dumpOf(t, server, "whole")
	}
	if d := cmp.Diff(sortedLines(dumps["postgres"]), sortedLines(dumps["rowan"])); d != "" {
		t.Errorf("pg_dump of what was made differs (-PostgreSQL +Rowan):\n%s", clip(d))
	}
	o.must("rowan dump -d whole --to whole.sql; rowan load whole.sql -d copied")
	runTool(t, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", pg.url("copied"), "-f", filepath.Join(o.dir, "whole.sql"))
	for name, server := range map[string]endpoint{"rowan": o, "postgres": pg} {
		if d := cmp.Diff(dumps[name], dumpOf(t, server, "copied")); d != "" {
			t.Errorf("the copy in %s differs (-made +copied):\n%s", name, clip(d))
		}
	}
}

func dumpOf(t *testing.T, server endpoint, database string) string {
	return withoutNoise(runTool(t, "pg_dump", "--no-owner", "--no-privileges", server.url(database)))
}

func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

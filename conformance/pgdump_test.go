package conformance

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPgDump dumps the schema of TestPsql from Rowan with pg_dump in all its formats and restores it into Rowan and into
// PostgreSQL: both must hold the same tables then, and a dump of them must say the same.
func TestPgDump(t *testing.T) {
	needTools(t, "psql", "pg_dump", "pg_restore")
	pg, rowan := startOracle(t), startRowan(t)
	exec1(t, rowan, "postgres", "CREATE DATABASE shop TEMPLATE template0")
	if out := psql(rowan, "shop", "-q", "-f", filepath.Join("testdata", "psql", "schema.sql")); out != "" {
		t.Fatalf("the schema: %s", out)
	}
	roles(t, pg)
	want := content(t, rowan, "shop")
	formats := map[string][]string{"plain": {"-Fp"}, "inserts": {"-Fp", "--inserts"}, "custom": {"-Fc"}}
	for name, args := range formats {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			runTool(t, "pg_dump", append(args, "-f", file, rowan.url("shop"))...)
			dumps := map[string]string{}
			for server, target := range map[string]endpoint{"postgres": pg, "rowan": rowan} {
				restored(t, target, "restored_"+name)
				restore(t, target, "restored_"+name, file, name == "custom")
				if d := cmp.Diff(want, content(t, target, "restored_"+name)); d != "" {
					t.Errorf("restored into %s the tables differ:\n%s", server, clip(d))
				}
				dumps[server] = withoutNoise(runTool(t, "pg_dump", target.url("restored_"+name)))
			}
			if d := cmp.Diff(dumps["postgres"], dumps["rowan"]); d != "" {
				t.Errorf("dumps of what was restored differ (-PostgreSQL +Rowan):\n%s", clip(d))
			}
		})
	}
	t.Run("of the past", func(t *testing.T) {
		scn := exec1(t, rowan, "shop", "SELECT rowan.current_scn()")[0][0]
		exec1(t, rowan, "shop", "DELETE FROM purchase")
		file := filepath.Join(t.TempDir(), "past")
		runTool(t, "pg_dump", "-f", file, rowan.url("shop@"+scn))
		restored(t, pg, "restored_past")
		restore(t, pg, "restored_past", file, false)
		if d := cmp.Diff(want, content(t, pg, "restored_past")); d != "" {
			t.Errorf("the tables differ:\n%s", clip(d))
		}
	})
}

// TestPsqlCopy takes rows out with \copy and puts them back in.
func TestPsqlCopy(t *testing.T) {
	needTools(t, "psql")
	rowan := startRowan(t)
	exec1(t, rowan, "postgres", "CREATE TABLE a (id integer PRIMARY KEY, t text); INSERT INTO a VALUES (1, 'x,\"y'), (2, NULL), (3, ''); CREATE TABLE b (LIKE a)")
	for _, format := range []string{"text", "csv", "binary"} {
		file := filepath.Join(t.TempDir(), format)
		for _, c := range []string{`\copy a TO '` + file + `' (FORMAT ` + format + `)`, `\copy b FROM '` + file + `' (FORMAT ` + format + `)`} {
			if out := psql(rowan, "postgres", "-c", c); out != "COPY 3\n" {
				t.Fatalf("%s: %s", c, out)
			}
		}
		got := content(t, rowan, "postgres")
		if d := cmp.Diff(got[`"public"."a"`], got[`"public"."b"`]); d != "" {
			t.Errorf("%s: the copy differs:\n%s", format, d)
		}
		exec1(t, rowan, "postgres", "TRUNCATE b")
	}
}

// roles makes the roles that the schema grants to, for as long as the test runs: all tests share one PostgreSQL.
func roles(t *testing.T, target endpoint) {
	t.Helper()
	for _, r := range []string{"psql_reader", "psql_writer", "psql_boss"} {
		if len(exec1(t, target, "postgres", "SELECT 1 FROM pg_roles WHERE rolname = '"+r+"'")) > 0 {
			continue
		}
		exec1(t, target, "postgres", "CREATE ROLE "+r)
		t.Cleanup(func() { exec1(t, target, "postgres", "DROP ROLE "+r) })
	}
}

// restored makes a database in PostgreSQL for as long as the test runs.
func restored(t *testing.T, target endpoint, name string) {
	exec1(t, target, "postgres", "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { exec1(t, target, "postgres", "DROP DATABASE "+name) })
}

func restore(t *testing.T, target endpoint, database, file string, custom bool) {
	t.Helper()
	if custom {
		runTool(t, "pg_restore", "--exit-on-error", "-d", target.url(database), file)
		return
	}
	runTool(t, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target.url(database), "-f", file)
}

func runTool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}

// dumpNoise is what differs between any two dumps: a random key, and the server's name.
var dumpNoise = regexp.MustCompile(`(?m)^(\\(un)?restrict .*|-- Dumped from .*)$`)

func withoutNoise(dump string) string { return dumpNoise.ReplaceAllString(dump, "") }

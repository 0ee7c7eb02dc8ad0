package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shellBlock is a fenced block of commands.
var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// operated is a server with something in it, and a directory in which commands can be run.
type operated struct {
	*process
	dir string
	env []string
}

func operate(t *testing.T) *operated {
	t.Helper()
	bin, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, filepath.Join(t.TempDir(), "data"))
	c := dial(t, p, "postgres")
	for _, sql := range []string{
		"CREATE TYPE mood AS ENUM ('sad', 'it''s fine')", "CREATE DOMAIN positive AS int CHECK (VALUE > 0)", "CREATE SCHEMA \"Odd Name\"",
		"CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, m mood DEFAULT 'sad', n positive)",
		"CREATE TABLE \"Odd Name\".child (id serial PRIMARY KEY, p int REFERENCES parent ON DELETE CASCADE, \"a b\" text, x numeric(10,2) CHECK (x >= 0), " +
			"twice numeric GENERATED ALWAYS AS (x * 2) STORED, at timestamptz, j jsonb, b bytea, arr int[])",
		"CREATE INDEX ON \"Odd Name\".child (lower(\"a b\")) WHERE x > 1", "CREATE VIEW v AS SELECT p.name, count(*) AS n FROM parent p JOIN \"Odd Name\".child c ON c.p = p.id GROUP BY p.name",
		"COMMENT ON TABLE parent IS 'it''s a table'", "INSERT INTO parent (name, n) SELECT 'n' || i, i FROM generate_series(1, 20) i",
		"INSERT INTO \"Odd Name\".child (p, \"a b\", x, at, j, b, arr) SELECT i % 20 + 1, CASE WHEN i % 7 = 0 THEN NULL ELSE E'tab\\t\\\\ \\nline ' || i END, i, " +
			"'2026-01-01 12:00+00'::timestamptz + i * interval '1 hour', '{\"k\": [1, null]}', '\\x00ff', ARRAY[i, NULL] FROM generate_series(1, 500) i",
		"UPDATE parent SET name = name || '!' WHERE id < 5", "DELETE FROM \"Odd Name\".child WHERE id % 10 = 0", "SELECT rowan.create_branch('dev')",
	} {
		run(t, c, sql)
	}
	env := append(os.Environ(), "ROWAN_PG_ADDR="+p.pgAddr, "PATH="+filepath.Dir(bin)+string(os.PathListSeparator)+os.Getenv("PATH"))
	return &operated{process: p, dir: t.TempDir(), env: env}
}

// sh runs commands and returns what they print.
func (o *operated) sh(script string) (string, error) {
	cmd := exec.CommandContext(o.t.Context(), "sh", "-euc", script)
	cmd.Dir, cmd.Env = o.dir, o.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must runs commands that have to succeed.
func (o *operated) must(script string) string {
	o.t.Helper()
	out, err := o.sh(script)
	if err != nil {
		o.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

// refused runs a command that must fail with a text.
func (o *operated) refused(script, want string) {
	o.t.Helper()
	if out, err := o.sh(script); err == nil || !strings.Contains(out, want) {
		o.t.Errorf("%s: %v, want %q in\n%s", script, err, want, out)
	}
}

// TestOperations runs the commands of docs/OPERATIONS.md.
func TestOperations(t *testing.T) {
	needTools(t, "psql", "createdb", "sh")
	text, err := os.ReadFile("../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	o := operate(t)
	blocks := shellBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 5 {
		t.Fatalf("only %d blocks of commands found", len(blocks))
	}
	for _, b := range blocks {
		o.must(b[1])
	}
}

const fingerprint = `SELECT md5(string_agg(x, E'\n' ORDER BY x)) FROM (SELECT parent::text AS x FROM parent UNION ALL SELECT c::text FROM "Odd Name".child c UNION ALL SELECT v::text FROM v) y`

// TestRestore restores backups into other servers, and compares; damaged and missing files are refused.
func TestRestore(t *testing.T) {
	o := operate(t)
	c := dial(t, o, "postgres")
	before, scn := value(t, c, fingerprint), value(t, c, "SELECT rowan.current_scn()")
	o.must("mkdir b; rowan backup --to b; rowan backup --to one.rowan")
	run(t, c, "DELETE FROM parent WHERE id = 7", "SELECT rowan.create_branch('late')", "SELECT rowan.drop_branch('dev')")
	after := value(t, c, fingerprint)
	o.must("rowan backup --to b; rowan restore --from b --data-dir all; rowan restore --from b --to-scn " + scn + " --data-dir early; rowan check --data-dir all; rowan check --data-dir early")
	for dir, want := range map[string]string{"all": after + " late,main", "early": before + " dev,main"} {
		p := startProcess(t, filepath.Join(o.dir, dir))
		c := dial(t, p, "postgres")
		if got := value(t, c, fingerprint) + " " + value(t, c, "SELECT string_agg(name, ',' ORDER BY name) FROM rowan.branches()"); got != want {
			t.Errorf("restored into %s: %s, want %s", dir, got, want)
		}
		run(t, c, "INSERT INTO parent (name, n) VALUES ('next', 1)")
		p.stop()
	}
	o.refused("rowan restore --from one.rowan --data-dir all", "is not empty")
	o.refused("rowan backup --to one.rowan", "exists already")
	o.refused("rowan restore --from one.rowan --to-scn 999999 --data-dir x", "end at SCN")
	o.refused("rowan restore --from one.rowan --to-scn 0 --data-dir x", "--to-scn must be the SCN of a transaction")
	o.refused("rm $(ls b/* | head -1); rowan restore --from b --data-dir x", "which is missing")
	o.refused("printf x | dd of=one.rowan bs=1 seek=5000 conv=notrunc status=none; rowan restore --from one.rowan --data-dir x", "is damaged: block ")
	o.refused("test -e x", "")
	o.refused("rowan check --data-dir nowhere", "is not a data directory")
}

// finer is what a dump has of a schema beside tables, keys and rows.
const finer = `SELECT string_agg(x, E'\n' ORDER BY x) FROM (
	SELECT format('%s: %s', c.conname, pg_get_constraintdef(c.oid)) AS x FROM pg_constraint c WHERE conname = 'late'
	UNION ALL SELECT format('%s: %s %s', attrelid::regclass, attname, attstattarget) FROM pg_attribute a JOIN pg_class t ON t.oid = attrelid WHERE t.relkind = 'r' AND attstattarget > 0
	UNION ALL SELECT format('%s: %s', attname, collname) FROM pg_attribute a JOIN pg_collation k ON k.oid = attcollation WHERE attname = 'collated'
	UNION ALL SELECT format('%s: %s %s', relname, relrowsecurity, reloptions) FROM pg_class WHERE relrowsecurity OR relname = 'careful'
	UNION ALL SELECT obj_description('mood'::regtype, 'pg_type') UNION ALL SELECT obj_description('positive'::regtype, 'pg_type')
	UNION ALL SELECT obj_description('"Odd Name"'::regnamespace, 'pg_namespace') UNION ALL SELECT obj_description('double(int)'::regprocedure, 'pg_proc')
	UNION ALL SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conname = 'late') y`

// TestDump loads a dump into PostgreSQL, and into another database of Rowan, and compares.
func TestDump(t *testing.T) {
	needTools(t, "psql")
	o, pg := operate(t), startOracle(t)
	from := dial(t, o, "postgres")
	run(t, from, "ALTER TABLE parent ADD CONSTRAINT late CHECK (n <> 7) NOT VALID", "COMMENT ON CONSTRAINT late ON parent IS 'too late'",
		"ALTER TABLE parent ALTER n SET STATISTICS 77", `ALTER TABLE "Odd Name".child ADD collated text COLLATE "C"`, `ALTER TABLE "Odd Name".child ENABLE ROW LEVEL SECURITY`,
		"CREATE VIEW careful WITH (security_barrier) AS SELECT id FROM parent", "COMMENT ON TYPE mood IS 'a mood'", "COMMENT ON DOMAIN positive IS 'a domain'",
		`COMMENT ON SCHEMA "Odd Name" IS 'a schema'`, "CREATE FUNCTION double(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1'", "COMMENT ON FUNCTION double IS 'a function'")
	want, wantFiner := value(t, from, fingerprint), value(t, from, finer)
	o.must("rowan dump --to d.sql; createdb -h 127.0.0.1 -p ${ROWAN_PG_ADDR#*:} -U postgres copy; rowan load d.sql -d copy")
	to := dial(t, o, "copy")
	if got := value(t, to, fingerprint); got != want {
		t.Errorf("loaded into Rowan: %s, want %s", got, want)
	}
	if got := value(t, to, finer); got != wantFiner {
		t.Errorf("loaded into Rowan:\n%s\nwant\n%s", got, wantFiner)
	}
	admin := dial(t, pg, "postgres")
	run(t, admin, "DROP DATABASE IF EXISTS dumped", "CREATE DATABASE dumped TEMPLATE template0")
	o.must("psql -X -q -v ON_ERROR_STOP=1 -f d.sql '" + pg.url("dumped") + "'")
	c := dial(t, pg, "dumped")
	if got := value(t, c, fingerprint); got != want {
		t.Errorf("loaded into PostgreSQL: %s, want %s", got, want)
	}
	if got := value(t, c, finer); got != wantFiner {
		t.Errorf("loaded into PostgreSQL:\n%s\nwant\n%s", got, wantFiner)
	}
	run(t, c, "INSERT INTO parent (name, n) VALUES ('next', 1)", `INSERT INTO "Odd Name".child (p, x) VALUES (1, 3)`)
	_ = c.Close(t.Context()) // for the next test
}

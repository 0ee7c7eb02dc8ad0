package main

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rowandb/rowan/server"
)

var changing = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T][\d:.]+\+00(:00)?|[0-9a-f]{40}`)

// commandTest is a server and the command line that speaks to it.
type commandTest struct {
	t    *testing.T
	addr string
}

func newCommandTest(t *testing.T) *commandTest {
	s, err := server.Start(t.Context(), server.Config{DataDir: t.TempDir(), PGAddr: "127.0.0.1:0", Auth: server.AuthTrust, Memory: server.MemorySmall})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	return &commandTest{t, s.PGAddr()}
}

// rowan runs a command line, in which | stands for blanks within arguments, and returns its output with times blotted out.
func (c *commandTest) rowan(code int, line string) string {
	c.t.Helper()
	args := strings.Fields(line)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "|", " ")
	}
	var out, errOut bytes.Buffer
	if got := run(c.t.Context(), append(args, "--pg-addr", c.addr), &out, &errOut); got != code {
		c.t.Errorf("rowan %s: exit %d, want %d\n%s%s", line, got, code, &out, &errOut)
	}
	return changing.ReplaceAllString(out.String()+errOut.String(), "#")
}

func (c *commandTest) want(code int, line, want string) {
	c.t.Helper()
	got := strings.TrimSpace(c.rowan(code, line))
	lines := strings.Split(strings.TrimSpace(want), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "\t\t")
	}
	if want = strings.Join(lines, "\n"); got != want {
		c.t.Errorf("rowan %s\ngot:\n%s\nwant:\n%s", line, got, want)
	}
}

func (c *commandTest) sql(branch, sql string) {
	c.t.Helper()
	conn, err := pgconn.Connect(c.t.Context(), "postgres://postgres@"+c.addr+"/postgres%2F"+branch)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = conn.Close(c.t.Context()) }()
	if _, err := conn.Exec(c.t.Context(), sql).ReadAll(); err != nil {
		c.t.Fatal(err)
	}
}

// TestBranchCommands tells a story of branches on the command line.
func TestBranchCommands(t *testing.T) {
	c := newCommandTest(t)
	c.sql("main", "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
	c.want(0, "branch create dev --description for|tests", "BRANCH\ndev")
	c.want(1, "branch create dev", "rowan: branch \"dev\" already exists")
	c.want(0, "diff main dev", "none")
	c.sql("dev", "UPDATE t SET v = 'x' WHERE id = 1; INSERT INTO t VALUES (3, 'c')")
	c.want(0, "diff main dev", `
		TABLE  INSERTS  UPDATES  DELETES  CELLS
		t      1        1        0        1`)
	c.want(0, "diff main dev t", `
		DIFF_TYPE  FROM_ID  TO_ID  FROM_V  TO_V  CHANGED_COLUMNS
		modified   1        1      a       x     {v}
		added               3              c`)
	c.want(1, "diff main nowhere", "rowan: branch \"nowhere\" does not exist\n  Known branches: dev, main.")
	c.sql("main", "UPDATE t SET v = 'y' WHERE id = 1")
	if got := c.rowan(1, "merge dev"); !strings.Contains(got, "update_update") || !strings.Contains(got, "--strategy source_wins") {
		t.Errorf("merge with a conflict:\n%s", got)
	}
	if got := c.rowan(0, "merge dev --strategy source_wins --dry-run"); !strings.Contains(got, "would merge") {
		t.Errorf("dry run:\n%s", got)
	}
	if got := c.rowan(0, "merge dev --strategy source_wins -m spring"); !strings.HasPrefix(got, "STATUS") || !strings.Contains(got, "merged") {
		t.Errorf("merge:\n%s", got)
	}
	if got := c.rowan(0, "log -n 1"); !strings.Contains(got, "spring") {
		t.Errorf("log:\n%s", got)
	}
	c.want(0, "branch rename dev done", "BRANCH\ndone")
	c.want(0, "branch protect done", "BRANCH  PROTECTED\ndone    t")
	if got := c.rowan(1, "branch drop done"); !strings.Contains(got, "protected") {
		t.Errorf("drop of a protected branch:\n%s", got)
	}
	c.want(0, "branch protect done --off", "BRANCH  PROTECTED\ndone    f")
	c.want(0, "branch drop done", "BRANCH  DROPPED\ndone    t")
	c.want(0, "branch undelete done", "BRANCH\ndone")
	c.want(0, "commit -m spring", "COMMIT\n#")
	c.want(0, "tag create v1 -m first", "TAG\nv1")
	if got := c.rowan(0, "log --commits"); !strings.Contains(got, "spring") {
		t.Errorf("commits:\n%s", got)
	}
	c.want(0, "restore main ~1 --backup broken", "BRANCH\nmain")
	c.want(0, "branch drop broken done", "BRANCH  DROPPED\nbroken  t\ndone    t")
	c.want(2, "restore main", "rowan: give --from and --data-dir, or a branch and a point\nTry: rowan restore --help")
	c.want(0, "branch reset main ~1", "BRANCH\nmain")
	c.want(0, "diff main@~0 main", "none")
	var list []map[string]any
	if err := json.Unmarshal([]byte(c.rowan(0, "branch --json")), &list); err != nil || len(list) != 1 || list[0]["name"] != "main" {
		t.Errorf("branches as JSON: %v, %v", list, err)
	}
	c.want(2, "branch create", "rowan: accepts 1 arg(s), received 0\nUsage: rowan branch create NAME [flags]\nTry: rowan branch create --help")
	c.want(2, "ls", "rowan: unknown command \"ls\" for \"rowan\"\n\nDid you mean this?\n\tlog\n\nTry: rowan --help")
	c.want(2, "diff main main t --sql", "rowan: --schema and --sql are of whole branches: leave out the table\nTry: rowan diff --help")
	c.want(2, "log -n -1", "rowan: --max-rows must not be negative\nTry: rowan log --help")
	c.want(1, "branch drop main2 none", "rowan: branch \"main2\" does not exist\n  Known branches: main.")
	c.want(2, "merge", "rowan: merge needs a SOURCE, or one of --conflicts, --resolve, --complete and --abort\nTry: rowan merge --help")
}

// TestMergeCommands keeps a merge with conflicts until they are resolved, and tells what breaks a constraint.
func TestMergeCommands(t *testing.T) {
	c := newCommandTest(t)
	c.sql("main", "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 2); CREATE TABLE k (id int REFERENCES t)")
	c.want(0, "branch create dev", "BRANCH\ndev")
	c.sql("main", "UPDATE t SET v = 10 WHERE id = 1")
	c.sql("dev", "UPDATE t SET v = 20 WHERE id = 1")
	if got := c.rowan(1, "merge dev --strategy manual"); !strings.Contains(got, "merge 1 waits") {
		t.Errorf("a merge with conflicts:\n%s", got)
	}
	c.want(0, "merge --conflicts", `
		ID   TABLE  KEY  COLUMN  CONFLICT       BASE  SOURCE  TARGET
		1/1  t      1    v       update_update  1     20      10`)
	c.want(2, "merge dev --complete", "rowan: --conflicts, --resolve, --complete and --abort are about the merge that waits: leave out the source\nTry: rowan merge --help")
	c.want(0, "merge --resolve 1/1 --value 55", "CONFLICT  RESOLVED\n1/1       t")
	if got := c.rowan(0, "merge --complete"); !strings.Contains(got, "merged") {
		t.Errorf("complete:\n%s", got)
	}
	c.want(1, "merge --abort", "rowan: no merge into branch \"main\" is pending\n  rowan.merges() lists those of other branches.")
	c.sql("main", "DELETE FROM t WHERE id = 2")
	c.sql("dev", "INSERT INTO k VALUES (2)")
	if got := c.rowan(1, "merge dev"); !strings.Contains(got, "k_id_fkey") || !strings.Contains(got, "would break constraints") {
		t.Errorf("a merge with violations:\n%s", got)
	}
	c.want(0, "log --table t --key 2 --since ~2 --by postgres -n 1", `
		SCN  COMMITTED               USER      INSERTS  UPDATES  DELETES  TABLES  SUMMARY
		8    #  postgres  0        0        1        t       DELETE FROM t WHERE id = 2`)
}

// TestPickCommands takes transactions back and does them elsewhere.
func TestPickCommands(t *testing.T) {
	c := newCommandTest(t)
	c.sql("main", "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
	c.want(0, "branch create dev", "BRANCH\ndev")
	c.sql("dev", "UPDATE t SET v = 'x' WHERE id = 1")
	c.sql("dev", "UPDATE t SET v = 'y' WHERE id = 2")
	if got := c.rowan(0, "cherry-pick dev ~1 --dry-run"); !strings.Contains(got, "would") {
		t.Errorf("dry run:\n%s", got)
	}
	if got := c.rowan(0, "cherry-pick dev ~1 -m picked"); !strings.Contains(got, "picked") {
		t.Errorf("cherry-pick:\n%s", got)
	}
	c.want(0, "diff main dev t", `
		DIFF_TYPE  FROM_ID  TO_ID  FROM_V  TO_V  CHANGED_COLUMNS
		modified   2        2      b       y     {v}`)
	c.want(0, "blame t --key 1", `
		KEY  COLUMN  VALUE  CHANGED                 USER      BRANCH  SUMMARY
		1    id      1      #  postgres  main    CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')
		1    v       x      #  postgres  main    picked`)
	if got := c.rowan(0, "history t --key 1"); strings.Count(got, "\n") != 3 || !strings.Contains(got, "VERSIONS_OPERATION") {
		t.Errorf("history:\n%s", got)
	}
	if got := c.rowan(0, "revert ~0 -b dev"); !strings.Contains(got, "reverted") {
		t.Errorf("revert:\n%s", got)
	}
	c.want(0, "diff main dev", "none")
	c.sql("main", "UPDATE t SET v = 'z' WHERE id = 1")
	if got := c.rowan(1, "revert ~1"); !strings.Contains(got, "update_update") || !strings.Contains(got, "source_wins, which does it all the same") {
		t.Errorf("revert with a conflict:\n%s", got)
	}
	c.want(2, "cherry-pick dev", "rowan: accepts 2 arg(s), received 1\nUsage: rowan cherry-pick SOURCE POINT [flags]\nTry: rowan cherry-pick --help")
}

// TestTableWidths aligns by the columns of a terminal, and lets no value speak to it.
func TestTableWidths(t *testing.T) {
	r := &pgconn.Result{FieldDescriptions: []pgconn.FieldDescription{{Name: "text"}, {Name: "n"}}}
	for _, v := range []string{"日本語", "e\u0301te\u0301", "a\tb", "\x1b[31mred", "x\r", "ﬀ"} {
		r.Rows = append(r.Rows, [][]byte{[]byte(v), []byte("1")})
	}
	want := "TEXT         N\n日本語       1\ne\u0301te\u0301          1\na       b    1\n\\x1B[31mred  1\nx\\r          1\nﬀ            1\n"
	if got := listing(r); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestTable lays out values of several lines.
func TestTable(t *testing.T) {
	r := &pgconn.Result{FieldDescriptions: []pgconn.FieldDescription{{Name: "name"}, {Name: "text"}, {Name: "n"}},
		Rows: [][][]byte{{[]byte("v"), []byte("SELECT 1,\n  22\n"), []byte("3")}, {[]byte("ww"), nil, []byte("4")}}}
	want := "NAME  TEXT       N\nv     SELECT 1,  3\n        22\nww               4\n"
	if got := listing(r); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

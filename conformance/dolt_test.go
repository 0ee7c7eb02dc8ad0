package conformance

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestDolt does what the conversations about Dolt cannot: connect to branches and commits, print with psql, crash.
func TestDolt(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, dir)
	c := dial(t, p, "postgres")
	run(t, c, "CREATE TABLE a (id int PRIMARY KEY, v text)", "CREATE TABLE b (id int PRIMARY KEY)", "INSERT INTO a VALUES (1, 'one')", "INSERT INTO b VALUES (1)",
		"SELECT dolt_commit('-Am', 'both')", "UPDATE a SET v = 'two'", "INSERT INTO b VALUES (2)", "SELECT dolt_add('a')")
	partial := value(t, c, "SELECT dolt_commit('-m', 'a only')")
	if !regexp.MustCompile("^[0-9a-f]{40}$").MatchString(partial) {
		t.Fatalf("a commit is called %q", partial)
	}
	run(t, c, "UPDATE a SET v = 'three'", "SELECT dolt_tag('v1')", "SELECT dolt_branch('dev', 'v1')")
	check := func(c string, want ...string) {
		t.Helper()
		x := dial(t, p, c)
		got := []string{value(t, x, "SELECT v FROM a"), value(t, x, "SELECT count(*) FROM b"), value(t, x, "SELECT count(*) FROM dolt_status")}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s has %v, not %v", c, got, want)
		}
	}
	all := func() {
		t.Helper()
		check("postgres", "three", "2", "2")
		for _, place := range []string{"postgres/dev", "postgres/" + partial, "postgres/v1", "postgres/HEAD"} {
			x := dial(t, p, place)
			if got := value(t, x, "SELECT v || (SELECT count(*) FROM b) FROM a"); got != "two1" {
				t.Errorf("%s has %s", place, got)
			}
		}
		check("postgres/dev", "two", "1", "0")
		if got := value(t, c, "SELECT string_agg(name, ' ' ORDER BY name) FROM rowan.branches"); got != "dev main" {
			t.Errorf("branches are %s", got)
		}
	}
	all()
	if _, err := exec.LookPath("psql"); err == nil {
		if got, want := psql(p, "postgres/dev", "-At", "-c", "SELECT message FROM dolt.log"), "a only\nboth\nInitialize data repository\n"; got != want {
			t.Errorf("psql shows the log as %q", got)
		}
		if got, want := psql(p, "postgres", "-At", "-c", "UPDATE dolt_ignore SET ignored = true", "-c", "INSERT INTO dolt.ignore VALUES ('x', true)", "-c", "DELETE FROM dolt_ignore",
			"-c", "USE postgres/dev", "-c", "CALL dolt_add('.')"), "UPDATE 0\nINSERT 0 1\nDELETE 1\nUSE\nCALL\n"; got != want {
			t.Errorf("psql shows tags as %q", got)
		}
	}
	p.kill()
	p = startProcess(t, dir)
	c = dial(t, p, "postgres")
	all()
	// The merge of a branch that was made of a commit which no branch ever was finds what both have in common.
	run(t, dial(t, p, "postgres/dev"), "INSERT INTO b VALUES (7)", "SELECT dolt_commit('-am', 'seven')")
	wantCode(t, try(c, "SELECT dolt_merge('dev')"), "55000", "stomped")
	run(t, c, "SELECT dolt_commit('-am', 'the rest')", "SELECT dolt_merge('dev', '--no-ff')")
	if got := value(t, c, "SELECT v || ' ' || (SELECT string_agg(id::text, ',' ORDER BY id) FROM b) || ' ' || (SELECT count(*) FROM dolt_status) FROM a"); got != "three 1,2,7 0" {
		t.Errorf("the merge has made %s", got)
	}
}

// TestDoltRebaseConflict wants a rebase that cannot be done to leave the branch as it was.
func TestDoltRebaseConflict(t *testing.T) {
	p := startProcess(t, t.TempDir())
	c := dial(t, p, "postgres")
	run(t, c, "CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t VALUES (1, 'base')", "SELECT dolt_commit('-Am', 'base')", "SELECT dolt_checkout('-b', 'dev')",
		"INSERT INTO t VALUES (2, 'dev')", "SELECT dolt_commit('-am', 'fine')", "UPDATE t SET v = 'dev' WHERE id = 1", "SELECT dolt_commit('-am', 'not fine')",
		"SELECT dolt_checkout('main')", "UPDATE t SET v = 'main' WHERE id = 1", "SELECT dolt_commit('-am', 'main')", "SELECT dolt_checkout('dev')")
	before := value(t, c, "SELECT dolt_hashof('HEAD') || dolt_hashof_db()")
	run(t, c, "SELECT dolt_rebase('-i', 'main')")
	err := try(c, "SELECT dolt_rebase('--continue')")
	wantCode(t, err, "55000", "automatically aborted")
	if got := value(t, c, "SELECT active_branch() || dolt_hashof('HEAD') || dolt_hashof_db()"); got != "dev"+before {
		t.Errorf("the rebase has changed the branch: %s, not dev%s", got, before)
	}
	if got := value(t, c, "SELECT string_agg(name, ' ' ORDER BY name) FROM rowan.branches"); got != "dev main" {
		t.Errorf("branches are %s", got)
	}
	run(t, c, "SELECT dolt_rebase('-i', 'main')", "UPDATE dolt_rebase SET action = 'drop' WHERE commit_message = 'not fine'", "SELECT dolt_rebase('--continue')")
	if got := value(t, c, "SELECT string_agg(v, ' ' ORDER BY id) FROM t"); got != "main dev" {
		t.Errorf("after the rebase the table has %s", got)
	}
}

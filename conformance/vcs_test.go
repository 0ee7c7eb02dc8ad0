package conformance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestCommitPoints reads commits by their ids, whole and shortened, in queries and in the names of databases.
func TestCommitPoints(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, dir)
	c := dial(t, p, "postgres")
	run(t, c, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	first := value(t, c, "SELECT rowan.commit('first')")
	run(t, c, "SELECT rowan.create_branch('dev')", "INSERT INTO t VALUES (2)")
	main := value(t, c, "SELECT rowan.commit('main')")
	dev := dial(t, p, "postgres/dev")
	run(t, dev, "INSERT INTO t VALUES (30)", "INSERT INTO t VALUES (31)")
	value(t, dev, "SELECT rowan.commit('dev')")
	run(t, c, "SELECT rowan.merge('dev')", "SELECT rowan.create_tag('v1')")
	merged := value(t, c, "SELECT rowan.commit('merged')")
	for _, tt := range []struct{ point, want string }{
		{first, "1"}, {first[:7], "1"}, {"commit:" + first[:10], "1"}, {main, "2"}, {merged, "4"}, {merged + "^", "2"}, {merged + "^1", "2"},
		{merged + "^2", "3"}, {merged + "~2", "1"}, {merged[:8] + "^2~1", "1"}, {merged + "^2^", "1"}, {"v1", "4"}, {"tag:v1", "4"}, {"dev", "3"},
	} {
		if got := value(t, c, "SELECT count(*) FROM t AS OF '"+tt.point+"'"); got != tt.want {
			t.Errorf("%s has %s rows, not %s", tt.point, got, tt.want)
		}
		if got := value(t, dial(t, p, "postgres@"+tt.point), "SELECT count(*) FROM t"); got != tt.want {
			t.Errorf("postgres@%s has %s rows, not %s", tt.point, got, tt.want)
		}
	}
	for database, want := range map[string]string{"postgres/v1": "4", "postgres/" + first: "1", "postgres/dev~1": "3", "postgres/dev": "3", "postgres/" + merged[:8] + "^2": "3"} {
		if got := value(t, dial(t, p, database), "SELECT count(*) FROM t"); got != want {
			t.Errorf("%s has %s rows, not %s", database, got, want)
		}
	}
	wantCode(t, try(dial(t, p, "postgres/v1"), "INSERT INTO t VALUES (9)"), "25006", "")
	for _, point := range []string{first[:6], merged + "^3", first + "^", merged + "~9", strings.Repeat("0", 40)} {
		wantCode(t, try(c, "SELECT count(*) FROM t AS OF '"+point+"'"), "22023", "")
	}
	for i := range 2000 { // one commit in 27 begins with seven digits, which look like an SCN
		run(t, c, fmt.Sprintf("INSERT INTO t VALUES (%d)", 1000+i))
		hash := value(t, c, "SELECT rowan.commit('again')")
		if strings.Trim(hash[:7], "0123456789") != "" || hash[0] == '0' || i == 0 {
			continue
		}
		if got := value(t, c, "SELECT count(*) FROM t AS OF '"+hash[:7]+"'"); got != fmt.Sprint(5+i) {
			t.Errorf("%s has %s rows", hash[:7], got)
		}
		for _, point := range []string{hash[:7], hash[:7] + "^"} {
			if got := value(t, c, "SELECT status || ' ' || deletes FROM rowan.revert('"+point+"', dry_run => true)"); got != "would merge 1" {
				t.Errorf("to revert %s: %s", point, got)
			}
		}
		break
	}
	p.kill()
	p = startProcess(t, dir)
	if got := value(t, dial(t, p, "postgres/dev@"+merged[:9]), "SELECT count(*) FROM t"); got != "4" {
		t.Errorf("after a crash the commit has %s rows", got)
	}
}

// TestEphemeral wants a connection that asks for it to have a branch of its own, as long as it lasts and no longer.
func TestEphemeral(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, dir)
	c := dial(t, p, "postgres")
	run(t, c, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)", "SELECT rowan.create_branch('dev')")
	branches := func(c string) string { return value(t, dial(t, p, c), "SELECT count(*) FROM rowan.branches") }
	for database, of := range map[string]string{"postgres": "main", "postgres/dev": "on", "postgres@~0": "on"} {
		own := dialOwn(t, p, database, of)
		run(t, own, "INSERT INTO t VALUES (2)")
		if got := value(t, own, "SELECT count(*) || ' ' || (rowan.current_branch() LIKE 'ephemeral/%')::text FROM t"); got != "2 true" {
			t.Errorf("%s: %s", database, got)
		}
		wantCode(t, try(own, "SET rowan.ephemeral = 'main'"), "55P02", "")
		if got := branches("postgres"); got != "3" {
			t.Errorf("%s branches", got)
		}
		_ = own.Close(t.Context())
		for range 3000 {
			if branches("postgres") == "2" {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if got := branches("postgres"); got != "2" {
			t.Errorf("%s branches after the connection's end", got)
		}
	}
	run(t, c, "ALTER DATABASE postgres SET rowan.ephemeral = 'dev'")
	run(t, dial(t, p, "postgres"), "INSERT INTO t VALUES (3)")
	run(t, c, "ALTER DATABASE postgres RESET rowan.ephemeral")
	p.kill()
	p = startProcess(t, dir)
	if got := branches("postgres"); got != "2" {
		t.Errorf("%s branches after a crash", got)
	}
	if got := value(t, dial(t, p, "postgres"), "SELECT count(*) FROM t"); got != "1" {
		t.Errorf("%s rows on main", got)
	}
}

// dialOwn connects to a branch of the connection's own.
func dialOwn(t *testing.T, p *process, database, of string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(p.url(database))
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams["rowan.ephemeral"] = of
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(t.Context()) })
	return c
}

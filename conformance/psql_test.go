package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPsql runs psql's meta-commands on the same schema in PostgreSQL and in Rowan: psql must print the same, but for what
// documented alters.
func TestPsql(t *testing.T) {
	needTools(t, "psql")
	commands, err := os.ReadFile(filepath.Join("testdata", "psql", "commands"))
	if err != nil {
		t.Fatal(err)
	}
	pg, rowan := freshOracle(t), startRowan(t)
	for _, target := range []endpoint{pg, rowan} {
		if out := psql(target, "postgres", "-c", "CREATE DATABASE psql_test TEMPLATE template0"); out != "CREATE DATABASE\n" {
			t.Fatal(out)
		}
		if out := psql(target, "psql_test", "-q", "-f", filepath.Join("testdata", "psql", "schema.sql")); out != "" {
			t.Fatalf("the schema: %s", out)
		}
	}
	for command := range strings.Lines(string(commands)) {
		command = strings.TrimSpace(command)
		t.Run(command, func(t *testing.T) {
			answer := make(chan []string, 1)
			go func() { answer <- documented(command, psql(pg, "psql_test", "-c", command)) }()
			got, want := documented(command, psql(rowan, "psql_test", "-c", command)), <-answer
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("psql prints otherwise (-PostgreSQL +Rowan):\n%s", clip(d))
			}
		})
	}
}

// needTools skips a test of stock programs where these are missing. make deps installs them.
func needTools(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no " + tool + " here")
		}
	}
}

// psql runs psql without a start-up file and returns what it printed, errors included.
func psql(target endpoint, database string, args ...string) string {
	cmd := exec.Command("psql", append([]string{"-X", "-d", target.url(database)}, args...)...)
	cmd.Env = append(os.Environ(), "PGCLIENTENCODING=UTF8")
	out, _ := cmd.CombinedOutput() // the exit code says nothing that the text does not
	return string(out)
}

// The differences that are meant, and what makes both sides the same.
var (
	// sizes are estimates in Rowan: tables share files.
	sizes = regexp.MustCompile(`\b\d+ (bytes|kB|MB|GB)\b`)
	// ownRow is a row about what only one of the two has: Rowan its schema and the extension that it belongs to, PostgreSQL
	// the template databases. nextLine is the rest of such a row.
	ownRow   = regexp.MustCompile(`^ *(rowan|template[01]) +\|`)
	nextLine = regexp.MustCompile(`^ +\|`)
	// blanks and rules come from the width of what was replaced.
	blanks = regexp.MustCompile(` +`)
	rules  = regexp.MustCompile(`-{2,}`)
	count  = regexp.MustCompile(`^\(\d+ rows?\)$`)
	port   = regexp.MustCompile(`at port "\d+"`)
	// catalogIndexes are the indexes of catalogs: theirs have none in Rowan, where they are computed.
	catalogIndexes = regexp.MustCompile(`^ +"pg_\w+" (PRIMARY KEY|UNIQUE CONSTRAINT|UNIQUE,|btree)`)
)

// documented makes a command's output independent of the documented differences.
func documented(command, out string) []string {
	var lines []string
	own := false
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, " \n")
		own = ownRow.MatchString(line) || own && nextLine.MatchString(line)
		if own || catalogIndexes.MatchString(line) || line == "Indexes:" && strings.Contains(command, "pg_") || line == "" {
			continue
		}
		line = port.ReplaceAllString(sizes.ReplaceAllString(line, "size"), "at port")
		line = rules.ReplaceAllString(blanks.ReplaceAllString(line, " "), "-")
		if shortened[command] {
			line = count.ReplaceAllString(line, "(rows)")
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// shortened are the commands whose number of rows differs by schema rowan and its extension.
var shortened = map[string]bool{`\dn`: true, `\dn+`: true, `\dx`: true, `\l`: true, `\l+`: true}

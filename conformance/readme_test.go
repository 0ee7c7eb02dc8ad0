package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a document; what is marked text is what the SQL before it prints.
var block = regexp.MustCompile("(?ms)^```(sql|text)\n(.*?)^```$")

// TestREADME runs the SQL of the README with psql, in one go and in order, and wants it to print what the README says.
func TestREADME(t *testing.T) { runDocument(t, "../README.md") }

// TestVersionControlDocument does the same with the guide to version control.
func TestVersionControlDocument(t *testing.T) { runDocument(t, "../docs/VERSION_CONTROL.md") }

func runDocument(t *testing.T, file string) {
	t.Helper()
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("no psql on this machine")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	type check struct{ sql, want string }
	var checks []check
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		switch {
		case m[1] == "sql":
			fmt.Fprintf(&script, "\\echo BLOCK\n%s", m[2])
			checks = append(checks, check{sql: m[2], want: "?"})
		case len(checks) == 0:
			t.Fatalf("a result before any SQL:\n%s", m[2])
		default:
			checks[len(checks)-1].want = m[2]
		}
	}
	if len(checks) < 5 {
		t.Fatalf("only %d blocks of SQL found", len(checks))
	}
	cmd := exec.CommandContext(t.Context(), "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", startRowan(t).url("postgres"))
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	got := strings.Split(string(out), "BLOCK\n")[1:]
	for i, c := range checks {
		if c.want != "?" && trimLines(got[i]) != trimLines(c.want) {
			t.Errorf("%sprints\n%s\nnot\n%s", c.sql, got[i], c.want)
		}
	}
}

// trimLines takes away the blanks at the ends of lines, which psql pads the last column with.
func trimLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

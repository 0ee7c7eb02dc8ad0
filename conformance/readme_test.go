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

// example is a block of SQL and what it prints; "?": the document does not say.
type example struct{ sql, want string }

func runDocument(t *testing.T, file string) {
	t.Helper()
	checks, got := printed(t, file)
	for i, c := range checks {
		if c.want != "?" && trimLines(got[i]) != trimLines(c.want) {
			t.Errorf("%sprints\n%s\nnot\n%s", c.sql, got[i], c.want)
		}
	}
}

// printed runs the examples of a document in one session and returns what each prints.
func printed(t *testing.T, file string) (checks []example, got []string) {
	t.Helper()
	needTools(t, "psql")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		switch {
		case m[1] == "sql":
			fmt.Fprintf(&script, "\\echo BLOCK\n%s", m[2])
			checks = append(checks, example{sql: m[2], want: "?"})
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
	return checks, strings.Split(string(out), "BLOCK\n")[1:]
}

// trimLines takes away the blanks at the ends of lines, which psql pads the last column with.
func trimLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

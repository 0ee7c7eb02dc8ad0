package conformance

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

const versionControl = "../docs/VERSION_CONTROL.md"

// TestVersionControlDoc runs the examples of docs/VERSION_CONTROL.md, and wants it to have every function of schema rowan
// as the catalog describes it. -rewrite brings both up to date.
func TestVersionControlDoc(t *testing.T) {
	if rewriting() {
		rewriteDocument(t, versionControl)
	}
	runDocument(t, versionControl)
	text, err := os.ReadFile(versionControl)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), functionsMark)
	if want := functionTable(t); strings.TrimSpace(table) != strings.TrimSpace(want) {
		t.Errorf("the table of functions is not that of the catalog; run this test with -rewrite:\n%s", want)
	}
}

const functionsMark = "<!-- functions -->\n"

// functionTable lists the functions with their arguments and descriptions.
func functionTable(t *testing.T) string {
	c := dial(t, startRowan(t), "postgres")
	rows, err := c.Query(t.Context(), `SELECT p.proname, pg_get_function_arguments(p.oid), coalesce(obj_description(p.oid, 'pg_proc'), '')
		FROM pg_proc p WHERE p.pronamespace = 'rowan'::regnamespace ORDER BY p.proname, p.oid`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out strings.Builder
	out.WriteString("\n| function | |\n| --- | --- |\n")
	for rows.Next() {
		var name, args, what string
		if err := rows.Scan(&name, &args, &what); err != nil {
			t.Fatal(err)
		}
		if what == "" {
			t.Errorf("rowan.%s has no description", name)
		}
		if i := strings.Index(args, "TABLE("); i >= 0 {
			args = args[:i]
		}
		args = regexp.MustCompile(` DEFAULT ('(?:[^']|'')*'|[a-zA-Z0-9]+)(::[a-z0-9 \[\]]+)?`).ReplaceAllString(args, " = $1")
		fmt.Fprintf(&out, "| `%s(%s)` | %s |\n", name, strings.ReplaceAll(args, " = NULL", "?"), what)
	}
	return out.String()
}

// rewriteDocument puts what the examples print into the document, where it shows something, and the functions.
func rewriteDocument(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks, got := printed(t, path)
	n := -1
	out := block.ReplaceAllStringFunc(string(text), func(m string) string {
		if strings.HasPrefix(m, "```sql") {
			n++
			return m
		}
		return "```text\n" + strings.TrimRight(trimLines("|"+got[n]), "\n")[1:] + "\n```"
	})
	if n != len(blocks)-1 {
		t.Fatalf("%d blocks, %d run", n+1, len(blocks))
	}
	head, _, _ := strings.Cut(out, functionsMark)
	if err := os.WriteFile(path, []byte(head+functionsMark+functionTable(t)), 0o600); err != nil {
		t.Fatal(err)
	}
}

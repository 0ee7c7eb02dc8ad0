package conformance

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// buildRowan builds the command once for a test.
func buildRowan(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rowan")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, "../cmd/rowan").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

func runDemo(t *testing.T, rowan string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, rowan, append([]string{"demo"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	return string(out)
}

// demoPrints are parts of what the demo has to say, in order.
var demoPrints = []string{
	"SELECT rowan.create_branch('dev');\n",
	"modified  | rowan        | 24.50      | 11         | rowan       | 26.50    | 12\n",
	"removed   | silver birch |",
	"added     |              |",
	"would merge | 1       | 2       | 1       | 0\n",
	"merged | 1       | 2       | 1       | 0\n",
	"1  | rowan       | 26.50 | 11\n2  | hawthorn    | 21.00 | 30\n4  | field maple | 28.00 | 10\n",
	"AS OF '~1'",
	"1  | rowan        | 24.50 | 11\n2  | hawthorn     | 19.00 | 30\n3  | silver birch | 32.00 | 8\n(3 rows)\n",
}

func checkDemo(t *testing.T, out string) {
	t.Helper()
	rest := out
	for _, want := range demoPrints {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("no %q, or not where it belongs, in\n%s", want, out)
		}
		rest = after
	}
}

// TestDemo wants the story to be told on a running server, twice, for it leaves nothing behind; and without a server.
func TestDemo(t *testing.T) {
	binary := buildRowan(t)
	s := startRowan(t)
	for range 2 {
		checkDemo(t, runDemo(t, binary, "--pg-addr", s.s.PGAddr()))
	}
	conn, err := pgconn.Connect(t.Context(), s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	left, err := conn.Exec(t.Context(), "SELECT datname FROM pg_database WHERE datname LIKE 'rowan%'").ReadAll()
	if err != nil || len(left[0].Rows) > 0 {
		t.Errorf("left behind: %q, %v", left[0].Rows, err)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close() // nobody listens there now
	out := runDemo(t, binary, "--pg-addr", addr)
	if !strings.HasPrefix(out, "No server answers at this address") {
		t.Errorf("begins with %.80q", out)
	}
	checkDemo(t, out)
}

// TestDemoIsTheREADMEs wants the README to tell the demo's story, statement by statement.
func TestDemoIsTheREADMEs(t *testing.T) {
	story, err := os.ReadFile("../cmd/rowan/demo.sql")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rest := string(readme)
	for _, statement := range regexp.MustCompile(`(?ms)^[A-Z].*?;$`).FindAllString(string(story), -1) {
		_, after, ok := strings.Cut(rest, statement)
		if !ok {
			t.Errorf("the README does not have, or has elsewhere: %s", statement)
			continue
		}
		rest = after
	}
}

package conformance

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestCompatibility wants each statement that docs/COMPATIBILITY.md calls not supported to answer 0A000: one that works has
// to leave the list.
func TestCompatibility(t *testing.T) {
	text, err := os.ReadFile("../docs/COMPATIBILITY.md")
	if err != nil {
		t.Fatal(err)
	}
	m := block.FindSubmatch(text)
	if m == nil || string(m[1]) != "sql" {
		t.Fatal("no list of statements")
	}
	conn, err := pgconn.Connect(t.Context(), startRowan(t).url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "CREATE TABLE t (a int PRIMARY KEY, b text)").ReadAll(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(m[2])) {
		_, err := conn.Exec(t.Context(), line).ReadAll()
		var pe *pgconn.PgError
		if !errors.As(err, &pe) || pe.Code != "0A000" {
			t.Errorf("%s  answers %v", line, err)
		}
	}
}

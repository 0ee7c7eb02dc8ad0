package conformance

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestFunctionDepth lets a function call itself without end: that ends in the error that PostgreSQL gives, with a line of
// context for each call, and the session goes on.
func TestFunctionDepth(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, startRowan(t).url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range []string{
		"SET max_stack_depth = '200kB'",
		"CREATE FUNCTION deep(n int) RETURNS int LANGUAGE sql AS 'SELECT CASE WHEN n <= 0 THEN 0 ELSE 1 + deep(n - 1) END'",
		"CREATE FUNCTION endless(n int) RETURNS SETOF int LANGUAGE sql AS 'SELECT n UNION ALL SELECT * FROM endless(n + 1)'",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	for _, sql := range []string{"SELECT deep(1000000)", "SELECT count(*) FROM endless(1)"} {
		_, err := conn.Exec(ctx, sql)
		var pe *pgconn.PgError
		if !errors.As(err, &pe) || pe.Code != "54001" || !strings.HasPrefix(pe.Hint, "Increase the configuration parameter \"max_stack_depth\" (currently 200kB)") {
			t.Fatalf("%s: %v", sql, err)
		}
		if n := strings.Count(pe.Where, "\n"); n < 100 {
			t.Errorf("%s: %d lines of context", sql, n)
		}
	}
	var n int
	if err := conn.QueryRow(ctx, "SELECT deep(50)").Scan(&n); err != nil || n != 50 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}

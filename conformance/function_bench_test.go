package conformance

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// BenchmarkFunctionCall runs a query of 5,000 calls of a function in SQL, here and in PostgreSQL: one that is inlined, one of an
// expression that is not, one that looks a row up, and one that changes a row.
func BenchmarkFunctionCall(b *testing.B) {
	setup := []string{
		"DROP TABLE IF EXISTS bench_f CASCADE", "CREATE TABLE bench_f (id int PRIMARY KEY, v int)",
		"INSERT INTO bench_f SELECT i, i FROM generate_series(1, 5000) i", "ANALYZE bench_f",
		"CREATE OR REPLACE FUNCTION bench_inlined(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1'",
		"CREATE OR REPLACE FUNCTION bench_called(a int) RETURNS int LANGUAGE sql AS 'SELECT a + (SELECT 1)'",
		"CREATE OR REPLACE FUNCTION bench_lookup(a int) RETURNS int LANGUAGE sql STABLE AS 'SELECT v FROM bench_f WHERE id = a'",
		"CREATE OR REPLACE FUNCTION bench_change(a int) RETURNS int LANGUAGE sql AS 'UPDATE bench_f SET v = v + 1 WHERE id = a RETURNING v'",
	}
	for _, server := range []struct {
		name   string
		target endpoint
	}{{"rowan", startRowan(b)}, {"postgres", startOracle(b)}} {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, server.target.url("postgres"))
		if err != nil {
			b.Fatal(err)
		}
		for _, sql := range setup {
			if _, err := conn.Exec(ctx, sql); err != nil {
				b.Fatalf("%s: %v", sql, err)
			}
		}
		for _, f := range []string{"inlined", "called", "lookup", "change"} {
			b.Run(f+"/"+server.name, func(b *testing.B) {
				for b.Loop() {
					var sum int64
					if err := conn.QueryRow(ctx, "SELECT sum(bench_"+f+"(id)) FROM generate_series(1, 5000) id").Scan(&sum); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5000, "ns/call")
			})
		}
		_, _ = conn.Exec(ctx, "DROP TABLE bench_f CASCADE")
		_ = conn.Close(ctx)
	}
}

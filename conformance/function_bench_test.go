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
	onBoth(b, setup, "DROP TABLE bench_f CASCADE", func(server string, conn *pgx.Conn) {
		for _, f := range []string{"inlined", "called", "lookup", "change"} {
			b.Run(f+"/"+server, func(b *testing.B) {
				for b.Loop() {
					var sum int64
					if err := conn.QueryRow(context.Background(), "SELECT sum(bench_"+f+"(id)) FROM generate_series(1, 5000) id").Scan(&sum); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5000, "ns/call")
			})
		}
	})
}

// BenchmarkPLpgSQL runs blocks in PL/pgSQL here and in PostgreSQL: additions in a loop, rows inserted one by one, elements put into
// an array by their numbers and added to its end, an array summed up and another sorted, a text that grows, and calls of a function
// that calls itself.
func BenchmarkPLpgSQL(b *testing.B) {
	setup := []string{
		"DROP TABLE IF EXISTS bench_pl", "CREATE TABLE bench_pl (a int, b text)",
		"CREATE OR REPLACE FUNCTION bench_fib(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN IF n < 2 THEN RETURN n; END IF; RETURN bench_fib(n-1) + bench_fib(n-2); END'",
	}
	blocks := []struct{ name, sql string }{
		{"append", "DO $$ DECLARE a int[] := '{}'; BEGIN FOR i IN 1..10000 LOOP a := a || i; END LOOP; END $$"},
		{"text", "DO $$ DECLARE s text := ''; BEGIN FOR i IN 1..100000 LOOP s := s || 'x'; END LOOP; END $$"},
		{"sum", "DO $$ DECLARE a int[] := array(SELECT generate_series(1, 10000)); s bigint := 0; BEGIN FOR i IN 1..10000 LOOP s := s + a[i]; END LOOP; END $$"},
		{"sort", "DO $$ DECLARE a int[] := array(SELECT 200 - i FROM generate_series(1, 200) i); t int; BEGIN FOR i IN 1..200 LOOP FOR j IN 1..199 LOOP IF a[j] > a[j + 1] THEN t := a[j]; a[j] := a[j + 1]; a[j + 1] := t; END IF; END LOOP; END LOOP; END $$"},
		{"add", "DO $$ DECLARE x bigint := 0; BEGIN FOR i IN 1..1000000 LOOP x := x + i; END LOOP; END $$"},
		{"insert", "DO $$ BEGIN FOR i IN 1..10000 LOOP INSERT INTO bench_pl VALUES (i, 'x'); END LOOP; END $$"},
		{"array", "DO $$ DECLARE a int[]; BEGIN FOR i IN 1..10000 LOOP a[i] := i; END LOOP; END $$"},
		{"fib", "SELECT bench_fib(18)"},
	}
	onBoth(b, setup, "DROP TABLE bench_pl", func(server string, conn *pgx.Conn) {
		for _, block := range blocks {
			b.Run(block.name+"/"+server, func(b *testing.B) {
				for b.Loop() {
					execAll(b, conn, block.sql)
				}
			})
		}
	})
}

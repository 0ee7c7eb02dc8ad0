package conformance

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// BenchmarkTrigger changes 20,000 rows, here and in PostgreSQL: of a table without triggers, of one with a trigger for the statement, of one
// with a trigger after each row, and of one with a trigger before each row.
func BenchmarkTrigger(b *testing.B) {
	setup := []string{
		"DROP TABLE IF EXISTS bench_none, bench_statement, bench_after, bench_before",
		"CREATE OR REPLACE FUNCTION bench_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
	}
	for _, t := range []struct{ name, when string }{{"none", ""}, {"statement", "AFTER INSERT OR UPDATE ON bench_statement"},
		{"after", "AFTER INSERT OR UPDATE ON bench_after FOR EACH ROW"}, {"before", "BEFORE INSERT OR UPDATE ON bench_before FOR EACH ROW"}} {
		setup = append(setup, "CREATE TABLE bench_"+t.name+" (id int, v int)")
		if t.when != "" {
			setup = append(setup, "CREATE TRIGGER t "+t.when+" EXECUTE FUNCTION bench_trigger()")
		}
		setup = append(setup, "TRUNCATE bench_"+t.name)
	}
	onBoth(b, setup, "DROP TABLE bench_none, bench_statement, bench_after, bench_before", func(server string, conn *pgx.Conn) {
		for _, t := range []string{"none", "statement", "after", "before"} {
			for _, change := range []struct{ name, sql string }{
				{"insert", "INSERT INTO bench_" + t + " SELECT i, i FROM generate_series(1, 20000) i"}, {"update", "UPDATE bench_" + t + " SET v = v + 1"},
			} {
				b.Run(t+"/"+change.name+"/"+server, func(b *testing.B) {
					execAll(b, conn, "TRUNCATE bench_"+t, "INSERT INTO bench_"+t+" SELECT i, i FROM generate_series(1, 20000) i")
					for b.Loop() {
						execAll(b, conn, "BEGIN", change.sql, "ROLLBACK")
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20000, "ns/row")
				})
			}
		}
	})
}

package conformance

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// onBoth calls f with a connection to Rowan and then with one to a real PostgreSQL, after each has been set up, so that what is measured
// here stands beside what is measured there in the same run. cleanup is run at the end of each.
func onBoth(b *testing.B, setup []string, cleanup string, f func(server string, conn *pgx.Conn)) {
	b.Helper()
	for _, server := range []struct {
		name   string
		target endpoint
	}{{"rowan", startRowan(b)}, {"postgres", startOracle(b)}} {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, server.target.url("postgres"))
		if err != nil {
			b.Fatal(err)
		}
		execAll(b, conn, setup...)
		f(server.name, conn)
		execAll(b, conn, cleanup)
		_ = conn.Close(ctx)
	}
}

// execAll runs statements.
func execAll(b *testing.B, conn *pgx.Conn, list ...string) {
	b.Helper()
	for _, sql := range list {
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
}

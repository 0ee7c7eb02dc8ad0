package conformance

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestNotify looks at what a session hears of its own notifications: each once, and nothing of what was taken back.
func TestNotify(t *testing.T) {
	const sql = `LISTEN a;
		BEGIN; NOTIFY a, '1'; NOTIFY a, '1'; SAVEPOINT p; NOTIFY a, '2'; ROLLBACK TO p; NOTIFY a, '3'; LISTEN b; NOTIFY b, '4'; COMMIT;
		BEGIN; NOTIFY a, '5'; ROLLBACK;
		DO $$ BEGIN PERFORM pg_notify('a', '6'); BEGIN PERFORM pg_notify('a', '7'); RAISE 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END $$;
		BEGIN; UNLISTEN a; NOTIFY a, '8'; NOTIFY b; COMMIT;
		SELECT 1`
	want := "a 1, a 3, b 4, a 6, b "
	cfg, err := pgconn.ParseConfig(against(t).url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	cfg.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { heard = append(heard, n.Channel+" "+n.Payload) }
	c, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range strings.Split(sql, ";\n") {
		if _, err := c.Exec(t.Context(), s).ReadAll(); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if got := strings.Join(heard, ", "); got != want {
		t.Errorf("heard %q, not %q", got, want)
	}
	_ = c.Close(context.Background())
}
